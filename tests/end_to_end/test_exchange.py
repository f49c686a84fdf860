"""People talk over a real relay process: what one says the others have, and all hold the same record."""

from pathlib import Path

from channel.audit import parse_export, verify_export
from protocols.messages import Role
from protocols.negotiation.acknowledgement import Level
from tests.support.clients import admit, assert_agreed, level, make_profile, opened, parley_of, talk
from tests.support.relay_process import RelayProcess


async def test_two_people_exchange_a_question_an_answer_and_acknowledgements(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        question = await mira.ask("Is the bridge open?")
        await amal.has("Is the bridge open?")
        await amal.session.acknowledge(question)
        answer = await amal.session.answer(question, "AFFIRM")
        await mira.session.wait_for(lambda s: s.negotiation.message(answer) is not None, 10)
        await level((mira, amal))
        assert_agreed((mira, amal))
        folded = mira.session.negotiation.message(question)
        assert folded is not None
        assert folded.acknowledgements[amal.parley.participant_id].level == Level.ACKNOWLEDGED
        assert [state.answer for state in folded.answers.values()] == ["AFFIRM"]


async def test_three_people_have_one_record(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal", "Badr") as people:
        for number in range(4):
            for person in people:
                await person.ask(f"{person.parley.name} asks {number}")
        wanted = [f"{person.parley.name} asks {number}" for number in range(4) for person in people]
        for person in people:
            await person.has(*wanted)
        await level(people)
        assert_agreed(people)
        assert sorted(people[0].questions) == sorted(wanted)  # each once


async def test_a_late_joiner_gets_the_history_and_comes_to_the_same_state(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        early = await mira.ask("Is the bridge open?")
        await amal.has("Is the bridge open?")
        await amal.session.answer(early, "AFFIRM")
        await level((mira, amal))
        with make_profile(tmp_path / "Badr", "Badr") as profile:
            parley = parley_of(profile)
            info = await admit(amal, parley, role=Role.OBSERVER)  # any member may be the host
            async with opened(parley, info) as badr:
                assert badr.questions == ["Is the bridge open?"]
                await mira.ask("And tomorrow?")
                await badr.has("And tomorrow?")
                await level((mira, amal, badr))
                digest = assert_agreed((mira, amal, badr))
                assert [member.name for member in parley.channels()[0].members] == ["Mira", "Amal", "Badr"]
            assert verify_export(parse_export(parley.export(info))).transcript.negotiation.digest() == digest


async def test_what_was_said_offline_leaves_when_the_relay_is_back(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        await relay.stop()
        for number in range(30):  # more than are sealed at a time
            await mira.ask(f"question {number}")
        await relay.start()
        await amal.has(*(f"question {number}" for number in range(30)))
        await level((mira, amal))
        assert_agreed((mira, amal))
        assert amal.questions == [f"question {number}" for number in range(30)]
