"""The deletion schedule of section 9.2: what has been used is nowhere in the bytes a client would store.

Every secret that the library derives is written down while the members act. Afterwards each stored group is
searched for all of them.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

import channel.mls.suite
from channel.mls import Group
from channel.mls.codec import Reader
from channel.mls.errors import PeerError
from channel.mls.proposals import Add, GroupContextExtensions, Remove
from channel.mls.secret_tree import RatchetType
from channel.mls.suite import CipherSuite
from channel.mls.tree_math import LeafIndex, NodeIndex
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    hostile_commit,
    make_bundle,
    make_group,
    partial_commit,
    seeded,
)

NEVER_STORED = {b"joiner", b"welcome", b"epoch", b"confirm", b"path", b"node", b"extract", b"opened"}
"""Labels whose output may be in no stored group, not even while its epoch lasts."""


@dataclass
class Notebook:
    """All secrets derived since the last `turn_page`, and before it."""

    secrets: list[tuple[bytes, bytes]] = field(default_factory=list)
    old: list[bytes] = field(default_factory=list)
    pairs: dict[bytes, bytes] = field(default_factory=dict)

    def turn_page(self) -> None:
        self.old += [secret for _, secret in self.secrets]
        self.secrets.clear()

    def check_new_epoch(self, group: Group) -> None:
        """That a group which has just entered its epoch holds nothing of the one before."""
        stored = group.encode()
        assert self.old
        assert not [secret for secret in self.old if secret in stored]
        assert not [label for label, secret in self.secrets if label in NEVER_STORED and secret in stored]
        public_keys = {node.encryption_key for node in group.epoch_state.tree.nodes if node is not None}
        kept = {public_key for public_key, private_key in self.pairs.items() if private_key in stored}
        assert kept
        assert kept <= public_keys


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook of everything that the key schedule, secret tree and TreeKEM derive from now on."""
    notes = Notebook()
    real: dict[str, Any] = {
        name: getattr(CipherSuite, name)
        for name in ("extract", "decrypt_with_label", "derive_key_pair", "generate_hpke_key_pair")
    }
    real_expand = HKDFExpand

    class Expand:
        """HKDF-Expand, in which all labelled functions of a cipher suite end."""

        def __init__(self, algorithm: Any, length: int, info: bytes) -> None:
            self.real = real_expand(algorithm, length, info)
            self.info = Reader(info)

        def derive(self, secret: bytes) -> bytes:
            result = self.real.derive(secret)
            self.info.u16()
            notes.secrets.append((self.info.opaque().removeprefix(b"MLS 1.0 "), result))
            return result

    def extract(suite: CipherSuite, salt: bytes, ikm: bytes) -> bytes:
        result: bytes = real["extract"](suite, salt, ikm)
        notes.secrets.append((b"extract", result))
        return result

    def opened(suite: CipherSuite, *arguments: Any) -> bytes:
        result: bytes = real["decrypt_with_label"](suite, *arguments)
        notes.secrets.append((b"opened", result[-32:]))
        return result

    def pair(name: str) -> Any:
        def spy(suite: CipherSuite, source: Any) -> tuple[bytes, bytes]:
            private_key, public_key = real[name](suite, source)
            notes.pairs[public_key] = private_key
            return private_key, public_key

        return spy

    monkeypatch.setattr(channel.mls.suite, "HKDFExpand", Expand)
    monkeypatch.setattr(CipherSuite, "extract", extract)
    monkeypatch.setattr(CipherSuite, "decrypt_with_label", opened)
    for name in ("derive_key_pair", "generate_hpke_key_pair"):
        monkeypatch.setattr(CipherSuite, name, pair(name))
    return notes


def test_the_notebook_misses_nothing(notebook: Notebook) -> None:
    alice, bob = make_group("alice", "bob")
    alice, bob = talk(alice, bob)
    result = alice.commit([Add(make_bundle("eve").key_package)], random=seeded(1), **JUDGE)
    bob.receive(result.message, **JUDGE)
    _, _, key, nonce = bob.message_state.secret_tree.next_key(LeafIndex(1), RatchetType.APPLICATION)
    labels = {label for label, _ in notebook.secrets}
    schedule = (
        b"joiner welcome epoch confirm membership resumption authentication encryption exporter external init"
    )
    assert labels >= {*schedule.split(), b"sender data", b"tree", b"handshake", b"application"}
    assert labels >= {b"key", b"nonce", b"secret", b"path", b"node", b"extract", b"opened"}
    assert {key, nonce} <= {secret for _, secret in notebook.secrets}
    for kept in fields(bob.epoch_state.secrets):
        secret = getattr(bob.epoch_state.secrets, kept.name)
        assert secret in {found for _, found in notebook.secrets}


