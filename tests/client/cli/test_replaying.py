"""A log replayed to any moment is what every client had at that moment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.cli.auditing import read_and_replay
from client.cli.errors import NoSuchEntry
from client.composing import compose_now
from protocols.canonical import encode
from protocols.messages import compose_escalation, encode_body
from protocols.messages.values import format_time
from tests.client.cli.conftest import Cli
from tests.support.desks import Desk, office, quiet
from tests.support.simulator import flipped


@dataclass(frozen=True, slots=True)
class Live:
    """An export, and what a client that read the log entry by entry had after each."""

    path: Path
    digests: dict[int, str]
    summaries: dict[int, bytes]

    @property
    def last(self) -> int:
        """The position of the last entry."""
        return max(self.digests)


def ask(desk: Desk, *to: str) -> bytes:
    fields = {"question": "Is the bridge open?", "form": "YES_NO"}
    message = compose_now(
        desk.conversation,
        desk.id,
        "QUESTION",
        fields,
        to=to,
        now_ms=desk.relay.clock.now_ms,
        envelope={"topic": "bridge", "precedence": "IMMEDIATE"},
    )
    return desk.journal.queue(encode_body(message))


def answer(desk: Desk, target: bytes, code: str, to: str) -> None:
    fields = {"target": target.hex(), "code": code, "topic": "bridge"}
    message = compose_now(
        desk.conversation, desk.id, "RESPONSE", fields, to=(to,), now_ms=desk.relay.clock.now_ms, envelope={}
    )
    desk.journal.queue(encode_body(message))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A small log with words, receipts, an escalation, garbage, refusals, and a change of members."""
    folder = tmp_path_factory.mktemp("replaying")
    mira, amal, boris = desks = office(folder, "Mira", "Amal", "Boris")
    digests: dict[int, str] = {}
    summaries: dict[int, bytes] = {}

    def note() -> None:
        negotiation = boris.conversation.transcript.negotiation
        position = boris.conversation.transcript.size - 1
        digests[position] = negotiation.digest().hex()
        summaries[position] = encode(negotiation.summary())

    def read_on() -> None:
        while (size := boris.conversation.transcript.size) < boris.log.size:
            boris.receive(upto=size + 1)
            note()

    def rest(*others: Desk) -> None:
        for _ in range(6):
            for desk in others:
                desk.settle(1)
            boris.send()
            read_on()

    note()
    question = ask(mira, amal.id, boris.id)
    rest(mira, amal)
    mira.relay.clock.tick(20 * 60_000)
    late = compose_escalation(
        question.hex(), amal.id, 4, "1x", sender=mira.id, sent=format_time(mira.relay.clock.now_ms)
    )
    mira.journal.queue(encode_body(late))  # refused: a device has it, and a person has 30 minutes
    rest(mira, amal)
    mira.relay.clock.tick(20 * 60_000)
    mira.journal.queue(encode_body(late))
    rest(mira, amal)
    honest = amal.conversation.group.seal(bytes(300), authenticated_data=bytes(35), random=amal.random)
    amal.log.append(flipped(honest.message), None, access_key=amal.conversation.access_key()[1])
    answer(amal, question, "AFFIRM", mira.id)
    rest(mira, amal)
    mira.remove(amal)
    rest(mira)
    mira.say("two remain")
    rest(mira)
    quiet([mira, boris])
    read_on()
    path = folder / "bridge.parley"
    path.write_bytes(boris.export())
    yield Live(path, digests, summaries)
    for desk in desks:
        desk.close()


def test_at_every_position_it_is_what_the_live_fold_was(live: Live) -> None:
    first = min(live.digests)
    assert set(live.digests) == set(range(first, live.last + 1))
    assert len(live.digests) > 12
    assert len(set(live.digests.values())) == len(live.digests)  # every entry changes something
    for position, digest in live.digests.items():
        _, transcript = read_and_replay(live.path, position)
        assert transcript.size == position + 1
        assert transcript.negotiation.digest().hex() == digest
        assert encode(transcript.negotiation.summary()) == live.summaries[position]


def test_before_anybody_else_came(live: Live) -> None:
    _, transcript = read_and_replay(live.path, 0)
    assert (transcript.size, transcript.negotiation.messages) == (1, ())
    assert len(transcript.negotiation.roster.participants) == 1


