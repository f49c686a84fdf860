"""X-Wing: ML-KEM-768 and X25519 in one (draft-connolly-cfrg-xwing-kem-10), secure while either of them is.

A private key is a 32-byte seed, from which both halves' private keys follow. A public key is ML-KEM's 1184
bytes and X25519's 32; an encapsulated key is 1088 bytes and 32.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.kem import NOT_OPEN, X25519
from channel.mls.types import Random

SEED_SIZE = 32
ML_KEM_PUBLIC_KEY_SIZE = 1184
ML_KEM_CIPHERTEXT_SIZE = 1088
PUBLIC_KEY_SIZE = ML_KEM_PUBLIC_KEY_SIZE + 32
KEM_OUTPUT_SIZE = ML_KEM_CIPHERTEXT_SIZE + 32

_LABEL = b"\\.//^\\"


def _expand(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """ExpandDecapsulationKey (section 5.2)."""
    if len(seed) != SEED_SIZE:
        raise ValueError("an X-Wing private key is 32 bytes")
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def _load(public_key: bytes) -> tuple[MLKEM768PublicKey, X25519PublicKey]:
    if len(public_key) != PUBLIC_KEY_SIZE:
        raise VerificationError(f"an X-Wing public key is {PUBLIC_KEY_SIZE} bytes")
    try:
        # The check of FIPS 203, section 7.2: every coefficient is below the modulus.
        ml_kem = MLKEM768PublicKey.from_public_bytes(public_key[:ML_KEM_PUBLIC_KEY_SIZE])
    except ValueError:
        raise VerificationError("ML-KEM public key is not canonically encoded") from None
    return ml_kem, X25519.native_public_key(public_key[ML_KEM_PUBLIC_KEY_SIZE:])


def _combine(
    ml_kem_secret: bytes, x25519_secret: bytes, x25519_ciphertext: bytes, x25519_public_key: bytes
) -> bytes:
    """Combiner (section 5.3)."""
    return hashlib.sha3_256(
        ml_kem_secret + x25519_secret + x25519_ciphertext + x25519_public_key + _LABEL
    ).digest()


@dataclass(frozen=True, slots=True)
class XWingKEM:
    """X-Wing as HPKE uses it (section 5.6); a public key is refused if either half is."""

    @property
    def kem_id(self) -> int:
        """The registered number."""
        return 0x647A

    @property
    def private_key_size(self) -> int:
        """Bytes of a private key, the seed."""
        return SEED_SIZE

    @property
    def kem_output_size(self) -> int:
        """Bytes of an encapsulated key."""
        return KEM_OUTPUT_SIZE

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (section 5.6)."""
        seed = hashlib.shake_256(ikm).digest(SEED_SIZE)
        return seed, self.public_key(seed)

    def public_key(self, private_key: bytes) -> bytes:
        """The 1216-byte public half."""
        ml_kem, x25519 = _expand(private_key)
        return ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key of another length, or with a half that must not be encrypted to."""
        _load(public_key)

    def check_kem_output(self, kem_output: bytes) -> None:
        """Refuse an encapsulated key of another length, or one whose X25519 half is of low order."""
        if len(kem_output) != KEM_OUTPUT_SIZE:
            raise DecryptionError(NOT_OPEN)
        X25519.check_kem_output(kem_output[ML_KEM_CIPHERTEXT_SIZE:])

    def encapsulate(self, public_key: bytes, random: Random) -> tuple[bytes, bytes]:
        """Encapsulate (section 5.4): X25519's half from 32 random bytes, ML-KEM's from pyca's own."""
        ml_kem, x25519 = _load(public_key)
        ml_kem_secret, ml_kem_ciphertext = ml_kem.encapsulate()
        ephemeral = X25519PrivateKey.from_private_bytes(random(32))
        x25519_ciphertext = ephemeral.public_key().public_bytes_raw()
        x25519_public_key = public_key[ML_KEM_PUBLIC_KEY_SIZE:]
        shared_secret = _combine(
            ml_kem_secret, ephemeral.exchange(x25519), x25519_ciphertext, x25519_public_key
        )
        return shared_secret, ml_kem_ciphertext + x25519_ciphertext

    def decapsulate(self, private_key: bytes, kem_output: bytes) -> bytes:
        """Decapsulate (section 5.5); a wrong ML-KEM ciphertext gives a secret nobody knows (FIPS 203)."""
        self.check_kem_output(kem_output)
        ml_kem, x25519 = _expand(private_key)
        x25519_ciphertext = kem_output[ML_KEM_CIPHERTEXT_SIZE:]
        return _combine(
            ml_kem.decapsulate(kem_output[:ML_KEM_CIPHERTEXT_SIZE]),
            x25519.exchange(X25519PublicKey.from_public_bytes(x25519_ciphertext)),
            x25519_ciphertext,
            x25519.public_key().public_bytes_raw(),
        )

    def native_public_key(self, public_key: bytes) -> MLKEM768X25519PublicKey:
        """Check and load a peer's key."""
        return MLKEM768X25519PublicKey(*_load(public_key))

    def native_private_key(self, private_key: bytes) -> MLKEM768X25519PrivateKey:
        """Load a key of ours."""
        return MLKEM768X25519PrivateKey(*_expand(private_key))


X_WING = XWingKEM()
