"""Asking every party for a newcomer's seat, where the charter says that seats are agreed on.

The SEAT and the fact that it was sent become durable together, so that a client that is killed asks once. It
is asked again only where it can never be agreed as it stands: somebody became a party after it was sent.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from channel.charter import RosterEntry, Seats
from channel.identity import participant_id
from channel.invitation import InvitationRequest
from client.composing import compose_now
from client.conversation import Conversation
from client.errors import InvitationRefused
from client.journal import Journal
from client.seating import (
    SeatOffer,
    Standing,
    is_agreed,
    line_for,
    parties_to_ask,
    refusal,
    seat_fields,
    seat_topic,
    standing,
)
from client.store import InvitationRow, Transaction
from protocols.errors import RuleViolation
from protocols.messages import encode_body

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

__all__ = ["SeatAsking", "is_member"]

#: How often a seat is asked for anew while nobody new has to agree: each time, everybody is asked again.
_MAX_ASKED = 3


def is_member(conversation: Conversation, request: InvitationRequest) -> bool:
    """Whether an invitee holds a leaf already."""
    return participant_id(request.identity_key) in conversation.transcript.epoch.members.values()


class SeatAsking:
    """Asks for the seats of one channel's invitees."""

    def __init__(self, journal: Journal, *, clock: Callable[[], int]) -> None:
        self._journal = journal
        self._clock = clock

    async def agree(
        self,
        session: "ChannelSession",
        row: InvitationRow,
        offer: SeatOffer,
        request: InvitationRequest,
    ) -> None:
        """Return once the invitee may be seated: at once while the channel is set up, else when all agree.

        Args:
            session: The running channel.
            row: The invitation.
            offer: The seat it is for.
            request: What the invitee asked with.

        Raises:
            InvitationRefused: A party said NEGATIVE, not all agreed before the invitation expired, or it
                cannot be agreed as things are, however often it is asked.
            RuleViolation, BadCharter: The seat cannot be asked for, such as by who is suspended.

        Cancellation: goes on where it was; nobody is asked twice.
        """
        asked: list[tuple[str, ...]] = []
        while session.charter.seats is Seats.AGREED and not is_member(session.conversation, request):
            line = line_for(session.conversation, offer, request)
            if is_agreed(session.negotiation.agreed, offer, line):
                return
            row = self._read(row)
            match self._standing(session, row):
                case Standing.REFUSED:
                    raise InvitationRefused(refusal(session.negotiation, row.seat_message or b""))
                case Standing.WAITING:
                    await self._wait(session, row)
                case Standing.STALE | Standing.AGREED:  # agreed for another line: what it replaces changed
                    parties = parties_to_ask(session.negotiation, session.me)
                    if asked.count(parties) == _MAX_ASKED:
                        raise InvitationRefused(
                            "the seat was asked for several times and cannot be agreed: does your mandate "
                            "let you accept for your side?"
                        )
                    asked.append(parties)
                    self._ask(session, row, offer, line)
                case other:
                    assert_never(other)

    def _read(self, row: InvitationRow) -> InvitationRow:
        with self._journal.store.transaction() as tx:
            kept = tx.invitations.get(row.mailbox)
        if kept is None:
            raise InvitationRefused("the invitation was withdrawn")
        return kept

    def _standing(self, session: "ChannelSession", row: InvitationRow) -> Standing:
        if row.seat_message is None:
            return Standing.STALE
        held = self._journal.holds(row.seat_message)
        return standing(session.negotiation, row.seat_message, holds=held)

    def _ask(
        self, session: "ChannelSession", row: InvitationRow, offer: SeatOffer, line: RosterEntry
    ) -> None:
        now_ms = self._clock()
        message = compose_now(
            session.conversation,
            session.me,
            "SEAT",
            seat_fields(line, offer, now_ms=now_ms),
            to=parties_to_ask(session.negotiation, session.me),
            now_ms=now_ms,
            envelope={"topic": seat_topic(line.name)},
        )

        def keep(tx: Transaction, message_id: bytes) -> None:
            tx.invitations.put(replace(row, seat_message=message_id))

        self._journal.queue(encode_body(message), along=keep)
        session.wake()

    async def _wait(self, session: "ChannelSession", row: InvitationRow) -> None:
        """Wait until the log goes on, or the invitation's time is over."""
        size, held = session.conversation.transcript.size, len(self._journal.waiting)
        left_ms = row.expires_ms - self._clock()
        if left_ms <= 0:
            self.take_back(session, row)
            raise InvitationRefused("not every party agreed to the seat before the invitation expired")

        def has_changed(running: "ChannelSession") -> bool:
            moved = running.conversation.transcript.size != size or len(self._journal.waiting) != held
            return moved or row.expires_ms <= self._clock()

        with contextlib.suppress(TimeoutError):  # then the clock is read again
            await session.wait_for(has_changed, left_ms / 1000)

    def take_back(self, session: "ChannelSession", row: InvitationRow) -> None:
        """Cancel an invitation's SEAT, if there is one, so that nobody agrees to what can no longer be."""
        asked = None if row.seat_message is None else session.negotiation.message(row.seat_message)
        if asked is None:
            return
        fields = {"target": asked.id, "action": "CANCEL", "reason": "the invitation has expired"}
        with contextlib.suppress(RuleViolation):  # it was agreed or refused meanwhile
            message = compose_now(
                session.conversation,
                session.me,
                "CORRECTION",
                fields,
                to=tuple(who for who in asked.addressees if who in session.negotiation.roster),
                now_ms=self._clock(),
                envelope={"topic": asked.envelope.topic},
            )
            self._journal.queue(encode_body(message))
            session.wake()
