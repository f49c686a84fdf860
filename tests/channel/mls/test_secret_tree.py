import gc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls.crypto import cipher_suite
from channel.mls.errors import DecodeError, GenerationError, StateError
from channel.mls.secret_tree import (
    MAX_KEY_AGE,
    MAX_SKIPPED_GENERATIONS,
    Ratchet,
    RatchetType,
    SecretTree,
)
from channel.mls.tree_math import LeafCount, LeafIndex

SUITE = cipher_suite(1)
APPLICATION, HANDSHAKE = RatchetType.APPLICATION, RatchetType.HANDSHAKE


def new_tree(leaves: int = 8) -> SecretTree:
    return SecretTree.create(SUITE, leaves=LeafCount(leaves), encryption_secret=b"e" * 32)


def key_of(leaf: int, ratchet_type: RatchetType, generation: int, leaves: int = 8) -> tuple[bytes, bytes]:
    """What the key must be, by going through a ratchet one step at a time on a tree of its own."""
    tree = new_tree(leaves)
    for _ in range(generation + 1):
        tree, _, key, nonce = tree.next_key(LeafIndex(leaf), ratchet_type)
    return key, nonce


def secrets_in(value: object) -> Iterator[bytes]:
    """Every `bytes` that can be reached from a value."""
    seen, waiting = set(), [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, bytes):
            yield found
        elif isinstance(found, SecretTree):
            waiting.append(found._root)
        elif id(found) not in seen and not isinstance(found, type):
            seen.add(id(found))
            waiting.extend(gc.get_referents(found))


def test_every_leaf_ratchet_and_generation_has_its_own_key() -> None:
    keys = [
        key_of(leaf, ratchet_type, generation)
        for leaf in range(8)
        for ratchet_type in RatchetType
        for generation in range(3)
    ]
    assert len({key for key, _ in keys}) == len({nonce for _, nonce in keys}) == 48
    assert {(len(key), len(nonce)) for key, nonce in keys} == {(16, 12)}


@given(st.data())
def test_sender_and_receiver_agree_in_any_order(data: st.DataObject) -> None:
    sender = receiver = new_tree()
    sent = []
    for _ in range(data.draw(st.integers(1, MAX_SKIPPED_GENERATIONS))):
        leaf = LeafIndex(data.draw(st.integers(0, 7)))
        ratchet_type = data.draw(st.sampled_from(RatchetType))
        sender, generation, key, nonce = sender.next_key(leaf, ratchet_type)
        sent.append((leaf, ratchet_type, generation, key, nonce))
    for leaf, ratchet_type, generation, key, nonce in data.draw(st.permutations(sent)):
        receiver = SecretTree.decode(receiver.encode(), SUITE)
        receiver, *taken = receiver.take_key(leaf, ratchet_type, generation)
        assert taken == [key, nonce]
    assert receiver.encode() == sender.encode()


@given(st.permutations(range(6)), st.sampled_from(RatchetType))
def test_no_key_is_given_twice(order: list[int], ratchet_type: RatchetType) -> None:
    tree, leaf = new_tree(), LeafIndex(3)
    for generation in order:
        tree, _, _ = tree.take_key(leaf, ratchet_type, generation)
        with pytest.raises(GenerationError) as caught:
            tree.take_key(leaf, ratchet_type, generation)
        assert caught.value.generation == generation


def test_what_was_used_can_no_longer_be_found() -> None:
    tree, leaf = new_tree(), LeafIndex(5)
    used = [b"e" * 32]
    for generation in (0, 3, 1, 4):
        before = tree
        tree, key, nonce = tree.take_key(leaf, APPLICATION, generation)
        used += [key, nonce]
        if generation in (0, 3, 4):
            used.append(secret_of(before, leaf))
    remaining = list(secrets_in(tree))
    skipped_key, skipped_nonce = key_of(5, APPLICATION, 2)
    assert skipped_key in remaining
    assert skipped_nonce in remaining
    for secret in used:
        assert secret not in remaining
        assert secret not in tree.encode()


def secret_of(tree: SecretTree, leaf: LeafIndex) -> bytes:
    return tree._ratchets(leaf)[0][APPLICATION].secret


def test_a_parents_secret_goes_when_its_children_come() -> None:
    tree = new_tree(4)
    left = SUITE.expand_with_label(b"e" * 32, b"tree", b"left", 32)
    right = SUITE.expand_with_label(b"e" * 32, b"tree", b"right", 32)
    leaf_secret = SUITE.expand_with_label(left, b"tree", b"left", 32)
    after, _, _, _ = tree.next_key(LeafIndex(0), APPLICATION)
    remaining = list(secrets_in(after))
    assert right in remaining
    for gone in (b"e" * 32, left, leaf_secret):
        assert gone not in remaining
        assert gone not in after.encode()
    assert tree == new_tree(4), "the value that was asked stays as it was"


