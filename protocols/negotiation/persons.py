"""Lists of persons, and what each holder says of each (MESSAGES.md section 2, row 22).

A list names people by pseudonymous references. Each ACTION addressee answers for every reference; what one
says never overwrites what another says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from protocols.canonical import Value
from protocols.messages.envelope import MessageType
from protocols.messages.persons import Persons
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms
from protocols.negotiation.dialogue import check_corrections_seen
from protocols.negotiation.judging import Judgement
from protocols.negotiation.record import OPEN, ResponseState
from protocols.negotiation.roster import Reason, Refusal

PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class PersonStatusRecord:
    """What one addressee says of one person.

    Attributes:
        status: HELD, NOT_HELD, DECEASED, TRANSFERRED, RELEASED, UNKNOWN or PENDING.
        as_of_ms: information as of, UTC milliseconds.
        message: id of the PERSONS that says so.
    """

    status: str
    as_of_ms: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsList:
    """A list of persons and everybody's answers.

    Attributes:
        id: of the PERSONS LIST, 32 hexadecimal digits.
        author: who sent it.
        refs: the references, in the list's order.
        statuses: by addressee, by reference, the last status.
    """

    id: str
    author: str
    refs: tuple[str, ...]
    statuses: Mapping[str, Mapping[str, PersonStatusRecord]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def missing(self, addressee: str) -> tuple[str, ...]:
        """Return the references that an addressee has given no final status for."""
        said = self.statuses.get(addressee, {})
        return tuple(ref for ref in self.refs if ref not in said or said[ref].status == PENDING)

    def summary(self) -> Value:
        """Return the list as plain values, for the digest."""
        return {
            "id": self.id,
            "author": self.author,
            "refs": [*self.refs],
            "statuses": {
                addressee: {
                    ref: {"status": said.status, "as_of_ms": said.as_of_ms, "message": said.message}
                    for ref, said in statuses.items()
                }
                for addressee, statuses in self.statuses.items()
            },
        }


def judge_persons(judgement: Judgement, content: Persons) -> None:
    """Take in a list of persons or statuses for one.

    Raises:
        RuleViolation: PERSONS-4 to PERSONS-6. The sender's fault, as below.
        Refusal: there is no such list.
    """
    roster = judgement.state.roster
    # Every member of the group can decrypt every message: not addressing an observer keeps nothing from one.
    agreed = (item.content.role for item in judgement.state.agreed.seats)
    if roster.with_role(Role.OBSERVER) or Role.OBSERVER.value in agreed:
        raise violation("PERSONS-4", "to", "needs a channel without observers: every member can read it")
    if content.operation == "LIST":
        refs = tuple(entry.ref for entry in content.entries)
        judgement.changes.persons[judgement.id] = PersonsList(
            id=judgement.id, author=judgement.sender, refs=refs
        )
    else:
        _judge_status(judgement, content, given(content.list))


def _judge_status(judgement: Judgement, content: Persons, listed: str) -> None:
    persons = judgement.state.persons.get(listed)
    if persons is None:
        raise Refusal(Reason.UNKNOWN_TARGET, "needs a PERSONS LIST that is in the log")
    folded = judgement.state.messages[listed]
    author_sits = persons.author in judgement.state.roster
    if judgement.sender not in folded.to or folded.cancelled:
        raise violation("PERSONS-6", "list", "needs a list that asks you, and that was not taken back")
    if author_sits and persons.author not in judgement.envelope.to:
        raise violation("PERSONS-6", "to", "needs the list's author among the addressees")
    check_corrections_seen(judgement.state, folded, judgement.sender)
    if unknown := sorted({status.ref for status in content.statuses} - set(persons.refs)):
        raise violation("PERSONS-5", "statuses", f"not on the list: {unknown[0]}")
    said = dict(persons.statuses.get(judgement.sender, {}))
    for status in content.statuses:
        said[status.ref] = PersonStatusRecord(status.status, time_ms(status.as_of), judgement.id)
    statuses = {**persons.statuses, judgement.sender: MappingProxyType(said)}
    after = replace(persons, statuses=MappingProxyType(statuses))
    judgement.changes.persons[listed] = after
    complete = not after.missing(judgement.sender)
    closed = folded.answers[judgement.sender].state is ResponseState.CLOSED
    if complete and not closed:
        judgement.close(listed, MessageType.PERSONS.value, only=judgement.sender)
    elif closed and not complete:
        judgement.put(folded.answered(judgement.sender, OPEN))
