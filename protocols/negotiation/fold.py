"""The one fold over accepted entries: what has been said, answered, agreed and owed (issue 2 section 5).

Deterministic: the same entries give the same state on every member, machine and day. Time is relay time,
from the entries; OVERDUE, ENDED and LAPSED happen when an entry shows that their time has come. One more
entry costs the same however many there were.
"""

import hashlib
import heapq
from collections.abc import Iterable
from typing import Final, Literal

from protocols import canonical
from protocols.canonical import Value
from protocols.errors import DecodeError, RuleViolation
from protocols.messages.catalogue import Answer
from protocols.messages.envelope import MessageType, Mode
from protocols.messages.receipt import Receipt
from protocols.negotiation import view
from protocols.negotiation.commitment import Commitment, settle
from protocols.negotiation.dialogue import answers_for, due_ms
from protocols.negotiation.judge import examine
from protocols.negotiation.proposal import PackageStatus, TabledProposal, end_proposal
from protocols.negotiation.record import FoldedMessage, ResponseState
from protocols.negotiation.roster import (
    ACCEPTED,
    Participant,
    Reason,
    Received,
    Refusal,
    Roster,
    RosterChange,
    Verdict,
)
from protocols.negotiation.state import Changes, State
from protocols.negotiation.view import Board, OpenDialogue, RejectedEntry

_DIGEST_LABEL: Final = b"parley negotiation v1"


