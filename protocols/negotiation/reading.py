"""Everything that can be asked of a negotiation; nothing here changes it.

The client's screens, `parley board`, `parley audit replay`, exports and the charter's rules all read the
state through these methods, so that they cannot disagree.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from protocols import canonical
from protocols.canonical import Value
from protocols.messages.catalogue import Answer
from protocols.messages.envelope import MessageType, Mode
from protocols.negotiation.agreed import AgreedChanges
from protocols.negotiation.commitment import Commitment
from protocols.negotiation.due import due_ms
from protocols.negotiation.entitlement import mandates_in_force
from protocols.negotiation.escalating import LoggedEscalation
from protocols.negotiation.incidents import IncidentRecord
from protocols.negotiation.meetings import MeetingRecord
from protocols.negotiation.notifications import NotificationInForce, in_force
from protocols.negotiation.offering import answers_for
from protocols.negotiation.persons import PersonsList
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage, ResponseState
from protocols.negotiation.roster import HeldMandate, Participant, Roster
from protocols.negotiation.state import State
from protocols.negotiation.summary import summary
from protocols.negotiation.terms import ChannelTerms
from protocols.negotiation.timers import Escalation, Overdue, escalations, overdue
from protocols.negotiation.view import Board, OpenDialogue, RejectedEntry
from protocols.negotiation.watch import WatchSlot, slots

_DIGEST_LABEL: Final = b"parley negotiation v1"


class Reading:
    """A negotiation to look at. Message ids are given as 16 bytes or 32 hexadecimal digits."""

    def __init__(self, roster: Iterable[Participant], mode: Mode, terms: ChannelTerms) -> None:
        self._state = State(Roster(roster), mode, terms)
        self._position = -1
        self._rejected: list[RejectedEntry] = []
        self._undelivered: dict[str, dict[str, None]] = {}
        self._unreadable: dict[int, set[str]] = {}
        self._due: dict[tuple[str, int], int | None] = {}

    # --- where we are -----------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """The position of the last entry; -1 before the first."""
        return self._position

    @property
    def relay_time_ms(self) -> int:
        """The latest relay time of any entry; nothing here knows a later one."""
        return self._state.now_ms

    @property
    def roster(self) -> Roster:
        """Who takes part, as the last accepted commit left it."""
        return self._state.roster

    @property
    def terms(self) -> ChannelTerms:
        """What the charter agreed, as the last accepted commit left it."""
        return self._state.terms

    @property
    def mode(self) -> Mode:
        """LIVE or EXERCISE."""
        return self._state.mode

    # --- messages ---------------------------------------------------------------------------------

    @property
    def messages(self) -> tuple[FoldedMessage, ...]:
        """All accepted messages, in log order."""
        return tuple(self._state.messages.values())

    @property
    def rejected(self) -> tuple[RejectedEntry, ...]:
        """All entries that count for nothing, in log order."""
        return tuple(self._rejected)

    def message(self, message_id: bytes | str) -> FoldedMessage | None:
        """Return an accepted message by its id."""
        return self._state.messages.get(_hex(message_id))

    def by_position(self, position: int) -> FoldedMessage | None:
        """Return the accepted message of a log entry; None for receipts, commits and rejected entries."""
        message_id = self._state.by_position.get(position)
        return None if message_id is None else self._state.messages[message_id]

    def open_dialogues(self) -> tuple[OpenDialogue, ...]:
        """Return every answer that is still wanted, in log order of the messages."""
        found = sorted((self._state.messages[name] for name in self._state.open), key=lambda m: m.position)
        # To read many large bodies takes seconds, and screens ask again with every entry.
        known, self._due = self._due, {}
        for message in found:
            words = (message.id, len(message.corrected_by))
            self._due[words] = known[words] if words in known else due_ms(self._state, message)
        return tuple(dialogue for message in found for dialogue in self._dialogues(message))

    def _dialogues(self, message: FoldedMessage) -> Iterable[OpenDialogue]:
        due = self._due[message.id, len(message.corrected_by)]
        for addressee, answer in message.answers.items():
            if answer.state is not ResponseState.CLOSED:
                yield OpenDialogue(
                    message=message,
                    addressee=addressee,
                    state=answer.state,
                    answer=answer.answer,
                    due_ms=answer.by_ms if answer.by_ms is not None else due,
                )

    def legal_answers(
        self, message_id: bytes | str, me: str, now_ms: int | None = None
    ) -> tuple[Answer, ...]:
        """Return what this participant may answer to a message; empty for an unknown message.

        Args:
            message_id: the message.
            me: participant id.
            now_ms: our clock in UTC milliseconds, where it should count as well as the relay's last word.
        """
        message = self.message(message_id)
        return () if message is None else answers_for(self._state, message, me, self._now(now_ms))

    # --- what came of them ------------------------------------------------------------------------

    def board(self) -> Board:
        """Return open questions and requests, proposals, commitments, incidents and meetings."""
        state, dialogues = self._state, self.open_dialogues()
        return Board(
            open_questions=tuple(d for d in dialogues if d.message.type is MessageType.QUESTION),
            open_requests=tuple(d for d in dialogues if d.message.type is MessageType.REQUEST),
            proposals=tuple(state.proposals.values()),
            commitments=tuple(state.commitments.values()),
            incidents=tuple(state.incidents.values()),
            meetings=tuple(state.meetings.values()),
        )

    def proposal(self, message_id: bytes | str) -> TabledProposal | None:
        """Return a proposal as it stands, by the id of its PROPOSAL."""
        return self._state.proposals.get(_hex(message_id))

    def commitment(self, commitment_id: str) -> Commitment | None:
        """Return a commitment as it stood at the last entry."""
        return self._state.commitments.get(commitment_id)

    def incident(self, message_id: bytes | str) -> IncidentRecord | None:
        """Return what was said of an incident, by the id of its INCIDENT."""
        return self._state.incidents.get(_hex(message_id))

    def meeting(self, message_id: bytes | str) -> MeetingRecord | None:
        """Return a meeting as it stands, by the id of the MEETING that proposed it."""
        return self._state.meetings.get(_hex(message_id))

    def persons_list(self, message_id: bytes | str) -> PersonsList | None:
        """Return what was answered to a list of persons, by the id of its PERSONS LIST."""
        return self._state.persons.get(_hex(message_id))

    @property
    def persons(self) -> tuple[PersonsList, ...]:
        """Lists of persons with what was answered to them, in log order."""
        return tuple(self._state.persons.values())

    def notifications(self, now_ms: int | None = None) -> tuple[NotificationInForce, ...]:
        """Return what was notified and is not over; `now_ms` as for `legal_answers`."""
        state = self._state
        return in_force((state.messages[name] for name in state.notifies), self._now(now_ms))

    def watch(self, now_ms: int | None = None) -> tuple[WatchSlot, ...]:
        """Return every line check by addressee: answered, late, waiting, or missed for no known cause."""
        state = self._state
        checks = (state.messages[name] for name in state.line_checks)
        return slots(checks, state.messages, state.roster, self._now(now_ms))

    # --- who may speak ----------------------------------------------------------------------------

    @property
    def agreed(self) -> AgreedChanges:
        """What messages have agreed and no commit has enacted yet."""
        return self._state.agreed

    @property
    def suspended(self) -> frozenset[str]:
        """Participant ids of seats whose word does not count until the parties restore them."""
        return frozenset(self._state.suspended)

    def mandates(self, participant: str, now_ms: int | None = None) -> tuple[HeldMandate, ...]:
        """Return the mandates in force of who speaks for a principal; `now_ms` as for `legal_answers`."""
        return mandates_in_force(self._state, participant, self._now(now_ms))

    # --- what is late -----------------------------------------------------------------------------

    def overdue(self, now_ms: int | None = None) -> tuple[Overdue, ...]:
        """Return every acknowledgement that is late; `now_ms` as for `legal_answers`."""
        return overdue(self._waiting(), self._state.roster, self._state.terms, self._now(now_ms))

    def escalations(
        self, now_ms: int | None = None, *, since_ms: int | None = None
    ) -> tuple[Escalation, ...]:
        """Return every step of escalation that is due, logged or not.

        Args:
            now_ms: as for `legal_answers`.
            since_ms: leave out what was due by then.
        """
        state, now = self._state, self._now(now_ms)
        return escalations(self._waiting(), state.roster, state.terms, now, since_ms=since_ms)

    def logged_escalations(self, message_id: bytes | str) -> tuple[LoggedEscalation, ...]:
        """Return the steps that devices have logged about a message, in log order."""
        return self._state.escalations.get(_hex(message_id), ())

    def undelivered_to_me(self, me: str) -> tuple[FoldedMessage, ...]:
        """Return messages of others since this participant joined that they have sent no receipt for.

        None for who is suspended: their receipts would not count.
        """
        if me in self._state.suspended:
            return ()
        return tuple(self._state.messages[name] for name in self._undelivered.get(me, {}))

    def _waiting(self) -> Iterable[FoldedMessage]:
        state = self._state
        return sorted((state.messages[name] for name in state.unacknowledged), key=lambda m: m.position)

    # --- all of it --------------------------------------------------------------------------------

    def summary(self) -> dict[str, Value]:
        """Return the whole state as JSON-able values; its cost grows with the log, unlike an entry's."""
        return summary(
            self._state,
            position=self._position,
            open_dialogues=self.open_dialogues(),
            overdue=self.overdue(),
            notifications=self.notifications(),
            rejected=self._rejected,
            unreadable=self._unreadable,
        )

    def digest(self) -> bytes:
        """Return the SHA-256 of the summary's canonical encoding: equal where the states are equal."""
        return hashlib.sha256(_DIGEST_LABEL + canonical.encode(self.summary())).digest()

    def _now(self, now_ms: int | None) -> int:
        return max(self._state.now_ms, now_ms or 0)


def _hex(message_id: bytes | str) -> str:
    return message_id if isinstance(message_id, str) else message_id.hex()
