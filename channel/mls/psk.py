"""Pre-shared keys: how they are named and how they become the `psk_secret` (RFC 9420, section 8.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8, u16, u64
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError


class PSKType(IntEnum):
    """Where a pre-shared key comes from."""

    EXTERNAL = 1
    RESUMPTION = 2


class ResumptionPSKUsage(IntEnum):
    """What a resumption PSK is injected for."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True, slots=True)
class ExternalPSK:
    """A key agreed outside of MLS, named by the application."""

    psk_id: bytes

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u8(PSKType.EXTERNAL) + opaque(self.psk_id)


@dataclass(frozen=True, slots=True)
class ResumptionPSK:
    """The `resumption_psk` of an epoch, of this group or another."""

    usage: ResumptionPSKUsage
    psk_group_id: bytes
    psk_epoch: int

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u8(PSKType.RESUMPTION) + u8(self.usage) + opaque(self.psk_group_id) + u64(self.psk_epoch)


def _read_psk(reader: Reader) -> ExternalPSK | ResumptionPSK:
    match reader.u8():
        case PSKType.EXTERNAL:
            return ExternalPSK(reader.opaque())
        case PSKType.RESUMPTION:
            usage = reader.u8()
            if usage not in (1, 2, 3):
                raise DecodeError(f"resumption PSK usage {usage} is unknown")
            return ResumptionPSK(ResumptionPSKUsage(usage), reader.opaque(), reader.u64())
        case other:
            raise DecodeError(f"PSK type {other} is unknown")


@dataclass(frozen=True, slots=True)
class PreSharedKeyID:
    """The name of one use of a pre-shared key.

    Attributes:
        psk: Which key.
        psk_nonce: Fresh for each use, `hash_size` bytes where the rules are kept.
    """

    psk: ExternalPSK | ResumptionPSK
    psk_nonce: bytes

    def encode(self) -> bytes:
        """The wire form."""
        return self.psk.encode() + opaque(self.psk_nonce)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(_read_psk(reader), reader.opaque())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


def derive_psk_secret(suite: CipherSuite, psks: Sequence[tuple[PreSharedKeyID, bytes]]) -> bytes:
    """Mix the pre-shared keys of a commit or Welcome, in its order.

    Args:
        suite: The group's cipher suite.
        psks: Each key's name and its value; at most 65,535. Empty gives `suite.zero`.

    Returns:
        The `psk_secret`, `hash_size` bytes.
    """
    psk_secret = suite.zero
    for index, (psk_id, psk) in enumerate(psks):
        label = psk_id.encode() + u16(index) + u16(len(psks))
        psk_input = suite.expand_with_label(
            suite.extract(suite.zero, psk), b"derived psk", label, suite.hash_size
        )
        psk_secret = suite.extract(psk_input, psk_secret)
    return psk_secret
