"""The one judgement of an entry: what it would change, or by which rule it counts for nothing.

Nothing here changes the state. Every member, a joiner, and an auditor years later come to the same result,
because everything the rules look at is in the log: earlier accepted entries, and relay times.
"""

from collections.abc import Iterable
from types import MappingProxyType

from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.catalogue import CATALOGUE
from protocols.messages.codec import decode_body
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import MessageType
from protocols.messages.information import Notify, Question
from protocols.messages.message import Message
from protocols.messages.proposals import Clause, ClauseReply, Proposal
from protocols.messages.receipt import Receipt
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.values import time_ms
from protocols.negotiation.acknowledgement import RELAYED, Acknowledgement, Level, from_receipt
from protocols.negotiation.commitment import (
    Commitment,
    CommitmentState,
    answer_change,
    apply_event,
    commitment_id,
    must_affirm,
)
from protocols.negotiation.correction import check_correction
from protocols.negotiation.dialogue import answer, check_readback, check_response, is_answer, responders
from protocols.negotiation.proposal import PackageStatus, TabledProposal, end_proposal, reply, table
from protocols.negotiation.record import OPEN, FoldedMessage, ResponseState
from protocols.negotiation.roster import Reason, Received, Refusal
from protocols.negotiation.state import Changes, State


def examine(state: State, received: Received) -> Changes:
    """Return what an entry would change.

    Raises:
        DecodeError: a body that is not a message. The sender's fault, as all of these.
        RuleViolation: a numbered rule.
        Refusal: one of the other fixed reasons.
    """
    if received.sender not in state.roster:
        raise Refusal(Reason.UNKNOWN_SENDER, "needs a sender on the roster")
    body = decode_body(received.body)
    now_ms = max(state.now_ms, received.relay_time_ms)
    message_id = received.message_id.hex()
    if message_id in state.messages or message_id in state.receipts:
        raise Refusal(Reason.DUPLICATE_ID, "needs an id that was not used before")
    if isinstance(body, Receipt):
        if body.sender != received.sender:
            raise Refusal(Reason.FROM_MISMATCH, "needs the sender's own id in from")
        return _receipt(state, received.position, body)
    _check_envelope(state, received.sender, body)
    changes = Changes(body)
    wanted = responders(body)
    changes.messages[message_id] = FoldedMessage(
        id=message_id,
        position=received.position,
        relay_time_ms=received.relay_time_ms,
        epoch=received.epoch,
        sender=received.sender,
        message=body,
        content=body.content,
        acknowledgements=MappingProxyType(dict.fromkeys((*body.envelope.to, *body.envelope.info), RELAYED)),
        answers=MappingProxyType(dict.fromkeys(wanted, OPEN)),
    )
    _Judgement(state, changes, received.sender, message_id, body, now_ms).run()
    return changes


def _receipt(state: State, position: int, receipt: Receipt) -> Changes:
    if any(named >= position for named in receipt.positions):
        raise violation("RECEIPT-4", "positions")
    changes = Changes(receipt)
    said = from_receipt(receipt.level)
    named = [*receipt.messages, *(state.by_position[p] for p in receipt.positions if p in state.by_position)]
    for message_id in named:
        target = state.target(message_id)
        if target.sender == receipt.sender:
            raise violation("RECEIPT-3", "messages")
        changes.messages[message_id] = target.acknowledged(receipt.sender, said)
    changes.delivered = tuple(named)
    return changes


def _check_envelope(state: State, sender: str, message: Message) -> None:
    """The rules that need the roster or the channel, for every type alike."""
    envelope = message.envelope
    if envelope.sender != sender:
        raise Refusal(Reason.FROM_MISMATCH, "needs the sender's own id in from")
    if envelope.mode != state.mode:
        raise Refusal(Reason.WRONG_MODE, f"needs mode {state.mode}")
    role = state.roster.role(sender)
    if role not in CATALOGUE[message.type].senders:
        raise Refusal(Reason.ROLE_NOT_ALLOWED, f"needs another role than {role}")
    if any(addressee not in state.roster for addressee in (*envelope.to, *envelope.info)):
        raise Refusal(Reason.UNKNOWN_ADDRESSEE, "needs addressees on the roster")
    for reference in envelope.refs:
        state.target(reference.id)
    if envelope.precedence == "FLASH" and message.type is not MessageType.ALERT:
        target = state.target(message.target) if message.target else None
        if target is None or (
            target.type is not MessageType.ALERT and target.message.envelope.precedence != "FLASH"
        ):
            raise violation(
                "ENVELOPE-4", "precedence", "needs IMMEDIATE or below: it does not answer an ALERT"
            )


