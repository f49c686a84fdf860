"""A log as the minutes of the talks: who said what, in a line or two each, and what became of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import assert_never

from channel.audit import Export
from channel.charter import Charter
from protocols.messages import Body, Escalation, Mandate, Message, Receipt, mandate_id
from protocols.messages.proposals import ClauseReply
from protocols.messages.render import NO_ACKNOWLEDGEMENT, render
from protocols.messages.values import date_time_group, format_time
from protocols.negotiation import Negotiation, TabledClause
from protocols.payload import EntryStatus
from tests.negotiations.replay import Step, begin, steps

_ID = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b")
_INDENT = "      "
_LEFT_OUT = ("topic:", "sent:", "handling:", "hash ", "original key:", "original signature:", "signature:")


class Names:
    """Participants by name, messages by number, commitments by letter, in the order of the log."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self.known: dict[str, str] = {}
        self._commitments = count(1)

    def seat(self, charter: Charter) -> None:
        """Learn who sits there; a second key of the same name is told from the first."""
        for entry in charter.roster:
            for number, mandate in enumerate(entry.mandates, 1):
                self.known.setdefault(mandate_id(mandate), f"mandate {number} of {entry.name}")
            if entry.id not in self.known:
                second = f"{entry.name} (new key)"
                self.known[entry.id] = second if entry.name in self.known.values() else entry.name

    def learn(self, step: Step) -> None:
        """Learn the number of a message, and the commitments that there are now."""
        number = f"No. {step.judged.position}"
        if step.message_id:
            self.known[step.message_id] = number
        if step.message is not None and isinstance(step.message.content, Mandate):
            self.known[mandate_id(step.message.content)] = f"the mandate of {number}"
        for commitment in step.negotiation.board().commitments:
            if commitment.id not in self.known:
                self.known[commitment.id] = f"commitment {next(self._commitments)}"

    def __getitem__(self, name: str) -> str:
        """What an id is called."""
        return self.known.get(name, name)

    def within(self, line: str) -> str:
        """The line with every id in it as it is called."""
        return _ID.sub(lambda found: self[found[0]], line)


def minutes(export: Export) -> Iterator[str]:
    """Yield the lines of a log's minutes, without line ends."""
    names, standing, charter = Names(), dict[str, str](), begin(export).epoch.charter
    names.seat(charter)
    yield f"{charter.title}: {charter.mode}, begun by {charter.roster[0].name}, {charter.roster[0].role}"
    for step in steps(export):
        now = step.transcript.epoch.charter
        names.seat(now)
        names.learn(step)
        relay_time = format_time(step.judged.relay_time_ms)
        yield f"{step.judged.position:4}  {date_time_group(relay_time)}  {_headline(step, names)}"
        yield from (f"{_INDENT}{line}" for line in _said(step, names))
        after = _standing(step.negotiation, names)
        yield from (
            f"{_INDENT}= {key}: {value}" for key, value in after.items() if standing.get(key) != value
        )
        if step.body is None:
            yield from (f"{_INDENT}= {line}" for line in _enacted(charter, now, names))
        standing, charter = after, now


def _headline(step: Step, names: Names) -> str:
    who = names[step.sender]
    match step.body:
        case None:
            return f"{who} commits: epoch {step.transcript.epoch.context.epoch}"
        case Receipt() as receipt:
            said = ", ".join(names[message] for message in receipt.messages)
            what = f"{who}: {receipt.level} {said}"
        case Escalation() as note:
            what = (
                f"{who}: ESCALATION {note.step}, {names[note.message]} with {names[note.addressee]} below "
                f"L{note.level}: {NO_ACKNOWLEDGEMENT}"
            )
        case Message() as message:
            envelope = message.envelope
            to = ", ".join(names[reader] for reader in envelope.to)
            urgent = "" if envelope.precedence == "ROUTINE" else f" {envelope.precedence}"
            what = f"{who} to {to}: {message.type}{urgent} ({envelope.topic})"
        case _:
            assert_never(step.body)
    folded = step.negotiation.message(step.message_id)
    if folded is not None and folded.beyond_mandate:
        what += " BEYOND THE MANDATE"
    refused = step.judged.status is EntryStatus.REJECTED
    return f"{what} -- REFUSED, {step.judged.reason}" if refused else what


def _said(step: Step, names: Names) -> Iterator[str]:
    """What a message says, field by field; a body that is shown in the headline says no more."""
    message = step.message
    if message is None:
        return
    clauses: Mapping[str, str] = {}
    if isinstance(message.content, ClauseReply):
        tabled = step.negotiation.proposal(message.content.proposal)
        clauses = _clause_names(tabled.clauses) if tabled is not None else {}
    for line in render(message, {**names.known, **clauses}):
        if not line.strip().startswith((*_LEFT_OUT, f"{message.type} {message.envelope.precedence} from")):
            yield names.within(line)


def _clause_names(clauses: Sequence[TabledClause]) -> dict[str, str]:
    found = {}
    for number, clause in enumerate(clauses, 1):
        for version, digest in enumerate((*clause.superseded, clause.hash), 1):
            found[digest] = f"clause {number}.{version}"
    return found


def _standing(negotiation: Negotiation, names: Names) -> dict[str, str]:
    """How proposals, commitments and seats stand; what has changed is told after each entry."""
    found = {}
    for proposal in negotiation.board().proposals:
        clauses = [
            f"{clause.clause.no}.{clause.clause.version} {proposal.clause_status(clause)}"
            for clause in proposal.clauses
        ]
        status = proposal.status(negotiation.relay_time_ms)
        found[f"{names[proposal.id]}"] = f"{status}; clauses {', '.join(clauses)}"
    for commitment in negotiation.board().commitments:
        owed = f"{names[commitment.debtor]} to {', '.join(names[one] for one in commitment.creditors)}"
        found[names[commitment.id]] = f"{commitment.state} ({owed}: {commitment.text})"
    for participant in negotiation.suspended:
        found[names[participant]] = "suspended"
    return found


def _enacted(before: Charter, after: Charter, names: Names) -> Iterator[str]:
    """What a commit changed in the charter."""
    old, new = ({entry.id: entry for entry in charter.roster} for charter in (before, after))
    yield from (f"{names[one]} comes as {new[one].role}" for one in new if one not in old)
    yield from (f"{names[one]} leaves" for one in old if one not in new)
    for one in old.keys() & new.keys():
        if old[one].mandates != new[one].mandates:
            yield f"{names[one]} holds {len(new[one].mandates)} mandates"
    if after.seats is not before.seats:
        yield f"seats are {after.seats}"
    if after.displayed != before.displayed:
        yield "devices say what they have shown"
    if after.glossary_version != before.glossary_version:
        yield f"the glossary is in version {after.glossary_version}"
    if after.adopted != before.adopted:
        yield f"{names[after.adopted[-1].proposal]} is in force"


def course(export: Export) -> tuple[tuple[str, str, str], ...]:
    """Who said or committed what, and why it was refused: what two plays of one script have in common.

    Receipts are left out: whose comes first is chance.
    """
    names, found = Names(), []
    for step in steps(export):
        names.seat(step.transcript.epoch.charter)
        if not isinstance(step.body, Receipt):
            kind = "commit" if step.body is None else _kind(step.body)
            found.append((names[step.sender], kind, step.judged.reason or ""))
    return tuple(found)


def _kind(body: Body) -> str:
    return body.type.value if isinstance(body, Message) else type(body).__name__.upper()