def talk(sender: Group, *others: Group) -> list[Group]:
    """The groups after one message of the first."""
    sender, message = sender.protect(b"hello", random=seeded("talk"))
    return [sender, *(other.receive(message, **JUDGE).group for other in others)]


def test_a_commit_leaves_nothing_of_the_epoch_it_closes(notebook: Notebook) -> None:
    alice, bob, carol = talk(*make_group("alice", "bob", "carol"))
    notebook.turn_page()
    result = bob.commit(random=seeded(1), **JUDGE)
    notebook.check_new_epoch(result.pending)
    for group in (
        bob.adopt(result.pending).group,
        alice.receive(result.message, **JUDGE).group,
        carol.receive(result.message, **JUDGE).group,
    ):
        notebook.check_new_epoch(group)


def test_an_addition_leaves_no_init_key_behind(notebook: Notebook) -> None:
    alice, bob = talk(*make_group("alice", "bob"))
    notebook.turn_page()
    eve = make_bundle("eve")
    result = alice.commit([Add(eve.key_package)], random=seeded(1), **JUDGE)
    assert result.welcome is not None
    joined = Group.join(result.welcome, bundle=eve, authenticate=accept)
    for group in (result.pending, bob.receive(result.message, **JUDGE).group, joined):
        notebook.check_new_epoch(group)
        assert eve.init_private_key not in group.encode()
    assert notebook.pairs[eve.key_package.init_key] == eve.init_private_key


def test_a_commit_without_a_path_leaves_nothing_either(notebook: Notebook) -> None:
    alice, bob = talk(*make_group("alice", "bob"))
    notebook.turn_page()
    message, _ = partial_commit(alice, Add(make_bundle("eve").key_package))
    notebook.check_new_epoch(bob.receive(message, **JUDGE).group)


def test_an_update_leaves_neither_the_old_key_nor_those_of_blanked_nodes(notebook: Notebook) -> None:
    alice, bob, carol, dave = talk(*make_group("alice", "bob", "carol", "dave"))
    # A key over Carol and Dave, which Carol's update is to blank.
    made = dave.commit(random=seeded(1), **JUDGE)
    alice, bob, carol = (one.receive(made.message, **JUDGE).group for one in (alice, bob, carol))
    keys = carol.epoch_state.private_keys
    old_leaf, old_parent = keys[NodeIndex(4)], keys[NodeIndex(5)]
    carol, update = carol.propose_update(random=seeded(2))
    new_leaf = carol.proposals[0].encryption_private_key
    assert new_leaf is not None
    alice = alice.receive(update, **JUDGE).group
    notebook.turn_page()
    result = alice.commit(random=seeded(3), **JUDGE)
    after = carol.receive(result.message, **JUDGE).group
    notebook.check_new_epoch(after)
    assert old_leaf not in after.encode()
    assert old_parent not in after.encode()
    assert new_leaf in after.encode()


def test_an_update_that_was_not_taken_up_leaves_no_key(notebook: Notebook) -> None:
    alice, bob = make_group("alice", "bob")
    alice, _ = alice.propose_update(random=seeded(1))
    unused = alice.proposals[0].encryption_private_key
    assert unused is not None
    assert unused in alice.encode()
    notebook.turn_page()
    result = bob.commit(random=seeded(2), **JUDGE)
    after = alice.receive(result.message, **JUDGE).group
    assert unused not in after.encode()


def test_a_removal_leaves_no_key_that_the_removed_member_knew(notebook: Notebook) -> None:
    alice, bob, carol = talk(*make_group("alice", "bob", "carol"))
    notebook.turn_page()
    result = alice.commit([Remove(2)], random=seeded(1), **JUDGE)
    known = set(carol.epoch_state.private_keys.values())
    for group in (result.pending, bob.receive(result.message, **JUDGE).group):
        notebook.check_new_epoch(group)
        assert not [key for key in known if key in group.encode()]
    gone = carol.receive(result.message, **JUDGE).group.encode()
    assert not [key for key in known if key in gone]
    assert not [label for label, secret in notebook.secrets if label in NEVER_STORED and secret in gone]


def test_a_change_of_extensions_leaves_nothing(notebook: Notebook) -> None:
    alice, bob = talk(*make_group("alice", "bob"))
    notebook.turn_page()
    result = alice.commit([GroupContextExtensions(())], random=seeded(1), **JUDGE)
    notebook.check_new_epoch(bob.receive(result.message, **JUDGE).group)


