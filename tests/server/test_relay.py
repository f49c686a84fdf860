"""The rules, on the memory store."""

import pytest

from protocols.log import checkpoint
from protocols.log.entry import Entry, decode_entry
from protocols.log.merkle import HashTree, leaf_hash, verify_consistency
from protocols.relay.access import signed_bytes
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Done,
    EndOfEpoch,
    Entries,
    Receipts,
    Subscribe,
    Unsubscribe,
)
from tests.server.rig import SIGNER, Member, Rig, code_of, expect, genesis, key, public, rig
from tests.support.fake_mls import APPLICATION, COMMIT, PROPOSAL, private_message

ORIGIN_KEY = SIGNER.verifier.public_key


async def entries_of(member: Member, log: bytes, start: int = 0) -> list[bytes]:
    expect(Done, await member.subscribe(log, start))
    return [entry for page in await member.pages() if isinstance(page, Entries) for entry in page.entries]


async def test_what_is_appended_is_receipted_ordered_and_delivered() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        ben = relay.member()
        authorised = expect(Authorised, await ben.authorise(log, 0, key(0)))
        assert (authorised.size, authorised.readable) == (1, 1)
        expect(Done, await ben.subscribe(log, 0))
        (first,) = await ben.pages()
        assert isinstance(first, Entries)
        assert first.entries == (genesis().encode(),)
        receipt = expect(Receipts, await ada.append(log, 0, b"one"))
        assert [item.position for item in receipt.items] == [1]
        (page,) = await ben.pages()
        assert isinstance(page, Entries)
        entry = decode_entry(page.entries[0])
        assert isinstance(entry, Entry)
        assert entry.message == private_message(log, 0, body=b"one")
        assert entry.relay_time_ms == receipt.items[0].relay_time_ms == relay.now_ms
        assert page.checkpoint == receipt.checkpoint
        tree = HashTree(map(leaf_hash, (*first.entries, *page.entries)))
        verified = checkpoint.verify(page.checkpoint, origin=genesis().origin, public_key=ORIGIN_KEY)
        assert (verified.size, verified.root) == (2, tree.root())


async def test_subscribing_at_the_head_shows_the_checkpoint_at_once() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.subscribe(log, 1))
        assert await ada.pages() == [
            Entries(
                log=log,
                start=1,
                entries=(),
                checkpoint=(await first_page(relay, log)).checkpoint,
                consistency=(),
            )
        ]
        assert await ada.pages() == []


async def first_page(relay: Rig, log: bytes) -> Entries:
    reader = relay.member()
    expect(Authorised, await reader.authorise(log, 0, key(0)))
    expect(Done, await reader.subscribe(log, 0))
    (page,) = await reader.pages()
    return expect(Entries, page)


async def test_a_client_ahead_of_the_relay_gets_the_evidence() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.subscribe(log, 9))
        (page,) = await ada.pages()
        assert isinstance(page, Entries)
        assert (page.start, page.entries, page.consistency) == (9, (), ())
        assert checkpoint.verify(page.checkpoint, origin=genesis().origin, public_key=ORIGIN_KEY).size == 1


async def test_pages_of_a_past_epoch_prove_consistency_with_the_head() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        await ada.append(log, 0, b"one")
        expect(Receipts, await ada.append(log, 0, b"commit", next_key=key(1)))
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        for body in (b"two", b"three"):
            expect(Receipts, await ada.append(log, 1, body))
        everything = await entries_of(ada, log)
        late = relay.member()
        authorised = expect(Authorised, await late.authorise(log, 0, key(0)))
        assert (authorised.size, authorised.readable) == (5, 3)
        expect(Done, await late.subscribe(log, 0))
        page, end = await late.pages()
        assert isinstance(page, Entries)
        assert end == EndOfEpoch(log=log, epoch=0, readable=3)
        assert list(page.entries) == everything[:3]
        head = checkpoint.verify(page.checkpoint, origin=genesis().origin, public_key=ORIGIN_KEY)
        verify_consistency(
            old_size=3,
            new_size=5,
            proof=page.consistency,
            old_root=HashTree(map(leaf_hash, page.entries)).root(),
            new_root=head.root,
        )


async def test_a_live_subscription_ends_with_its_epoch() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.subscribe(log, 1))
        await ada.pages()
        await ada.append(log, 0, b"commit", next_key=key(1))
        ben = relay.member()
        expect(Authorised, await ben.authorise(log, 1, key(1)))
        await ben.append(log, 1, b"after")
        page, end = await ada.pages()
        assert len(expect(Entries, page).entries) == 1
        assert end == EndOfEpoch(log=log, epoch=0, readable=2)
        assert log not in ada.peer.subscriptions
        assert code_of(await ada.subscribe(log, 3)) == "UNAUTHORISED"


