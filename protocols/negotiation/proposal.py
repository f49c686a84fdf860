"""A proposal on the table, clause by clause (MESSAGES.md section 4).

A proposal is a value: `reply` and `counter` return the next one or raise the rule that was broken, as does
`adoption.adopt`. Time is the relay's, from the entries; a proposal that nobody answered lapses and is never
agreed.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, get_args

from protocols.messages.adoption import AdoptMode
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

ADOPT_MODES: Final[tuple[AdoptMode, ...]] = get_args(AdoptMode)
"""In the order in which a party goes; never back."""


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

    What was said of a package, by its hash, is forgotten when the package changes, and does not come back
    to life with it.

    Attributes:
        id: of the PROPOSAL, 32 hexadecimal digits.
        proposer: who tabled it.
        content: as it was tabled.
        valid_until_ms: it lapses then, by relay time.
        clauses: current version of each, in order.
        adoptions: by package hash, each party's mode, the furthest it went.
        effective: by package hash, the `Time` from which its ADOPTs put it in force.
        named: by package hash, whom the parties' ADOPTs name as witness.
        witnesses: by package hash, the mode that each witness witnessed last.
        ended: how it ended, once it has.
        adopted: the clauses that were put in force.
    """

    id: str
    proposer: str
    content: Proposal
    valid_until_ms: int
    clauses: tuple[TabledClause, ...]
    adoptions: Mapping[str, Mapping[str, AdoptMode]] = field(default_factory=lambda: MappingProxyType({}))
    effective: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    named: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    witnesses: Mapping[str, Mapping[str, AdoptMode]] = field(default_factory=lambda: MappingProxyType({}))
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
        """Return the hash that an ADOPT must name now; None where nothing can be adopted."""
        package = self.package()
        if not package:
            return None
        return package_hash(self.id, self.content.glossary_version, [clause.clause for clause in package])

    def has_adopted(self, party: str, digest: str, mode: AdoptMode) -> bool:
        """Say whether a party went at least as far as this mode over the package with this hash, in hex."""
        said = self.adoptions.get(digest, {}).get(party)
        return said is not None and ADOPT_MODES.index(said) >= ADOPT_MODES.index(mode)

    def is_fixed(self) -> bool:
        """Say whether every required party has at least initialled the package as it stands."""
        digest = self.package_hash() if self.adoptions else None
        return digest is not None and all(
            self.has_adopted(party, digest, "INITIAL") for party in self.content.required
        )

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


def counter(proposal: TabledProposal, sender: str, now_ms: int) -> TabledProposal:
    """Return the proposal after another one was put in its place (`counter_to`).

    Args:
        proposal: the one that is countered.
        sender: participant id of who counters.
        now_ms: the relay time of the new PROPOSAL's entry.

    Raises:
        RuleViolation: PROPOSAL-11: a third party, or a proposal that has ended. The sender's fault.
    """
    if sender not in (proposal.proposer, *proposal.content.required) or not proposal.is_open(now_ms):
        raise violation("PROPOSAL-11", "refs")
    return end_proposal(proposal, PackageStatus.REPLACED)


def reply(proposal: TabledProposal, sender: str, content: ClauseReply, now_ms: int) -> TabledProposal:
    """Take in a CLAUSE-REPLY as a whole, or refuse it as a whole; the order of its answers means nothing.

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
    amended = {n for n, answer in zip(numbers, content.replies, strict=True) if answer.answer == "AMEND"}
    if amended and proposal.is_fixed():
        raise violation("CLAUSE-REPLY-16", "replies")
    # Dependent clauses lose the acceptances of before, never those of this same reply.
    after = _without_acceptances(proposal, _dependents(proposal, amended))
    for index, (number, answer) in enumerate(zip(numbers, content.replies, strict=True)):
        after = _answer(after, sender, number, answer, content.ad_ref, f"replies.{index}")
    _check_amended(after, amended)
    if [clause.hash for clause in after.package()] == [clause.hash for clause in proposal.package()]:
        return after
    if proposal.is_fixed():
        raise violation("CLAUSE-REPLY-16", "replies")
    nothing: Mapping[str, Any] = MappingProxyType({})
    return replace(after, adoptions=nothing, effective=nothing, named=nothing, witnesses=nothing)


def _dependents(proposal: TabledProposal, amended: Set[int]) -> frozenset[int]:
    """Return the clauses that depend on one of these, directly or through others."""
    found: set[int] = set()
    while more := {
        clause.clause.no
        for clause in proposal.clauses
        if clause.clause.no not in found and (amended | found) & set(clause.clause.depends_on)
    }:
        found |= more
    return frozenset(found)


def _without_acceptances(proposal: TabledProposal, numbers: Set[int]) -> TabledProposal:
    cleared = (
        replace(clause, accepted=MappingProxyType({})) if clause.clause.no in numbers else clause
        for clause in proposal.clauses
    )
    return replace(proposal, clauses=tuple(cleared))


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
            after = _amend(tabled, sender, given(answer.clause), ad_ref, f"{field}.clause")
    clauses = (*proposal.clauses[: number - 1], after, *proposal.clauses[number:])
    return replace(proposal, clauses=clauses)


def _amend(tabled: TabledClause, sender: str, clause: Clause, ad_ref: bool, field: str) -> TabledClause:
    """Return version n+1 of a clause, which only who wrote it has accepted."""
    unchanged = clause.model_copy(update={"version": tabled.clause.version}) == tabled.clause
    if clause.no != tabled.clause.no or clause.version != tabled.clause.version + 1 or unchanged:
        raise violation("CLAUSE-REPLY-11", field)
    return TabledClause(
        clause=clause,
        hash=clause_hash(clause),
        accepted=MappingProxyType({sender: ad_ref}),
        superseded=(*tabled.superseded, tabled.hash),
    )


def _check_amended(proposal: TabledProposal, amended: Set[int]) -> None:
    everything, content = [clause.clause for clause in proposal.clauses], proposal.content
    numbers = range(1, len(everything) + 1)
    for number in sorted(amended):
        clause = everything[number - 1]
        if any(check_clause(clause, numbers, content.required, content.other_languages)):
            raise violation("CLAUSE-REPLY-14", f"clause {number}")
    if amended and has_cycle({clause.no: clause.depends_on for clause in everything}):
        raise violation("CLAUSE-REPLY-14", None, "clauses would depend on each other in a circle")
