"""Members that core-crypto keeps: OpenMLS behind an interface that shows and does less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.interop.members import EXPORT_LENGTH, AddClient, Change, Heard, MadeCommit, RemoveLeaf, View
from tests.interop.peer import Peer, decoded, encoded


class CoreCryptoMember:
    """A member kept by core-crypto. Its commits are public, and it adopts them at once."""

    is_ours = False

    def __init__(self, name: str, suite_number: int, *, peer: Peer) -> None:
        self.name = name
        self._peer = peer
        made = self._call("new_member", suite=suite_number, identity=encoded(name.encode()))
        assert decoded(made["identity"]) == name.encode()
        self.key_package = decoded(made["key_package"])

    def _call(self, op: str, **request: Any) -> dict[str, Any]:
        return self._peer.call(op, member=self.name, **request)

    def create(self, group_id: bytes, content: bytes | None) -> None:
        assert content is None, "core-crypto knows no extensions of ours"
        self._call("create", group_id=encoded(group_id))

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        assert ratchet_tree is None, "core-crypto takes the tree inside the Welcome only"
        self._call("join", welcome=encoded(welcome))

    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit:
        assert tree_in_welcome
        assert not aad
        made = self._call(
            "commit",
            add=[encoded(change.key_package) for change in changes if isinstance(change, AddClient)],
            remove=[encoded(change.name.encode()) for change in changes if isinstance(change, RemoveLeaf)],
        )
        welcome = None if made["welcome"] is None else decoded(made["welcome"])
        return MadeCommit(message=decoded(made["message"]), welcome=welcome, ratchet_tree=None)

    def adopt(self) -> None:
        """Nothing to do: it already has."""

    def discard(self) -> None:
        raise NotImplementedError("core-crypto does not wait to see whose commit is ordered")

    def propose(self, change: Change, *, aad: bytes) -> bytes:
        raise NotImplementedError("core-crypto has no call that proposes")

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
