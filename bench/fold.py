"""The fold over a long log: entries a second, memory, and what one more entry costs early and late.

Each story is folded in a process of its own, so that its peak memory is its own: `python -m bench.fold STORY`
prints one as JSON. All bodies differ, as in a real log.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from bench.report import Result
from protocols.messages import Role, compose, compose_receipt, encode_body
from protocols.negotiation import Negotiation, Participant, Received, RosterChange

ENTRIES: Final = 100_000
SLICE: Final = 1_000
LIMIT_SECONDS: Final = 10
LIMIT_MIB: Final = 300

_START_MS: Final = 1_795_000_000_000
_SENT: Final = "2026-11-22T14:31:00Z"
_AMAL, _BORIS, _MIRA = (letter * 32 for letter in "abc")
_ROSTER: Final = (
    Participant(_AMAL, "Amal", Role.PARTY),
    Participant(_BORIS, "Boris", Role.PARTY),
    Participant(_MIRA, "Mira", Role.MEDIATOR),
)
_NUMBER: Final = "0000000"
_TARGET: Final = "f" * 32

Story = Callable[[int], tuple[str, bytes]]
"""The sender and the body of the entry at a position."""


def run() -> Iterator[Result]:
    """Fold two stories: a conversation that is acknowledged and answered, and one that nobody answers."""
    for story in STORIES:
        ran = subprocess.run(
            [sys.executable, "-m", "bench.fold", story], capture_output=True, text=True, check=True
        )
        result: Result = json.loads(ran.stdout)
        yield result


def measure(story: str) -> Result:
    """Fold one story in this process."""
    entry = STORIES[story]()
    negotiation = Negotiation()
    negotiation.handshake(RosterChange(position=0, relay_time_ms=0, epoch=0, roster=_ROSTER))
    first = _fold(negotiation, entry, 1, SLICE)
    middle = _fold(negotiation, entry, 1 + SLICE, ENTRIES - 2 * SLICE)
    last = _fold(negotiation, entry, 1 + ENTRIES - SLICE, SLICE)
    seconds = first + middle + last
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "what": f"fold {ENTRIES} entries, {story}",
        "seconds": round(seconds, 2),
        "entries_per_second": round(ENTRIES / seconds),
        "peak_mib": round(peak_mib, 1),
        "first_us_each": round(first * 1e6 / SLICE, 1),
        "last_us_each": round(last * 1e6 / SLICE, 1),
        "late_to_early": round(last / first, 2),
        "reached": seconds < LIMIT_SECONDS and peak_mib < LIMIT_MIB,
    }


def _fold(negotiation: Negotiation, story: Story, start: int, count: int) -> float:
    """Fold so many entries and return the seconds it took, without the making of the entries."""
    seconds = 0.0
    for begin in range(start, start + count, SLICE):
        slice_end = min(begin + SLICE, start + count)
        seconds += _apply(negotiation, [_received(story, position) for position in range(begin, slice_end)])
    return seconds


def _received(story: Story, position: int) -> Received:
    sender, body = story(position)
    return Received(
        position=position,
        relay_time_ms=_START_MS + position,
        epoch=0,
        sender=sender,
        message_id=position.to_bytes(16, "big"),
        body=body,
    )


def _apply(negotiation: Negotiation, entries: list[Received]) -> float:
    begun = time.perf_counter()
    for received in entries:
        verdict = negotiation.apply(received)
        if not verdict.accepted:
            raise RuntimeError(f"the benchmark's message was refused: {verdict.reason}")
    return time.perf_counter() - begun


def _inform() -> bytes:
    fields = {
        "topic": "road",
        "statement": f"Road {_NUMBER} is open.",
        "basis": "OWN_OBSERVATION",
        "as_of": "2026-11-22T14:30:00Z",
    }
    return encode_body(compose("INFORM", fields, sender=_AMAL, to=[_BORIS, _MIRA], sent=_SENT))


def _answered() -> Story:
    """INFORM to two, a receipt and an acknowledgement by one of them, and their ROGER."""
    inform = _inform()
    receipt, acknowledgement = (
        encode_body(compose_receipt(level, sender=_BORIS, sent=_SENT, messages=[_TARGET]))
        for level in ("DELIVERED", "ACKNOWLEDGED")
    )
    fields = {"target": _TARGET, "code": "ROGER", "topic": "road"}
    roger = encode_body(compose("RESPONSE", fields, sender=_BORIS, to=[_AMAL], sent=_SENT))

    def entry(position: int) -> tuple[str, bytes]:
        step = (position - 1) % 4
        if step == 0:
            return _AMAL, inform.replace(_NUMBER.encode(), b"%07d" % position)
        body = (receipt, acknowledgement, roger)[step - 1]
        target = (position - step).to_bytes(16, "big").hex()
        return _BORIS, body.replace(_TARGET.encode(), target.encode())

    return entry


def _unanswered() -> Story:
    """INFORM to two, to which nobody reacts: every dialogue stays open, every receipt is owed."""
    inform = _inform()
    return lambda position: (_AMAL, inform.replace(_NUMBER.encode(), b"%07d" % position))


STORIES: Final[dict[str, Callable[[], Story]]] = {"answered": _answered, "unanswered": _unanswered}

if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