async def test_the_losing_commit_of_a_race_learns_where_the_log_is() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        ben = relay.member()
        expect(Authorised, await ben.authorise(log, 0, key(0)))
        expect(Receipts, await ada.append(log, 0, b"first commit", next_key=key(1)))
        refused = await ben.append(log, 0, b"second commit", next_key=key(2))
        assert code_of(refused) == "WRONG_EPOCH"
        assert (getattr(refused, "epoch", 0), getattr(refused, "size", 0)) == (1, 2)
        assert code_of(await ben.append(log, 0, b"late message")) == "WRONG_EPOCH"


async def test_a_contest_is_taken_until_a_key_of_the_new_epoch_is_used() -> None:
    async with rig() as relay:
        log, mallory = await relay.channel()
        expect(Receipts, await mallory.append(log, 0, b"garbage commit", next_key=key(66)))
        ada = relay.member()
        # Shown again with the epoch over, the old key may contest; both new keys are then good for the new epoch.
        expect(Authorised, await ada.authorise(log, 0, key(0)))
        assert code_of(await ada.append(log, 0, b"not a commit")) == "WRONG_EPOCH"
        expect(Receipts, await ada.append(log, 0, b"valid commit", next_key=key(1)))
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        expect(Receipts, await ada.append(log, 1, b"we go on"))
        assert code_of(await ada.append(log, 1, b"commit", next_key=key(2))) == "RATE_LIMITED"
        expect(Authorised, await mallory.authorise(log, 1, key(66)))
        assert code_of(await ada.append(log, 1, b"lost")) == "EPOCH_KEY_MISMATCH"
        assert code_of(await ada.authorise(log, 1, key(1))) == "EPOCH_KEY_MISMATCH"
        late = relay.member()
        authorised = expect(Authorised, await late.authorise(log, 0, key(0)))
        assert authorised.readable == 3  # up to and including the last commit that ends epoch 0
        assert code_of(await late.append(log, 0, b"too late", next_key=key(7))) == "WRONG_EPOCH"


async def test_a_subscription_under_a_key_that_lost_its_contest_ends() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Receipts, await ada.append(log, 0, b"removes mallory", next_key=key(1)))
        mallory = relay.member()
        expect(Authorised, await mallory.authorise(log, 0, key(0)))
        expect(Receipts, await mallory.append(log, 0, b"garbage commit", next_key=key(66)))
        expect(Authorised, await mallory.authorise(log, 1, key(66)))
        expect(Done, await mallory.subscribe(log, 2))
        await mallory.pages()
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        expect(Receipts, await ada.append(log, 1, b"among us"))
        assert [type(page) for page in await mallory.pages()] == [EndOfEpoch]
        assert not mallory.peer.subscriptions


async def test_a_removed_members_key_is_refused_after_its_commit() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        removed = relay.member()
        expect(Authorised, await removed.authorise(log, 0, key(0)))
        expect(Receipts, await ada.append(log, 0, b"remove", next_key=key(1)))
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        expect(Receipts, await ada.append(log, 1, b"among us"))
        assert code_of(await removed.append(log, 0, b"still here")) == "WRONG_EPOCH"
        assert code_of(await removed.subscribe(log, 3)) == "UNAUTHORISED"
        assert len(await entries_of(removed, log)) == 2
        assert code_of(await removed.authorise(log, 1, key(0))) == "EPOCH_KEY_MISMATCH"


async def test_a_retry_gets_its_first_receipt_whatever_the_epoch_is_now() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        first = expect(Receipts, await ada.append(log, 0, b"once")).items[0]
        relay.now_ms += 5000
        again = expect(Receipts, await ada.append(log, 0, b"once")).items[0]
        assert (again.position, again.relay_time_ms) == (first.position, first.relay_time_ms)
        commit = expect(Receipts, await ada.append(log, 0, b"commit", next_key=key(1))).items[0]
        retried = expect(Receipts, await ada.append(log, 0, b"commit", next_key=key(1))).items[0]
        assert retried.position == commit.position
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        receipts = expect(Receipts, await ada.append(log, 0, b"once"))
        assert receipts.items[0].position == first.position
        assert (
            checkpoint.verify(receipts.checkpoint, origin=genesis().origin, public_key=ORIGIN_KEY).size == 3
        )
        assert code_of(await ada.append(log, 0, b"never sent")) == "WRONG_EPOCH"
        assert len(await entries_of(ada, log)) == 3


async def test_a_retry_beyond_what_the_key_reads_is_refused() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        removed = relay.member()
        expect(Authorised, await removed.authorise(log, 0, key(0)))
        await ada.append(log, 0, b"remove", next_key=key(1))
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        await ada.append(log, 1, b"secret")
        assert code_of(await removed.append(log, 1, b"secret")) == "WRONG_EPOCH"


