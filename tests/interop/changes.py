"""What members and outsiders propose, the same for every implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackage
from channel.mls.proposals import Add, GroupContextExtensions, PreSharedKey, Proposal, ReInit, Remove
from channel.mls.psk import PreSharedKeyID
from channel.mls.types import Extension

EXTENSION_TYPE = 0xF1A9
"""Of an extension of the GroupContext whose content means nothing."""


@dataclass(frozen=True, slots=True)
class AddClient:
    """Add whoever made this KeyPackage, an encoded MLSMessage."""

    key_package: bytes


@dataclass(frozen=True, slots=True)
class RemoveLeaf:
    """Remove the member of this name, at this leaf index."""

    leaf: int
    name: str


@dataclass(frozen=True, slots=True)
class SetExtensions:
    """Replace all of the group's extensions."""

    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class MixInPSK:
    """Mix a pre-shared key into the next epoch; all who see it know its value."""

    psk_id: PreSharedKeyID


@dataclass(frozen=True, slots=True)
class StartAnew:
    """End the group; what follows on it is said here."""

    reinit: ReInit


Change: TypeAlias = AddClient | RemoveLeaf | SetExtensions | MixInPSK | StartAnew


def proposal_of(change: Change) -> Proposal:
    """The same in our own terms."""
    match change:
        case AddClient(key_package):
            body = MLSMessage.decode(key_package).body
            assert isinstance(body, KeyPackage)
            return Add(body)
        case RemoveLeaf(leaf=leaf):
            return Remove(leaf)
        case SetExtensions(extensions):
            return GroupContextExtensions(extensions)
        case MixInPSK(psk_id):
            return PreSharedKey(psk_id)
        case StartAnew(reinit):
            return reinit
