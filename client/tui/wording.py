"""What messages say, in lines for people. Nothing here is safe to show yet: `cards` makes it so, once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from client.display import sanitise_line
from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import Envelope
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.message import Content
from protocols.messages.proposals import Clause, ClauseReply, Proposal
from protocols.messages.render import NOTIFY_BANNER, show_place, show_quantity
from protocols.messages.roles import Role
from protocols.messages.values import Time, Window, date_time_group, format_time, parse_time
from protocols.negotiation import (
    AnswerState,
    ClauseStatus,
    Level,
    Negotiation,
    ResponseState,
    TabledClause,
    TabledProposal,
)
from protocols.negotiation.acknowledgement import Acknowledgement

LEVEL_WORDS: Final = {
    Level.QUEUED: "queued, not sent yet",
    Level.RELAYED: "relayed: the relay has stored it",
    Level.DELIVERED: "delivered to the device",
    Level.DISPLAYED: "displayed",
    Level.ACKNOWLEDGED: "acknowledged by a person",
    Level.READ_BACK: "read back",
    Level.CONFIRMED: "confirmed: both hold the same values",
}
CODE_MEANING: Final = {
    "ROGER": "I have it. Says nothing about agreeing.",
    "WILCO": "I will do it. This makes it your commitment.",
    "UNABLE": "I cannot. A reason is needed.",
    "AFFIRM": "Yes.",
    "NEGATIVE": "No. A reason is needed.",
    "STANDBY": "My answer comes later; you say by when.",
    "NOT-UNDERSTOOD": "I do not understand it. It stays open.",
    "CORRECT": "The read-back says what I meant.",
    "WRONG": "The read-back differs; you name the fields.",
}
MARKS: Final = {
    "ALERT": "!!",
    "QUESTION": "?",
    "INFORM": "i",
    "NOTIFY": "N",
    "PROPOSAL": "P",
    "CLAUSE-REPLY": "P>",
    "RESPONSE": ">",
    "READBACK": "=",
    "CORRECTION": "x",
    "COMMIT-EVENT": "C",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Ids as people know them: participants by name, messages by their number in the log."""

    negotiation: Negotiation
    me: str

    def person(self, participant: str) -> str:
        """A participant's name, on one line."""
        roster = self.negotiation.roster
        if participant not in roster:
            return f"somebody not on the roster ({participant[:8]})"
        return sanitise_line(roster.name(participant))

    def with_role(self, participant: str) -> str:
        """A participant's name and role; says so if it is you."""
        role = self.negotiation.roster.role(participant)
        said = (
            self.person(participant) if role is None else f"{self.person(participant)} ({role_words(role)})"
        )
        return f"{said}, YOU" if participant == self.me else said

    def message(self, message_id: str) -> str:
        """A message's number, such as `No. 7`."""
        found = self.negotiation.message(message_id)
        return f"No. {found.position}" if found is not None else "a message that is not here"


def role_words(role: Role) -> str:
    """A role in plain words."""
    return "humanitarian liaison" if role is Role.LIAISON else role.value


def dtg(ms: int) -> str:
    """A clock reading (UTC milliseconds) as a date-time group."""
    return date_time_group(format_time(ms))


def age(ms: int) -> str:
    """How long ago something was, coarsely, so that it seldom changes on screen."""
    minutes = ms // 60_000
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} days ago"


def level_words(acknowledgement: Acknowledgement) -> str:
    """How far a message got with one reader."""
    if acknowledgement.label == "L2-ERROR":
        return "L2-ERROR: their device could not read it"
    return f"{acknowledgement.label} {LEVEL_WORDS[acknowledgement.level]}"


def answer_words(answer: AnswerState) -> str:
    """Where somebody stands with the answer."""
    match answer.state:
        case ResponseState.OPEN:
            return f"answer OPEN, said {answer.answer}" if answer.answer else "answer OPEN"
        case ResponseState.STANDBY:
            until = f" until {dtg(answer.by_ms)}" if answer.by_ms is not None else ""
            return f"STANDBY{until}"
        case ResponseState.CLOSED:
            return f"CLOSED: {answer.answer}" if answer.answer else "CLOSED"