class Negotiation:
    """The state of one channel's negotiation.

    Not a value: `apply`, `reject` and `handshake` change it, in log order. Everything it hands out is a
    snapshot.
    """

    def __init__(self, roster: Iterable[Participant] = (), *, mode: Mode = "LIVE") -> None:
        """Begin with nothing said.

        Args:
            roster: the charter's, until the first `handshake` brings another.
            mode: the charter's; a message of the other mode is rejected.
        """
        self._state = State(Roster(roster), mode)
        self._position = -1
        self._open: dict[str, None] = {}
        self._rejected: list[RejectedEntry] = []
        self._undelivered: dict[str, dict[str, None]] = {}
        self._unreadable: dict[int, set[str]] = {}
        self._clock: list[tuple[int, int, Literal["proposal", "commitment"], str]] = []
        self._scheduled = 0

    # --- entries, in log order --------------------------------------------------------------------

    def handshake(self, change: RosterChange) -> None:
        """Take in an accepted commit: from here on, this is the roster.

        Raises:
            ValueError: entries came out of order; a bug in the caller.
        """
        self._advance(change.position, change.relay_time_ms)
        self._state.roster = Roster(change.roster)

    def judge(self, received: Received) -> Verdict:
        """Say what `apply` would say of an entry; changes nothing. For composing, before a message leaves."""
        return self._examine(received)[0]

    def apply(self, received: Received) -> Verdict:
        """Take in an application message that cryptography accepted; a broken rule makes it void.

        Raises:
            ValueError: entries came out of order; a bug in the caller.
        """
        self._advance(received.position, received.relay_time_ms)
        verdict, changes = self._examine(received)
        if changes is None:
            reason = verdict.reason or Reason.MALFORMED.value
            self._rejected.append(RejectedEntry(received.position, received.relay_time_ms, reason))
        else:
            self._perform(received, changes)
        return verdict

    def reject(self, position: int, relay_time_ms: int, reason: str) -> None:
        """Take note of an entry that cryptography rejected, by its fixed reason code.

        Raises:
            ValueError: entries came out of order; a bug in the caller.
        """
        self._advance(position, relay_time_ms)
        self._rejected.append(RejectedEntry(position, relay_time_ms, reason))

    def _examine(self, received: Received) -> tuple[Verdict, Changes | None]:
        try:
            return ACCEPTED, examine(self._state, received)
        except RuleViolation as error:
            field = f"{error.field}: " if error.field is not None else ""
            return Verdict(False, f"rule:{error.rule}", field + error.hint), None
        except DecodeError as error:
            return Verdict(False, Reason.MALFORMED.value, str(error)), None
        except Refusal as refusal:
            return Verdict(False, refusal.reason.value, refusal.hint), None

    def _perform(self, received: Received, changes: Changes) -> None:
        state = self._state
        state.messages.update(changes.messages)
        for message_id, message in changes.messages.items():
            if message.is_open:
                self._open.setdefault(message_id)
            else:
                self._open.pop(message_id, None)
        for proposal in changes.proposals.values():
            self._keep_proposal(proposal)
        for commitment in changes.commitments.values():
            self._keep_commitment(commitment)
        message_id = received.message_id.hex()
        if isinstance(changes.body, Receipt):
            state.receipts.add(message_id)
            waiting = self._undelivered.get(received.sender, {})
            for delivered in changes.delivered:
                waiting.pop(delivered, None)
            for position in changes.body.positions:
                self._unreadable.setdefault(position, set()).add(received.sender)
            return
        state.by_position[received.position] = message_id
        for participant in state.roster.participants:
            if participant.id != received.sender:
                self._undelivered.setdefault(participant.id, {})[message_id] = None

    # --- relay time -------------------------------------------------------------------------------

    def _advance(self, position: int, relay_time_ms: int) -> None:
        if position <= self._position:
            raise ValueError(f"entry {position} after entry {self._position}")
        self._position = position
        self._state.now_ms = max(self._state.now_ms, relay_time_ms)
        while self._clock and self._clock[0][0] <= self._state.now_ms:
            moment, _, kind, name = heapq.heappop(self._clock)
            if kind == "commitment":
                self._keep_commitment(settle(self._state.commitments[name], moment))
            elif self._state.proposals[name].status(moment) is PackageStatus.LAPSED:
                self._keep_proposal(end_proposal(self._state.proposals[name], PackageStatus.LAPSED))
                self._close(name, PackageStatus.LAPSED.value)

    def _close(self, message_id: str, answer: str) -> None:
        message = self._state.messages[message_id]
        self._state.messages[message_id] = message.closed(answer, message_id)
        self._open.pop(message_id, None)

    def _keep_proposal(self, proposal: TabledProposal) -> None:
        known = proposal.id in self._state.proposals
        self._state.proposals[proposal.id] = proposal
        if not known:
            self._schedule(proposal.valid_until_ms, "proposal", proposal.id)

    def _keep_commitment(self, commitment: Commitment) -> None:
        before = self._state.commitments.get(commitment.id)
        self._state.commitments[commitment.id] = commitment
        due = commitment.clock_event_ms
        if due is not None and (before is None or before.clock_event_ms != due):
            self._schedule(due, "commitment", commitment.id)

    def _schedule(self, moment: int, kind: Literal["proposal", "commitment"], name: str) -> None:
        # The running number orders simultaneous events by their creation, so the same everywhere.
        heapq.heappush(self._clock, (moment, self._scheduled, kind, name))
        self._scheduled += 1

    # --- reading ----------------------------------------------------------------------------------

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
        """The participants now."""
        return self._state.roster

    @property
    def messages(self) -> tuple[FoldedMessage, ...]:
        """All accepted messages in log order. Copies; for one of them use `message` or `by_position`."""
        return tuple(self._state.messages.values())

    @property
    def rejected(self) -> tuple[RejectedEntry, ...]:
        """All entries that count for nothing, in log order."""
        return tuple(self._rejected)

    def message(self, message_id: bytes | str) -> FoldedMessage | None:
        """Return an accepted message by its id, 16 bytes or 32 hexadecimal digits."""
        return self._state.messages.get(message_id if isinstance(message_id, str) else message_id.hex())

    def by_position(self, position: int) -> FoldedMessage | None:
        """Return the accepted message of a log entry; None for receipts, commits and rejected entries."""
        message_id = self._state.by_position.get(position)
        return None if message_id is None else self._state.messages[message_id]

    def proposal(self, message_id: bytes | str) -> TabledProposal | None:
        """Return a proposal as it stands, by the id of its PROPOSAL."""
        return self._state.proposals.get(message_id if isinstance(message_id, str) else message_id.hex())

    def commitment(self, commitment_id: str) -> Commitment | None:
        """Return a commitment as it stood at the last entry."""
        return self._state.commitments.get(commitment_id)

    def open_dialogues(self) -> tuple[OpenDialogue, ...]:
        """Return every answer that is still wanted, in log order of the messages."""
        dialogues: list[OpenDialogue] = []
        for message in sorted((self._state.messages[name] for name in self._open), key=lambda m: m.position):
            due = due_ms(self._state, message)
            dialogues += [
                OpenDialogue(
                    message=message,
                    addressee=addressee,
                    state=answer.state,
                    answer=answer.answer,
                    due_ms=answer.by_ms if answer.by_ms is not None else due,
                )
                for addressee, answer in message.answers.items()
                if answer.state is not ResponseState.CLOSED
            ]
        return tuple(dialogues)

    def board(self) -> Board:
        """Return open questions, proposals and commitments."""
        questions = tuple(d for d in self.open_dialogues() if d.message.type is MessageType.QUESTION)
        state = self._state
        return Board(questions, tuple(state.proposals.values()), tuple(state.commitments.values()))

    def legal_answers(
        self, message_id: bytes | str, me: str, now_ms: int | None = None
    ) -> tuple[Answer, ...]:
        """Return what this participant may answer to a message; empty for an unknown message.

        Args:
            message_id: 16 bytes or 32 hexadecimal digits.
            me: participant id.
            now_ms: our clock in UTC milliseconds, where it should count as well as the relay's last word.
        """
        message = self.message(message_id)
        if message is None:
            return ()
        return answers_for(self._state, message, me, max(self._state.now_ms, now_ms or 0))

    def undelivered_to_me(self, me: str) -> tuple[FoldedMessage, ...]:
        """Return messages of others since this participant joined that they have sent no receipt for."""
        return tuple(self._state.messages[name] for name in self._undelivered.get(me, {}))

    def summary(self) -> dict[str, Value]:
        """Return the whole state as JSON-able values; its cost grows with the log, unlike an entry's."""
        state = self._state
        return view.summary(
            position=self._position,
            now_ms=state.now_ms,
            roster=state.roster.participants,
            messages=state.messages,
            proposals=state.proposals.values(),
            commitments=state.commitments.values(),
            open_dialogues=self.open_dialogues(),
            rejected=self._rejected,
            unreadable=self._unreadable,
        )

    def digest(self) -> bytes:
        """Return the SHA-256 of the summary's canonical encoding: equal where the states are equal."""
        return hashlib.sha256(_DIGEST_LABEL + canonical.encode(self.summary())).digest()
