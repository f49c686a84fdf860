"""Meetings: proposed, changed, cancelled, recorded (MESSAGES.md section 2, row 23).

What a record calls AGREED binds nobody until it is adopted.
"""

from dataclasses import dataclass, replace

from protocols.canonical import Value
from protocols.messages.meetings import Meeting
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms
from protocols.negotiation.judging import Judgement
from protocols.negotiation.roster import Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRecord:
    """A meeting as it stands.

    Attributes:
        id: of the MEETING that proposed it, 32 hexadecimal digits.
        author: who proposed it.
        message: id of the MEETING that says what stands now.
        start_ms: when it begins, UTC milliseconds.
        end_ms: when it ends.
        seats: participant ids.
        safe_passage: ids of the commitments that give safe passage to it.
        cancelled: whether it was called off.
        recorded: ids of its records, oldest first.
    """

    id: str
    author: str
    message: str
    start_ms: int
    end_ms: int
    seats: tuple[str, ...]
    safe_passage: tuple[str, ...] = ()
    cancelled: bool = False
    recorded: tuple[str, ...] = ()

    def summary(self) -> Value:
        """Return the meeting as plain values, for the digest."""
        return {
            "id": self.id,
            "author": self.author,
            "message": self.message,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "seats": [*self.seats],
            "safe_passage": [*self.safe_passage],
            "cancelled": self.cancelled,
            "recorded": [*self.recorded],
        }


def judge_meeting(judgement: Judgement, content: Meeting) -> None:
    """Take in a MEETING.

    Raises:
        RuleViolation: MEETING-4 to MEETING-6. The sender's fault, as below.
        Refusal: there is no such meeting.
    """
    state = judgement.state
    if any(seat not in state.roster for seat in content.seats):
        raise violation("MEETING-6", "seats")
    if any(commitment not in state.commitments for commitment in content.safe_passage):
        raise violation("MEETING-5", "safe_passage")
    meetings = judgement.changes.meetings
    if content.operation == "PROPOSE":
        window = given(content.window)
        meetings[judgement.id] = MeetingRecord(
            id=judgement.id,
            author=judgement.sender,
            message=judgement.id,
            start_ms=time_ms(window.start),
            end_ms=time_ms(window.end),
            seats=content.seats,
            safe_passage=content.safe_passage,
        )
        return
    meeting = state.meetings.get(given(content.meeting))
    if meeting is None:
        raise Refusal(Reason.UNKNOWN_TARGET, "needs a MEETING that is in the log")
    if meeting.cancelled:
        raise violation("MEETING-4", "meeting", "the meeting was called off")
    if judgement.sender != meeting.author and judgement.role is not Role.MEDIATOR:
        raise violation("MEETING-4", "meeting", "only its author or a mediator changes or records it")
    match content.operation:
        case "CANCEL":
            meetings[meeting.id] = replace(meeting, cancelled=True, message=judgement.id)
            _settle(judgement, meeting, "CANCEL")
        case "RECORD":
            meetings[meeting.id] = replace(meeting, recorded=(*meeting.recorded, judgement.id))
            _settle(judgement, meeting, "RECORD")
        case _:
            window = given(content.window)
            meetings[meeting.id] = replace(
                meeting,
                message=judgement.id,
                start_ms=time_ms(window.start),
                end_ms=time_ms(window.end),
                seats=content.seats,
                safe_passage=content.safe_passage,
            )
            _settle(judgement, meeting, "CHANGE")


def _settle(judgement: Judgement, meeting: MeetingRecord, operation: str) -> None:
    """Nobody has to answer any more for what no longer stands, or has taken place."""
    judgement.close(meeting.message, operation)
