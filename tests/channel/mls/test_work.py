"""How the work of a message and of a commit grows with the group, counted and not timed.

Nothing of a message may grow. Of a commit, the RFC forces a secret encrypted to each node of the copath's
resolutions, and a look at every key in the tree for being there already (sections 7.5 and 12.4.2); everything
that costs more than a look, and every hash of the tree, must grow with its depth.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from channel.mls import Group
from channel.mls import suite as suite_module
from channel.mls.hpke import NativeHPKE
from channel.mls.suite import CipherSuite
from channel.mls.tree_math import LeafIndex
from tests.support.builders import JUDGE, seeded
from tests.support.large_groups import LargeGroup, after_all_committed, large_group, seen_from

SIZES = [
    pytest.param((16, 64, 256), id="to 256"),
    pytest.param((64, 256, 1024), id="to 1024", marks=pytest.mark.slow),
]
COMMITTER = 3

Sizes = tuple[int, int, int]


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count what is expensive, and under "calls" every call of a Python function."""
    counts: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **options: Any) -> Any:
            counts[name] += 1
            return function(*args, **options)

        return count

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            counts["calls"] += 1

    with pytest.MonkeyPatch.context() as patch:
        for owner, names in {
            CipherSuite: ("hash", "verify_with_label", "sign_with_label", "derive_key_pair"),
            NativeHPKE: ("seal", "open"),
            suite_module: ("HKDFExpand",),
        }.items():
            for name in names:
                patch.setattr(owner, name, counting(name, getattr(owner, name)))
        # What the garbage collector calls is nobody's work here, and comes when it likes.
        gc.disable()
        sys.setprofile(note)
        try:
            yield counts
        finally:
            sys.setprofile(None)
            gc.enable()


def work(action: Callable[[], object]) -> Counter[str]:
    """What an action costs, once whatever it makes only once has been made."""
    action()
    with counted() as counts:
        action()
    return counts


def commit(group: Group) -> Callable[[], object]:
    return lambda: group.commit((), random=seeded("path"), **JUDGE)


def follow(group: Group, message: bytes) -> Callable[[], object]:
    return lambda: group.receive(message, **JUDGE)


def committer(large: LargeGroup, group: Group) -> Group:
    assert group.own_leaf_index != COMMITTER
    return seen_from(group, large.bundles[COMMITTER - 1], COMMITTER)


def grows_with_depth(costs: list[Counter[str]]) -> bool:
    """Whether each cost rises by the same from one size to the next, of three that are four times another."""
    small, middle, big = costs
    return all(big[name] - middle[name] == middle[name] - small[name] for name in big)


@pytest.mark.parametrize("sizes", SIZES)
def test_an_empty_commit_costs_as_much_as_the_tree_is_deep(sizes: Sizes) -> None:
    made, followed = [], []
    for size in sizes:
        large = large_group(1, size)
        group = after_all_committed(large)
        assert None not in group.epoch_state.tree.nodes
        sender = committer(large, group)
        made.append(work(commit(sender)))
        message = sender.commit((), random=seeded("path"), **JUDGE).message
        followed.append(work(follow(group, message)))
        depth = size.bit_length() - 1
        assert made[-1]["seal"] == depth
        assert made[-1]["hash"] < 5 * depth + 10
        assert followed[-1]["open"] == 1
        assert followed[-1]["verify_with_label"] == 2
        assert followed[-1]["hash"] < 5 * depth + 10
    assert grows_with_depth(made)
    assert grows_with_depth(followed)


@pytest.mark.parametrize("sizes", SIZES)
def test_hashes_of_a_young_group_are_kept_too(sizes: Sizes) -> None:
    # Its parents are blank but for those above the founder: an empty commit encrypts to half of the group.
    made, followed = [], []
    for size in sizes:
        large = large_group(1, size)
        group, joined = large.founder, large.join(size - 1)
        forced = sum(
            len(step.resolution)
            for step in joined.epoch_state.tree.filtered_direct_path(LeafIndex(COMMITTER))
        )
        assert forced > size // 2
        sender = committer(large, group)
        made.append(work(commit(sender)))
        assert made[-1]["seal"] == forced
        message = sender.commit((), random=seeded("path"), **JUDGE).message
        followed.append(work(follow(joined, message)))
        assert followed[-1]["open"] == 1
    for costs in (made, followed):
        for cost in costs:
            del cost["calls"], cost["seal"]
        assert grows_with_depth(costs)


def test_a_message_costs_the_same_in_every_group() -> None:
    costs = []
    for size in (2, 16, 256):
        large = large_group(1, size)
        sender, receiver = large.founder, large.join(size - 1)
        first = sender.seal(bytes(400), random=seeded("reuse guard"))
        sender, receiver = first.group, receiver.receive(first.message, **JUDGE).group
        message = sender.seal(bytes(400), random=seeded("reuse guard")).message

        def seal(group: Group = sender) -> object:
            return group.seal(bytes(400), random=seeded("reuse guard"))

        costs.append((work(seal), work(follow(receiver, message))))
    assert costs[0][0]["HKDFExpand"] == costs[0][1]["HKDFExpand"] == 5
    assert costs[0] == costs[1] == costs[2]


def test_the_count_sees_what_grows() -> None:
    large = large_group(1, 64)

    def forgetful(group: Group) -> Counter[str]:
        tree = group.epoch_state.tree
        tree._hashes[:] = [None] * len(tree.nodes)
        with counted() as counts:
            tree.tree_hash()
        return counts

    assert forgetful(large.founder)["hash"] == 127
