"""Members that core-crypto keeps: OpenMLS behind an interface that shows and does less.

It has no call to propose, to speak from outside, to be told a pre-shared key, or to choose a group's extensions
beyond one external sender, and no way to hold a commit back until it is ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channel.mls.crypto import cipher_suite
from channel.mls.external_senders import external_senders
from channel.mls.types import Extension
from tests.interop.changes import AddClient, Change, RemoveLeaf
from tests.interop.member import EXPORT_LENGTH, Heard, MadeCommit, View
from tests.interop.peer import Peer, decoded, encoded


class CoreCryptoMember:
    """A member kept by core-crypto. Its commits are public, and it adopts them at once."""

    is_ours = False

    def __init__(self, name: str, suite_number: int, *, peer: Peer) -> None:
        self.name = name
        self._peer = peer
        self._suite_number = suite_number
        self._group_info: bytes | None = None
        made = self._call("new_member", suite=suite_number, identity=encoded(name.encode()))
        assert decoded(made["identity"]) == name.encode()
        self.key_package = decoded(made["key_package"])

    def _call(self, op: str, **request: Any) -> dict[str, Any]:
        return self._peer.call(op, member=self.name, **request)

    def create(self, group_id: bytes, extensions: tuple[Extension, ...]) -> None:
        sender = None
        if extensions:
            (known,) = external_senders(cipher_suite(self._suite_number), extensions)
            sender = encoded(known.signature_key)
        self._call("create", group_id=encoded(group_id), sender=sender)

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        assert ratchet_tree is None, "core-crypto takes the tree inside the Welcome only"
        self._call("join", welcome=encoded(welcome))

    def join_externally(
        self, group_info: bytes, *, ratchet_tree: bytes | None, replaces: int | None, aad: bytes
    ) -> bytes:
        assert ratchet_tree is None, "core-crypto takes the tree inside the GroupInfo only"
        assert not aad
        return decoded(self._call("join_externally", group_info=encoded(group_info))["message"])

    def propose_to_join(self, group_info: bytes, *, aad: bytes) -> bytes:
        raise NotImplementedError("core-crypto has no call that proposes")

    def commit(
        self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool, public: bool
    ) -> MadeCommit:
        assert tree_in_welcome
        assert public
        assert not aad
        made = self._call(
            "commit",
            add=[encoded(change.key_package) for change in changes if isinstance(change, AddClient)],
            remove=[encoded(change.name.encode()) for change in changes if isinstance(change, RemoveLeaf)],
        )
        self._group_info = decoded(made["group_info"])
        welcome = None if made["welcome"] is None else decoded(made["welcome"])
        return MadeCommit(message=decoded(made["message"]), welcome=welcome, ratchet_tree=None)

    def adopt(self) -> None:
        """Nothing to do: it already has."""

    def discard(self) -> None:
        raise NotImplementedError("core-crypto does not wait to see whose commit is ordered")

    def propose(self, change: Change, *, aad: bytes, public: bool) -> bytes:
        raise NotImplementedError("core-crypto has no call that proposes")

    def propose_update(self, *, aad: bytes, public: bool) -> bytes:
        raise NotImplementedError("core-crypto has no call that proposes")

    def learn(self, psk_id: bytes, psk: bytes) -> None:
        raise NotImplementedError("core-crypto cannot be told a pre-shared key")

    def group_info(self, *, ratchet_tree: bool) -> bytes:
        """That of its last commit, which must have opened the present epoch."""
        assert ratchet_tree
        assert self._group_info is not None, "core-crypto publishes a GroupInfo with a commit only"
        return self._group_info

    def seal(self, data: bytes, *, aad: bytes) -> bytes:
        assert not aad, "core-crypto has no authenticated data"
        return decoded(self._call("seal", data=encoded(data))["message"])

    def receive(self, message: bytes) -> Heard | None:
        received = self._call("receive", message=encoded(message))
        return Heard(decoded(received["data"]), None) if received["kind"] == "application" else None

    def leave(self, message: bytes, *, leaf_taken: bool) -> None:
        assert self._call("receive", message=encoded(message)) == {"kind": "handshake", "active": False}

    def look(self, context: bytes) -> View:
        seen = self._call("look", length=EXPORT_LENGTH)
        return {
            "exported_plainly": decoded(seen["exported_plainly"]),
            "epoch": int(seen["epoch"]),
            "identities": sorted(decoded(identity) for identity in seen["identities"]),
        }
