"""One frame of every kind, with the largest variety of fields."""

from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    EndOfEpoch,
    Entries,
    Frame,
    Greeting,
    Hello,
    Limits,
    MailboxClose,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    Receipt,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
    Unsubscribe,
)

LOG = bytes(range(32))
KEY = bytes(range(32, 64))
MAILBOX = bytes(range(64, 96))
LIMITS = Limits(
    max_batch=262_144,
    max_frames=1024,
    max_outstanding=8,
    max_entry=65_535,
    max_blob=131_072,
    max_blobs=64,
    max_lifetime_s=604_800,
    max_logs=64,
)

SAMPLES: tuple[Frame, ...] = (
    Hello(versions=(1, 300)),
    Greeting(version=1, relay_vkey="localhost+00000000+key", challenge=bytes(32), limits=LIMITS),
    Create(request=1, genesis=b"\x00genesis", access_key=KEY, admission_token="token"),
    Authorise(request=2, log=LOG, epoch=3, access_key=KEY, signature=bytes(64)),
    Authorised(request=2, log=LOG, epoch=3, size=17, readable=16),
    Append(request=3, log=LOG, message=b"message", next_access_key=None),
    Append(request=4, log=LOG, message=b"commit", next_access_key=KEY),
    Receipts(
        log=LOG,
        checkpoint=b"note\n",
        items=(
            Receipt(request=3, position=17, relay_time_ms=1_795_000_000_000),
            Receipt(request=4, position=18, relay_time_ms=1_795_000_000_001),
        ),
    ),
    Subscribe(request=5, log=LOG, start=0),
    Entries(log=LOG, start=17, entries=(b"one", b"two"), checkpoint=b"note\n", consistency=(KEY, LOG)),
    Entries(log=LOG, start=19, entries=(), checkpoint=b"note\n", consistency=()),
    Unsubscribe(request=6, log=LOG),
    EndOfEpoch(log=LOG, epoch=3, readable=19),
    MailboxOpen(request=7, log=LOG, mailbox=MAILBOX, lifetime_s=3600),
    MailboxPost(request=8, mailbox=MAILBOX, slot=0, index=0, blob=b"blob", final=True),
    MailboxRead(request=9, mailbox=MAILBOX, slot=1, start=0, wait=False),
    MailboxContents(request=9, blobs=(b"blob", b""), final=True),
    MailboxClose(request=10, mailbox=MAILBOX),
    Done(request=10),
    Refused(
        request=11,
        code=RefusalCode.WRONG_EPOCH,
        detail="the log is in another epoch",
        epoch=4,
        size=19,
        retry_after_ms=0,
    ),
)
