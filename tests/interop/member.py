"""A member of a group, and somebody outside of it, whoever keeps them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from channel.mls.leaf_node import Lifetime
from channel.mls.types import Extension
from tests.interop.changes import Change

NOW_S = int(time.time())
LIFETIME = Lifetime(NOW_S - 3600, NOW_S + 28 * 24 * 3600)
"""Around the present: the others look at the clock by themselves."""

EXPORT_LABEL = "parley interop"
EXPORT_LENGTH = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCommit:
    """A commit that nobody else has taken in yet.

    Attributes:
        message: The encoded MLSMessage.
        welcome: Another, for those it adds.
        ratchet_tree: The tree after it; None where a peer shows no trees.
    """

    message: bytes
    welcome: bytes | None
    ratchet_tree: bytes | None


@dataclass(frozen=True, slots=True)
class Heard:
    """An application message, opened; its authenticated_data is None where a peer does not show it."""

    data: bytes
    authenticated_data: bytes | None


View: TypeAlias = Mapping[str, object]
"""What a member shows of an epoch, by name; what two members both show must be equal, byte for byte."""


class Member(Protocol):
    """One member, or somebody who has only made a key package so far.

    A commit of its own, and its joining by a GroupInfo, count only once it is told to `adopt` them; `discard`
    gives them up. All messages, key packages and GroupInfos are encoded MLSMessages.
    """

    name: str
    is_ours: bool
    key_package: bytes

    # getting in
    def create(self, group_id: bytes, extensions: tuple[Extension, ...]) -> None: ...
    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None: ...
    def join_externally(
        self, group_info: bytes, *, ratchet_tree: bytes | None, replaces: int | None, aad: bytes
    ) -> bytes: ...
    def propose_to_join(self, group_info: bytes, *, aad: bytes) -> bytes: ...

    # changing the group
    def commit(
        self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool, public: bool
    ) -> MadeCommit: ...
    def adopt(self) -> None: ...
    def discard(self) -> None: ...
    def propose(self, change: Change, *, aad: bytes, public: bool) -> bytes: ...
    def propose_update(self, *, aad: bytes, public: bool) -> bytes: ...
    def learn(self, psk_id: bytes, psk: bytes) -> None: ...
    def group_info(self, *, ratchet_tree: bool) -> bytes: ...

    # talking and listening
    def seal(self, data: bytes, *, aad: bytes) -> bytes: ...
    def receive(self, message: bytes) -> Heard | None: ...
    def leave(self, message: bytes, *, leaf_taken: bool) -> None: ...
    def look(self, context: bytes) -> View: ...


class Outsider(Protocol):
    """Somebody whom a group's external_senders extension names."""

    name: str
    is_ours: bool
    signature_key: bytes

    def propose(self, change: Change, group_info: bytes, *, sender_index: int, aad: bytes) -> bytes: ...
