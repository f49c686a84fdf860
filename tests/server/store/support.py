"""Small values for the store tests: numbered keys, genesis bytes and appends."""

import hashlib

from server.store import PendingAppend, RelayStore

EXPIRES_MS = 1_000_000


def key(number: int) -> bytes:
    return hashlib.sha256(b"key %d" % number).digest()


def genesis(number: int) -> bytes:
    return b"\x00genesis %d" % number


def log_id(number: int) -> bytes:
    return hashlib.sha256(genesis(number)).digest()


def append(
    message: bytes,
    *,
    log: bytes,
    epoch: int = 0,
    access_key: bytes | None = None,
    commit: bytes | None = None,
    contest: bool = False,
    now_ms: int = 1000,
) -> PendingAppend:
    """An append under `key(epoch)` unless another key is given; `commit` is the next access key."""
    return PendingAppend(
        log=log,
        access_key=key(epoch) if access_key is None else access_key,
        epoch=epoch,
        message=message,
        message_hash=hashlib.sha256(message).digest(),
        next_access_key=commit,
        now_ms=now_ms,
        contest=contest,
    )


async def create(store: RelayStore, number: int = 0, *, now_ms: int = 1000) -> bytes:
    """Create log `number` under `key(0)`; returns its id."""
    head = await store.create_log(genesis(number), access_key=key(0), now_ms=now_ms)
    return head.stored.log


async def everything(store: RelayStore, log: bytes) -> tuple[bytes, ...]:
    return await store.read(log, 0, max_count=1_000_000, max_bytes=1 << 40)
