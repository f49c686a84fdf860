"""Words that only members may see are looked for everywhere else: the relay's disk, its log, the wire, our disk."""

import base64
from collections.abc import Iterable
from pathlib import Path

from channel.audit import parse_export, verify_export
from protocols.messages import Role
from tests.support.client_process import client_process
from tests.support.clients import Person, admit, level, make_profile, opened, parley_of
from tests.support.proxy import proxy_to
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually

TITLE = "Marigold talks"
NAMES = ("Wilhelmina Quagga", "Barnaby Okapi")
DEVICES = ("laptop Dromedary", "tablet Pangolin")
QUESTION = "Will the Ptarmigan column halt at the chapel?"
ANSWERED = "AFFIRM"
PASSPHRASE = "a passphrase for tests"
WORDS = (
    b"Marigold",
    b"Wilhelmina",
    b"Quagga",
    b"Barnaby",
    b"Okapi",
    b"Dromedary",
    b"Pangolin",
    b"Ptarmigan",
    b"chapel",
    b"QUESTION",
    b"AFFIRM",
    b"mediator",
    b"liaison",
    PASSPHRASE.encode(),
)


def disguises(word: bytes) -> Iterable[bytes]:
    """A word in the encodings that software likes to use."""
    text = word.decode()
    yield word
    yield word.lower()
    yield word.hex().encode()
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    for offset in range(3):
        groups = base64.b64encode(bytes(offset) + word)
        whole = groups[4 if offset else 0 : 4 * ((offset + len(word)) // 3)]
        if len(whole) >= 8:  # fewer would be found in noise
            yield whole


def found_in(data: bytes) -> set[bytes]:
    """Which of the words are in there, in whichever disguise."""
    lowered = data.lower()
    return {
        word
        for word in WORDS
        for disguise in disguises(word)
        if disguise in data or disguise.lower() in lowered
    }


def leaks(directory: Path) -> dict[str, set[bytes]]:
    """The files below a directory that hold a word in their content or name."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files
    looked = {str(path): found_in(path.read_bytes() + path.name.encode()) for path in files}
    return {path: words for path, words in looked.items() if words}


async def ask_and_answer(asking: Person, answering: Person) -> None:
    """One question and its answer."""
    asked = await asking.ask(QUESTION, topic="Marigold")
    await answering.has(QUESTION)
    await answering.session.answer(asked, ANSWERED)
    await level((asking, answering))


def test_the_search_finds_what_is_there() -> None:
    hidden = b"\x00" + "Ptarmigan".encode("utf-16-le") + b"marigold" + b"chapel".hex().encode()
    assert found_in(hidden) == {b"Ptarmigan", b"Marigold", b"chapel"}
    assert not found_in(b"\x00" * 100)


async def test_no_word_of_the_members_is_anywhere_it_must_not_be(relay: RelayProcess, tmp_path: Path) -> None:
    homes = (tmp_path / "one", tmp_path / "two")
    async with proxy_to(relay.port) as proxy:
        with (
            make_profile(homes[0], NAMES[0], device=DEVICES[0]) as first,
            make_profile(homes[1], NAMES[1], device=DEVICES[1]) as second,
        ):
            host, guest = parley_of(first), parley_of(second)
            info = await host.create_channel(proxy.url, title=TITLE, role=Role.MEDIATOR)
            async with opened(host, info) as wilhelmina:
                joined = await admit(wilhelmina, guest, role=Role.LIAISON)
                async with opened(guest, joined) as barnaby:
                    await ask_and_answer(wilhelmina, barnaby)
                    # While everything is open: databases, write-ahead logs, journals.
                    for directory in (relay.data, *homes):
                        assert leaks(directory) == {}
                    export = host.export(info)
                    assert found_in(export) >= {b"Marigold", b"Ptarmigan", b"Dromedary", b"Wilhelmina"}
                    assert verify_export(parse_export(export)).opened
        assert len(proxy.captured) > 10_000
        assert found_in(bytes(proxy.captured)) == set()
    await relay.stop()
    for directory in (relay.data, *homes):
        assert leaks(directory) == {}
    assert b"recovered" in relay.output
    assert found_in(bytes(relay.output)) == set()
    # Nor who it was that talked: ids, addresses and keys of people and channels.
    for known in (info.log.hex(), host.participant_id, guest.participant_id, "127.0.0.1:5"):
        assert known.encode() not in relay.output


async def test_a_kill_leaves_no_word_behind(relay: RelayProcess, tmp_path: Path) -> None:
    homes = (tmp_path / "one", tmp_path / "two")
    with make_profile(homes[0], NAMES[0]) as first:
        host = parley_of(first)
        info = await host.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        async with opened(host, info) as wilhelmina:
            with make_profile(homes[1], NAMES[1], device=DEVICES[1]) as second:
                await admit(wilhelmina, parley_of(second))
            async with client_process(homes[1], info.log.hex(), 3) as process:
                await wilhelmina.ask(QUESTION)
                await process.start()
                await eventually(lambda: "done" in process.said, "the other has said everything", 20)
                await wilhelmina.has(f"{NAMES[1]} 2")
                process.kill_now()
                await process.gone()
            await relay.kill()
            for directory in (relay.data, *homes):
                assert leaks(directory) == {}
    assert {path.name for path in homes[1].iterdir()} >= {"parley.db", "key.parley"}
