"""One suite for every store: mailboxes and admission tokens. LIMITS: 3 mailboxes, 100 bytes, 4 blobs a slot."""

import pytest

from server.errors import (
    MailboxExists,
    MailboxOutOfOrder,
    MailboxUnknown,
    MailboxUsed,
    QuotaExceeded,
    TokenExists,
    UnknownLog,
)
from server.store import AdmissionToken, MailboxSlot, RelayStore
from tests.server.store.conftest import Reopen
from tests.server.store.support import EXPIRES_MS, create, key, log_id

BOX = key(100)
EMPTY = MailboxSlot((), False)


async def open_box(
    store: RelayStore, mailbox: bytes = BOX, *, number: int = 0, expires_ms: int = EXPIRES_MS
) -> None:
    log = await create(store, number)
    await store.open_mailbox(mailbox, log_id=log, now_ms=0, expires_ms=expires_ms)


async def post(
    store: RelayStore, blob: bytes, *, slot: int = 0, index: int = 0, final: bool = True, mailbox: bytes = BOX
) -> MailboxSlot:
    return await store.post_blob(mailbox, slot=slot, index=index, blob=blob, final=final, now_ms=0)


async def test_two_slots_of_several_blobs(reopen: Reopen) -> None:
    store = await reopen()
    await open_box(store)
    assert await store.read_mailbox(BOX, slot=0, now_ms=0) == EMPTY
    assert await post(store, b"a", final=False) == MailboxSlot((b"a",), False)
    store = await reopen()
    assert await post(store, b"b", index=1) == MailboxSlot((b"a", b"b"), True)
    await post(store, b"", slot=1)
    store = await reopen()
    assert await store.read_mailbox(BOX, slot=0, now_ms=0) == MailboxSlot((b"a", b"b"), True)
    assert await store.read_mailbox(BOX, slot=1, now_ms=0) == MailboxSlot((b"",), True)


async def test_posting_again_does_nothing(store: RelayStore) -> None:
    await open_box(store)
    await post(store, b"a", final=False)
    await post(store, b"b", index=1)
    both = MailboxSlot((b"a", b"b"), True)
    assert await post(store, b"a", final=False) == both
    assert await post(store, b"b", index=1) == both


@pytest.mark.parametrize(
    ("blob", "index", "final"),
    [(b"x", 0, False), (b"x", 1, True), (b"a", 0, True), (b"b", 1, False), (b"c", 2, True), (b"c", 9, True)],
)
async def test_a_second_poster_is_told(store: RelayStore, blob: bytes, index: int, final: bool) -> None:
    await open_box(store)
    await post(store, b"a", final=False)
    await post(store, b"b", index=1)
    with pytest.raises(MailboxUsed):
        await post(store, blob, index=index, final=final)
    assert await store.read_mailbox(BOX, slot=0, now_ms=0) == MailboxSlot((b"a", b"b"), True)
    assert await store.read_mailbox(BOX, slot=1, now_ms=0) == EMPTY


async def test_blobs_come_in_order(store: RelayStore) -> None:
    await open_box(store)
    with pytest.raises(MailboxOutOfOrder):
        await post(store, b"b", index=1)


async def test_a_mailbox_dies_at_its_time(reopen: Reopen) -> None:
    store = await reopen()
    await open_box(store, expires_ms=500)
    await open_box(store, key(101), expires_ms=501)
    await post(store, b"a")
    assert (await store.read_mailbox(BOX, slot=0, now_ms=499)).final
    with pytest.raises(MailboxUnknown):
        await store.read_mailbox(BOX, slot=0, now_ms=500)
    with pytest.raises(MailboxUnknown):
        await store.post_blob(BOX, slot=1, index=0, blob=b"", final=True, now_ms=500)
    assert await store.expire_mailboxes(499) == ()
    assert await store.expire_mailboxes(500) == (BOX,)
    assert await store.expire_mailboxes(500) == ()
    store = await reopen()
    with pytest.raises(MailboxUnknown):
        await store.read_mailbox(BOX, slot=0, now_ms=0)
    assert await store.read_mailbox(key(101), slot=0, now_ms=0) == EMPTY


