"""Inputs of 64 KiB that make a decoder do as much as so many bytes can: for the tests and the benchmark.

Each is as many as fit of the smallest items that a vector may hold, or lengths that promise what is not there.
Memory per byte is worst where an item of two bytes becomes an object, time where one of a dozen has many fields.
"""

from collections.abc import Iterator
from dataclasses import replace

from channel.mls.codec import opaque, u16, vector
from channel.mls.leaf_node import RequiredCapabilities
from channel.mls.proposals import Add, GroupContextExtensions
from channel.mls.types import Extension, ExtensionType
from tests.channel.mls.decoders import ALICE, BOB, EVE, USED
from tests.support.builders import forge_key_package

SIZE = 65_536

LEAF = b"\x00\x00" + b"\x00\x01\x00" + bytes(5) + b"\x02" + b"\x00\x00"
"""The smallest LeafNode: empty keys, credential, capabilities and signature, source update."""
X509_LEAF = b"\x00\x00" + b"\x00\x02\x00" + bytes(5) + b"\x02" + b"\x00\x00"
COMMIT_LEAF = b"\x00\x00" + b"\x00\x01\x00" + bytes(5) + b"\x03\x00" + b"\x00\x00"
KEY_PACKAGE = b"\x00\x01\x00\x01\x00" + LEAF + b"\x00\x00"
EXTERNAL_PSK = b"\x01\x00\x00"
RESUMPTION_PSK = b"\x02\x01\x00" + bytes(8) + b"\x00"

PROPOSALS = {
    "key packages": b"\x00\x01" + KEY_PACKAGE,
    "updates": b"\x00\x02" + LEAF,
    "updates with chains": b"\x00\x02" + X509_LEAF,
    "updates with parent hashes": b"\x00\x02" + COMMIT_LEAF,
    "removals": b"\x00\x03" + bytes(4),
    "external keys": b"\x00\x04" + EXTERNAL_PSK,
    "resumption keys": b"\x00\x04" + RESUMPTION_PSK,
    "reinits": b"\x00\x05" + b"\x00\x00\x01\x00\x01\x00",
    "external_inits": b"\x00\x06\x00",
    "empty extension lists": b"\x00\x07\x00",
    "unknown proposals": b"\x0a\x0a\x00",
}


