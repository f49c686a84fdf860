"""What PROPOSAL, CLAUSE-REPLY, ADOPT, COMMIT and COMMIT-EVENT say, and where their matter stands."""

from collections.abc import Iterable, Iterator

from client.tui.wording import Names, clause, commitment_standing, dtg, time
from protocols.messages.adoption import Adopt, AdoptMode
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.negotiation import ClauseStatus, TabledClause, TabledProposal
from protocols.negotiation.commitment import commitment_id

MODE_MEANING: dict[AdoptMode, str] = {
    "INITIAL": "the text is fixed once all have said it; nothing is in force",
    "AD_REFERENDUM": "agreed subject to the principal's confirmation; nothing is in force",
    "FINAL": "in force once every required party has said FINAL",
}


def proposal(content: Proposal, names: Names, message_id: str) -> Iterator[str]:
    """The text, clause by clause, with where each clause and the whole stand."""
    tabled = names.negotiation.proposal(message_id) if message_id else None
    standing = f" [{tabled.status(names.negotiation.relay_time_ms)}]" if tabled is not None else ""
    yield f"{content.title}{standing}"
    together = "all or nothing" if content.package == "ALL_OR_NOTHING" else "clauses can stand alone"
    yield f"{together}; must all agree: {names.people(content.required)}"
    if content.other_languages:
        yield f"languages: {content.prevailing} decides; also {', '.join(content.other_languages)}"
    if tabled is None:
        for text in content.clauses:
            yield from clause(text, names)
        return
    for current in tabled.clauses:
        yield from clause(current.clause, names)
        version = f", version {current.clause.version}" if current.clause.version > 1 else ""
        yield f"   [{_standing(tabled, current, names)}{version}]"
    yield from _adoptions(tabled, names)


def _standing(tabled: TabledProposal, current: TabledClause, names: Names) -> str:
    """Where a clause stands, and with whom."""
    match tabled.clause_status(current):
        case ClauseStatus.ACCEPTED_BY:
            return f"ACCEPTED BY {_people(current.accepted, names)} only"
        case ClauseStatus.REJECTED:
            return f"REJECTED by {_people(current.rejected, names)}"
        case ClauseStatus.RESERVED:
            return f"RESERVED by {_people(current.reserved, names)}"
        case status:
            unconfirmed = [party for party, ad_referendum in current.accepted.items() if ad_referendum]
            if unconfirmed:
                return f"{status}, ad referendum by {_people(unconfirmed, names)}"
            return status.value


def _people(participants: Iterable[str], names: Names) -> str:
    return ", ".join(sorted(map(names.person, participants)))


def _adoptions(tabled: TabledProposal, names: Names) -> Iterator[str]:
    """Who has adopted the text as it stands, and who has not."""
    digest = tabled.package_hash()
    if digest is None:
        return
    said = tabled.adoptions.get(digest, {})
    if not said:
        yield "AGREED is not in force: only ADOPT FINAL by all puts it in force."
        return
    words = [f"{names.person(party)} {said.get(party, 'nothing yet')}" for party in tabled.content.required]
    yield f"ADOPT: {', '.join(words)}; effective {time(tabled.effective[digest])}"
    witnesses = tabled.witnesses.get(digest, {})
    if witnesses:
        yield f"witnessed by {names.people(witnesses)}"


def clause_reply(content: ClauseReply, names: Names) -> Iterator[str]:
    """The answer to each clause."""
    tabled = names.negotiation.proposal(content.proposal)
    known = {} if tabled is None else {item.hash: item.clause.no for item in tabled.clauses}
    old = (
        {}
        if tabled is None
        else {text: item.clause.no for item in tabled.clauses for text in item.superseded}
    )
    yield f"answers {names.message(content.proposal)}:"
    for reply in content.replies:
        number = known.get(reply.hash) or old.get(reply.hash)
        yield f"   clause {number or '?'}: {reply.answer}" + (
            f", because {reply.reason}" if reply.reason else ""
        )
        if reply.clause is not None:
            yield from (f"   {line}" for line in clause(reply.clause, names))
    if content.ad_ref:
        yield "subject to the principal's confirmation"


def adopt(content: Adopt, names: Names) -> Iterator[str]:
    """Which text is adopted, how far, and from when."""
    tabled = names.negotiation.proposal(content.proposal)
    title = "" if tabled is None else f" {tabled.content.title}"
    yield f"{content.mode.replace('_', ' ')} of {names.message(content.proposal)}{title}"
    yield f"effective from {time(content.effective)}"
    yield f"{content.mode.replace('_', ' ')}: {MODE_MEANING[content.mode]}"
    if content.witness is not None:
        yield f"witness: {names.person(content.witness)}"
    if content.custodian is not None:
        yield f"custodian: {names.person(content.custodian)}"
    if tabled is not None and tabled.package_hash() != content.package_hash:
        yield "The text has changed since: this adopts an earlier one."


def commit(content: Commit, names: Names, message_id: str) -> Iterator[str]:
    """Who undertakes what, to whom, when it begins and ends, and where it stands."""
    yield f"{names.person(content.debtor)} commits to {names.people(content.creditors)}:"
    yield from (f"   {line}" for line in clause(content.consequent, names, number=False))
    if content.antecedent is not None:
        yield "only if this is so first:"
        yield from (f"   {line}" for line in clause(content.antecedent, names, number=False))
    if content.detach_at is not None:
        yield f"holds from {time(content.detach_at)} on"
    yield f"withdrawn only with {content.notice_hours} hours' notice"
    if content.evidence:
        yield f"what will show it: {content.evidence}"
    if content.witness is not None:
        yield f"witness: {names.person(content.witness)}"
    if content.custodian is not None:
        yield f"custodian: {names.person(content.custodian)}"
    if content.review is not None:
        yield f"looked at again on {time(content.review)}"
    said = names.negotiation.message(message_id) if message_id else None
    found = None if said is None else names.negotiation.commitment(commitment_id(said.id, said.sender))
    if found is not None:
        yield f"the commitment is now {commitment_standing(found)}"


def commit_event(content: CommitEvent, names: Names) -> Iterator[str]:
    """What happens to which commitment."""
    yield f"{content.event} at {time(content.at)}: {names.commitment(content.commitment)}"
    found = names.negotiation.commitment(content.commitment)
    if found is not None:
        since = dtg(found.since_ms)
        yield f"the commitment is now {commitment_standing(found)} (since {since})"
    if content.reason:
        yield f"reason: {content.reason}"
    if content.new_time:
        yield f"new end: {time(content.new_time)}"
    if content.new_party:
        yield f"to {names.person(content.new_party)}"
    for evidence in content.evidence:
        yield f"   evidence SHA-256 {evidence}"
