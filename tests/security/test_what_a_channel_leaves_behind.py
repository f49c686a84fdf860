"""A real channel with a hostile member: what reaches a terminal, the relay's log, and the disk with which modes."""

import asyncio
import base64
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocols.messages import encode_body
from tests.client.cli.scene import parley
from tests.support.clients import PASSPHRASE, TITLE, Person, level, talk
from tests.support.relay_process import running_relay

CANARY = "heliotrope"
HOSTILE = ("\x1b]52;c;eA==\x07", "\x1b[2J\x1b[H", "\u202e\u2066", "\x9b31m\x7f")
FORBIDDEN = frozenset(
    "\x00\x07\x08\x0b\x0c\r\x1b\x7f\x9b\u00ad\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff"
)
COMMANDS = (
    ("channel", "list"),
    ("channel", "list", "--json"),
    ("channel", "show", TITLE, "--stored"),
    ("channel", "show", TITLE, "--stored", "--json"),
    ("tail", TITLE, "--stored"),
    ("tail", TITLE, "--stored", "--json"),
    ("board", TITLE, "--stored"),
    ("board", TITLE, "--stored", "--json"),
    ("verify", TITLE),
)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left when everybody has gone.

    Attributes:
        directory: of the relay, the two profiles and the export.
        output: all that the relay wrote to its standard output and error.
        people: participant ids and identity keys.
        log: the log id.
        code: an invitation that was used.
        checkpoints: roots that the relay signed.
    """

    directory: Path
    output: str
    people: tuple[str, ...]
    log: bytes
    code: str
    counted: int


def hostile_bodies(amal: Person) -> Iterator[bytes]:
    """Questions as a client without our checks would encode them: same length, other bytes."""
    session = amal.session
    for text in HOSTILE:
        raw = text.encode()
        stand_in = "q" * len(raw)
        fields = {"question": f"Is {stand_in} open?", "form": "YES_NO", "topic": "bridge"}
        body = encode_body(session.compose("QUESTION", fields))
        assert body.count(stand_in.encode()) == 1
        yield body.replace(stand_in.encode(), raw)


async def happen(directory: Path) -> Aftermath:
    async with running_relay(directory / "relay") as relay:
        async with talk(directory, relay.url, "Mira", "Amal") as (mira, amal):
            for body in hostile_bodies(amal):
                amal.session.journal.queue(body)
            amal.session.wake()
            # These characters a message may have; a terminal must still not get them as they are.
            await amal.ask(f"Is the {CANARY}\u200b\u00ad\ufeff bridge open?")
            await level([mira, amal])
            invited = await mira.session.invite("Olga", mira.info.members[0].role)
            counted = len(mira.session.negotiation.rejected)
            export = mira.parley.export(mira.info)
            people = tuple(
                text
                for person in (mira, amal)
                for text in (person.parley.participant_id, person.parley.profile.identity.public_key.hex())
            )
        await relay.stop()
    (directory / "given.parley").write_bytes(export)
    return Aftermath(directory, relay.output.decode(), people, mira.info.log, invited.code, counted)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
        yield asyncio.run(happen(tmp_path_factory.mktemp("aftermath")))


def assert_harmless(printed: str) -> None:
    found = FORBIDDEN & set(printed)
    assert not found, f"{found} in {printed!r}"


def test_the_hostile_messages_count_for_nothing(aftermath: Aftermath) -> None:
    assert aftermath.counted == len(HOSTILE)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("who", ["Mira", "Amal"])
def test_nothing_a_terminal_obeys_is_printed(
    aftermath: Aftermath, who: str, command: tuple[str, ...]
) -> None:
    done = parley(*command, profile=aftermath.directory / who)
    assert done.status == 0, done.err
    assert_harmless(done.out + done.err)
    if command[0] == "tail":
        assert CANARY in done.out


@pytest.mark.parametrize("command", ["verify", "replay"])
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_nothing_a_terminal_obeys_is_printed_of_an_export(
    aftermath: Aftermath, command: str, options: tuple[str, ...]
) -> None:
    file = aftermath.directory / "given.parley"
    done = parley("audit", command, file, *options, profile=aftermath.directory / "nobody")
    assert done.status == 0, done.err
    assert_harmless(done.out + done.err)


@pytest.mark.parametrize("reason", ["\x1b[2J", "\ud800", "\u202e", "undecipherable\n" * 3])
def test_an_export_with_a_made_up_reason_is_refused_harmlessly(
    aftermath: Aftermath, tmp_path: Path, reason: str
) -> None:
    lines = (aftermath.directory / "given.parley").read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if '"opening"' in line and "confirmation" not in line)
    record = {"reason": reason, "rejected": json.loads(lines[number])["opening"]}
    lines[number] = json.dumps(record, sort_keys=True, separators=(",", ":"))
    made = tmp_path / "made.parley"
    made.write_text("\n".join(lines) + "\n")
    for command in ("verify", "replay"):
        done = parley("audit", command, made, profile=tmp_path / "nobody")
        assert done.status == 1
        assert "Traceback" not in done.err
        assert_harmless(done.out + done.err)


def test_an_export_is_for_its_owner_alone(aftermath: Aftermath, tmp_path: Path) -> None:
    file = tmp_path / "bridge.parley"
    done = parley("audit", "export", TITLE, "--stored", "-o", file, profile=aftermath.directory / "Mira")
    assert done.status == 0, done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["bridge.parley"], "a temporary file was left"


def test_every_file_of_profiles_and_relay_is_for_its_owner_alone(aftermath: Aftermath) -> None:
    for name in ("Mira", "Amal", "relay"):
        root = aftermath.directory / name
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
        found = list(root.rglob("*"))
        assert found
        for path in found:
            allowed = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_the_relays_log_names_nobody(aftermath: Aftermath) -> None:
    assert "recovered" in aftermath.output
    for line in aftermath.output.splitlines():
        assert line.startswith("listening on ") or set(json.loads(line)) <= {
            *("event", "level", "timestamp", "logs", "connections", "reason", "error")
        }
    kept = "\n".join(line for line in aftermath.output.splitlines() if not line.startswith("listening on "))
    private = (
        *aftermath.people,
        aftermath.log.hex(),
        aftermath.log.hex()[:8],
        base64.b64encode(aftermath.log).decode(),
        aftermath.code,
        "127.0.0.1",
        CANARY,
        TITLE,
        *("Mira", "Amal", "Olga"),
    )
    assert not [word for word in private if word in kept]


def test_a_stolen_directory_shows_neither_words_nor_names_nor_keys(aftermath: Aftermath) -> None:
    secret = [CANARY, TITLE, PASSPHRASE, "Amal", *aftermath.people[::2]]
    keys = [bytes.fromhex(key) for key in aftermath.people[1::2]]
    for name in ("Mira", "relay"):
        for path in (aftermath.directory / name).rglob("*"):
            data = path.read_bytes()
            for word in secret:
                assert word.encode() not in data, f"{word} in {path.name}"
                assert word.encode("utf-16-le") not in data
            assert not [key for key in keys if key in data], f"an identity key in {path.name}"
