"""How many may hold a right to a log at one time, and by which admission token."""

from dataclasses import replace

from protocols.relay.frames import Authorised, Create, Done, Receipts
from server.config import Config
from server.tokens import new_token
from tests.server.rig import Rig, code_of, expect, genesis, key, public, rig

TOKENS = Config(open=False, max_connections_per_token=2)


async def admitted(relay: Rig, label: str, *seeds: int) -> list[bytes]:
    """Logs created with one token."""
    secret, record = new_token(
        label, random=lambda size: label.encode().ljust(size, b"."), now_ms=relay.now_ms, expires_ms=None
    )
    await relay.store.create_token(record)
    creator = relay.member()
    for seed in seeds:
        made = genesis(seed).encode()
        frame = Create(request=1, genesis=made, access_key=public(key(0)), admission_token=secret)
        expect(Done, await creator.ask(frame))
    return [genesis(seed).log_id for seed in seeds]


async def test_one_token_has_so_many_connections_over_all_its_logs() -> None:
    async with rig(TOKENS) as relay:
        one, two = await admitted(relay, "mediator", 1, 2)
        (other,) = await admitted(relay, "other", 3)
        ada, ben, eve = relay.member(), relay.member(), relay.member()
        expect(Authorised, await ada.authorise(one, 0, key(0)))
        expect(Authorised, await ben.authorise(two, 0, key(0)))
        refusal = await eve.authorise(one, 0, key(0))
        assert code_of(refusal) == "QUOTA_EXCEEDED"
        assert "token" in getattr(refusal, "detail", "")
        expect(Authorised, await eve.authorise(other, 0, key(0)))
        # A connection counts once, however many of the token's logs it holds, and however often it asks.
        expect(Authorised, await ada.authorise(two, 0, key(0)))
        expect(Authorised, await ada.authorise(two, 0, key(0)))


async def test_a_connection_that_ends_makes_room() -> None:
    async with rig(TOKENS) as relay:
        one, two = await admitted(relay, "mediator", 1, 2)
        ada, ben, eve = relay.member(), relay.member(), relay.member()
        for log in (one, two):
            expect(Authorised, await ada.authorise(log, 0, key(0)))
        expect(Authorised, await ben.authorise(one, 0, key(0)))
        assert code_of(await eve.authorise(two, 0, key(0))) == "QUOTA_EXCEEDED"
        relay.service.relay.disconnect(ada.peer)
        expect(Authorised, await eve.authorise(two, 0, key(0)))
        relay.service.relay.disconnect(ben.peer)
        relay.service.relay.disconnect(eve.peer)
        rights = relay.service.relay._rights
        assert not rights._by_log
        assert not rights._by_token


async def test_on_an_open_relay_logs_have_no_token_to_count_by() -> None:
    async with rig(replace(TOKENS, open=True)) as relay:
        log, _ = await relay.channel()
        for _ in range(4):
            expect(Authorised, await relay.member().authorise(log, 0, key(0)))


async def test_keys_of_past_epochs_and_of_this_one_are_counted_apart() -> None:
    config = Config(open=True, max_connections_per_log=2, max_past_connections_per_log=1)
    async with rig(config) as relay:
        log, ada = await relay.channel()
        lagging = relay.member()
        expect(Authorised, await lagging.authorise(log, 0, key(0)))
        assert code_of(await relay.member().authorise(log, 0, key(0))) == "QUOTA_EXCEEDED"
        expect(Receipts, await ada.append(log, 0, b"commit", next_key=key(1)))
        # Who was there before is behind for a moment, and takes nobody's place meanwhile.
        expect(Authorised, await relay.member().authorise(log, 0, key(0)))
        assert code_of(await relay.member().authorise(log, 0, key(0))) == "QUOTA_EXCEEDED"
        expect(Authorised, await ada.authorise(log, 1, key(1)))
        expect(Authorised, await lagging.authorise(log, 1, key(1)))
        assert code_of(await relay.member().authorise(log, 1, key(1))) == "QUOTA_EXCEEDED"
        expect(Authorised, await lagging.authorise(log, 1, key(1)))