def fill(item: bytes, *, around: int = 16) -> bytes:
    """A vector of as many copies of an item as 64 KiB hold beside so many other bytes."""
    return vector([item] * ((SIZE - around) // len(item)))


def leaf_node(extensions: bytes) -> bytes:
    """The smallest LeafNode but for its extensions."""
    return LEAF[:-2] + extensions + b"\x00"


def _commits() -> Iterator[tuple[str, str, bytes]]:
    for name, proposal in PROPOSALS.items():
        yield f"a commit of {name}", "Commit", fill(b"\x01" + proposal) + b"\x00"
    yield "a commit of references", "Commit", fill(b"\x02\x00") + b"\x00"
    everything = b"".join(b"\x01" + proposal for proposal in PROPOSALS.values())
    yield "a commit of everything", "Commit", fill(everything + b"\x02\x00") + b"\x00"
    yield "a path without keys", "UpdatePath", LEAF + fill(b"\x00\x00", around=64)
    yield "a path of empty ciphertexts", "UpdatePath", LEAF + fill(b"\x00\x02\x00\x00", around=64)
    yield "a node of empty ciphertexts", "UpdatePathNode", b"\x00" + fill(b"\x00\x00")


def _trees() -> Iterator[tuple[str, str, bytes]]:
    leaf = b"\x01\x01" + LEAF
    parent = b"\x01\x02\x00\x00\x00"
    yield "a tree of blanks", "RatchetTree", vector([b"\x00"] * (SIZE - 64) + [leaf])
    yield "a tree of nothing but blanks", "RatchetTree", fill(b"\x00")
    yield "a tree of parents", "RatchetTree", fill(parent)
    yield "a tree of leaves", "RatchetTree", fill(leaf)
    yield "a full tree", "RatchetTree", vector([leaf + parent] * (SIZE // 21) + [leaf])
    listed = b"\x01\x02\x00\x00" + opaque(bytes(SIZE - 64))
    yield "a parent of unmerged leaves", "RatchetTree", vector([leaf, listed, leaf])


def _lists() -> Iterator[tuple[str, str, bytes]]:
    yield "empty extensions", "decode_proposal", b"\x00\x07" + fill(b"\xf0\xa1\x00")
    yield "extensions of a leaf", "LeafNode", leaf_node(fill(b"\xf0\xa1\x00", around=64))
    yield "a chain of nothing", "Credential", b"\x00\x02" + fill(b"\x00")
    yield "a chain of bytes", "Credential", b"\x00\x02" + fill(b"\x01\x30")
    yield "capabilities", "Capabilities", fill(b"\xff\xff") + bytes(4)
    yield "required capabilities", "RequiredCapabilities", bytes(1) + fill(b"\xff\xff") + bytes(1)
    yield "joiners", "Welcome", b"\x00\x01" + fill(b"\x00\x00\x00") + b"\x00"
    yield "names of external keys", "GroupSecrets", b"\x00\x00" + fill(EXTERNAL_PSK)
    yield "names of resumption keys", "GroupSecrets", b"\x00\x00" + fill(RESUMPTION_PSK)
    yield "external senders", "the external_senders extension", fill(b"\x00\x00\x01\x00")
    key = opaque(EVE.key_package.leaf_node.signature_key)
    yield "external senders with keys", "the external_senders extension", fill(key + b"\x00\x01\x00")
    yield "a certificate", "the certificate of a credential", b"\x30\x83\x00\xff\xf0" + bytes(SIZE - 64)
    yield "unmerged leaves", "ParentNode", b"\x00\x00" + opaque(bytes(SIZE - 64))


def _messages() -> Iterator[tuple[str, str, bytes]]:
    place = opaque(ALICE.group_id) + bytes(7) + b"\x01"
    public = b"\x00\x01\x00\x01" + place + b"\x01" + bytes(4) + b"\x00"
    commit = fill(b"\x01" + PROPOSALS["updates"], around=256) + b"\x00"
    yield "a public commit", "MLSMessage", public + b"\x03" + commit + b"\x00\x00\x00"
    yield (
        "a public proposal",
        "MLSMessage",
        public + b"\x02\x00\x07" + fill(b"\xf0\xa1\x00", around=64) + b"\x00\x00",
    )
    context = b"\x00\x01\x00\x01\x00" + bytes(8) + b"\x00\x00"
    info = context + fill(b"\xf0\xa1\x00", around=64) + b"\x00\x00" + bytes(4) + b"\x00"
    yield "a GroupInfo", "MLSMessage", b"\x00\x01\x00\x04" + info
    yield (
        "a key package",
        "MLSMessage",
        b"\x00\x01\x00\x05" + KEY_PACKAGE[:5] + leaf_node(fill(b"\xf0\xa1\x00", around=64)) + b"\x00\x00",
    )
    yield "a Welcome", "MLSMessage", b"\x00\x01\x00\x03\x00\x01" + fill(b"\x00\x00\x00") + b"\x00"
    yield (
        "a PrivateMessage",
        "MLSMessage",
        b"\x00\x01\x00\x02" + place + b"\x01\x00\x00" + opaque(bytes(SIZE - 64)),
    )
    for name in ("key packages", "empty extension lists", "removals", "external keys"):
        sealed = fill(b"\x01" + PROPOSALS[name]) + b"\x00"
        yield f"a sealed commit of {name}", "a PrivateMessage of a commit", sealed
    sealed = fill(b"\x02\x00") + b"\x00"
    yield "a sealed commit of references", "a PrivateMessage of a commit", sealed
    yield "sealed application data", "a PrivateMessage of application data", opaque(bytes(SIZE - 64))
    # Lists that are compared with each other: many extensions, many capabilities.
    wide = forge_key_package(
        EVE,
        extensions=tuple(Extension(0x9000 + step, b"") for step in range(6_500)),
        capabilities=replace(
            EVE.key_package.leaf_node.capabilities,
            extensions=(*range(0x2000, 0x5C00), *range(0x9000, 0x9000 + 6_500)),
        ),
    )
    yield "a sealed wide leaf", "a PrivateMessage of a proposal", Add(wide).encode()
    demands = RequiredCapabilities(proposals=tuple(range(0x1000, 0x8F00))).encode()
    change = GroupContextExtensions((Extension(ExtensionType.REQUIRED_CAPABILITIES, demands),))
    yield "sealed demands", "a PrivateMessage of a proposal", change.encode()


def _stored() -> Iterator[tuple[str, str, bytes]]:
    start = u16(0) + u16(1) + b"\x02"
    ratchet = bytes(4) + opaque(bytes(32))
    skipped = fill(bytes(6), around=256)
    yield "skipped keys", "SecretTree", start + ratchet + skipped + ratchet + b"\x00"
    yield "a deep secret tree", "SecretTree", b"\x80\x00\x00\x00" + b"\x01" * (SIZE - 4)
    head = USED.encode_messages()[: 1 + 1 + 32 + 8 + 1]
    tree = opaque(USED.message_state.secret_tree.encode())
    waiting = b"\x00\x00" + opaque(b"\x0a\x0a\x00") + b"\x00\x00\x00"
    yield "waiting proposals", "MessageState", head + tree + fill(waiting, around=1_024) + b"\x00\x00"
    facts = bytes(7) + fill(bytes(4), around=64) + b"\x00"
    yield "facts of a commit", "CommitFacts", facts
    encoded = BOB.epoch_state.encode()
    own = encoded.index(opaque(BOB.ratchet_tree())) + len(opaque(BOB.ratchet_tree())) + 4
    yield "private keys", "EpochState", encoded[:own] + fill(bytes(5), around=2_048)


def _lies() -> Iterator[tuple[str, str, bytes]]:
    """Lengths that are not there, in every place where a length may stand first."""
    for name in ("Commit", "RatchetTree", "Credential", "GroupSecrets", "Capabilities"):
        for length in (b"\xbf\xff\xff\xff", b"\x80\x01\x00\x00", b"\x7f\xff", b"\xff\xff\xff\xff"):
            front = {"Credential": b"\x00\x02", "GroupSecrets": b"\x00\x00"}.get(name, b"")
            yield f"{name} with length {length.hex()}", name, front + length + bytes(SIZE - 64)


BOMBS: dict[str, tuple[str, bytes]] = {
    name: (decoder, data)
    for source in (_commits, _trees, _lists, _messages, _stored, _lies)
    for name, decoder, data in source()
}
"""By name: which of `DECODERS` it is for, and the bytes."""
