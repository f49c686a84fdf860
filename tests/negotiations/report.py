"""docs/negotiations.md, made from the golden logs: who took part, how it went, what was refused and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import assert_never

from channel.audit import Export
from protocols.messages import Escalation, Message, MessageType, Receipt
from protocols.messages.rules import RULES
from protocols.negotiation import CommitmentState, PackageStatus
from protocols.payload import EntryStatus
from tests.negotiations.minutes import Names
from tests.negotiations.replay import Step, steps

_INTRODUCTION = """\
# Three negotiations

These talks were held by the client library, with real stores, over a relay on loopback, with a clock that the
script turns. The scripts are in `tests/negotiations`, and what they made is kept in `tests/negotiations/golden`:
the log as `parley audit export` writes it, the digest it replays to, and its minutes. This page is made from
these logs: `python -m tests.negotiations.golden`.

    parley audit verify tests/negotiations/golden/ceasefire.jsonl
    parley audit replay tests/negotiations/golden/ceasefire.jsonl
"""

_REASONS: Mapping[str, str] = {
    "role-not-allowed": "the sender's role does not say such things",
    "wrong-mode": "an exercise message has no place in a channel that is meant",
    "suspended": "the seat is suspended, and its word does not count",
}


def report(logs: Mapping[str, Export]) -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for name, export in logs.items():
        parts.append("\n".join(_section(name, export)) + "\n")
    return "\n".join(parts)


def _section(name: str, export: Export) -> Iterator[str]:
    names, kinds, refused = Names(), Counter[str](), list[tuple[Step, str]]()
    receipts = notes = commits = 0
    roles: dict[str, dict[str, None]] = {}
    last: Step | None = None
    for step in steps(export):
        last = step
        charter = step.transcript.epoch.charter
        names.seat(charter)
        for entry in charter.roster:
            roles.setdefault(names[entry.id], {})[entry.role.value] = None
        if step.judged.status is EntryStatus.REJECTED:
            refused.append((step, names[step.sender]))
            continue
        match step.body:
            case None:
                commits += 1
            case Receipt():
                receipts += 1
            case Escalation():
                notes += 1
            case Message() as message:
                kinds[message.type.value] += 1
            case _:
                assert_never(step.body)
    assert last is not None
    board = last.negotiation.board()
    now_ms = last.negotiation.relay_time_ms
    yield f"## {last.transcript.epoch.charter.title}"
    yield ""
    yield (
        f"[`{name}`](../tests/negotiations/golden/{name}.txt): "
        + ", ".join(f"{who} ({', then '.join(held)})" for who, held in roles.items())
        + "."
    )
    yield ""
    yield (
        f"{last.transcript.size} entries: {sum(kinds.values())} messages, {receipts} receipts, {notes} "
        f"escalations, {commits} commits, {len(refused)} refused."
    )
    yield ""
    yield "| Said | How often |"
    yield "|---|---|"
    yield from (f"| {kind} | {kinds[kind]} |" for kind in MessageType if kinds[kind])
    yield ""
    statuses = Counter(proposal.status(now_ms) for proposal in board.proposals)
    states = Counter(commitment.state for commitment in board.commitments)
    ends = [f"{number} {status}" for status in PackageStatus if (number := statuses[status])]
    owed = [f"{number} {state}" for state in CommitmentState if (number := states[state])]
    if ends:
        yield f"Proposals in the end: {', '.join(ends)}."
        yield ""
    if owed:
        yield f"Commitments in the end: {', '.join(owed)}."
        yield ""
    yield "| No. | Tried | Refused by | Which says |"
    yield "|---|---|---|---|"
    for step, who in refused:
        reason = step.judged.reason or ""
        rule = reason.removeprefix("rule:")
        why = RULES.get(rule) or _REASONS.get(rule, "")
        kind = step.message.type.value if step.message is not None else type(step.body).__name__.upper()
        yield f"| {step.judged.position} | {who}: {kind} | {rule} | {why} |"
