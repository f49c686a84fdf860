"""The app over the real library and a real relay process: nothing in between is a stand-in."""

from pathlib import Path

import pytest

from client.tui.app import ChatApp
from protocols.negotiation import Level, ResponseState
from tests.client.tui.hands import begin, choose, fill, preview, screen
from tests.support.clients import talk
from tests.support.relay_process import running_relay
from tests.support.screens import until, until_shown


@pytest.mark.slow
async def test_a_question_is_acknowledged_and_answered_and_a_fact_sent(
    tmp_path: Path,
) -> None:
    async with (
        running_relay(tmp_path / "relay") as relay,
        talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal),
    ):
        message_id = await mira.ask("Is the bridge clear?")
        await amal.has("Is the bridge clear?")
        async with ChatApp(amal.session).run_test(size=(60, 20)) as pilot:
            await until_shown(pilot, "Is the bridge clear?")
            await until_shown(pilot, "(o) ONLINE")
            await pilot.press("a")
            await until_shown(pilot, "Acknowledgement is not agreement")
            await pilot.press("y")
            await until_shown(pilot, "to YOU: L4 acknowledged by a person")
            await pilot.press("r")
            await choose(pilot, "AFFIRM")
            await until_shown(pilot, "Answer AFFIRM to No.")
            await pilot.press("y")
            await until_shown(pilot, "AFFIRM to No.")
            await until(pilot, lambda: pilot.app.screen is screen(pilot))
            await begin(pilot, "INFORM")
            await fill(pilot, "topic", "bridge")
            await fill(pilot, "statement", "Six vehicles wait.")
            await fill(pilot, "basis", "OWN_OBSERVATION")
            await fill(pilot, "as_of", "221000Z NOV 25")
            await preview(pilot)
            await pilot.press("ctrl+s")
            await until_shown(pilot, "Six vehicles wait.")

            def settled() -> bool:
                asked = mira.session.negotiation.message(message_id)
                assert asked is not None
                mine = asked.answers[amal.session.me]
                acknowledged = asked.acknowledgements[amal.session.me].level >= Level.ACKNOWLEDGED
                told = any(folded.type == "INFORM" for folded in mira.session.negotiation.messages)
                return (
                    acknowledged and mine.state is ResponseState.CLOSED and mine.answer == "AFFIRM" and told
                )

            await until(pilot, settled)
            await relay.kill()
            await until_shown(pilot, "(x) OFFLINE")
            await pilot.press("q")
            await until(pilot, lambda: not pilot.app.is_running)