@pytest.mark.parametrize(
    ("message", "next_access_key", "code"),
    [
        (b"not mls", None, "NOT_PRIVATE_MESSAGE"),
        ("other group", None, "NOT_PRIVATE_MESSAGE"),
        ("public message", None, "NOT_PRIVATE_MESSAGE"),
        ("trailing", None, "NOT_PRIVATE_MESSAGE"),
        ("commit", None, "MALFORMED"),
        ("application", public(key(1)), "MALFORMED"),
        ("proposal", public(key(1)), "MALFORMED"),
        ("commit", bytes(32), "MALFORMED"),
        ("future", None, "WRONG_EPOCH"),
        ("too large", None, "TOO_LARGE"),
    ],
    ids=lambda value: value.hex()[:8] if isinstance(value, bytes) else str(value),
)
async def test_what_is_not_appended(message: bytes | str, next_access_key: bytes | None, code: str) -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        messages = {
            "other group": private_message(bytes(32), 0),
            "public message": private_message(log, 0, wire_format=1),
            "trailing": private_message(log, 0) + b"x",
            "commit": private_message(log, 0, COMMIT),
            "application": private_message(log, 0, APPLICATION),
            "proposal": private_message(log, 0, PROPOSAL),
            "future": private_message(log, 1),
            "too large": private_message(log, 0, body=bytes(65_480)),
        }
        data = messages[message] if isinstance(message, str) else message
        answer = await ada.ask(Append(request=1, log=log, message=data, next_access_key=next_access_key))
        assert code_of(answer) == code
        assert len(await entries_of(ada, log)) == 1


async def test_the_largest_entry_fits() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        room = 65_535 - 41 - len(private_message(log, 0, body=b"x" * 60_000)) + 60_000
        expect(Receipts, await ada.append(log, 0, bytes(room), next_key=key(1)))
        assert [len(entry) for entry in await entries_of(ada, log)][1] == 65_535


async def test_without_proof_nothing_is_appended_or_read() -> None:
    async with rig() as relay:
        log, _ = await relay.channel()
        eve = relay.member()
        assert code_of(await eve.append(log, 0, b"hello")) == "UNAUTHORISED"
        assert code_of(await eve.subscribe(log, 0)) == "UNAUTHORISED"
        assert code_of(await eve.authorise(log, 0, key(5))) == "EPOCH_KEY_MISMATCH"
        assert code_of(await eve.authorise(log, 1, key(0))) == "EPOCH_KEY_MISMATCH"
        assert code_of(await eve.authorise(bytes(32), 0, key(0))) == "UNKNOWN_LOG"
        forged = Authorise(request=1, log=log, epoch=0, access_key=public(key(0)), signature=bytes(64))
        assert code_of(await eve.ask(forged)) == "UNAUTHORISED"
        assert not eve.peer.sessions


async def test_a_proof_is_good_for_one_connection_only() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        message = signed_bytes(
            relay_vkey=SIGNER.vkey, challenge=ada.peer.challenge, log=log, epoch=0, access_key=public(key(0))
        )
        proof = Authorise(
            request=1, log=log, epoch=0, access_key=public(key(0)), signature=key(0).sign(message)
        )
        expect(Authorised, await ada.ask(proof))
        assert code_of(await relay.member().ask(proof)) == "UNAUTHORISED"


async def test_connections_that_are_gone_leave_nothing_behind() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.subscribe(log, 0))
        assert len(relay.service.relay.live) == 1
        relay.service.relay.disconnect(ada.peer)
        relay.service.relay.disconnect(ada.peer)
        assert len(relay.service.relay.live) == 0
        expect(Authorised, await relay.member().authorise(log, 0, key(0)))


async def test_authorising_anew_replaces_the_right() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        await ada.append(log, 0, b"commit", next_key=key(1))
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        assert len(ada.peer.sessions) == 1
        expect(Receipts, await ada.append(log, 1, b"new"))
        relay.service.relay.disconnect(ada.peer)
        assert len(relay.service.relay.live) == 0


async def test_unsubscribing_and_subscribing_again() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.subscribe(log, 0))
        expect(Done, await ada.ask(Unsubscribe(request=1, log=log)))
        expect(Done, await ada.ask(Unsubscribe(request=1, log=log)))
        assert await ada.pages() == []
        expect(Done, await ada.ask(Subscribe(request=1, log=log, start=0)))
        expect(Done, await ada.ask(Subscribe(request=1, log=log, start=1)))
        (page,) = await ada.pages()
        assert expect(Entries, page).start == 1
