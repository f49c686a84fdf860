"""The inviter's side of an invitation: a mailbox, a request, a commit, a welcome with the history.

Each step is in the store before the next begins, so a client that is killed anywhere goes on where it was:

    OPEN       the code was given; wait for the invitee's request
    REQUESTED  the request is fixed; commit until the invitee is on the roster
    ANSWERED   the commit is in force and the sealed answer is fixed; post it
    DONE       posted; the invitee takes it and closes the mailbox
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from channel.audit import format_export
from channel.charter import CHARTER_EXTENSION, GOVERNING, Charter, RosterEntry
from channel.errors import ChannelError
from channel.identity import participant_id
from channel.invitation import Invitation, InvitationRequest, InvitationResponse
from channel.mls import Add, Extension, GroupContextExtensions, KeyPackage, Proposal, Remove
from client.archive import export_of
from client.conversation import Committing, Conversation
from client.errors import InvitationRefused
from client.events import Invited
from client.journal import Journal
from client.letters import close_mailbox, open_mailbox, post_letter, read_letter
from client.store import InvitationRow, InvitationState, Side, Transaction
from client.transport import RelayConnection
from protocols import canonical
from protocols.errors import ProtocolError
from protocols.messages import Role
from protocols.relay.frames import REQUEST_SLOT, RESPONSE_SLOT
from protocols.shape import as_bytes, as_list

__all__ = ["DEFAULT_LIFETIME_S", "Admission", "propose_removal", "save_answer"]

DEFAULT_LIFETIME_S = 24 * 3_600

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

_MAX_OUTGOING = 96 * 1024 * 1024


class Admission:
    """Serves the open invitations of one channel while its session runs."""

    def __init__(self, journal: Journal, *, clock: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._journal = journal
        self._store = journal.store
        self._log_id = journal.log_id
        self._clock = clock
        self._random = random
        self._new = asyncio.Event()
        self._open: set[bytes] = set()

    def check_allowed(self) -> None:
        """Raise ``InvitationRefused`` where our own role does not let us invite (CHARTER-7)."""
        seat = self._journal.conversation.transcript.epoch.charter.entry(self._journal.me)
        if seat is not None and seat.role not in GOVERNING:
            raise InvitationRefused(
                f"only a party or a mediator may invite, and you are {seat.role} here: ask one of them"
            )

    def invite(self, *, name: str, role: Role, lifetime_s: int) -> Invited:
        """Make and keep a new invitation; it is served from now on. Raises as ``check_allowed``."""
        self.check_allowed()
        invitation = Invitation(self._journal.relay_url, self._random(32))
        now_ms = self._clock()
        row = InvitationRow(
            mailbox=invitation.mailbox_id,
            invitation_secret=invitation.secret,
            side=Side.INVITER,
            log_id=self._log_id,
            relay_url=invitation.relay_url,
            role=role.value,
            name=name,
            expires_ms=now_ms + 1000 * lifetime_s,
            state=InvitationState.OPEN,
            created_ms=now_ms,
        )
        self._put(row)
        self._new.set()
        return Invited(code=invitation.code, mailbox=row.mailbox, expires_ms=row.expires_ms)

    def state(self, mailbox: bytes) -> InvitationState:
        """How far an invitation has come."""
        return self._get(mailbox).state

    def is_open(self, mailbox: bytes) -> bool:
        """Whether the relay has opened an invitation's mailbox for us, as far as this process knows."""
        return mailbox in self._open

    def is_settled(self, mailbox: bytes) -> bool:
        """Whether an invitation's mailbox is open or never will be."""
        return self.is_open(mailbox) or self.state(mailbox) is InvitationState.FAILED

    @asynccontextmanager
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
                raise InvitationRefused("the invitation has expired")
            if row.state is InvitationState.OPEN:
                row = await self._await_request(session, relay, row)
            if row.state is InvitationState.REQUESTED:
                await self._commit(session, row)
                row = self._get(row.mailbox)
            if row.state is InvitationState.ANSWERED:
                blobs = _decode_blobs(row.outgoing or b"")
                await post_letter(relay, mailbox=row.mailbox, slot=RESPONSE_SLOT, blobs=blobs)
                self._put(replace(row, state=InvitationState.DONE, outgoing=None))
                session.notify()
        except (InvitationRefused, ChannelError, ProtocolError):
            # Expired, used by somebody without the secret, or not admissible: this invitation is over. The
            # person who holds the code is told by the relay, or by the mailbox being gone.
            self._put(replace(self._get(row.mailbox), state=InvitationState.FAILED, outgoing=None))
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
        _entry(session.conversation, row, request)  # refused here rather than in the commit
        row = replace(row, state=InvitationState.REQUESTED, outgoing=_encode_blobs(blobs))
        self._put(row)
        return row

    async def _commit(self, session: "ChannelSession", row: InvitationRow) -> None:
        request = _invitation(row).open_request(_decode_blobs(row.outgoing or b""))
        newcomer = participant_id(request.identity_key)
        if newcomer in session.conversation.transcript.epoch.members.values():
            raise InvitationRefused("the invitee is a member already")

        def propose(conversation: Conversation) -> Sequence[Proposal]:
            charter = conversation.transcript.epoch.charter
            following = charter.with_entry(_entry(conversation, row, request))
            return (
                Add(_key_package(conversation, request)),
                GroupContextExtensions((Extension(CHARTER_EXTENSION, following.encode()),)),
            )

        await session.commit(
            propose,
            intent=row.mailbox,
            done=lambda conversation: newcomer in conversation.transcript.epoch.members.values(),
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


def propose_removal(participant: str, conversation: Conversation) -> Sequence[Proposal]:
    """The proposals that remove somebody: all their leaves, and their seat.

    Raises:
        ChannelError: The charter does not allow it.
    """
    epoch = conversation.transcript.epoch
    leaves = [leaf for leaf, member in epoch.members.items() if member == participant]
    following: Charter = epoch.charter.without(participant)
    return (
        *(Remove(leaf) for leaf in leaves),
        GroupContextExtensions((Extension(CHARTER_EXTENSION, following.encode()),)),
    )


def _entry(conversation: Conversation, row: InvitationRow, request: InvitationRequest) -> RosterEntry:
    """The seat of an invitee whose certificate vouches for the key package they sent."""
    leaf = _key_package(conversation, request).leaf_node
    if leaf.credential.identity != request.certificate:
        raise InvitationRefused("the invitee's key package is of another identity")
    entry = RosterEntry(key=request.identity_key, name=row.name or request.name, role=Role(row.role))
    conversation.transcript.epoch.charter.with_entry(entry)
    return entry


def _key_package(conversation: Conversation, request: InvitationRequest) -> KeyPackage:
    """Of the key packages an invitee offers, the one of the channel's cipher suite."""
    suite_number = conversation.transcript.genesis.cipher_suite
    for key_package in map(KeyPackage.decode, request.key_packages):
        if key_package.cipher_suite == suite_number:
            return key_package
    raise InvitationRefused(f"the invitee's program does not speak cipher suite {suite_number}")


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(row.relay_url, row.invitation_secret)


def _encode_blobs(blobs: Sequence[bytes]) -> bytes:
    return canonical.encode(list(blobs))


def _decode_blobs(data: bytes) -> tuple[bytes, ...]:
    blobs = as_list(canonical.decode(data, max_size=_MAX_OUTGOING), what="sealed letter")
    return tuple(as_bytes(blob, what="sealed blob") for blob in blobs)
