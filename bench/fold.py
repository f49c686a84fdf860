"""The fold over a long log: what one more entry costs early and late."""

import resource
import time
from collections.abc import Iterator

from bench.report import Result
from protocols.messages import Role, compose, encode_body
from protocols.negotiation import Negotiation, Participant, Received, RosterChange

ENTRIES = 100_000
SLICE = 1_000


def run() -> Iterator[Result]:
    """Fold information between two parties."""
    people = tuple(Participant(f"{number:032x}", f"Party {number}", Role.PARTY) for number in (1, 2))
    negotiation = Negotiation()
    negotiation.handshake(RosterChange(position=0, relay_time_ms=0, epoch=0, roster=people))
    body = encode_body(
        compose(
            "INFORM",
            {
                "topic": "road",
                "statement": "The road is open.",
                "basis": "OWN_OBSERVATION",
                "as_of": "2026-11-22T14:30:00Z",
            },
            sender=people[0].id,
            to=[people[1].id],
            sent="2026-11-22T14:31:00Z",
        )
    )
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    first = _fold(negotiation, body, people[0].id, 1, SLICE)
    _fold(negotiation, body, people[0].id, 1 + SLICE, ENTRIES - 2 * SLICE)
    last = _fold(negotiation, body, people[0].id, 1 + ENTRIES - SLICE, SLICE)
    seconds = time.perf_counter() - start
    after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield {
        "what": f"fold {ENTRIES} entries",
        "seconds": round(seconds, 2),
        "memory_mib": round((after_kib - before_kib) / 1024, 1),
        "first_us_each": round(first * 1e6 / SLICE, 1),
        "last_us_each": round(last * 1e6 / SLICE, 1),
        "late_to_early": round(last / first, 2),
    }


def _fold(negotiation: Negotiation, body: bytes, sender: str, start: int, count: int) -> float:
    begun = time.perf_counter()
    for position in range(start, start + count):
        received = Received(
            position=position,
            relay_time_ms=1_795_000_000_000 + position,
            epoch=0,
            sender=sender,
            message_id=position.to_bytes(16, "big"),
            body=body,
        )
        if not negotiation.apply(received).accepted:
            raise RuntimeError("the benchmark's message was refused")
    return time.perf_counter() - begun