def time(value: Time) -> str:
    """A time of a message as a date-time group."""
    return date_time_group(value)


def window(value: Window) -> str:
    """From and to."""
    return f"{time(value.start)} to {time(value.end)}"


def plain(choice: str) -> str:
    """A choice such as OWN_OBSERVATION as words."""
    return choice.replace("_", " ").lower()


def field_text(value: str) -> str:
    """A leaf's text; a time also as people write it."""
    return f"{time(value)} ({value})" if parse_time(value) == value else value


def clause(value: Clause, names: Names) -> Iterator[str]:
    """One clause: the duty, then when and where."""
    yield f"{value.no}. {names.person(value.actor)} {value.modal} {value.action}: {value.object}"
    span = "throughout" if value.throughout else "when"
    yield f"   {span}: {window(value.window)}"
    if value.place is not None:
        yield f"   where: {show_place(value.place)}"
    if value.area is not None:
        yield f"   area: {'; '.join(show_place(corner) for corner in value.area)}"
    if value.verifier is not None:
        yield f"   verified by: {names.person(value.verifier)}"
    if value.depends_on:
        yield f"   only with clause {', '.join(map(str, value.depends_on))}"


def summary(content: Content, names: Names, *, message_id: str = "") -> Iterator[str]:
    """What a message says, line by line.

    Args:
        content: as it stands.
        names: for everything that is named by id.
        message_id: of the message, so that a proposal can show where it stands; empty for one not sent yet.
    """
    match content:
        case Inform():
            yield content.statement
            yield f"known by {plain(content.basis)}, as of {time(content.as_of)}" + (
                f", grade {content.grade}" if content.grade else ""
            )
            if content.window is not None:
                yield f"when: {window(content.window)}"
            if content.place is not None:
                yield f"where: {show_place(content.place)}"
            if content.qty is not None:
                yield f"how many: {show_quantity(content.qty)}"
        case Question():
            yield content.question
            yield f"answer wanted: {'yes or no' if content.form == 'YES_NO' else plain(content.form)}"
            if content.purpose:
                yield f"asked because: {content.purpose}"
        case Notify():
            yield from _notify(content, names)
        case Proposal():
            yield from _proposal(content, names, message_id)
        case ClauseReply():
            yield from _clause_reply(content, names)
        case Response():
            yield f"{content.code} to {names.message(content.target)}. {CODE_MEANING[content.code]}"
            if content.reason:
                yield f"reason: {content.reason}"
            if content.fields:
                yield f"fields that are wrong: {', '.join(content.fields)}"
            if content.by:
                yield f"answer comes by {time(content.by)}"
            if content.passed_to:
                yield f"passed to: {content.passed_to}"
        case Readback():
            yield f"reads back {names.message(content.target)}:"
            for reading in content.readings:
                yield f"   {reading.field}: {reading.value}"
        case Correction():
            verb = "CANCELS" if content.action == "CANCEL" else "CORRECTS"
            yield f"{verb} {names.message(content.target)}; the original stays in the log"
            for change in content.changes:
                yield f"   {change.field}: {change.old or 'nothing'} -> {change.new or 'nothing'}"
            yield f"reason: {content.reason}"
        case CommitEvent():
            yield from _commit_event(content, names)
        case Alert():
            yield f"{plain(content.phase)}: {plain(content.danger)}"
            yield f"where: {show_place(content.place)}"
            yield f"seen at {time(content.observed)}"
            yield f"ASKED: {plain(content.asked)}, until {time(content.until)}"
            yield f"at risk: {show_quantity(content.persons_at_risk)}"
        case _:
            assert_never(content)


def _notify(content: Notify, names: Names) -> Iterator[str]:
    yield f"{plain(content.kind)}: {content.purpose}"
    if content.place is not None:
        yield f"where: {show_place(content.place)}"
    for point in content.route or ():
        yield f"   {time(point.at)} at {show_place(point.place)}"
    yield f"when: {window(content.window)}"
    yield f"persons: {show_quantity(content.persons)}; contact {names.person(content.contact)}"
    if content.vehicles is not None:
        yield f"vehicles: {show_quantity(content.vehicles)}" + (
            f", marked {content.markings}" if content.markings else ""
        )
    if content.site_function:
        yield f"site: {content.site_function}" + (f", until {time(content.expiry)}" if content.expiry else "")
    if content.activity:
        yield f"activity: {plain(content.activity)}"
    if content.cargo:
        yield f"cargo: {content.cargo}"
    if content.emergency:
        yield "EMERGENCY: less than 24 hours ahead"
    yield NOTIFY_BANNER


