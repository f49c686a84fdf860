"""The one fold over accepted entries: what has been said, answered, agreed and owed (DESIGN.md section 1).

Deterministic: the same entries give the same state on every member, machine and day. Time is relay time,
from the entries; OVERDUE, ENDED and LAPSED happen when an entry shows that their time has come. One more
entry costs the same however many there were.
"""

import heapq
from collections.abc import Iterable
from typing import Literal

from protocols.errors import DecodeError, RuleViolation
from protocols.messages.envelope import MessageType, Mode
from protocols.messages.receipt import Receipt
from protocols.negotiation.agreed import outstanding
from protocols.negotiation.commitment import Commitment, settle
from protocols.negotiation.committing import OVERTAKEN
from protocols.negotiation.judge import examine
from protocols.negotiation.proposal import PackageStatus, TabledProposal, end_proposal
from protocols.negotiation.reading import Reading
from protocols.negotiation.record import FoldedMessage
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
from protocols.negotiation.state import Changes
from protocols.negotiation.terms import ChannelTerms
from protocols.negotiation.view import RejectedEntry


def _replaced(roster: Roster) -> set[str]:
    """Return the ids of mandates in whose place others stand: sending them again brings none back."""
    held = [held for one in roster.participants for held in roster.mandates(one.id)]
    return {one.mandate.replaces for one in held if one.mandate.replaces is not None}


class Negotiation(Reading):
    """The state of one channel's negotiation.

    Not a value: `apply`, `reject` and `handshake` change it, in log order. Everything it hands out is a
    snapshot.
    """

    def __init__(
        self,
        roster: Iterable[Participant] = (),
        *,
        mode: Mode = "LIVE",
        terms: ChannelTerms | None = None,
    ) -> None:
        """Begin with nothing said.

        Args:
            roster: the charter's, until the first `handshake` brings another.
            mode: the charter's; a message of the other mode is rejected.
            terms: the charter's, until the first `handshake` brings others.
        """
        super().__init__(roster, mode, terms if terms is not None else ChannelTerms())
        self._clock: list[tuple[int, int, Literal["proposal", "commitment"], str]] = []
        self._scheduled = 0

    # --- entries, in log order --------------------------------------------------------------------

    def handshake(self, change: RosterChange) -> None:
        """Take in an accepted commit: from here on, this is the roster, and these are the terms.

        What was agreed and now stands in the charter waits no longer; who has left owes no receipts.

        Raises:
            ValueError: entries came out of order; a bug in the caller.
        """
        self._advance(change.position, change.relay_time_ms)
        state = self._state
        state.roster = Roster(change.roster)
        state.terms = change.terms
        self._due.clear()
        state.mandates_revoked |= _replaced(state.roster)
        state.agreed = outstanding(state.agreed, state.roster, state.terms)
        state.suspended = {one for one in state.suspended if one in state.roster}
        for gone in [one for one in self._undelivered if one not in state.roster]:
            del self._undelivered[gone]

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
            changes = examine(self._state, received)
        except RuleViolation as error:
            field = f"{error.field}: " if error.field is not None else ""
            return Verdict(False, f"rule:{error.rule}", field + error.hint), None
        except DecodeError as error:
            return Verdict(False, Reason.MALFORMED.value, str(error)), None
        except Refusal as refusal:
            return Verdict(False, refusal.reason.value, refusal.hint), None
        said = changes.messages.get(received.message_id.hex())
        beyond = said is not None and said.beyond_mandate
        return (Verdict(True, beyond_mandate=True) if beyond else ACCEPTED), changes

    def _perform(self, received: Received, changes: Changes) -> None:
        state = self._state
        for message in changes.messages.values():
            self._keep_message(message)
        for proposal in changes.proposals.values():
            self._keep_proposal(proposal)
        for commitment in changes.commitments.values():
            self._keep_commitment(commitment)
        state.incidents.update(changes.incidents)
        state.persons.update(changes.persons)
        state.meetings.update(changes.meetings)
        state.adopts.update(changes.adopts)
        state.escalations.update(changes.escalations)
        state.mandates_revoked |= changes.mandates_revoked
        for seat, suspended in changes.suspended.items():
            (state.suspended.add if suspended else state.suspended.discard)(seat)
        if changes.agreed is not None:
            state.agreed = changes.agreed
        said = changes.messages.get(received.message_id.hex())
        if said is None:
            self._perform_unanswered(received, changes)
        else:
            self._perform_message(said)

    def _perform_unanswered(self, received: Received, changes: Changes) -> None:
        """A receipt or an escalation: not a message, but its id is used up."""
        self._state.used.add(received.message_id)
        waiting = self._undelivered.get(received.sender, {})
        for delivered in changes.delivered:
            waiting.pop(delivered, None)
        if isinstance(changes.body, Receipt):
            for position in changes.body.positions:
                self._unreadable.setdefault(position, set()).add(received.sender)

    def _perform_message(self, said: FoldedMessage) -> None:
        state = self._state
        state.by_position[said.position] = said.id
        if said.type is MessageType.NOTIFY:
            state.notifies[said.id] = None
        if said.type is MessageType.LINE_CHECK:
            state.line_checks[said.id] = None
        for participant in state.roster.participants:
            if participant.id != said.sender:
                self._undelivered.setdefault(participant.id, {})[said.id] = None

    # --- relay time -------------------------------------------------------------------------------

    def _advance(self, position: int, relay_time_ms: int) -> None:
        if position <= self._position:
            raise ValueError(f"entry {position} after entry {self._position}")
        self._position = position
        self._state.now_ms = max(self._state.now_ms, relay_time_ms)
        while self._clock and self._clock[0][0] <= self._state.now_ms:
            moment, _, kind, name = heapq.heappop(self._clock)
            if kind == "commitment":
                self._pass_time(self._state.commitments[name], moment)
            elif self._state.proposals[name].status(moment) is PackageStatus.LAPSED:
                self._keep_proposal(end_proposal(self._state.proposals[name], PackageStatus.LAPSED))
                for message_id in (name, *self._state.adopts.get(name, ())):
                    self._close(message_id, PackageStatus.LAPSED.value)

    def _pass_time(self, before: Commitment, moment: int) -> None:
        after = settle(before, moment)
        self._keep_commitment(after)
        for change in before.pending:
            if change not in after.pending:
                self._close(change.message, OVERTAKEN)

    def _close(self, message_id: str, answer: str) -> None:
        self._keep_message(self._state.messages[message_id].closed(answer, message_id))

    # --- keeping ----------------------------------------------------------------------------------

    def _keep_message(self, message: FoldedMessage) -> None:
        state = self._state
        state.messages[message.id] = message
        if message.is_open:
            state.open.setdefault(message.id)
        else:
            state.open.pop(message.id, None)
        if message.cancelled or message.everybody_at(message.wanted_level):
            state.unacknowledged.pop(message.id, None)
        else:
            state.unacknowledged.setdefault(message.id)

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