def test_a_refused_commit_leaves_nothing_of_where_it_led(notebook: Notebook) -> None:
    alice, bob = make_group("alice", "bob")
    message = hostile_commit(alice)
    notebook.secrets.clear()
    stored = bob.encode()
    with pytest.raises(PeerError, match=r"does not (hold|open)"):
        bob.receive(message, **JUDGE)
    assert bob.encode() == stored
    assert notebook.secrets
    assert not [label for label, secret in notebook.secrets if label in NEVER_STORED and secret in stored]


def test_what_was_passed_over_is_kept_as_key_and_nonce_alone(notebook: Notebook) -> None:
    alice, bob = make_group("alice", "bob")
    for seed in range(3):
        alice, message = alice.protect(b"", random=seeded(seed))
    notebook.secrets.clear()
    bob = bob.receive(message, **JUDGE).group
    stored = bob.encode()
    steps, keys, nonces = (
        [secret for label, secret in notebook.secrets if label == wanted and len(secret) == length]
        for wanted, length in ((b"secret", 32), (b"key", 16), (b"nonce", 12))
    )
    assert [secret in stored for secret in steps] == [False, False, True]
    # Each list begins with what the sender data took, which is of this message only.
    assert [key in stored for key in keys] == [False, True, True, False]
    assert [nonce in stored for nonce in nonces] == [False, True, True, False]


def test_no_secret_of_any_past_epoch_is_left_in_any_state(notebook: Notebook) -> None:
    groups = make_group("alice", "bob", "carol")
    for epoch in range(5):
        committer = epoch % 3
        speaker, proposer = (committer + 1) % 3, (committer + 2) % 3
        # A message that never arrives, one that passes over it, and a proposal.
        groups[speaker], _ = groups[speaker].protect(b"lost", random=seeded(epoch))
        order = [groups[speaker], groups[committer], groups[proposer]]
        groups[speaker], groups[committer], groups[proposer] = talk(*order)
        groups[proposer], update = groups[proposer].propose_update(
            random=seeded(epoch), public=epoch % 2 == 0
        )
        for index in (committer, speaker):
            groups[index] = groups[index].receive(update, **JUDGE).group
        notebook.turn_page()
        made = groups[committer].commit(random=seeded(f"commit {epoch}"), **JUDGE)
        groups = [
            group.receive(
                made.message, own_pending=made.pending if index == committer else None, **JUDGE
            ).group
            for index, group in enumerate(groups)
        ]
        for group in groups:
            notebook.check_new_epoch(group)
    assert len(notebook.old) > 500


def test_the_example_of_section_9_2() -> None:
    """Figure 27: A receives D's message of generation 1, and has not received generation 0."""
    a, _, _, d = make_group("a", "b", "c", "d")
    root = a.message_state.secret_tree.encode()[-32:]

    def derive(secret: bytes, label: bytes, context: bytes = b"") -> bytes:
        return SUITE.expand_with_label(secret, label, context, SUITE.hash_size)

    def step(secret: bytes, label: bytes, generation: int, length: int) -> bytes:
        return SUITE.derive_tree_secret(secret, label, generation, length)

    left, right = derive(root, b"tree", b"left"), derive(root, b"tree", b"right")
    leaf_c, leaf_d = derive(right, b"tree", b"left"), derive(right, b"tree", b"right")
    handshake, ratchet = derive(leaf_d, b"handshake"), [derive(leaf_d, b"application")]
    for generation in range(2):
        ratchet.append(step(ratchet[generation], b"secret", generation, SUITE.hash_size))
    keys = [step(ratchet[generation], b"key", generation, SUITE.aead_key_size) for generation in range(2)]
    nonces = [
        step(ratchet[generation], b"nonce", generation, SUITE.aead_nonce_size) for generation in range(2)
    ]
    d, first = d.protect(b"first", random=seeded(1))
    d, second = d.protect(b"second", random=seeded(2))
    a = a.receive(second, **JUDGE).group
    stored = a.encode()
    for consumed in (root, right, leaf_d, ratchet[0], ratchet[1], keys[1], nonces[1]):
        assert consumed not in stored
    for unconsumed in (left, leaf_c, handshake, ratchet[2], keys[0], nonces[0]):
        assert unconsumed in stored
    stored = a.receive(first, **JUDGE).group.encode()
    for consumed in (keys[0], nonces[0]):
        assert consumed not in stored
    for consumed in (root, right, leaf_d, *ratchet[:2], *keys, *nonces):
        assert consumed not in d.encode()
