"""A proposal on the table, clause by clause (MESSAGES.md section 4).

A proposal is a value: `reply` returns the next one or raises the rule that was broken. Time is the relay's,
from the entries; a proposal that nobody answered lapses and is never agreed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from protocols.messages.envelope import Envelope
from protocols.messages.proposals import (
    Clause,
    ClauseAnswer,
    ClauseReply,
    Proposal,
    check_clause,
    clause_hash,
    has_cycle,
    package_hash,
)
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms


class ClauseStatus(StrEnum):
    """Where a clause stands."""

    TABLED = "TABLED"
    ACCEPTED_BY = "ACCEPTED_BY"
    AGREED = "AGREED"
    REJECTED = "REJECTED"
    RESERVED = "RESERVED"
    SUPERSEDED = "SUPERSEDED"


class PackageStatus(StrEnum):
    """Where the whole proposal stands."""

    TABLED = "TABLED"
    PART_AGREED = "PART_AGREED"
    AGREED = "AGREED"
    ADOPTED = "ADOPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"
    REPLACED = "REPLACED"


CLOSED_STATUSES: Final = frozenset(
    {
        PackageStatus.ADOPTED,
        PackageStatus.REJECTED,
        PackageStatus.WITHDRAWN,
        PackageStatus.LAPSED,
        PackageStatus.REPLACED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TabledClause:
    """The current version of a clause and who said what to it.

    Attributes:
        clause: the text.
        hash: its hash, in hex; answers name it.
        accepted: who accepted; True where only ad referendum.
        rejected: who rejected.
        reserved: who reserved.
        superseded: hashes of earlier versions, oldest first.
    """

    clause: Clause
    hash: str
    accepted: Mapping[str, bool]
    rejected: frozenset[str] = frozenset()
    reserved: frozenset[str] = frozenset()
    superseded: tuple[str, ...] = ()

    def status(self, required: tuple[str, ...]) -> ClauseStatus:
        """Where the clause stands, given who must agree."""
        if self.rejected:
            return ClauseStatus.REJECTED
        if self.reserved:
            return ClauseStatus.RESERVED
        if all(party in self.accepted for party in required):
            return ClauseStatus.AGREED
        return ClauseStatus.ACCEPTED_BY if self.accepted else ClauseStatus.TABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class TabledProposal:
    """A proposal and everything that was validly said to it.

    Attributes:
        id: of the PROPOSAL, 32 hexadecimal digits.
        proposer: who tabled it.
        content: as it was tabled.
        valid_until_ms: it lapses then, by relay time.
        clauses: current version of each, in order.
        finals: by package hash, the parties that said final to it; forgotten when the package changes.
        ended: how it ended, once it has.
        adopted: the clauses that were put in force.
    """

    id: str
    proposer: str
    content: Proposal
    valid_until_ms: int
    clauses: tuple[TabledClause, ...]
    finals: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    ended: PackageStatus | None = None
    adopted: tuple[Clause, ...] = ()

    def clause_status(self, clause: TabledClause) -> ClauseStatus:
        """Where one clause stands."""
        return clause.status(self.content.required)

    def status(self, now_ms: int) -> PackageStatus:
        """Where the proposal stands at this relay time."""
        if self.ended is not None:
            return self.ended
        states = [self.clause_status(clause) for clause in self.clauses]
        together = self.content.package == "ALL_OR_NOTHING"
        rejected = [state is ClauseStatus.REJECTED for state in states]
        if (together and any(rejected)) or all(rejected):
            return PackageStatus.REJECTED
        if now_ms >= self.valid_until_ms:
            return PackageStatus.LAPSED
        agreed = [state is ClauseStatus.AGREED for state in states]
        if all(agreed):
            return PackageStatus.AGREED
        return PackageStatus.PART_AGREED if any(agreed) else PackageStatus.TABLED

    def is_open(self, now_ms: int) -> bool:
        """Say whether it can still be answered at this relay time."""
        return self.status(now_ms) not in CLOSED_STATUSES

    def package(self) -> tuple[TabledClause, ...]:
        """Return the clauses that could be adopted as things stand; empty where nothing can.

        ALL_OR_NOTHING: all or none. SEVERABLE: the agreed ones whose clauses to depend on are agreed too.
        """
        agreed = {c.clause.no: c for c in self.clauses if self.clause_status(c) is ClauseStatus.AGREED}
        if self.content.package == "ALL_OR_NOTHING":
            return self.clauses if len(agreed) == len(self.clauses) else ()
        while lacking := [no for no, c in agreed.items() if not set(c.clause.depends_on) <= agreed.keys()]:
            for no in lacking:
                del agreed[no]
        return tuple(agreed.values())

    def package_hash(self) -> str | None:
        """Return the hash that a final reply must name now; None where nothing can be adopted."""
        package = self.package()
        if not package:
            return None
        return package_hash(self.id, self.content.glossary_version, [clause.clause for clause in package])

    def waits_for(self, party: str, now_ms: int) -> bool:
        """Say whether this required party still has a clause to answer."""
        if not self.is_open(now_ms) or party not in self.content.required:
            return False
        return any(
            party not in clause.accepted and party not in clause.reserved and not clause.rejected
            for clause in self.clauses
        )


def table(proposal_id: str, envelope: Envelope, content: Proposal) -> TabledProposal:
    """Put a PROPOSAL that keeps the rules on the table; a proposing party accepts its own text."""
    own = {envelope.sender: False} if envelope.sender in content.required else {}
    return TabledProposal(
        id=proposal_id,
        proposer=envelope.sender,
        content=content,
        valid_until_ms=time_ms(given(envelope.valid_until)),
        clauses=tuple(
            TabledClause(clause=clause, hash=clause_hash(clause), accepted=MappingProxyType(dict(own)))
            for clause in content.clauses
        ),
    )


def end_proposal(proposal: TabledProposal, ended: PackageStatus) -> TabledProposal:
    """Return the proposal after it was withdrawn, replaced or lapsed; what has ended stays so."""
    return proposal if proposal.ended is not None else replace(proposal, ended=ended)


def reply(proposal: TabledProposal, sender: str, content: ClauseReply, now_ms: int) -> TabledProposal:
    """Take in a CLAUSE-REPLY as a whole, or refuse it as a whole.

    Args:
        proposal: as it stands.
        sender: participant id.
        content: the reply, which keeps the rules that need no proposal.
        now_ms: the relay time of the reply's entry.

    Raises:
        RuleViolation: a rule of CLAUSE-REPLY; nothing changes. The sender's fault.
    """
    if sender not in proposal.content.required:
        raise violation("CLAUSE-REPLY-8", None)
    if not proposal.is_open(now_ms):
        raise violation("CLAUSE-REPLY-9", "proposal", f"the proposal is {proposal.status(now_ms)}")
    current = {clause.hash: clause.clause.no for clause in proposal.clauses}
    numbers: list[int] = []
    for index, answer in enumerate(content.replies):
        if answer.hash not in current:
            raise violation(
                "CLAUSE-REPLY-1", f"replies.{index}.hash", "needs the hash of the current version"
            )
        numbers.append(current[answer.hash])
    before = proposal.package_hash()
    answers = list(enumerate(zip(numbers, content.replies, strict=True)))
    # Amendments first: they clear acceptances of dependent clauses, but not those of this same reply.
    for index, (number, answer) in sorted(answers, key=lambda item: item[1][1].answer != "AMEND"):
        proposal = _answer(proposal, sender, number, answer, content.ad_ref, f"replies.{index}")
    if any(answer.answer == "AMEND" for answer in content.replies):
        _check_amended(proposal, numbers)
    if proposal.package_hash() != before:
        # Who said final said it to that package only; it does not come back to life with it.
        proposal = replace(proposal, finals=MappingProxyType({}))
    return _finalise(proposal, sender, content.package_hash) if content.package_hash is not None else proposal


def _answer(
    proposal: TabledProposal, sender: str, number: int, answer: ClauseAnswer, ad_ref: bool, field: str
) -> TabledProposal:
    tabled = proposal.clauses[number - 1]
    status = proposal.clause_status(tabled)
    confirms = answer.answer == "ACCEPT" and not ad_ref and tabled.accepted.get(sender) is True
    if status is ClauseStatus.REJECTED or (status is ClauseStatus.AGREED and not confirms):
        raise violation("CLAUSE-REPLY-10", field, f"clause {number} is {status}")
    others = {party: flag for party, flag in tabled.accepted.items() if party != sender}
    match answer.answer:
        case "ACCEPT":
            after = replace(
                tabled,
                accepted=MappingProxyType(others | {sender: ad_ref}),
                reserved=tabled.reserved - {sender},
            )
        case "REJECT":
            after = replace(
                tabled,
                accepted=MappingProxyType(others),
                rejected=tabled.rejected | {sender},
                reserved=tabled.reserved - {sender},
            )
        case "RESERVE":
            after = replace(tabled, accepted=MappingProxyType(others), reserved=tabled.reserved | {sender})
        case "AMEND":
            return _amend(proposal, sender, number, given(answer.clause), ad_ref, field)
    return _with_clause(proposal, after)


def _amend(
    proposal: TabledProposal, sender: str, number: int, clause: Clause, ad_ref: bool, field: str
) -> TabledProposal:
    """Put version n+1 in place of a clause, and clear acceptances of it and of all that depends on it."""
    tabled = proposal.clauses[number - 1]
    unchanged = clause.model_copy(update={"version": tabled.clause.version}) == tabled.clause
    if clause.no != number or clause.version != tabled.clause.version + 1 or unchanged:
        raise violation("CLAUSE-REPLY-11", f"{field}.clause")
    amended = TabledClause(
        clause=clause,
        hash=clause_hash(clause),
        accepted=MappingProxyType({sender: ad_ref}),
        superseded=(*tabled.superseded, tabled.hash),
    )
    proposal = _with_clause(proposal, amended)
    affected = {number}
    while more := {
        other.clause.no
        for other in proposal.clauses
        if other.clause.no not in affected and affected & set(other.clause.depends_on)
    }:
        affected |= more
    for other in affected - {number}:
        proposal = _with_clause(proposal, replace(proposal.clauses[other - 1], accepted=MappingProxyType({})))
    return proposal


def _check_amended(proposal: TabledProposal, numbers: list[int]) -> None:
    everything = [clause.clause for clause in proposal.clauses]
    for number in numbers:
        clause = everything[number - 1]
        if any(check_clause(clause, range(1, len(everything) + 1), proposal.content.required)):
            raise violation("CLAUSE-REPLY-14", f"clause {number}")
    if has_cycle({clause.no: clause.depends_on for clause in everything}):
        raise violation("CLAUSE-REPLY-14", None, "clauses would depend on each other in a circle")


def _finalise(proposal: TabledProposal, sender: str, wanted: str) -> TabledProposal:
    """Count a final; the last required party's puts the package in force."""
    package = proposal.package()
    if proposal.package_hash() != wanted:
        hint = "nothing can be adopted yet" if not package else "needs the hash of the package as it stands"
        raise violation("CLAUSE-REPLY-12", "package_hash", hint)
    if any(clause.accepted.get(sender) for clause in package):
        raise violation(
            "CLAUSE-REPLY-13", "replies", "needs ACCEPT without ad_ref for what was accepted ad referendum"
        )
    said = proposal.finals.get(wanted, frozenset()) | {sender}
    proposal = replace(proposal, finals=MappingProxyType(dict(proposal.finals) | {wanted: said}))
    if said >= set(proposal.content.required):
        clauses = tuple(clause.clause for clause in package)
        return replace(proposal, ended=PackageStatus.ADOPTED, adopted=clauses)
    return proposal


def _with_clause(proposal: TabledProposal, clause: TabledClause) -> TabledProposal:
    index = clause.clause.no - 1
    clauses = (*proposal.clauses[:index], clause, *proposal.clauses[index + 1 :])
    return replace(proposal, clauses=clauses)
