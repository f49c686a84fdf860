"""What people and programs read out of a negotiation: dialogues, board, and what counts for nothing."""

from dataclasses import dataclass

from protocols.negotiation.commitment import Commitment
from protocols.negotiation.incidents import IncidentRecord
from protocols.negotiation.meetings import MeetingRecord
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage, ResponseState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDialogue:
    """One answer that is still wanted.

    Attributes:
        message: the message that wants it.
        addressee: from whom.
        state: OPEN or STANDBY.
        answer: what they said last without closing it, such as NOT-UNDERSTOOD; None where nothing.
        due_ms: by when, in relay time; None where there is no timer.
    """

    message: FoldedMessage
    addressee: str
    state: ResponseState
    answer: str | None
    due_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is on the table: `parley board`.

    Attributes:
        open_questions: questions that somebody has not answered.
        open_requests: requests that their actor has not answered.
        proposals: all of them, in log order.
        commitments: all of them, in the order they were created.
        incidents: all of them, in log order.
        meetings: all of them, in log order.
    """

    open_questions: tuple[OpenDialogue, ...] = ()
    open_requests: tuple[OpenDialogue, ...] = ()
    proposals: tuple[TabledProposal, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    incidents: tuple[IncidentRecord, ...] = ()
    meetings: tuple[MeetingRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An entry that counts for nothing, and by which fixed reason."""

    position: int
    relay_time_ms: int
    reason: str
