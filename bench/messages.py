"""Seal and open a 400-byte message through the public face, beside the bare `cryptography` calls they need.

The floor is what no implementation on these primitives can do without: one signature, two AEAD calls, and the
five expansions of key, nonce and next secret of the ratchet and of key and nonce of the sender data (RFC
9420, sections 6.3 and 9). Key objects of the signature are loaded before, as a good implementation would.
"""

import os
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bench.members import everyone, two_members
from bench.report import Result, best_of, compared
from channel.mls import X_WING_CIPHER_SUITE

COUNT = 2_000
ROUNDS = 7
DATA = bytes(400)
AUTHENTICATED_DATA = bytes(35)

#: Sizes of what is signed, encrypted and bound for such a message in a group of two.
_TO_BE_SIGNED = bytes(760)
_PLAINTEXT = bytes(1024)
_BOUND = bytes(80)
_SENDER_DATA = bytes(12)
_SENDER_BOUND = bytes(42)
_INFO = b"\x00\x10\x0eMLS 1.0 secret\x04\x00\x00\x00\x00"


def run() -> Iterator[Result]:
    """Measure suite 1 and X-Wing, in a group of two."""
    yield from _measure(1, _Bare(SHA256(), key_size=16))
    yield from _measure(X_WING_CIPHER_SUITE, _Bare(SHA512(), key_size=32))


def _measure(suite_number: int, bare: "_Bare") -> Iterator[Result]:
    sender, receiver = two_members(suite_number)
    sealed: list[bytes] = []

    def seal() -> None:
        sealed.clear()
        group = sender
        for _ in range(COUNT):
            made = group.seal(DATA, authenticated_data=AUTHENTICATED_DATA, random=os.urandom)
            group = made.group
            sealed.append(made.message)

    def unseal() -> None:
        group = receiver
        for message in sealed:
            group = group.receive(message, authenticate=everyone, now_s=0).group

    seal_s, bare_seal_s, open_s, bare_open_s = best_of(ROUNDS, seal, bare.seal, unseal, bare.open)
    scale = 1e6 / COUNT
    name = f", suite {suite_number}"
    yield compared("seal" + name, ours_us=seal_s * scale, floor_us=bare_seal_s * scale, target=1.5)
    yield compared("open" + name, ours_us=open_s * scale, floor_us=bare_open_s * scale, target=1.3)


class _Bare:
    """The primitives alone, on data of the same sizes."""

    def __init__(self, hash_: HashAlgorithm, *, key_size: int) -> None:
        self.hash, self.key_size = hash_, key_size
        self.private_key = Ed25519PrivateKey.generate()
        self.public_key = self.private_key.public_key()
        self.signature = self.private_key.sign(_TO_BE_SIGNED)
        self.content = AESGCM(bytes(key_size)).encrypt(bytes(12), _PLAINTEXT, _BOUND)
        self.sender_data = AESGCM(bytes(key_size)).encrypt(bytes(12), _SENDER_DATA, _SENDER_BOUND)

    def seal(self) -> None:
        for _ in range(COUNT):
            self.private_key.sign(_TO_BE_SIGNED)
            self.expand()
            AESGCM(bytes(self.key_size)).encrypt(bytes(12), _PLAINTEXT, _BOUND)
            AESGCM(bytes(self.key_size)).encrypt(bytes(12), _SENDER_DATA, _SENDER_BOUND)

    def open(self) -> None:
        for _ in range(COUNT):
            AESGCM(bytes(self.key_size)).decrypt(bytes(12), self.sender_data, _SENDER_BOUND)
            self.expand()
            AESGCM(bytes(self.key_size)).decrypt(bytes(12), self.content, _BOUND)
            self.public_key.verify(self.signature, _TO_BE_SIGNED)

    def expand(self) -> None:
        size = self.hash.digest_size
        for length in (self.key_size, 12, size, self.key_size, 12):
            HKDFExpand(self.hash, length, _INFO).derive(bytes(size))
