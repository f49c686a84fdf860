"""Text on the table and in force: PROPOSAL, CLAUSE-REPLY and ADOPT."""

from dataclasses import replace

from protocols.messages.adoption import Adopt
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.negotiation.adoption import adopt
from protocols.negotiation.commitment_sources import from_clause
from protocols.negotiation.entitlement import has_power
from protocols.negotiation.judging import Judgement
from protocols.negotiation.proposal import (
    ADOPT_MODES,
    PackageStatus,
    TabledProposal,
    counter,
    end_proposal,
    reply,
    table,
)
from protocols.negotiation.record import OPEN, FoldedMessage, ResponseState
from protocols.negotiation.roster import Reason, Refusal
from protocols.negotiation.terms import AdoptedText


def judge_proposal(judgement: Judgement, content: Proposal) -> None:
    """Take in a PROPOSAL, which may take another's place.

    Raises:
        RuleViolation: PROPOSAL-9, PROPOSAL-10, PROPOSAL-11, PROPOSAL-15, or MANDATE-8 where it counters
            another. The sender's fault.
    """
    roster, sender = judgement.state.roster, judgement.sender
    mentioned = {clause.actor for clause in content.clauses}
    mentioned |= {clause.verifier for clause in content.clauses if clause.verifier is not None}
    parties = all(roster.role(party) is Role.PARTY for party in content.required)
    if not parties or not all(participant in roster for participant in mentioned):
        raise violation("PROPOSAL-9", "required")
    if (judgement.role is Role.PARTY) != (sender in content.required):
        raise violation("PROPOSAL-10", "required")
    if content.glossary_version != judgement.state.terms.glossary_version:
        hint = f"needs {judgement.state.terms.glossary_version}, the version of the charter's glossary"
        raise violation("PROPOSAL-15", "glossary_version", hint)
    countered = judgement.envelope.reference("counter_to")
    if countered is not None:
        proposal = judgement.state.proposals.get(countered)
        if proposal is None:
            raise violation("PROPOSAL-11", "refs")
        topics = (judgement.state.messages[countered].envelope.topic, judgement.envelope.topic)
        if not all(has_power(judgement.state, sender, "NEGOTIATE", t, judgement.now_ms) for t in topics):
            # To propose is only to talk, but this takes another's text off the table, as REJECT does.
            raise violation("MANDATE-8", "refs", "needs a mandate in force that gives NEGOTIATE")
        replaced = counter(proposal, sender, judgement.now_ms)
        judgement.changes.proposals[countered] = replaced
        _settle(judgement, replaced, PackageStatus.REPLACED.value)
    judgement.changes.proposals[judgement.id] = table(judgement.id, judgement.envelope, content)


def judge_clause_reply(judgement: Judgement, content: ClauseReply) -> None:
    """Take in a CLAUSE-REPLY as a whole, or refuse it as a whole.

    Raises:
        RuleViolation: a rule of CLAUSE-REPLY. The sender's fault, as the next.
        Refusal: there is no such proposal.
    """
    proposal = _tabled(judgement, content.proposal)
    after = reply(proposal, judgement.sender, content, judgement.now_ms)
    concerned = judgement.present({proposal.proposer, *proposal.content.required})
    if not concerned <= {judgement.sender, *judgement.envelope.to}:
        raise violation("CLAUSE-REPLY-15", "to")
    for index, item in enumerate(content.replies):
        named = (item.clause.actor, item.clause.verifier) if item.clause is not None else ()
        if any(
            participant is not None and participant not in judgement.state.roster for participant in named
        ):
            hint = "needs an actor and verifier on the roster"
            raise violation("CLAUSE-REPLY-14", f"replies.{index}.clause", hint)
    judgement.changes.proposals[proposal.id] = after
    _settle(judgement, after, "CLAUSE-REPLY")