class _Judgement:
    """One message against the state; `changes` grows as the rules let it through."""

    def __init__(
        self, state: State, changes: Changes, sender: str, message_id: str, message: Message, now_ms: int
    ) -> None:
        self.state = state
        self.changes = changes
        self.sender = sender
        self.id = message_id
        self.message = message
        self.envelope = message.envelope
        self.now_ms = now_ms

    def run(self) -> None:
        """Hold the message against the rules of its type."""
        match self.message.content:
            case Response() as content:
                self._response(content)
            case Readback() as content:
                target = self.state.target(content.target)
                check_readback(target, self.sender, self.envelope, content)
                self._put(target.acknowledged(self.sender, Acknowledgement(Level.READ_BACK)))
            case Correction() as content:
                self._correction(content)
            case Question():
                self._question()
            case Notify() as content:
                self._notify(content)
            case Proposal() as content:
                self._proposal(content)
            case ClauseReply() as content:
                self._clause_reply(content)
            case CommitEvent() as content:
                self._commit_event(content)
            case Alert() as content:
                self._alert(content)
            case _:
                self._inform()

    def _put(self, folded: FoldedMessage) -> None:
        self.changes.messages[folded.id] = folded

    def _response(self, content: Response) -> None:
        state, target = self.state, self.state.target(content.target)
        check_response(state, target, self.sender, self.envelope, content, self.now_ms)
        if self.sender in target.answers:
            after = answer(target.answers[self.sender], self.id, content, target)
            target = target.answered(self.sender, after)
            self._put(target)
        match target.content:
            case Readback() as readback if content.code == "CORRECT":
                original = state.target(readback.target)
                self._put(original.acknowledged(target.sender, Acknowledgement(Level.CONFIRMED)))
            case Alert() as alert if content.code == "WILCO":
                self._commit_to_alert(target, alert)
            case CommitEvent() as event if content.code in ("AFFIRM", "NEGATIVE"):
                commitment = state.commitment(event.commitment, self.now_ms)
                affirmed = content.code == "AFFIRM"
                after_answer = answer_change(commitment, target.id, self.sender, affirmed, self.now_ms)
                self.changes.commitments[commitment.id] = after_answer
            case _:
                pass

    def _inform(self) -> None:
        replied = self.envelope.reference("reply_to")
        if replied is None:
            return
        target = self.state.target(replied)
        if not target.cancelled and is_answer(target, self.sender, self.message):
            self._put(target.closed("INFORM", self.id, only=self.sender))

    def _correction(self, content: Correction) -> None:
        target = self.state.target(content.target)
        after = check_correction(self.state, target, self.sender, self.envelope, content, self.now_ms)
        target = target.corrected(self.id, after, cancelled=content.action == "CANCEL")
        self._put(target)
        if content.action == "CANCEL" and target.type is MessageType.PROPOSAL:
            proposal = self.state.proposals[target.id]
            self.changes.proposals[target.id] = end_proposal(proposal, PackageStatus.WITHDRAWN)

    def _question(self) -> None:
        if self.state.roster.role(self.sender) is Role.OBSERVER and any(
            self.state.roster.role(addressee) is not Role.MEDIATOR
            for addressee in (*self.envelope.to, *self.envelope.info)
        ):
            raise violation("QUESTION-2", "to")

    def _notify(self, content: Notify) -> None:
        if self.state.roster.role(self.sender) is Role.PARTY and content.kind != "ACTIVITY":
            raise violation(
                "NOTIFY-7", "kind", "needs ACTIVITY; a SITE or MOVEMENT is notified by liaison or mediator"
            )
        if content.contact not in self.state.roster:
            raise violation("NOTIFY-11", "contact")

    def _alert(self, content: Alert) -> None:
        about = self.envelope.reference("about")
        if about is None:
            return
        target = self.state.target(about)
        if target.sender != self.sender or target.type is not MessageType.ALERT:
            raise violation("ALERT-6", "refs")

    def _commit_to_alert(self, target: FoldedMessage, alert: Alert) -> None:
        commitment = Commitment(
            id=commitment_id(target.id, self.sender),
            source=target.id,
            debtor=self.sender,
            creditors=(target.sender,),
            text=f"MUST {alert.asked} at {alert.place.name}",
            start_ms=self.now_ms,
            end_ms=time_ms(alert.until),
            # Holding fire, halting and letting pass last until then; contacting a unit is done once.
            maintenance=alert.asked != "CONTACT_UNIT",
            created_ms=self.now_ms,
            history=((self.now_ms, CommitmentState.ACTIVE),),
        )
        self.changes.commitments[commitment.id] = commitment

    def _proposal(self, content: Proposal) -> None:
        roster = self.state.roster
        mentioned = {clause.actor for clause in content.clauses}
        mentioned |= {clause.verifier for clause in content.clauses if clause.verifier is not None}
        if any(roster.role(party) is not Role.PARTY for party in content.required) or not all(
            participant in roster for participant in mentioned
        ):
            raise violation("PROPOSAL-9", "required")
        if (roster.role(self.sender) is Role.PARTY) != (self.sender in content.required):
            raise violation("PROPOSAL-10", "required")
        countered = self.envelope.reference("counter_to")
        if countered is not None:
            proposal = self.state.proposals.get(countered)
            entitled = proposal is not None and self.sender in (proposal.proposer, *proposal.content.required)
            if proposal is None or not entitled or not proposal.is_open(self.now_ms):
                raise violation("PROPOSAL-11", "refs")
            self.changes.proposals[countered] = end_proposal(proposal, PackageStatus.REPLACED)
            self._put(self.state.messages[countered].closed("REPLACED", self.id))
        self.changes.proposals[self.id] = table(self.id, self.envelope, content)

    def _clause_reply(self, content: ClauseReply) -> None:
        proposal = self.state.proposals.get(content.proposal)
        if proposal is None:
            raise Refusal(Reason.UNKNOWN_TARGET, "needs a proposal that is in the log")
        after = reply(proposal, self.sender, content, self.now_ms)
        concerned = _present({proposal.proposer, *proposal.content.required}, self.state)
        if not concerned <= {self.sender, *self.envelope.to}:
            raise violation("CLAUSE-REPLY-15", "to")
        self._check_verifiers(content)
        self.changes.proposals[content.proposal] = after
        self._put(_proposal_answers(self.state.messages[content.proposal], after, self.id, self.now_ms))
        if after.ended is PackageStatus.ADOPTED:
            self._adopt(after)

    def _check_verifiers(self, content: ClauseReply) -> None:
        for index, item in enumerate(content.replies):
            named = (item.clause.actor, item.clause.verifier) if item.clause is not None else ()
            if any(participant is not None and participant not in self.state.roster for participant in named):
                raise violation(
                    "CLAUSE-REPLY-14", f"replies.{index}.clause", "needs an actor and verifier on the roster"
                )

    def _adopt(self, proposal: TabledProposal) -> None:
        """One commitment per MUST and MUST NOT; MAY creates none."""
        for clause in proposal.adopted:
            if clause.modal != "MAY":
                commitment = _from_clause(proposal, clause, self.now_ms)
                self.changes.commitments[commitment.id] = commitment

    def _commit_event(self, content: CommitEvent) -> None:
        before = self.state.commitment(content.commitment, self.now_ms)
        after = apply_event(before, self.sender, self.id, content, self.now_ms)
        if content.new_party is not None and self.state.roster.role(content.new_party) is not Role.PARTY:
            raise violation("COMMIT-EVENT-9", "new_party")
        concerned = _present(before.concerned, self.state) - {self.sender}
        needed = must_affirm(before, self.sender, content) or _present(
            frozenset(before.creditors) if content.event == "CLAIM" else frozenset(), self.state
        )
        told = {*self.envelope.to, *self.envelope.info}
        if not concerned <= told or not needed <= set(self.envelope.to):
            raise violation("COMMIT-EVENT-8", "to")
        self.changes.commitments[before.id] = after
        if before.claim is not None and before.state is CommitmentState.CLAIMED:
            claim = self.state.messages[before.claim]
            everybody = after.state is not CommitmentState.CLAIMED
            if everybody or content.event == "CONFIRM":
                self._put(claim.closed(content.event, self.id, only=None if everybody else self.sender))


