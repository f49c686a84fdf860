"""Words for people: names, times, levels, clauses. Nothing here is safe to show yet: `cards` makes it so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from client.display import sanitise_line
from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.message import Message
from protocols.messages.proposals import Clause
from protocols.messages.render import show_place, show_sender
from protocols.messages.roles import Role
from protocols.messages.values import Time, Window, date_time_group, format_time, parse_time
from protocols.negotiation import (
    AnswerState,
    Commitment,
    Level,
    Negotiation,
    ResponseState,
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
MARKS: Final[Mapping[MessageType, str]] = {
    MessageType.LINE_CHECK: "~",
    MessageType.MANDATE: "M",
    MessageType.SEAT: "S",
    MessageType.RESPONSE: ">",
    MessageType.READBACK: "=",
    MessageType.CORRECTION: "x",
    MessageType.INFORM: "i",
    MessageType.QUESTION: "?",
    MessageType.CONVEY: "<>",
    MessageType.NOTIFY: "N",
    MessageType.REQUEST: "R",
    MessageType.PROPOSAL: "P",
    MessageType.CLAUSE_REPLY: "P>",
    MessageType.TERM: "T",
    MessageType.ADOPT: "P=",
    MessageType.COMMIT: "C",
    MessageType.COMMIT_EVENT: "C>",
    MessageType.FINDING: "F",
    MessageType.ALERT: "!!",
    MessageType.INCIDENT: "!",
    MessageType.EXPLANATION: "!>",
    MessageType.PERSONS: "#",
    MessageType.MEETING: "@",
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

    def people(self, participants: Iterable[str]) -> str:
        """Several names, in the order given."""
        return ", ".join(map(self.person, participants))

    def with_role(self, participant: str) -> str:
        """A participant's name, role, and for whom they speak; says so if it is you."""
        found = self.negotiation.roster.participant(participant)
        if found is None:
            return self.person(participant)
        speaks = "" if found.principal_name is None else f", for {sanitise_line(found.principal_name)}"
        said = f"{self.person(participant)} ({role_words(found.role)}{speaks})"
        return f"{said}, YOU" if participant == self.me else said

    def author(self, message: Message, *, role: bool = False) -> str:
        """Who wrote a message, or `a participant` where its attribution hides that from us."""
        sender, ours = message.envelope.sender, self.negotiation.roster.role(self.me)
        if show_sender(message, viewer=ours) != sender:
            return "a participant, YOU" if sender == self.me else "a participant"
        return self.with_role(sender) if role else self.person(sender)

    def message(self, message_id: str) -> str:
        """A message's number, such as `No. 7`."""
        found = self.negotiation.message(message_id)
        return f"No. {found.position}" if found is not None else "a message that is not here"

    def commitment(self, commitment_id: str) -> str:
        """A commitment in one line: who must what."""
        found = self.negotiation.commitment(commitment_id)
        if found is None:
            return f"a commitment that is not here ({commitment_id[:8]})"
        return f"{self.person(found.debtor)} {sanitise_line(found.text)}"


class Known(Mapping[str, str]):
    """The same for `render`, which asks for the name of whatever stands in a field."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __getitem__(self, key: str) -> str:
        names, negotiation = self._names, self._names.negotiation
        if key in negotiation.roster:
            return names.person(key)
        if negotiation.message(key) is not None:
            return names.message(key)
        if negotiation.commitment(key) is not None:
            return names.commitment(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield from (person.id for person in self._names.negotiation.roster.participants)
        yield from (message.id for message in self._names.negotiation.messages)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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


def clause(value: Clause, names: Names, *, number: bool = True) -> Iterator[str]:
    """One clause: the duty, then when and where, then its texts in other languages."""
    head = f"{value.no}. " if number else ""
    yield f"{head}{names.person(value.actor)} {value.modal} {value.action}: {value.object}"
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
    if value.notice_hours is not None:
        yield f"   withdrawn only with {value.notice_hours} hours' notice"
    if value.suspension is not None:
        yield f"   may be suspended by: {plain(value.suspension)}"
    for text in value.texts:
        status = text_status(text.status, machine=text.machine)
        yield f"   {text.lang} ({status}): {text.action}: {text.object}"


def text_status(status: str, *, machine: bool) -> str:
    """Whether a text in another language counts, and who translated it."""
    return f"{plain(status)}, by machine" if machine else plain(status)


def commitment_standing(found: Commitment) -> str:
    """Where a commitment stands, and until when."""
    until = f", until {dtg(found.end_ms)}"
    if found.withdraw_at_ms is not None:
        until = f", withdrawn from {dtg(found.withdraw_at_ms)} on"
    return f"{found.state}{until}"


def envelope_lines(envelope: Envelope, names: Names) -> Iterator[str]:
    """What the envelope adds, where it is not the usual."""
    for reference in envelope.refs:
        yield f"{plain(reference.rel)} {names.message(reference.id)}"
    if envelope.respond_by:
        yield f"answer expected by {time(envelope.respond_by)}"
    if envelope.valid_until:
        yield f"valid until {time(envelope.valid_until)}"
    if envelope.info:
        yield f"for information: {names.people(envelope.info)}"
    handling = [f"TLP {envelope.tlp}"] if envelope.tlp != "AMBER" else []
    handling += [f"attribution {plain(envelope.attribution)}"] if envelope.attribution != "NAMED" else []
    handling += ["without prejudice"] if envelope.without_prejudice else []
    handling += [f"language {envelope.lang}"] if envelope.lang != "en" else []
    if handling:
        yield ", ".join(handling)
    if envelope.remarks:
        yield f"remarks: {envelope.remarks}"
