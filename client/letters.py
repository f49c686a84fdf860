"""Letters through a relay's one-time mailboxes (DESIGN.md decision 5), on an open connection."""

from collections.abc import Sequence

from channel.invitation import BLOB_SIZE, MAX_LETTER_SIZE
from client.errors import InvitationRefused, RelayMisbehaved, RelayUnreachable
from client.transport import Answer, RelayConnection
from protocols.relay.frames import (
    Done,
    MailboxClose,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    RefusalCode,
    Refused,
)

__all__ = ["close_mailbox", "open_mailbox", "post_letter", "read_letter"]

#: A relay sends what it likes: no letter has more blobs, or more bytes, than these.
_MAX_BLOBS = MAX_LETTER_SIZE // BLOB_SIZE + 1
_MAX_SEALED_SIZE = _MAX_BLOBS * (BLOB_SIZE + 16)


async def open_mailbox(relay: RelayConnection, *, log: bytes, mailbox: bytes, lifetime_s: int) -> None:
    """Make a mailbox, on account of a channel this connection is authorised for.

    Args:
        relay: The connection.
        log: The channel, 32 bytes.
        mailbox: Its id, 32 bytes.
        lifetime_s: After this many seconds the relay forgets it.

    Raises:
        InvitationRefused: The relay has no room for it, or not for so long.
        RelayUnreachable: The connection ended. It may have been made; making it again tells.

    Cancellation: it may have been made.
    """
    frame = MailboxOpen(request=1, log=log, mailbox=mailbox, lifetime_s=lifetime_s)
    answer = await relay.request(frame)
    # Ours is the only client that knows this id: one that exists is the one we made before we lost the
    # answer.
    if not isinstance(answer, Done) and not _is(answer, RefusalCode.MAILBOX_EXISTS):
        raise _refused(answer)


async def post_letter(relay: RelayConnection, *, mailbox: bytes, slot: int, blobs: Sequence[bytes]) -> None:
    """Post the sealed blobs of a letter. Posting the same letter again changes nothing.

    Args:
        relay: The connection.
        mailbox: Its id, 32 bytes.
        slot: REQUEST_SLOT or RESPONSE_SLOT.
        blobs: In order; the last one is final.

    Raises:
        InvitationRefused: The mailbox is gone, or somebody else's letter is in the slot.
        RelayUnreachable: The connection ended; post again.

    Cancellation: some of the blobs may have been posted; post again.
    """
    for index, blob in enumerate(blobs):
        final = index == len(blobs) - 1
        frame = MailboxPost(request=1, mailbox=mailbox, slot=slot, index=index, blob=blob, final=final)
        answer = await relay.request(frame)
        if not isinstance(answer, Done):
            raise _refused(answer)


async def read_letter(relay: RelayConnection, *, mailbox: bytes, slot: int, wait: bool) -> tuple[bytes, ...]:
    """Read the blobs of a letter once it is complete.

    Args:
        relay: The connection.
        mailbox: Its id, 32 bytes.
        slot: REQUEST_SLOT or RESPONSE_SLOT.
        wait: Wait until it is complete; otherwise return nothing if it is not.

    Raises:
        InvitationRefused: The mailbox does not exist any more, or holds more than any letter.
        RelayUnreachable: The connection ended; read again.

    Cancellation: nothing is changed.
    """
    blobs: list[bytes] = []
    while True:
        frame = MailboxRead(request=1, mailbox=mailbox, slot=slot, start=len(blobs), wait=wait)
        answer = await relay.request(frame, timeout_s=None if wait else 30.0)
        if not isinstance(answer, MailboxContents):
            raise _refused(answer)
        blobs += answer.blobs
        if not all(blobs) or len(blobs) > _MAX_BLOBS or sum(map(len, blobs)) > _MAX_SEALED_SIZE:
            raise InvitationRefused("the mailbox holds more than an invitation can: ask for a new one")
        if answer.final:
            return tuple(blobs)
        if not answer.blobs:
            if wait:
                raise RelayMisbehaved("the relay answered before the mailbox was complete")
            return ()


async def close_mailbox(relay: RelayConnection, *, mailbox: bytes) -> None:
    """Delete a mailbox; one that is gone already is no error.

    Raises:
        RelayUnreachable: The connection ended; the mailbox goes when its lifetime ends.

    Cancellation: it may have been deleted.
    """
    await relay.request(MailboxClose(request=1, mailbox=mailbox))


def _is(answer: Answer, code: RefusalCode) -> bool:
    return isinstance(answer, Refused) and answer.code is code


def _refused(answer: Answer) -> InvitationRefused | RelayUnreachable:
    match answer:
        case Refused(code=RefusalCode.MAILBOX_UNKNOWN):
            return InvitationRefused(
                "the relay does not know this invitation: it has expired, was used, or the code is of another"
            )
        case Refused(code=RefusalCode.MAILBOX_USED):
            return InvitationRefused("this invitation has been used already: ask for a new one")
        case Refused(code=RefusalCode.QUOTA_EXCEEDED):
            return InvitationRefused("the relay has no room for another invitation: wait until one is used")
        case Refused(code=code):
            return InvitationRefused(
                f"the relay refused the invitation ({code.name.lower().replace('_', ' ')})"
            )
        case _:
            return RelayUnreachable("the relay gave an answer that does not fit: try again")
