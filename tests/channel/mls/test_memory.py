"""What a group takes of memory, in the state that takes most: every parent set, everybody heard, encoded.

Counted are Python's objects, the group's value with its memos; not what is shared by all groups of a process,
such as loaded signature keys, of which there is a bounded number.
"""

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from channel.mls import X_WING_CIPHER_SUITE, Group
from tests.support.builders import JUDGE, seeded
from tests.support.large_groups import after_all_committed, in_full_use, large_group

MIB = 2**20
SUITES = (1, X_WING_CIPHER_SUITE)


def size_of(make: Callable[[], object]) -> int:
    """How many bytes what `make` returns keeps alive, beside what was there before."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made = make()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        del made
    finally:
        tracemalloc.stop()
    return after - before


def size_in_full_use(suite_number: int, members: int) -> int:
    group = after_all_committed(large_group(suite_number, members))
    stored = group.encode()
    del group
    return size_of(lambda: in_full_use(stored))


@pytest.mark.parametrize("number", SUITES)
def test_a_member_takes_less_than_10_kib(number: int) -> None:
    assert size_in_full_use(number, 64) < 64 * 10 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("number", SUITES)
def test_a_group_of_1000_takes_less_than_10_mib(number: int) -> None:
    taken = size_in_full_use(number, 1000)
    assert taken < 10 * MIB


def test_a_group_does_not_grow_with_the_messages() -> None:
    large = large_group(1, 4)
    stored = large.join(1).encode()
    messages = []
    sender = large.founder
    for _ in range(200):
        sealed = sender.seal(bytes(400), random=seeded("reuse guard"))
        sender = sealed.group
        messages.append(sealed.message)

    def after(count: int) -> Group:
        group = Group.decode(stored)
        for message in messages[:count]:
            group = group.receive(message, **JUDGE).group
        return group

    after(1)
    assert abs(size_of(lambda: after(200)) - size_of(lambda: after(1))) < 1024


def test_an_epoch_shares_the_tree_with_the_one_before() -> None:
    group = after_all_committed(large_group(1, 256))
    group.encode()
    pending = size_of(lambda: group.commit((), random=seeded("path"), **JUDGE).pending)
    # References to 511 nodes and their hashes, and what is new along one path.
    assert pending < 32 * 1024


def test_the_measure_sees_what_is_kept() -> None:
    assert MIB <= size_of(lambda: bytes(MIB)) < MIB + 4096
