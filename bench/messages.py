"""Seal and open a 400-byte message through the public face, beside the bare `cryptography` calls they need.

The floor is what no implementation on these primitives can do without: one signature, two AEAD calls, and the
five expansions of key, nonce and next secret of the ratchet and of key and nonce of the sender data (RFC
9420, sections 6.3 and 9). It runs on bytes of the lengths that the RFC gives such a message, none of which it
has to put together, and its signature keys are loaded before, as a good implementation would.
"""

import os
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bench.members import everyone, two_members
from bench.report import Result, compared, quick_tenth_of
from channel.mls import X_WING_CIPHER_SUITE

ROUNDS = 500
COUNT = 20
"""Messages in one round: few, so that what disturbs the machine disturbs ours and the floor alike."""

DATA = bytes(400)
AUTHENTICATED_DATA = bytes(35)

_PLAINTEXT = bytes(1024)
_REUSE_GUARD_SIZE = 4


def run() -> Iterator[Result]:
    """Measure suite 1 and X-Wing, in a group of two."""
    yield from _measure(1, SHA256(), key_size=16)
    yield from _measure(X_WING_CIPHER_SUITE, SHA512(), key_size=32)


def _measure(suite_number: int, hash_: HashAlgorithm, *, key_size: int) -> Iterator[Result]:
    sender, receiver = two_members(suite_number)
    bare = _Bare(hash_, key_size=key_size, group_context=sender.context.encode())
    sealed: list[bytes] = []

    def seal() -> None:
        nonlocal sender
        for _ in range(COUNT):
            made = sender.seal(DATA, authenticated_data=AUTHENTICATED_DATA, random=os.urandom)
            sender = made.group
            sealed.append(made.message)

    def unseal() -> None:
        nonlocal receiver
        for message in sealed:
            receiver = receiver.receive(message, authenticate=everyone, now_s=0).group
        sealed.clear()

    seal_s, bare_seal_s, open_s, bare_open_s = quick_tenth_of(ROUNDS, seal, bare.seal, unseal, bare.open)
    scale = 1e6 / COUNT
    name = f", suite {suite_number}"
    yield compared("seal" + name, ours_us=seal_s * scale, floor_us=bare_seal_s * scale, target=1.5)
    yield compared("open" + name, ours_us=open_s * scale, floor_us=bare_open_s * scale, target=1.3)


class _Bare:
    """The primitives alone."""

    def __init__(self, hash_: HashAlgorithm, *, key_size: int, group_context: bytes) -> None:
        place = b"\x20" + bytes(32) + bytes(8)
        authenticated = b"\x23" + AUTHENTICATED_DATA
        framed = place + b"\x01" + bytes(4) + authenticated + b"\x01" + b"\x41\x90" + DATA
        to_be_signed = bytes(4) + framed + group_context
        self.to_be_signed = b"\x17MLS 1.0 FramedContentTBS" + b"\x42\x58" + to_be_signed
        self.header = place + b"\x01" + authenticated
        self.sender_bound = place + b"\x01"
        self.sender_data = bytes(12)
        self.hash, self.key_size = hash_, key_size
        self.secret = bytes(hash_.digest_size)
        sample = bytes((hash_.digest_size,)) + bytes(hash_.digest_size)
        self.sender_data_infos = (
            (key_size, b"\x00\x10\x0bMLS 1.0 key" + sample),
            (12, b"\x00\x0c\x0dMLS 1.0 nonce" + sample),
        )
        self.ratchet_infos = (
            (key_size, b"\x00\x10\x0bMLS 1.0 key\x04" + bytes(4)),
            (12, b"\x00\x0c\x0dMLS 1.0 nonce\x04" + bytes(4)),
            (hash_.digest_size, b"\x00\x20\x0eMLS 1.0 secret\x04" + bytes(4)),
        )
        self.private_key = Ed25519PrivateKey.generate()
        self.public_key = self.private_key.public_key()
        self.signature = self.private_key.sign(self.to_be_signed)
        sender_key, sender_nonce = self.expand(self.sender_data_infos)
        key, nonce, _ = self.expand(self.ratchet_infos)
        self.encrypted_sender_data = AESGCM(sender_key).encrypt(
            sender_nonce, self.sender_data, self.sender_bound
        )
        self.ciphertext = AESGCM(key).encrypt(nonce, _PLAINTEXT, self.header)

    def seal(self) -> None:
        for _ in range(COUNT):
            self.private_key.sign(self.to_be_signed)
            key, nonce, _ = self.expand(self.ratchet_infos)
            os.urandom(_REUSE_GUARD_SIZE)
            AESGCM(key).encrypt(nonce, _PLAINTEXT, self.header)
            key, nonce = self.expand(self.sender_data_infos)
            AESGCM(key).encrypt(nonce, self.sender_data, self.sender_bound)

    def open(self) -> None:
        for _ in range(COUNT):
            key, nonce = self.expand(self.sender_data_infos)
            AESGCM(key).decrypt(nonce, self.encrypted_sender_data, self.sender_bound)
            key, nonce, _ = self.expand(self.ratchet_infos)
            AESGCM(key).decrypt(nonce, self.ciphertext, self.header)
            self.public_key.verify(self.signature, self.to_be_signed)

    def expand(self, infos: tuple[tuple[int, bytes], ...]) -> list[bytes]:
        return [HKDFExpand(self.hash, length, info).derive(self.secret) for length, info in infos]
