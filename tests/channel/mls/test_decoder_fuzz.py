"""Damaged and random bytes at every decoder: nothing but its own errors, and what is accepted encodes again."""

import os
import sys
from collections.abc import Callable, Iterator
from random import Random
from types import CodeType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from tests.channel.mls.bombs import PROPOSALS, SIZE, fill
from tests.channel.mls.damage import DAMAGE, damaged
from tests.channel.mls.decoders import DECODERS, Decoder
from tests.channel.mls.gauges import count_calls
from tests.channel.mls.test_decoder_budget import MAX_CALLS
from tests.support import vectors

PLAIN = [name for name, decoder in DECODERS.items() if decoder.is_exact]
"""The decoders with nothing but decoding in them."""

MESSAGES = {
    "mls_welcome": "MLSMessage",
    "mls_group_info": "MLSMessage",
    "mls_key_package": "MLSMessage",
    "public_message_application": "MLSMessage",
    "public_message_proposal": "MLSMessage",
    "public_message_commit": "MLSMessage",
    "private_message": "MLSMessage",
    "ratchet_tree": "RatchetTree",
    "group_secrets": "GroupSecrets",
    "commit": "Commit",
}
"""The fields of the working group's messages.json, and who decodes them."""


def feed(decoder: Decoder, data: bytes) -> bool:
    """Decode, and check what comes of it; whether it was accepted."""
    try:
        decoded = decoder.decode(data)
    except decoder.errors:
        return False
    if decoder.is_exact:
        assert decoded.encode() == data
    return True


@settings(deadline=None)
@given(st.sampled_from(list(DECODERS)), st.data(), DAMAGE)
def test_damage_is_refused_or_means_something_else(
    name: str, data: st.DataObject, damage: list[tuple[int, str, int, int]]
) -> None:
    decoder = DECODERS[name]
    feed(decoder, damaged(data.draw(st.sampled_from(decoder.seeds)), damage))


@settings(deadline=None)
@given(st.sampled_from(list(DECODERS)), st.binary(max_size=400))
def test_random_bytes_are_refused_or_mean_something(name: str, data: bytes) -> None:
    feed(DECODERS[name], data)


SMALL = st.sampled_from(
    [b"\x01" + proposal for proposal in PROPOSALS.values()] + [b"\x02\x00", b"\x02\x01\x00"]
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SMALL, min_size=1, max_size=8))
def test_no_mixture_of_small_proposals_is_a_bomb(items: list[bytes]) -> None:
    """Hypothesis climbs towards the mixture that costs the most calls for a byte."""
    commit = fill(b"".join(items)) + b"\x00"
    calls = count_calls(lambda: DECODERS["Commit"].decode(commit))
    target(float(calls), label="calls for 64 KiB")
    assert len(commit) <= SIZE
    assert calls <= MAX_CALLS


# a small fuzzer that keeps what reaches new code


class Coverage:
    """Which lines of `channel.mls` have been run, one after the other."""

    def __init__(self) -> None:
        self.reached: set[tuple[CodeType, int, int]] = set()

    def run(self, function: Callable[[], object]) -> bool:
        """Run something; whether it went where nothing went before."""
        before = len(self.reached)
        outer = sys.gettrace()
        sys.settrace(self._enter)
        try:
            function()
        finally:
            sys.settrace(outer)
        return len(self.reached) > before

    def _enter(self, frame: Any, event: str, argument: Any) -> Any:
        code, reached = frame.f_code, self.reached
        if "/channel/mls/" not in code.co_filename.replace("\\", "/"):
            return None
        last = 0

        def step(frame: Any, event: str, argument: Any) -> Any:
            nonlocal last
            reached.add((code, last, frame.f_lineno))
            last = frame.f_lineno
            return step

        return step


def mutated(dice: Random, corpus: list[bytes]) -> bytes:
    """A new input from what the corpus holds."""
    result = bytearray(dice.choice(corpus))
    for _ in range(dice.randint(1, 4)):
        position = dice.randrange(len(result) + 1)
        length = dice.randint(1, 1 + len(result) // 4)
        match dice.randrange(6):
            case 0 if result:
                result[position % len(result)] ^= 1 << dice.randrange(8)
            case 1 if result:
                result[position % len(result)] = dice.choice((0, 1, 2, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xFF))
            case 2:
                del result[position : position + length]
            case 3:
                result[position:position] = dice.randbytes(min(length, 40))
            case 4:
                other = dice.choice(corpus)
                start = dice.randrange(len(other) + 1)
                result[position:position] = other[start : start + length]
            case _:
                result[position : position + length] = result[:length]
    return bytes(result[:SIZE])


def official() -> Iterator[tuple[str, bytes]]:
    """Which decoder each message of the working group's files is for."""
    for entry in vectors.load_json("mls", "messages.json")[:20]:
        for field, name in MESSAGES.items():
            yield name, bytes.fromhex(entry[field])


@pytest.mark.slow
def test_mutants_of_the_official_messages() -> None:
    seed = int(os.environ.get("PARLEY_FUZZ_SEED") or Random().getrandbits(32))
    dice, coverage = Random(seed), Coverage()
    corpora = {name: list(DECODERS[name].seeds) for name in PLAIN}
    for name, data in official():
        corpora[name].append(data)
    began = len(coverage.reached)
    for step in range(60_000):
        name = dice.choice(PLAIN)
        data = mutated(dice, corpora[name])
        try:
            if coverage.run(lambda name=name, data=data: feed(DECODERS[name], data)):  # type: ignore[misc]
                corpora[name].append(data)
        except Exception as error:
            raise AssertionError(f"{name} at step {step} of PARLEY_FUZZ_SEED={seed}: {data.hex()}") from error
    assert len(coverage.reached) > began
    assert all(len(corpora[name]) > len(DECODERS[name].seeds) for name in ("Commit", "MLSMessage"))
