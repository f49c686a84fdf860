"""Proposals, replies and ADOPTs as tests want them, on values alone; hours count from START on."""

from typing import Any

from protocols.messages.adoption import Adopt, AdoptMode
from protocols.messages.envelope import Envelope
from protocols.messages.proposals import Clause, ClauseAnswer, ClauseReply, Proposal
from protocols.messages.values import Window
from protocols.negotiation.adoption import adopt
from protocols.negotiation.proposal import TabledClause, TabledProposal, reply, table

from .owed import at, when

AMAL, BORIS, CARLA, MIRA, OTTO = (letter * 32 for letter in "abcde")
PARTIES = (AMAL, BORIS, CARLA)
ID = "1" * 32
UNTIL_H, EFFECTIVE_H, END_H = 72, 80, 200


def clause(no: int = 1, actor: str = AMAL, modal: str = "MUST", **more: Any) -> Clause:
    values: dict[str, Any] = {
        "no": no,
        "version": 1,
        "actor": actor,
        "modal": modal,
        "action": f"act {no}",
        "object": "the bridge",
        "window": Window(start=when(90), end=when(END_H)),
    }
    return Clause(**{**values, **more})


def tabled(*clauses: Clause, by: str = AMAL, package: str = "ALL_OR_NOTHING", **more: Any) -> TabledProposal:
    """A proposal at hour 0, by Amal unless said otherwise."""
    values: dict[str, Any] = {
        "title": "Bridge",
        "clauses": clauses or (clause(1), clause(2, BORIS, "MUST NOT")),
        "package": package,
        "required": PARTIES,
    }
    addressed: dict[str, Any] = {"from": by}
    content = Proposal(**{**values, **more})
    envelope = Envelope(
        **addressed,
        to=tuple(party for party in (*PARTIES, MIRA) if party != by),
        sent=when(0),
        valid_until=when(UNTIL_H),
        topic="bridge",
    )
    return table(ID, envelope, content)


def answer(now: TabledProposal, no: int, what: str, /, **new: Any) -> ClauseAnswer:
    """One answer to the current version of a clause; AMEND takes what changes in it."""
    current = now.clauses[no - 1]
    amended = None
    if what == "AMEND":
        changes = {"version": current.clause.version + 1, "action": "another act", **new}
        amended = current.clause.model_copy(update=changes)
    reason = None if what == "ACCEPT" else "because"
    said: dict[str, Any] = {"hash": current.hash, "answer": what, "reason": reason, "clause": amended}
    return ClauseAnswer(**said)


def say(
    now: TabledProposal,
    who: str,
    *answers: ClauseAnswer | tuple[int, str],
    hour: float = 1,
    ad_ref: bool = False,
) -> TabledProposal:
    """A CLAUSE-REPLY; (2, "REJECT") stands for that answer to the current version of clause 2."""
    given = tuple(answer(now, *one) if isinstance(one, tuple) else one for one in answers)
    content = ClauseReply(proposal=ID, replies=given, ad_ref=ad_ref)
    return reply(now, who, content, at(hour))


def accepted(now: TabledProposal, *parties: str, ad_ref: bool = False) -> TabledProposal:
    """Everything accepted by these parties, or by everybody who has not yet."""
    for party in parties or now.content.required:
        open_ones = [(c.clause.no, "ACCEPT") for c in now.clauses if party not in c.accepted]
        now = say(now, party, *open_ones, ad_ref=ad_ref) if open_ones else now
    return now


def adopts(
    now: TabledProposal,
    who: str,
    mode: AdoptMode = "FINAL",
    *,
    hour: float = 2,
    mediator: bool = False,
    **more: Any,
) -> TabledProposal:
    """An ADOPT of the package as it stands."""
    values: dict[str, Any] = {
        "proposal": ID,
        "package_hash": now.package_hash() or "0" * 64,
        "mode": mode,
        "effective": when(EFFECTIVE_H),
    }
    return adopt(now, who, mediator, Adopt(**{**values, **more}), at(hour))


def adopted(now: TabledProposal, **more: Any) -> TabledProposal:
    for party in now.content.required:
        now = adopts(now, party, **more)
    return now


def word(clause: TabledClause) -> dict[str, bool]:
    """Who accepted a clause, and whether only ad referendum."""
    return dict(clause.accepted)
