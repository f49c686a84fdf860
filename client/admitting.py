"""The inviter's side of an invitation: a mailbox, a request, a commit, a welcome with the history.

Each step is in the store before the next begins, so a client that is killed anywhere goes on where it was:

    OPEN       the code was given; wait for the invitee's request
    REQUESTED  the request is fixed; where seats are agreed, wait until every party has affirmed a SEAT; then
               commit until the invitee is on the roster
    ANSWERED   the commit is in force and the sealed answer is fixed; post it
    DONE       posted; the invitee takes it and closes the mailbox
    FAILED     expired, refused or not admissible; the row says why
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from channel.audit import format_export
from channel.charter import GOVERNING, Seats
from channel.errors import ChannelError
from channel.invitation import Invitation, InvitationResponse
from channel.mls import MLSError
from client.archive import export_of
from client.asking import SeatAsking, is_member
from client.conversation import Committing, Conversation
from client.errors import InvitationRefused
from client.events import Invited
from client.journal import Journal
from client.letters import close_mailbox, open_mailbox, post_letter, read_letter
from client.seating import SeatOffer, awaited, line_for, propose_admission, seat_topic
from client.store import InvitationRow, InvitationState, Side, Transaction
from client.transport import RelayConnection
from protocols import canonical
from protocols.errors import ProtocolError, RuleViolation
from protocols.messages import Mandate, Role
from protocols.messages.codec import validated
from protocols.negotiation.entitlement import about
from protocols.relay.frames import REQUEST_SLOT, RESPONSE_SLOT
from protocols.shape import as_bytes, as_list

__all__ = ["DEFAULT_LIFETIME_S", "Admission", "save_answer"]

DEFAULT_LIFETIME_S = 24 * 3_600

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

_MAX_OUTGOING = 96 * 1024 * 1024
_MAX_MANDATES = 256 * 1024


class Admission:
    """Serves the open invitations of one channel while its session runs."""

    def __init__(self, journal: Journal, *, clock: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._journal = journal
        self._store = journal.store
        self._log_id = journal.log_id
        self._clock = clock
        self._random = random
        self._asking = SeatAsking(journal, clock=clock)
        self._new = asyncio.Event()
        self._open: set[bytes] = set()

    def check_allowed(self) -> None:
        """Raise ``InvitationRefused`` where our role, or a suspension, does not let us invite (CHARTER-7)."""
        seat = self._journal.conversation.transcript.epoch.charter.entry(self._journal.me)
        if seat is not None and seat.role not in GOVERNING:
            raise InvitationRefused(
                f"only a party or a mediator may invite, and you are {seat.role} here: ask one of them"
            )
        if self._journal.me in self._journal.conversation.transcript.negotiation.suspended:
            raise InvitationRefused("your seat is suspended: the parties must agree to restore it")

    def invite(self, offer: SeatOffer, *, lifetime_s: int) -> Invited:
        """Make and keep a new invitation; it is served from now on.

        Args:
            offer: The seat it is for.
            lifetime_s: How long the code can be used.

        Raises:
            InvitationRefused: Our role does not let us invite, or the seat cannot be given as offered.
        """
        self.check_allowed()
        self._check_offer(offer)
        invitation = Invitation(self._journal.relay_url, self._random(32))
        now_ms = self._clock()
        row = InvitationRow(
            mailbox=invitation.mailbox_id,
            invitation_secret=invitation.secret,
            side=Side.INVITER,
            log_id=self._log_id,
            relay_url=invitation.relay_url,
            role=offer.role.value,
            name=offer.name,
            expires_ms=now_ms + 1000 * lifetime_s,
            state=InvitationState.OPEN,
            principal=offer.principal,
            principal_name=offer.principal_name,
            mandates=_encode_mandates(offer.mandates),
            replaces=offer.replaces,
            created_ms=now_ms,
        )
        self._put(row)
        self._new.set()
        return Invited(code=invitation.code, mailbox=row.mailbox, expires_ms=row.expires_ms)

    def _check_offer(self, offer: SeatOffer) -> None:
        charter = self._journal.conversation.transcript.epoch.charter
        if offer.replaces is not None and charter.entry(offer.replaces) is None:
            raise InvitationRefused("whose key is to be replaced has no seat here: invite without --replaces")
        if offer.replaces == self._journal.me:
            raise InvitationRefused(
                "nobody replaces their own key: ask another party or a mediator to invite your new one"
            )
        if charter.seats is Seats.AGREED and not self._may_ask(offer):
            raise InvitationRefused(
                "your mandate does not let you ask for a seat: it needs NEGOTIATE about seats, or about *"
            )
        if offer.mandates and charter.seats is Seats.AGREED:
            raise InvitationRefused(
                "in this channel a mandate comes by a MANDATE message: invite without it, and send it when "
                "they are in"
            )

    def _may_ask(self, offer: SeatOffer) -> bool:
        negotiation = self._journal.conversation.transcript.negotiation
        if negotiation.roster.principal(self._journal.me) is None:
            return True
        topic = seat_topic(offer.name)
        return any(
            about(held, topic) and "NEGOTIATE" in held.mandate.powers
            for held in negotiation.mandates(self._journal.me, self._clock())
        )

    async def opened(self, session: "ChannelSession", invited: Invited) -> None:
        """Wait until the relay has opened an invitation's mailbox.

        Raises:
            InvitationRefused: The relay has no room for it, or not for so long.
        """
        await session.wait_for(lambda _: self.is_settled(invited.mailbox))
        if not self.is_open(invited.mailbox):
            raise InvitationRefused("the relay has no room for this invitation, or not for so long")

    def refusal(self, mailbox: bytes) -> str:
        """Why an invitation failed; empty where it did not."""
        return self._get(mailbox).refusal

    def awaited(self, session: "ChannelSession", mailbox: bytes) -> tuple[str, ...]:
        """The parties whose agreement an invitee's seat still needs; nobody before it was asked for."""
        message_id = self._get(mailbox).seat_message
        folded = None if message_id is None else session.negotiation.message(message_id)
        return () if folded is None else awaited(session.negotiation, folded)

    def state(self, mailbox: bytes) -> InvitationState:
        """How far an invitation has come."""
        return self._get(mailbox).state

    def is_open(self, mailbox: bytes) -> bool:
        """Whether the relay has opened an invitation's mailbox for us, as far as this process knows."""
        return mailbox in self._open

    def is_settled(self, mailbox: bytes) -> bool:
        """Whether an invitation's mailbox is open or never will be."""
        return self.is_open(mailbox) or self.state(mailbox) is InvitationState.FAILED

    @contextlib.asynccontextmanager
    async def serve(self, session: "ChannelSession", relay: RelayConnection) -> AsyncIterator[None]:
        """Serve invitations on a connection for the length of a block.

        Cancellation: every step that was taken is in the store.
        """
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(self._serve(session, relay, tasks))
            started: list[asyncio.Task[None]] = [serving]
            self._started = started
            try:
                yield
            finally:
                for task in started:
                    task.cancel()

    async def _serve(
        self, session: "ChannelSession", relay: RelayConnection, tasks: asyncio.TaskGroup
    ) -> None:
        served: set[bytes] = set()
        await session.wait_for(lambda running: running.line is not None and running.line.ready)
        while True:
            self._new.clear()
            for row in self._unfinished():
                if row.mailbox not in served:
                    served.add(row.mailbox)
                    self._started.append(tasks.create_task(self._admit(session, relay, row)))
            await self._new.wait()

    async def _admit(self, session: "ChannelSession", relay: RelayConnection, row: InvitationRow) -> None:
        try:
            if row.state is not InvitationState.ANSWERED and row.expires_ms <= self._clock():
                # Its mailbox is gone. Opening it again would give the code a second life, and whoever was
                # added now could not be told.
                self._asking.take_back(session, row)
                raise InvitationRefused("it expired")
            if row.state is InvitationState.OPEN:
                row = await self._await_request(session, relay, row)
            if row.state is InvitationState.REQUESTED:
                await self._seat(session, row)
                row = self._get(row.mailbox)
            if row.state is InvitationState.ANSWERED:
                blobs = _decode_blobs(row.outgoing or b"")
                await post_letter(relay, mailbox=row.mailbox, slot=RESPONSE_SLOT, blobs=blobs)
                self._put(replace(row, state=InvitationState.DONE, outgoing=None))
                session.notify()
        except (InvitationRefused, ChannelError, MLSError, ProtocolError) as error:
            # Expired, used by somebody without the secret, or not admissible: this invitation is over. The
            # person who holds the code is told by the relay, or by the mailbox being gone.
            expired = row.state is InvitationState.OPEN and row.expires_ms <= self._clock()
            why = "it expired" if expired else _words(error)
            failed = replace(self._get(row.mailbox), state=InvitationState.FAILED, outgoing=None, refusal=why)
            self._put(failed)
            session.notify()
            await close_mailbox(relay, mailbox=row.mailbox)

    async def _await_request(
        self, session: "ChannelSession", relay: RelayConnection, row: InvitationRow
    ) -> InvitationRow:
        lifetime_s = max(1, (row.expires_ms - self._clock()) // 1000)
        await open_mailbox(relay, log=self._log_id, mailbox=row.mailbox, lifetime_s=lifetime_s)
        self._open.add(row.mailbox)
        session.notify()
        blobs = await read_letter(relay, mailbox=row.mailbox, slot=REQUEST_SLOT, wait=True)
        request = _invitation(row).open_request(blobs)
        line_for(session.conversation, _offer(row), request)  # refused here rather than in the commit
        row = replace(row, state=InvitationState.REQUESTED, outgoing=_encode_blobs(blobs))
        self._put(row)
        return row

    async def _seat(self, session: "ChannelSession", row: InvitationRow) -> None:
        offer, request = _offer(row), _invitation(row).open_request(_decode_blobs(row.outgoing or b""))
        if is_member(session.conversation, request):
            raise InvitationRefused("the invitee is a member already")
        await self._asking.agree(session, row, offer, request)
        await session.commit(
            lambda conversation: propose_admission(conversation, offer, request),
            intent=row.mailbox,
            done=lambda conversation: is_member(conversation, request),
        )

    def _unfinished(self) -> tuple[InvitationRow, ...]:
        with self._store.transaction() as tx:
            rows = tx.invitations.unfinished(Side.INVITER)
        return tuple(row for row in rows if row.log_id == self._log_id)

    def _get(self, mailbox: bytes) -> InvitationRow:
        with self._store.transaction() as tx:
            row = tx.invitations.get(mailbox)
        if row is None:
            raise InvitationRefused("the invitation was withdrawn")
        return row

    def _put(self, row: InvitationRow) -> None:
        with self._store.transaction() as tx:
            tx.invitations.put(row)


def save_answer(tx: Transaction, committing: Committing, conversation: Conversation, position: int) -> None:
    """Fix the answer to an invitee, in the transaction in which the commit that adds them came into force.

    Args:
        tx: That transaction.
        committing: Our commit; its intent names the mailbox.
        conversation: The channel after it.
        position: Of the commit; the history handed over ends with it.
    """
    row = tx.invitations.get(committing.intent) if committing.intent else None
    if row is None or committing.welcome is None:
        return
    genesis = conversation.transcript.genesis
    response = InvitationResponse(
        welcome=committing.welcome,
        genesis=genesis.encode(),
        history=format_export(export_of(tx, genesis.log_id, size=position + 1)),
        relay_vkey=genesis.relay_vkey,
    )
    blobs = _invitation(row).seal_response(response)
    tx.invitations.put(replace(row, state=InvitationState.ANSWERED, outgoing=_encode_blobs(blobs)))


def _words(error: Exception) -> str:
    if isinstance(error, RuleViolation):
        return error.hint if error.field is None else f"{error.field}: {error.hint}"
    return str(error)


def _offer(row: InvitationRow) -> SeatOffer:
    return SeatOffer(
        role=Role(row.role),
        name=row.name,
        principal=row.principal,
        principal_name=row.principal_name,
        mandates=_decode_mandates(row.mandates),
        replaces=row.replaces,
    )


def _encode_mandates(mandates: Sequence[Mandate]) -> bytes | None:
    if not mandates:
        return None
    return canonical.encode([mandate.model_dump(mode="json", exclude_none=True) for mandate in mandates])


def _decode_mandates(data: bytes | None) -> tuple[Mandate, ...]:
    if data is None:
        return ()
    items = as_list(canonical.decode(data, max_size=_MAX_MANDATES), what="mandates")
    return tuple(validated(Mandate, item) for item in items)


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(row.relay_url, row.invitation_secret)


def _encode_blobs(blobs: Sequence[bytes]) -> bytes:
    return canonical.encode(list(blobs))


def _decode_blobs(data: bytes) -> tuple[bytes, ...]:
    blobs = as_list(canonical.decode(data, max_size=_MAX_OUTGOING), what="sealed letter")
    return tuple(as_bytes(blob, what="sealed blob") for blob in blobs)
