"""What a page of entries means to whoever watches the channel."""

from collections.abc import Callable, Iterator

from channel.charter import Charter
from channel.transcript import Judged, Reason
from client.conversation import Page, Taken
from client.events import (
    Alarm,
    AlarmKind,
    AlarmRaised,
    EntryJudged,
    Event,
    MemberJoined,
    MemberLeft,
    SendRefused,
)
from protocols.errors import ProtocolError
from protocols.messages import Escalation, Receipt, decode_body
from protocols.payload import EntryStatus, Payload

__all__ = ["events_of"]


def events_of(page: Page, charter: Charter, *, still_held: Callable[[bytes], bool]) -> Iterator[Event]:
    """Say what has happened, in log order, then who came and went.

    Args:
        page: What was received and saved.
        charter: In force after it.
        still_held: Whether a message of ours, by its id, waits to be sent again.
    """
    for taken in page.taken:
        judged = taken.judged
        accepted = judged.status is not EntryStatus.REJECTED
        yield EntryJudged(position=judged.position, accepted=accepted, reason=judged.reason)
        if taken.own is not None and judged.reason is not None and _is_lost(taken, still_held):
            yield SendRefused(message_id=taken.own, detail=judged.reason)
        if judged.alarming:
            yield AlarmRaised(_other_view(judged))
    names = {entry.id: entry.name for entry in charter.roster}
    for taken in page.taken:
        for participant in taken.joined:
            yield MemberJoined(participant, names.get(participant, ""))
        for participant, name in taken.left:
            yield MemberLeft(participant, name)


def _is_lost(taken: Taken, still_held: Callable[[bytes], bool]) -> bool:
    """Whether an entry is words of ours that count for nothing and will not be sent again.

    What a device notes by itself is nobody's words: it may well come too late to be true.
    """
    if taken.own is None or still_held(taken.own):
        return False
    try:
        body = None if taken.opening is None else decode_body(Payload.decode(taken.opening.content).body)
    except ProtocolError:  # a commit, or garbage: all the more to be told
        return True
    match body:
        case Escalation() | Receipt(level="DELIVERED" | "DELIVERY_ERROR" | "DISPLAYED"):
            return False
        case _:
            return True


def _other_view(judged: Judged) -> Alarm:
    """Tell people; the channel goes on, or any member could stop it by a false statement."""
    what = "log" if judged.reason == Reason.OTHER_LOG else "history"
    sender = f"the sender of entry {judged.position}"
    detail = f"{sender} was shown another {what} than we were, or says so: compare by voice"
    return Alarm(kind=AlarmKind.OTHER_VIEW, detail=detail)
