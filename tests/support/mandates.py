"""Principals who are not in the channel, and the mandates they sign."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.messages.codec import validated
from protocols.messages.mandates import Mandate, Power, mandate_bytes
from protocols.messages.values import Window

EVERY_POWER: tuple[Power, ...] = ("INFORM", "NEGOTIATE", "ACCEPT_AD_REF", "ACCEPT_FINAL", "COMMIT")


class Principal:
    """Somebody who lets others speak for them."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = self._key.public_key().public_bytes_raw()

    def mandate(
        self,
        holder: str,
        *,
        powers: Sequence[Power] = EVERY_POWER,
        topics: Sequence[str] = ("*",),
        start: str = "2026-01-01T00:00:00Z",
        end: str = "2026-12-31T00:00:00Z",
        limits: str | None = None,
        replaces: str | None = None,
        revokes: str | None = None,
    ) -> Mandate:
        """Sign a mandate, or, with `revokes` and no powers, a revocation."""
        unsigned = Mandate(
            principal_name=self.name,
            principal=self.key.hex(),
            holder=holder,
            topics=tuple(topics),
            powers=tuple(powers),
            window=validated(Window, {"start": start, "end": end}),
            limits=limits,
            replaces=replaces,
            revokes=revokes,
            signature="0" * 128,
        )
        return unsigned.model_copy(update={"signature": self._key.sign(mandate_bytes(unsigned)).hex()})