def test_a_message_may_skip_so_many_generations_and_no_more() -> None:
    tree, leaf = new_tree(), LeafIndex(0)
    tree, key, nonce = tree.take_key(leaf, APPLICATION, MAX_SKIPPED_GENERATIONS)
    assert (key, nonce) == key_of(0, APPLICATION, MAX_SKIPPED_GENERATIONS)
    with pytest.raises(GenerationError, match="too many") as caught:
        tree.take_key(leaf, APPLICATION, 2 * MAX_SKIPPED_GENERATIONS + 2)
    assert caught.value.expected == MAX_SKIPPED_GENERATIONS + 1
    for generation in (2**31, 2**32 - 1):
        with pytest.raises(GenerationError):
            tree.take_key(leaf, HANDSHAKE, generation)


def test_skipped_keys_are_dropped_when_old() -> None:
    tree, leaf = new_tree(), LeafIndex(2)
    tree, _, _ = tree.take_key(leaf, APPLICATION, 1)
    lost = key_of(2, APPLICATION, 0)[0]
    for generation in range(2, MAX_KEY_AGE):
        tree, _, _ = tree.take_key(leaf, APPLICATION, generation)
    assert lost in tree.encode()
    tree, _, _ = tree.take_key(leaf, APPLICATION, MAX_KEY_AGE)
    assert lost not in tree.encode()
    with pytest.raises(GenerationError, match="too old"):
        tree.take_key(leaf, APPLICATION, 0)


@settings(deadline=None)
@given(st.lists(st.integers(0, MAX_SKIPPED_GENERATIONS), max_size=12))
def test_the_number_of_skipped_keys_is_bounded(steps: list[int]) -> None:
    tree, leaf = new_tree(2), LeafIndex(1)
    for step in steps:
        tree, _, _ = tree.take_key(leaf, APPLICATION, tree.generation(leaf, APPLICATION) + step)
    assert len(tree._ratchets(leaf)[0][APPLICATION].skipped) <= MAX_KEY_AGE


def test_the_last_generation_is_never_used() -> None:
    last = Ratchet(2**32 - 1, b"s" * 32)
    with pytest.raises(StateError, match="used up"):
        last.after(SUITE, ())
    with pytest.raises(GenerationError, match="last generation"):
        last.take(SUITE, 2**32 - 1)


@pytest.mark.parametrize("leaf", [-1, 8, 2**32 - 1])
def test_a_leaf_outside_of_the_tree_is_a_bug(leaf: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        new_tree().next_key(LeafIndex(leaf), APPLICATION)


@pytest.mark.parametrize("leaves", [0, 3, 6])
def test_a_tree_is_full(leaves: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        new_tree(leaves)
    with pytest.raises(DecodeError, match="power of two"):
        SecretTree.decode(leaves.to_bytes(4, "big") + b"\x00\x20" + bytes(32), SUITE)


def test_the_state_of_a_used_tree_comes_back() -> None:
    tree = new_tree()
    for leaf, generation in ((0, 2), (7, 0), (3, 5)):
        tree, _, _ = tree.take_key(LeafIndex(leaf), HANDSHAKE, generation)
    decoded = SecretTree.decode(tree.encode(), SUITE)
    assert decoded == tree
    assert decoded.encode() == tree.encode()


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x00\x00\x00\x01\x00\x1f" + bytes(31),
        b"\x00\x00\x00\x01\x01" + 2 * (b"\x00\x20" + bytes(32)),
        b"\x00\x00\x00\x02\x02" + 2 * (b"\x00\x00\x00\x00\x20" + bytes(32) + b"\x00"),
        b"\x00\x00\x00\x02\x03",
        b"\x80\x00\x00\x00" + b"\x01" * 4000,
    ],
)
def test_impossible_shapes_are_refused(encoded: bytes) -> None:
    with pytest.raises(DecodeError):
        SecretTree.decode(encoded, SUITE)


@given(st.binary(max_size=120))
def test_garbage_state_raises_nothing_but_decode_error(data: bytes) -> None:
    try:
        SecretTree.decode(b"\x00\x00\x00\x02" + data, SUITE)
    except DecodeError:
        return


def test_no_secret_is_in_a_repr() -> None:
    tree, _, _ = new_tree(1).take_key(LeafIndex(0), APPLICATION, 3)
    assert "_root" not in repr(tree)
    ratchet = tree._ratchets(LeafIndex(0))[0][APPLICATION]
    assert repr(ratchet) == "Ratchet(generation=4)"
    assert repr(ratchet.skipped[0]) == "SkippedKey(generation=0)"
