"""What a page of entries means to whoever watches the channel."""

from collections.abc import Callable, Iterator

from channel.charter import Charter
from channel.transcript import Judged, Reason
from client.conversation import Page
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
from protocols.payload import EntryStatus

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
        if taken.own is not None and judged.reason is not None and not still_held(taken.own):
            yield SendRefused(message_id=taken.own, detail=judged.reason)
        if judged.alarming:
            yield AlarmRaised(_other_view(judged))
    names = {entry.id: entry.name for entry in charter.roster}
    for taken in page.taken:
        for participant in taken.joined:
            yield MemberJoined(participant, names.get(participant, ""))
        for participant, name in taken.left:
            yield MemberLeft(participant, name)


def _other_view(judged: Judged) -> Alarm:
    """Tell people; the channel goes on, or any member could stop it by a false statement."""
    what = "log" if judged.reason == Reason.OTHER_LOG else "history"
    sender = f"the sender of entry {judged.position}"
    detail = f"{sender} was shown another {what} than we were, or says so: compare by voice"
    return Alarm(kind=AlarmKind.OTHER_VIEW, detail=detail)
