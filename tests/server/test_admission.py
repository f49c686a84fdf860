"""Who may begin a channel, how fast anyone may go, and how much a log may hold."""

from dataclasses import replace

from protocols.relay.frames import Authorised, Create, Done, Receipts, Unsubscribe
from server.config import Config, Rates
from server.limits import Rate
from server.tokens import new_token
from tests.server.rig import SIGNER, code_of, expect, genesis, key, public, rig
from tests.server.test_relay import entries_of


async def test_creation_again_and_with_another_key() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        await ada.append(log, 0, b"one")
        frame = Create(request=1, genesis=genesis().encode(), access_key=public(key(0)), admission_token="")
        expect(Done, await ada.ask(frame))
        assert code_of(await ada.ask(replace(frame, access_key=public(key(9))))) == "LOG_EXISTS"
        assert code_of(await ada.ask(replace(frame, access_key=bytes(32)))) == "MALFORMED"
        assert code_of(await ada.ask(replace(frame, genesis=b"\x00nonsense"))) == "MALFORMED"
        assert len(await entries_of(ada, log)) == 2


async def test_a_genesis_for_another_relay_is_refused() -> None:
    async with rig() as relay:
        ada = relay.member()
        elsewhere = replace(SIGNER.verifier, name="elsewhere").vkey
        frame = Create(
            request=1, genesis=genesis(vkey=elsewhere).encode(), access_key=public(key(0)), admission_token=""
        )
        assert code_of(await ada.ask(frame)) == "MALFORMED"


async def test_admission_needs_a_token_that_is_known_and_not_expired() -> None:
    rates = replace(Rates(), creations=Rate(1, 2))
    async with rig(Config(open=False, rates=rates)) as relay:
        ada = relay.member()
        frame = Create(request=1, genesis=genesis().encode(), access_key=public(key(0)), admission_token="")
        assert code_of(await ada.ask(frame)) == "ADMISSION_REQUIRED"
        secret, record = new_token(
            "mediator", random=bytes, now_ms=relay.now_ms, expires_ms=relay.now_ms + 1000
        )
        await relay.store.create_token(record)
        assert code_of(await ada.ask(replace(frame, admission_token=secret + "x"))) == "ADMISSION_REQUIRED"
        expect(Done, await ada.ask(replace(frame, admission_token=secret)))
        expect(Done, await ada.ask(replace(frame, admission_token=secret, genesis=genesis(1).encode())))
        limited = await ada.ask(replace(frame, admission_token=secret, genesis=genesis(2).encode()))
        assert code_of(limited) == "RATE_LIMITED"
        assert getattr(limited, "retry_after_ms", 0) == 1000
        relay.now_ms += 1000
        relay.now_s += 60
        assert code_of(await ada.ask(replace(frame, admission_token=secret))) == "ADMISSION_REQUIRED"


async def test_rates_say_when_to_come_back() -> None:
    rates = replace(Rates(), requests=Rate(10, 12), appends=Rate(1, 1))
    async with rig(Config(open=True, rates=rates)) as relay:
        log, ada = await relay.channel()  # 11 of 12
        relay.now_s += 60
        expect(Receipts, await ada.append(log, 0, b"one"))
        slow = await ada.append(log, 0, b"two")
        assert code_of(slow) == "RATE_LIMITED"
        assert getattr(slow, "retry_after_ms", 0) == 1000
        relay.now_s += 1
        expect(Receipts, await ada.append(log, 0, b"two"))
        for _ in range(20):
            answer = await ada.ask(Unsubscribe(request=1, log=log))
        assert code_of(answer) == "RATE_LIMITED"
        assert getattr(answer, "retry_after_ms", 0) == 100


async def test_quotas() -> None:
    config = Config(open=True, max_connections_per_log=2, max_log_entries=2)
    config = replace(config, limits=replace(config.limits, max_logs=1))
    async with rig(config) as relay:
        log, ada = await relay.channel()
        expect(Receipts, await ada.append(log, 0, b"one"))
        assert code_of(await ada.append(log, 0, b"two")) == "QUOTA_EXCEEDED"
        expect(Authorised, await relay.member().authorise(log, 0, key(0)))
        third = relay.member()
        assert code_of(await third.authorise(log, 0, key(0))) == "QUOTA_EXCEEDED"
        relay.service.relay.disconnect(ada.peer)
        expect(Authorised, await third.authorise(log, 0, key(0)))
        other, _ = await relay.channel(1)
        assert code_of(await third.authorise(other, 0, key(0))) == "QUOTA_EXCEEDED"


async def test_a_draining_relay_refuses_everything() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        relay.service.relay.draining = True
        answer = await ada.append(log, 0, b"one")
        assert code_of(answer) == "DRAINING"
        assert getattr(answer, "retry_after_ms", 0) > 0
