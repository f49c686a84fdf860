"""Changing who sits at the table: by a commit while a channel is set up, by asking every party afterwards."""

from typing import TYPE_CHECKING

from channel.charter import Seats
from client.enacting import check_may_govern
from client.errors import Refused, UnknownPerson
from client.seating import operation_on, parties_to_ask, seat_topic
from protocols.messages import Message, Role

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

__all__ = ["can_silence", "compose_seat", "must_be_asked", "remove_now"]


def must_be_asked(session: "ChannelSession", participant: str) -> bool:
    """Whether every party has to agree before somebody loses their seat.

    They have not while the channel is set up, nor to remove a seat whose word does not count any more.
    """
    return session.charter.seats is Seats.AGREED and participant not in session.negotiation.suspended


def can_silence(session: "ChannelSession", participant: str) -> bool:
    """Whether our SUSPEND works at once: of the seat's own side, or as a mediator's who leaves a party."""
    negotiation, roster = session.negotiation, session.negotiation.roster
    left = roster.with_role(Role.PARTY) - negotiation.suspended - {participant}
    mediates = roster.role(session.me) is Role.MEDIATOR
    return roster.same_side(session.me, participant) or (
        mediates and (bool(left) or roster.role(participant) is not Role.PARTY)
    )


def compose_seat(
    session: "ChannelSession",
    participant: str,
    operation: str,
    *,
    reason: str | None = None,
    role: Role | None = None,
) -> Message:
    """Make the SEAT message that asks every other party for a change.

    Args:
        session: The running channel.
        participant: Whose seat.
        operation: REMOVE, ROLE, SUSPEND or RESTORE.
        reason: Why; with REMOVE and SUSPEND.
        role: The new one; with ROLE.

    Raises:
        UnknownPerson: They are not on the roster.
        RuleViolation: The rules of SEAT refuse it.
    """
    negotiation = session.negotiation
    fields = operation_on(
        negotiation, participant, operation, now_ms=session.now_ms, reason=reason, role=role
    )
    return session.compose(
        "SEAT",
        fields,
        to=parties_to_ask(negotiation, session.me),
        topic=seat_topic(negotiation.roster.name(participant)),
    )


async def remove_now(session: "ChannelSession", participant: str) -> None:
    """Remove somebody by a commit: they read no further.

    Raises:
        Refused: We may not, every party must be asked first, or it is ourselves.
        UnknownPerson: They are not on the roster.
        ChannelError, MLSError: The charter or MLS does not allow it.

    Cancellation: it may happen or not; look at the roster.
    """
    check_may_govern(session)
    if participant not in session.negotiation.roster:
        raise UnknownPerson("nobody of that id is on the channel's roster")
    if participant == session.me:
        raise Refused("nobody removes themselves: ask another party or a mediator")
    if must_be_asked(session, participant):
        raise Refused("every party must agree before somebody loses their seat: send a SEAT, and wait")
    await session.remove(participant)
