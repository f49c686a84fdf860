"""Putting a package in force: ADOPT (MESSAGES.md sections 2 and 4).

AGREED is not in force: only a FINAL of every required party over the same package makes it ADOPTED.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from protocols.messages.adoption import Adopt, AdoptMode
from protocols.messages.rules import violation
from protocols.messages.values import time_ms
from protocols.negotiation.proposal import ADOPT_MODES, PackageStatus, TabledProposal


def adopt(
    proposal: TabledProposal, sender: str, is_mediator: bool, content: Adopt, now_ms: int
) -> TabledProposal:
    """Take in an ADOPT.

    Args:
        proposal: as it stands.
        sender: participant id.
        is_mediator: whether the roster says so; a mediator that was named as witness witnesses.
        content: the ADOPT, which keeps the rules that need no proposal.
        now_ms: the relay time of its entry.

    Returns:
        The next proposal; ADOPTED, with the clauses in `adopted`, once every required party said FINAL.

    Raises:
        RuleViolation: a rule of ADOPT; nothing changes. The sender's fault.
    """
    party = sender in proposal.content.required
    if not party and not is_mediator:
        raise violation("ADOPT-2", None)
    # Whoever witnesses the last party's FINAL comes after it.
    witnessable = not party and proposal.ended is PackageStatus.ADOPTED
    if not proposal.is_open(now_ms) and not witnessable:
        raise violation("ADOPT-6", "proposal", f"the proposal is {proposal.status(now_ms)}")
    digest = proposal.package_hash()
    if digest is None or content.package_hash != digest:
        hint = (
            "nothing can be adopted yet" if digest is None else "needs the hash of the package as it stands"
        )
        raise violation("ADOPT-1", "package_hash", hint)
    if not party and sender not in proposal.named.get(digest, frozenset()):
        raise violation("ADOPT-2", None)
    _check_effective(proposal, sender, digest, content)
    if party:
        return _bind(proposal, sender, digest, content)
    witnessed = _further(proposal.witnesses.get(digest, {}), sender, content.mode)
    return replace(proposal, witnesses=MappingProxyType({digest: witnessed}))


def _check_effective(proposal: TabledProposal, sender: str, digest: str, content: Adopt) -> None:
    others = proposal.adoptions.get(digest, {}).keys() - {sender}
    if others and content.effective != proposal.effective[digest]:
        raise violation("ADOPT-4", "effective", f"needs {proposal.effective[digest]}, as the others said")
    for tabled in proposal.package():
        clause = tabled.clause
        if clause.modal != "MAY" and time_ms(clause.window.end) <= time_ms(content.effective):
            raise violation(
                "ADOPT-10",
                "effective",
                f"needs a time before clause {clause.no} ends, at {clause.window.end}",
            )


def _bind(proposal: TabledProposal, party: str, digest: str, content: Adopt) -> TabledProposal:
    """Count a party's word; the last FINAL puts the package in force."""
    package = proposal.package()
    if content.mode == "FINAL" and any(clause.accepted.get(party) for clause in package):
        raise violation(
            "ADOPT-3", "mode", "needs ACCEPT without ad_ref first, for what was accepted ad referendum"
        )
    named = proposal.named.get(digest, frozenset()) | ({content.witness} if content.witness else set())
    after = replace(
        proposal,
        adoptions=MappingProxyType(
            {digest: _further(proposal.adoptions.get(digest, {}), party, content.mode)}
        ),
        effective=MappingProxyType({digest: content.effective}),
        named=MappingProxyType({digest: named}),
    )
    if all(after.has_adopted(required, digest, "FINAL") for required in proposal.content.required):
        clauses = tuple(clause.clause for clause in package)
        return replace(after, ended=PackageStatus.ADOPTED, adopted=clauses)
    return after


def _further(said: Mapping[str, AdoptMode], who: str, mode: AdoptMode) -> Mapping[str, AdoptMode]:
    """Return what everybody said with one more word, which goes further than the same person's before."""
    before = said.get(who)
    if before is not None and ADOPT_MODES.index(mode) <= ADOPT_MODES.index(before):
        raise violation("ADOPT-5", "mode", f"{before} was said of this package already")
    return MappingProxyType({**said, who: mode})