def _proposal(content: Proposal, names: Names, message_id: str) -> Iterator[str]:
    tabled = names.negotiation.proposal(message_id) if message_id else None
    standing = f" [{tabled.status(names.negotiation.relay_time_ms)}]" if tabled is not None else ""
    yield f"{content.title}{standing}"
    together = "all or nothing" if content.package == "ALL_OR_NOTHING" else "clauses can stand alone"
    yield f"{together}; must all agree: {', '.join(map(names.person, content.required))}"
    if tabled is None:
        for text in content.clauses:
            yield from clause(text, names)
        return
    for current in tabled.clauses:
        yield from clause(current.clause, names)
        version = f", version {current.clause.version}" if current.clause.version > 1 else ""
        yield f"   [{_standing(tabled, current, names)}{version}]"


def _standing(tabled: TabledProposal, current: TabledClause, names: Names) -> str:
    """Where a clause stands, and with whom."""
    match tabled.clause_status(current):
        case ClauseStatus.ACCEPTED_BY:
            return f"ACCEPTED BY {_people(current.accepted, names)} only"
        case ClauseStatus.REJECTED:
            return f"REJECTED by {_people(current.rejected, names)}"
        case ClauseStatus.RESERVED:
            return f"RESERVED by {_people(current.reserved, names)}"
        case status:
            return status.value


def _people(participants: Iterable[str], names: Names) -> str:
    return ", ".join(sorted(map(names.person, participants)))


def _clause_reply(content: ClauseReply, names: Names) -> Iterator[str]:
    tabled = names.negotiation.proposal(content.proposal)
    known = {} if tabled is None else {item.hash: item.clause.no for item in tabled.clauses}
    old = (
        {}
        if tabled is None
        else {text: item.clause.no for item in tabled.clauses for text in item.superseded}
    )
    yield f"answers {names.message(content.proposal)}:"
    for reply in content.replies:
        number = known.get(reply.hash) or old.get(reply.hash)
        yield f"   clause {number or '?'}: {reply.answer}" + (
            f", because {reply.reason}" if reply.reason else ""
        )
        if reply.clause is not None:
            yield from (f"   {line}" for line in clause(reply.clause, names))
    if content.ad_ref:
        yield "subject to the principal's confirmation"
    if content.final:
        yield "FINAL: puts the agreed text in force once every required party has said so"


def _commit_event(content: CommitEvent, names: Names) -> Iterator[str]:
    found = names.negotiation.commitment(content.commitment)
    about = f"{names.person(found.debtor)} {found.text}" if found is not None else content.commitment
    yield f"{content.event} at {time(content.at)}: {about}"
    if content.reason:
        yield f"reason: {content.reason}"
    if content.new_time:
        yield f"new end: {time(content.new_time)}"
    if content.new_party:
        yield f"to {names.person(content.new_party)}"
    for evidence in content.evidence:
        yield f"   evidence SHA-256 {evidence}"


def envelope_lines(envelope: Envelope, names: Names) -> Iterator[str]:
    """What the envelope adds, where it is not the usual."""
    for reference in envelope.refs:
        yield f"{plain(reference.rel)} {names.message(reference.id)}"
    if envelope.respond_by:
        yield f"answer expected by {time(envelope.respond_by)}"
    if envelope.valid_until:
        yield f"valid until {time(envelope.valid_until)}"
    if envelope.info:
        yield f"for information: {', '.join(map(names.person, envelope.info))}"
    handling = [f"TLP {envelope.tlp}"] if envelope.tlp != "AMBER" else []
    handling += [f"attribution {plain(envelope.attribution)}"] if envelope.attribution != "NAMED" else []
    handling += ["without prejudice"] if envelope.without_prejudice else []
    if handling:
        yield ", ".join(handling)
    if envelope.remarks:
        yield f"remarks: {envelope.remarks}"
