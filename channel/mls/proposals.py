"""Proposals and commits, as they travel (RFC 9420, sections 12.1 and 12.4).

All proposal types of the RFC are decoded and encoded; what they do is in `proposal_list` and
`external_commit`. A type the RFC does not define is kept as an opaque vector, the form that GREASE
proposals and most private ones take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self, TypeAlias

from channel.mls.codec import Reader, decode, opaque, optional, u8, u16, u32, vector
from channel.mls.errors import DecodeError
from channel.mls.key_package import KeyPackage
from channel.mls.leaf_node import LeafNode
from channel.mls.psk import PreSharedKeyID
from channel.mls.types import Extension, ProtocolVersion, encode_extensions, read_extensions
from channel.mls.update_path import UpdatePath


class ProposalType(IntEnum):
    """The proposal types RFC 9420 defines (section 17.4)."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


@dataclass(frozen=True, slots=True)
class Add:
    """Add the client of a key package (section 12.1.1)."""

    key_package: KeyPackage

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.ADD

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.ADD) + self.key_package.encode()


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the sender's own leaf (section 12.1.2)."""

    leaf_node: LeafNode

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.UPDATE

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.UPDATE) + self.leaf_node.encode()


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the member at a leaf index (section 12.1.3)."""

    removed: int

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.REMOVE

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.REMOVE) + u32(self.removed)


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """Mix a pre-shared key into the next epoch (section 12.1.4)."""

    psk: PreSharedKeyID

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.PSK

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.PSK) + self.psk.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReInit:
    """End the group and start another with other parameters (section 12.1.5)."""

    group_id: bytes
    version: ProtocolVersion = ProtocolVersion.MLS10
    cipher_suite: int
    extensions: tuple[Extension, ...] = ()

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.REINIT

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return (
            u16(ProposalType.REINIT)
            + opaque(self.group_id)
            + u16(self.version)
            + u16(self.cipher_suite)
            + encode_extensions(self.extensions)
        )


@dataclass(frozen=True, slots=True)
class ExternalInit:
    """Carries the init secret of an external commit (section 12.1.6)."""

    kem_output: bytes

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.EXTERNAL_INIT

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.EXTERNAL_INIT) + opaque(self.kem_output)


@dataclass(frozen=True, slots=True)
class GroupContextExtensions:
    """Replace the group's extensions, all of them (section 12.1.7)."""

    extensions: tuple[Extension, ...]

    @property
    def proposal_type(self) -> int:
        """The registered number."""
        return ProposalType.GROUP_CONTEXT_EXTENSIONS

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(ProposalType.GROUP_CONTEXT_EXTENSIONS) + encode_extensions(self.extensions)


@dataclass(frozen=True, slots=True)
class UnknownProposal:
    """A proposal of a type that RFC 9420 does not define, kept as it came."""

    unknown_type: int
    content: bytes

    @property
    def proposal_type(self) -> int:
        """The number it came with."""
        return self.unknown_type

    def encode(self) -> bytes:
        """The wire form, with its type."""
        return u16(self.unknown_type) + opaque(self.content)


Proposal: TypeAlias = (
    Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions | UnknownProposal
)


def _read_reinit(reader: Reader) -> ReInit:
    return ReInit(
        group_id=reader.opaque(),
        version=ProtocolVersion.read(reader),
        cipher_suite=reader.u16(),
        extensions=read_extensions(reader),
    )


# By plain number, in one look-up: 64 KiB hold 16,000 proposals.
_READERS: dict[int, Callable[[Reader], Proposal]] = {
    ProposalType.ADD.value: lambda reader: Add(KeyPackage.read(reader)),
    ProposalType.UPDATE.value: lambda reader: Update(LeafNode.read(reader)),
    ProposalType.REMOVE.value: lambda reader: Remove(reader.u32()),
    ProposalType.PSK.value: lambda reader: PreSharedKey(PreSharedKeyID.read(reader)),
    ProposalType.REINIT.value: _read_reinit,
    ProposalType.EXTERNAL_INIT.value: lambda reader: ExternalInit(reader.opaque()),
    ProposalType.GROUP_CONTEXT_EXTENSIONS.value: lambda reader: GroupContextExtensions(
        read_extensions(reader)
    ),
}


def read_proposal(reader: Reader) -> Proposal:
    """Read any proposal off a reader."""
    number = reader.u16()
    read = _READERS.get(number)
    return UnknownProposal(number, reader.opaque()) if read is None else read(reader)


def decode_proposal(data: bytes) -> Proposal:
    """Decode a proposal that takes up all of `data`."""
    return decode(data, read_proposal)


class ProposalOrRefType(IntEnum):
    """Whether a commit spells a proposal out or names it."""

    PROPOSAL = 1
    REFERENCE = 2


@dataclass(frozen=True, slots=True)
class ProposalRef:
    """Names a proposal sent earlier in the epoch by the hash of its AuthenticatedContent (section 5.2)."""

    reference: bytes


ProposalOrRef: TypeAlias = Proposal | ProposalRef


def encode_proposal_or_ref(item: ProposalOrRef) -> bytes:
    """The wire form of one item of a commit's list."""
    if isinstance(item, ProposalRef):
        return u8(ProposalOrRefType.REFERENCE) + opaque(item.reference)
    return u8(ProposalOrRefType.PROPOSAL) + item.encode()


def read_proposal_or_ref(reader: Reader) -> ProposalOrRef:
    """Read one item of a commit's list off a reader."""
    match reader.u8():
        case ProposalOrRefType.PROPOSAL:
            return read_proposal(reader)
        case ProposalOrRefType.REFERENCE:
            return ProposalRef(reader.opaque())
        case other:
            raise DecodeError(f"proposal-or-reference type {other} is unknown")


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit message carries (section 12.4).

    Attributes:
        proposals: What it applies, in its order.
        path: The committer's new leaf and path; absent only where section 12.4 allows.
    """

    proposals: tuple[ProposalOrRef, ...]
    path: UpdatePath | None

    def encode(self) -> bytes:
        """The wire form."""
        return vector([encode_proposal_or_ref(item) for item in self.proposals]) + optional(
            None if self.path is None else self.path.encode()
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.vector(read_proposal_or_ref), reader.optional(UpdatePath.read))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)
