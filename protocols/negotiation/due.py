"""By when answers are expected, in relay time (MESSAGES.md sections 2 and 3)."""

from protocols.messages.administrative import Correction, Readback
from protocols.messages.adoption import Adopt
from protocols.messages.catalogue import CLAIM_DUE_MS, DUE, NOTIFY_LEAD_MS
from protocols.messages.commitments import CommitEvent
from protocols.messages.information import Notify
from protocols.messages.proposals import Proposal
from protocols.messages.values import time_ms
from protocols.messages.watch import LineCheck
from protocols.negotiation import watch
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.state import State


def due_ms(state: State, folded: FoldedMessage) -> int | None:
    """Return the relay time in UTC ms by which answers are expected; None where no timer runs."""
    envelope = folded.envelope
    if envelope.respond_by is not None:
        return time_ms(envelope.respond_by)
    match folded.content:
        case Proposal():
            return time_ms(envelope.valid_until) if envelope.valid_until else None
        case Adopt(proposal=proposal):
            return state.proposals[proposal].valid_until_ms
        case LineCheck(slot=slot):
            return watch.due_ms(time_ms(slot), folded.relay_time_ms)
        case Readback():
            allowed = state.terms.due_ms(envelope.precedence, 6)
        case Correction(target=target):
            whole = DUE[state.messages[target].type].ms
            allowed = None if whole is None else whole // 2
        case CommitEvent(event="CLAIM"):
            allowed = CLAIM_DUE_MS
        case Notify(window=window):
            usual = folded.relay_time_ms + (DUE[folded.type].ms or 0)
            return min(usual, time_ms(window.start) - NOTIFY_LEAD_MS)
        case _:
            allowed = DUE[folded.type].ms
    return None if allowed is None else folded.relay_time_ms + allowed