def test_without_a_position_it_is_the_whole_file(live: Live, cli: Cli) -> None:
    verified, transcript = read_and_replay(live.path, None)
    assert transcript is verified.transcript
    whole = json.loads(cli("audit", "replay", live.path, "--json").out)
    last = json.loads(cli("audit", "replay", live.path, "--at", live.last, "--json").out)
    assert whole == last
    assert (whole["at"], whole["entries"]) == (live.last, live.last + 1)
    assert whole["state_digest"] == live.digests[live.last]


def test_the_command_prints_the_moment(live: Live, cli: Cli) -> None:
    at = next(
        position
        for position, summary in live.summaries.items()
        if b"1x" in summary and _escalated(live, position)
    )
    told = json.loads(cli("audit", "replay", live.path, "--at", at, "--json").out)
    assert told["state_digest"] == live.digests[at]
    assert told["at"] == told["state"]["position"] == at
    late = [one for one in told["state"]["overdue"] if (one["level"], one["step"]) == (4, "1x")]
    assert len(late) == 2
    text = cli("audit", "replay", live.path, "--at", at)
    assert text.lines[0] == (
        f"as it stood after entry {at}; {live.last - at} more entries were verified and are not shown"
    )
    assert text.lines[-1] == f"state digest: {live.digests[at]}"
    assert "OPEN DIALOGUES (2)" in text.lines
    overdue = next(line for line in text.lines if "L4 ACKNOWLEDGED was due" in line)
    assert "no acknowledgement; cause unknown" in overdue
    assert f"1x logged by Mira as entry {at}" in text.out
    for heading in ("NOTIFICATIONS IN FORCE (0)", "LINE CHECKS NOT ANSWERED IN TIME (0)", "PROPOSALS (0)"):
        assert heading in text.lines
    assert {one["message"] for one in late} <= {one["message"] for one in told["state"]["open_dialogues"]}


def _escalated(live: Live, position: int) -> bool:
    _, transcript = read_and_replay(live.path, position)
    negotiation = transcript.negotiation
    return any(negotiation.logged_escalations(message.id) for message in negotiation.messages)


@pytest.mark.parametrize("beyond", [1, 1000])
def test_a_position_that_is_not_there_is_wrong_usage(live: Live, cli: Cli, beyond: int) -> None:
    refused = cli("audit", "replay", live.path, "--at", live.last + beyond)
    assert (refused.status, refused.out) == (2, "")
    assert f"the entries 0 to {live.last}" in refused.err
    with pytest.raises(NoSuchEntry):
        read_and_replay(live.path, live.last + beyond)


@pytest.mark.parametrize("at", ["-1", "last", "1.5", ""])
def test_a_position_that_is_none(live: Live, cli: Cli, at: str) -> None:
    assert cli("audit", "replay", live.path, "--at", at).status == 2


def test_the_whole_file_is_verified_whatever_moment_is_shown(live: Live, cli: Cli, tmp_path: Path) -> None:
    lines = live.path.read_text(encoding="utf-8").splitlines()
    index = next(i for i, line in enumerate(lines) if json.loads(line).get("entry") == live.last)
    changed = tmp_path / "changed.parley"
    changed.write_text("\n".join([*lines[:index], *lines[index + 1 :]]) + "\n", encoding="utf-8")
    for at in (0, 2, live.last):
        refused = cli("audit", "replay", changed, "--at", at)
        assert (refused.status, refused.out) == (1, "")
        assert refused.complaint


def test_a_removed_members_file_ends_with_the_removal(tmp_path: Path) -> None:
    mira, amal = desks = office(tmp_path, "Mira", "Amal")
    amal.say("one")
    quiet(desks)
    mira.remove(amal)
    mira.settle()
    before = amal.conversation.transcript.negotiation.digest()
    amal.receive()
    path = tmp_path / "removed.parley"
    path.write_bytes(amal.export())
    verified, transcript = read_and_replay(path, amal.conversation.transcript.size - 1)
    assert transcript.size == verified.transcript.size == amal.conversation.transcript.size
    assert transcript.negotiation.digest() == amal.conversation.transcript.negotiation.digest() == before
    for desk in desks:
        desk.close()