def _present(participants: Iterable[str], state: State) -> frozenset[str]:
    return frozenset(participant for participant in participants if participant in state.roster)


def _proposal_answers(folded: FoldedMessage, proposal: TabledProposal, by: str, now_ms: int) -> FoldedMessage:
    """CLOSED for who has answered every clause as it stands; an amendment opens the matter again."""
    if not proposal.is_open(now_ms):
        return folded.closed(proposal.status(now_ms).value, by)
    for party, state in folded.answers.items():
        waiting = proposal.waits_for(party, now_ms)
        if not waiting and state.state is not ResponseState.CLOSED:
            folded = folded.closed("CLAUSE-REPLY", by, only=party)
        elif waiting and state.state is ResponseState.CLOSED:
            folded = folded.answered(party, OPEN)
    return folded


def _from_clause(proposal: TabledProposal, clause: Clause, now_ms: int) -> Commitment:
    return Commitment(
        id=commitment_id(proposal.id, clause.no, clause.version),
        source=proposal.id,
        debtor=clause.actor,
        creditors=tuple(sorted(set(proposal.content.required) - {clause.actor})),
        text=f"{clause.modal} {clause.action} {clause.object}",
        start_ms=time_ms(clause.window.start),
        end_ms=time_ms(clause.window.end),
        maintenance=clause.modal == "MUST NOT" or clause.throughout,
        created_ms=now_ms,
        verifier=clause.verifier,
        history=((now_ms, CommitmentState.ACTIVE),),
    )
