"""One more entry costs the same late as early: counted in calls and in bytes, so that no busy machine decides."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from protocols.messages.build import compose, compose_receipt
from protocols.messages.codec import encode_body
from protocols.messages.values import format_time, time_ms
from protocols.negotiation import Negotiation, Received

from .talks import AMAL, BORIS, INFORM, MIRA, ROSTER, START

EARLY, LATE = 100, 8_000
NUMBER, TARGET = "0123456", "f" * 32


class Log:
    """INFORMs to two, each delivered to one of them, acknowledged and answered; a request stays open now and then."""

    def __init__(self) -> None:
        self.negotiation = Negotiation(ROSTER)
        self.position = 0
        statement = {**INFORM, "statement": f"Road {NUMBER} is open."}
        self.inform = encode_body(
            compose("INFORM", statement, sender=AMAL, to=[BORIS, MIRA], sent=START, topic="x")
        )
        self.receipts = [
            encode_body(compose_receipt(level, sender=BORIS, sent=START, messages=[TARGET]))
            for level in ("DELIVERED", "ACKNOWLEDGED")
        ]
        sent = format_time(time_ms(START))
        fields = {"target": TARGET, "code": "ROGER"}
        self.roger = encode_body(compose("RESPONSE", fields, sender=BORIS, to=[AMAL], sent=sent, topic="x"))

    def received(self, sender: str, body: bytes) -> Received:
        self.position += 1
        return Received(
            position=self.position,
            relay_time_ms=time_ms(START) + self.position,
            epoch=1,
            sender=sender,
            message_id=self.position.to_bytes(16, "big"),
            body=body,
        )

    def next(self) -> list[Received]:
        """The next message and the three entries that follow on it."""
        said = self.received(AMAL, self.inform.replace(NUMBER.encode(), b"%07d" % self.position))
        following = [*self.receipts, self.roger]
        target = said.message_id.hex().encode()
        return [
            said,
            *(self.received(BORIS, body.replace(TARGET.encode(), target)) for body in following),
        ]

    def fill(self, messages: int) -> None:
        for _ in range(messages):
            for entry in self.next():
                assert self.negotiation.apply(entry).accepted


def calls(work: Callable[[], object]) -> int:
    counted = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    # What the garbage collector calls is nobody's work here, and comes when it likes.
    gc.disable()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return counted


def allocated(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        begin, _ = tracemalloc.get_traced_memory()
        work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - begin


def cost(log: Log, measure: Callable[[Callable[[], object]], int]) -> list[int]:
    """The cost of each of the four kinds of entry; the least of several, as caches and tables grow at times."""
    rounds = [
        [measure(lambda entry=entry: log.negotiation.apply(entry)) for entry in log.next()]  # type: ignore[misc]
        for _ in range(5)
    ]
    return [min(costs) for costs in zip(*rounds, strict=True)]


@pytest.mark.parametrize("measure", [calls, allocated])
def test_one_more_entry_costs_the_same_late_as_early(
    measure: Callable[[Callable[[], object]], int],
) -> None:
    log = Log()
    log.fill(EARLY // 4)
    early = cost(log, measure)
    log.fill((LATE - EARLY) // 4)
    late = cost(log, measure)
    assert min(early) > 0
    for before, after in zip(early, late, strict=True):
        assert after <= 1.1 * before


def test_judging_costs_the_same_as_well() -> None:
    log = Log()
    log.fill(10)
    entry = log.received(AMAL, log.inform)
    early = calls(lambda: log.negotiation.judge(entry))
    log.fill(200)
    entry = log.received(AMAL, log.inform.replace(NUMBER.encode(), b"9999999"))
    assert calls(lambda: log.negotiation.judge(entry)) <= 1.1 * early


def test_a_settled_message_is_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Body, ids and a handful of shared parts; the cache of what was read last has a fixed size and is not counted."""
    monkeypatch.setattr("protocols.negotiation.record._RECENT", 4)
    log = Log()
    log.fill(20)
    tracemalloc.start()
    try:
        begin, _ = tracemalloc.get_traced_memory()
        log.fill(250)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (kept - begin) / 1_000 < 1_000, "bytes per entry"