async def test_closing(store: RelayStore) -> None:
    await open_box(store)
    await post(store, b"a")
    await store.close_mailbox(BOX)
    await store.close_mailbox(BOX)
    with pytest.raises(MailboxUnknown):
        await store.read_mailbox(BOX, slot=0, now_ms=0)
    with pytest.raises(MailboxUnknown):
        await post(store, b"a")
    await open_box(store)
    assert await store.read_mailbox(BOX, slot=0, now_ms=0) == EMPTY


async def test_opening_again(store: RelayStore) -> None:
    await open_box(store, expires_ms=500)
    await open_box(store, expires_ms=600)
    assert await store.read_mailbox(BOX, slot=0, now_ms=599) == EMPTY
    with pytest.raises(MailboxExists):
        await open_box(store, number=1)
    await post(store, b"a", slot=1)
    with pytest.raises(MailboxExists):
        await open_box(store)
    with pytest.raises(UnknownLog):
        await store.open_mailbox(key(101), log_id=log_id(9), now_ms=0, expires_ms=1)


async def test_an_expired_mailbox_makes_room(store: RelayStore) -> None:
    await open_box(store, expires_ms=500)
    await post(store, b"a")
    log = await create(store, 1)
    await store.open_mailbox(BOX, log_id=log, now_ms=500, expires_ms=900)
    assert await store.read_mailbox(BOX, slot=0, now_ms=500) == EMPTY


async def test_a_log_may_only_open_so_many(store: RelayStore) -> None:
    for number in range(3):
        await open_box(store, key(100 + number), expires_ms=500)
    with pytest.raises(QuotaExceeded):
        await open_box(store, key(103))
    await open_box(store, key(103), number=1)
    await store.open_mailbox(key(104), log_id=log_id(0), now_ms=500, expires_ms=900)


async def test_a_log_may_only_keep_so_many_bytes(store: RelayStore) -> None:
    await open_box(store)
    await open_box(store, key(101))
    await post(store, bytes(60))
    with pytest.raises(QuotaExceeded):
        await post(store, bytes(41), mailbox=key(101))
    await post(store, bytes(40), mailbox=key(101))
    await post(store, bytes(60))
    with pytest.raises(QuotaExceeded):
        await post(store, b"x", slot=1)
    await store.close_mailbox(key(101))
    await post(store, b"x", slot=1)


async def test_a_slot_may_only_hold_so_many_blobs(store: RelayStore) -> None:
    await open_box(store)
    for index in range(4):
        await post(store, b"", index=index, final=False)
    with pytest.raises(QuotaExceeded):
        await post(store, b"", index=4)


def token(number: int, *, expires_ms: int | None = None) -> AdmissionToken:
    return AdmissionToken(
        token_hash=key(number), label=f"token {number}", created_ms=7, expires_ms=expires_ms
    )


async def test_tokens_admit_until_they_expire_or_are_revoked(reopen: Reopen) -> None:
    store = await reopen()
    await store.create_token(token(2))
    await store.create_token(token(1, expires_ms=500))
    store = await reopen()
    assert await store.tokens() == (token(1, expires_ms=500), token(2))
    assert await store.admission(key(1), now_ms=499) == token(1, expires_ms=500)
    assert await store.admission(key(1), now_ms=500) is None
    assert await store.admission(key(2), now_ms=1 << 50) == token(2)
    assert await store.admission(key(3), now_ms=0) is None
    assert await store.revoke_token("token 2")
    assert not await store.revoke_token("token 2")
    store = await reopen()
    assert await store.admission(key(2), now_ms=0) is None
    assert await store.tokens() == (token(1, expires_ms=500),)


async def test_tokens_are_unique(store: RelayStore) -> None:
    await store.create_token(token(1))
    await store.create_token(token(1))
    same_label = AdmissionToken(token_hash=key(2), label="token 1", created_ms=7, expires_ms=None)
    same_hash = AdmissionToken(token_hash=key(1), label="other", created_ms=7, expires_ms=None)
    for other in (same_label, same_hash, token(1, expires_ms=9)):
        with pytest.raises(TokenExists):
            await store.create_token(other)
    assert await store.tokens() == (token(1),)
