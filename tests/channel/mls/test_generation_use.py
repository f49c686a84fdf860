"""Whatever a member does, in whatever order: no message key is used twice, as long as it goes on from its last state.

Groups are values, so an old one can be used again; the state counter is how a caller notices (section 9.1 of RFC
9420 leaves it to the storage).
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channel.mls.errors import MLSError, StateError
from channel.mls.group import Group
from channel.mls.proposals import Add, Remove
from channel.mls.secret_tree import SecretTree
from tests.support.builders import JUDGE, make_bundle, make_group, seeded

EVE = make_bundle("eve")
ALICE, BOB = make_group("alice", "bob")


class Refused(Exception):
    """What a caller's own rule raises."""


def never(change: object) -> None:
    raise Refused


class Walk:
    """Alice and Bob, and what they do; each always goes on from what the last step returned."""

    def __init__(self) -> None:
        self.alice, self.bob = ALICE, BOB
        self.random = seeded("walk")

    def speak(self) -> None:
        sealed = self.alice.seal(b"hello", random=self.random)
        self.bob = self.bob.receive(sealed.message, **JUDGE).group
        self.alice = sealed.group

    def speak_unheard(self) -> None:
        self.alice, _ = self.alice.protect(b"lost", random=self.random)

    def listen(self) -> None:
        self.bob, message = self.bob.protect(b"hello", random=self.random)
        self.alice = self.alice.receive(message, **JUDGE).group

    def propose(self) -> None:
        proposal = Add(EVE.key_package) if self.alice.member(2) is None else Remove(2)
        self.alice, message = self.alice.propose(proposal, random=self.random, **JUDGE)
        self.bob = self.bob.receive(message, **JUDGE).group

    def propose_update(self) -> None:
        self.alice, message = self.alice.propose_update(random=self.random)
        self.bob = self.bob.receive(message, **JUDGE).group

    def commit_and_lose(self) -> None:
        self.alice = self.alice.commit(random=self.random, **JUDGE).group

    def commit_and_win(self) -> None:
        result = self.alice.commit(random=self.random, **JUDGE)
        # More is said before the relay answers.
        self.alice = result.group.commit(random=self.random, **JUDGE).group
        self.bob = self.bob.receive(result.message, **JUDGE).group
        self.alice = self.alice.receive(result.message, own_pending=result.pending, **JUDGE).group

    def follow(self) -> None:
        result = self.bob.commit(random=self.random, **JUDGE)
        self.alice = self.alice.receive(result.message, **JUDGE).group
        self.bob = self.bob.adopt(result.pending).group

    def fail(self) -> None:
        with pytest.raises(MLSError):
            self.alice.commit([Remove(9)], random=self.random, **JUDGE)
        with pytest.raises(Refused):
            self.alice.commit(random=self.random, judge_commit=never, **JUDGE)
        with pytest.raises(MLSError):
            self.alice.receive(b"\x00\x01\x00\x02garbage", **JUDGE)

    def store(self) -> None:
        self.alice = Group.decode(self.alice.encode())

    def keep(self) -> None:
        self.alice = self.alice.keep_resumption_psks(2)


STEPS: dict[str, Callable[[Walk], None]] = {
    name: step for name, step in vars(Walk).items() if not name.startswith("_")
}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The keys that have been taken to encrypt with."""
    found: list[bytes] = []
    real = SecretTree.next_key

    def spy(self: SecretTree, *arguments: Any) -> Any:
        result = real(self, *arguments)
        found.append(result[2])
        return result

    monkeypatch.setattr(SecretTree, "next_key", spy)
    return found


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=9))
def test_no_key_encrypts_twice(keys: list[bytes], names: list[str]) -> None:
    keys.clear()
    walk = Walk()
    counters = [walk.alice.state_counter]
    for name in names:
        before = walk.alice
        try:
            STEPS[name](walk)
        except StateError:
            # A proposal waits: nothing but a commit may be said.
            assert walk.alice.proposals or walk.bob.proposals
        if walk.alice is not before and name != "store":
            counters.append(walk.alice.state_counter)
    assert len(set(keys)) == len(keys)
    assert counters == sorted(set(counters))
    assert walk.alice.epoch == walk.bob.epoch


def test_the_spy_sees_what_is_sealed(keys: list[bytes]) -> None:
    """And a state that was restored from a backup does use a key again: only its counter shows."""
    spoken = ALICE.seal(b"one", random=seeded(1))
    restored = Group.decode(ALICE.encode())
    restored.seal(b"two", random=seeded(2))
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert restored.state_counter < spoken.group.state_counter


def test_a_pending_group_says_nothing_before_it_is_adopted() -> None:
    pending = ALICE.commit(random=seeded(1), **JUDGE).pending
    attempts: list[Callable[[], object]] = [
        lambda: pending.seal(b"", random=seeded(2)),
        lambda: pending.propose(Remove(1), random=seeded(2), **JUDGE),
        lambda: pending.propose_update(random=seeded(2)),
        lambda: pending.commit(random=seeded(2), **JUDGE),
        lambda: pending.receive(b"", **JUDGE),
        pending.group_info,
        lambda: pending.adopt(pending),
    ]
    for attempt in attempts:
        with pytest.raises(StateError, match="pending"):
            attempt()
    after = ALICE.adopt(pending).group
    assert after.seal(b"", random=seeded(2)).generation == 0
