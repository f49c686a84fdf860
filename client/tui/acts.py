"""What can be done about a message besides answering it: adopting a text, finding on an incident. Pure.

They close nothing, so the negotiation's table of answers does not have them; the same menu offers them.
"""

from collections.abc import Iterator

from protocols.messages.catalogue import Answer
from protocols.messages.envelope import MessageType
from protocols.messages.meetings import Meeting
from protocols.messages.roles import Role
from protocols.negotiation import FoldedMessage, Negotiation, TabledProposal
from protocols.negotiation.entitlement import about

_T = MessageType


def acts_about(negotiation: Negotiation, item: FoldedMessage, me: str, now_ms: int) -> tuple[Answer, ...]:
    """Return what this participant could do about a message, beyond its legal answers.

    Args:
        negotiation: the channel's.
        item: the message, of others or our own.
        me: our participant id.
        now_ms: our clock, UTC milliseconds.
    """
    if me in negotiation.suspended or me not in negotiation.roster or item.cancelled:
        return ()
    if not _may_speak(negotiation, item, me, now_ms):
        return ()
    answers = {choice.type for choice in negotiation.legal_answers(item.id, me, now_ms)}
    return tuple(act for act in _acts(negotiation, item, me, now_ms) if act.type not in answers)


def _may_speak(negotiation: Negotiation, item: FoldedMessage, me: str, now_ms: int) -> bool:
    """Whether somebody speaks for themselves, or their principal lets them speak about this at all."""
    if negotiation.roster.principal(me) is None:
        return True
    return any(
        held.mandate.powers and about(held, item.envelope.topic) for held in negotiation.mandates(me, now_ms)
    )


def _acts(negotiation: Negotiation, item: FoldedMessage, me: str, now_ms: int) -> Iterator[Answer]:
    tabled = negotiation.proposal(item.id)
    if tabled is not None:
        yield from _of_text(negotiation, tabled, me, now_ms)
    match item.content:
        case Meeting(operation="PROPOSE"):
            record = negotiation.meeting(item.id)
            governs = me == item.sender or negotiation.roster.role(me) is Role.MEDIATOR
            if record is not None and not record.cancelled and governs:
                yield from (
                    Answer(_T.MEETING, operation, False) for operation in ("RECORD", "CHANGE", "CANCEL")
                )
        case _ if item.type is _T.INCIDENT and negotiation.roster.role(me) is Role.MONITOR:
            yield Answer(_T.FINDING, None, False)
        case _:
            return


def _of_text(negotiation: Negotiation, tabled: TabledProposal, me: str, now_ms: int) -> Iterator[Answer]:
    now = max(now_ms, negotiation.relay_time_ms)
    digest = tabled.package_hash()
    if me == tabled.proposer and tabled.waits_for(me, now):
        # Its own text was amended; to whom it was addressed, the reply is a legal answer.
        yield Answer(_T.CLAUSE_REPLY, None, False)
    if digest is None:
        return
    binds = me in tabled.content.required and tabled.is_open(now)
    named = me in tabled.named.get(digest, frozenset())
    witnesses = named and negotiation.roster.role(me) is Role.MEDIATOR
    if witnesses or (binds and not tabled.has_adopted(me, digest, "FINAL")):
        yield Answer(_T.ADOPT, None, False)