def judge_adopt(judgement: Judgement, content: Adopt) -> None:
    """Take in an ADOPT; the last required party's FINAL puts the text in force and creates what it promises.

    Raises:
        RuleViolation: a rule of ADOPT. The sender's fault, as the next.
        Refusal: there is no such proposal.
    """
    proposal = _tabled(judgement, content.proposal)
    mediates = judgement.role is Role.MEDIATOR
    if judgement.sender in proposal.content.required and judgement.role is not Role.PARTY:
        raise violation("ADOPT-2", None, "who is no longer a party adopts nothing")
    after = adopt(proposal, judgement.sender, mediates, content, judgement.now_ms)
    concerned = judgement.present({proposal.proposer, *proposal.content.required})
    if not concerned <= {judgement.sender, *judgement.envelope.to}:
        raise violation("ADOPT-7", "to")
    for name, named in (("witness", content.witness), ("custodian", content.custodian)):
        if named is not None and named not in judgement.state.roster:
            raise violation("ADOPT-9", name)
    in_force = after.ended is PackageStatus.ADOPTED and proposal.ended is None
    if in_force and judgement.state.suspended & set(proposal.content.required):
        hint = "a required party's seat is suspended; nothing comes into force until it is restored"
        raise Refusal(Reason.SUSPENDED, hint)
    judgement.changes.proposals[proposal.id] = after
    known = judgement.state.adopts.get(proposal.id, ())
    judgement.changes.adopts[proposal.id] = (*known, judgement.id)
    _match(judgement, after, content, known)
    _settle(judgement, after, "ADOPT")
    if in_force:
        _enact(judgement, after, content)


def end(judgement: Judgement, proposal: TabledProposal, ended: PackageStatus) -> None:
    """End a proposal by this message, and close all that waited for answers to it."""
    after = end_proposal(proposal, ended)
    judgement.changes.proposals[proposal.id] = after
    _settle(judgement, after, ended.value)


def _tabled(judgement: Judgement, proposal: str) -> TabledProposal:
    found = judgement.state.proposals.get(proposal)
    if found is None:
        raise Refusal(Reason.UNKNOWN_TARGET, "needs a proposal that is in the log")
    return found


def _match(judgement: Judgement, proposal: TabledProposal, content: Adopt, known: tuple[str, ...]) -> None:
    """Close ADOPTs for who has adopted the same text at least as firmly: the older ones, and this one."""
    this = judgement.target(judgement.id)
    for adopted in known:
        earlier = judgement.target(adopted)
        said = earlier.content
        if isinstance(said, Adopt) and said.package_hash == content.package_hash:
            further = ADOPT_MODES.index(content.mode) - ADOPT_MODES.index(said.mode)
            if further >= 0:
                judgement.close(adopted, "ADOPT", only=judgement.sender)
            if further <= 0:
                this = this.closed("ADOPT", adopted, only=earlier.sender)
    judgement.put(this)


def _settle(judgement: Judgement, proposal: TabledProposal, answer: str) -> None:
    """Bring the proposal's dialogues in line with where it stands now."""
    if proposal.is_open(judgement.now_ms):
        folded = judgement.target(proposal.id)
        judgement.put(_answered(folded, proposal, answer, judgement.id, judgement.now_ms))
        return
    status = proposal.status(judgement.now_ms).value
    adopts = judgement.changes.adopts.get(proposal.id) or judgement.state.adopts.get(proposal.id, ())
    for message in (proposal.id, *adopts):
        judgement.close(message, status)


def _answered(
    folded: FoldedMessage, proposal: TabledProposal, answer: str, by: str, now_ms: int
) -> FoldedMessage:
    """CLOSED for who has answered every clause as it stands; an amendment opens the matter again."""
    for party, state in folded.answers.items():
        waiting = proposal.waits_for(party, now_ms)
        if not waiting and state.state is not ResponseState.CLOSED:
            folded = folded.closed(answer, by, only=party)
        elif waiting and state.state is ResponseState.CLOSED:
            folded = folded.answered(party, OPEN)
    return folded


def _enact(judgement: Judgement, proposal: TabledProposal, content: Adopt) -> None:
    """One commitment per MUST and MUST NOT; MAY creates none."""
    for clause in proposal.adopted:
        if clause.modal != "MAY":
            judgement.keep(from_clause(proposal, clause, judgement.now_ms))
    agreed = judgement.changes.agreed or judgement.state.agreed
    text = AdoptedText(proposal.id, content.package_hash, content.effective)
    judgement.changes.agreed = replace(agreed, adopted=(*agreed.adopted, text))
