"""Members and outsiders that ts-mls keeps.

It cannot put a pre-shared key into an external commit of its own, and takes a proposal of no extensions at all for
none: so nobody makes these here. All else that a script does it can do, some of it as `ts_mls_peer.mjs` helps it and
`ts_mls_load.mjs` mends it; what for, `test_ts_mls_defects` shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from channel.mls.proposals import ReInit
from channel.mls.psk import ExternalPSK
from channel.mls.types import Extension
from tests.interop.changes import (
    EXTENSION_TYPE,
    AddClient,
    Change,
    MixInPSK,
    RemoveLeaf,
    SetExtensions,
    StartAnew,
)
from tests.interop.member import EXPORT_LABEL, EXPORT_LENGTH, LIFETIME, Heard, MadeCommit, View
from tests.interop.peer import Peer, PeerRefusedError, decoded, encoded

_HANDLES = count()


class TsMlsMember:
    """A member that ts-mls keeps."""

    is_ours = False

    def __init__(
        self,
        name: str,
        suite_number: int,
        *,
        peer: Peer,
        compressed: bool = False,
        in_one_call: bool = False,
        old: TsMlsMember | None = None,
    ) -> None:
        """Make a key package.

        Args:
            name: Its identity.
            suite_number: The cipher suite.
            peer: Who keeps it.
            compressed: Whether a NIST signature key is left as ts-mls makes it.
            in_one_call: Whether it leaves it to ts-mls's processMessage to see what a message is.
            old: Its self in the group that the next one follows on.
        """
        self.name = name
        self._handle = f"{name} {next(_HANDLES)}"
        self._peer = peer
        self._old = old
        self._in_one_call = in_one_call
        made = self._call(
            "new_member",
            suite=suite_number,
            identity=encoded(name.encode()),
            extension_types=[EXTENSION_TYPE],
            not_before=LIFETIME.not_before,
            not_after=LIFETIME.not_after,
            compressed=compressed,
        )
        self.key_package = decoded(made["key_package"])

    def _call(self, op: str, **request: Any) -> dict[str, Any]:
        return self._peer.call(op, member=self._handle, **request)

    def create(self, group_id: bytes, extensions: tuple[Extension, ...]) -> None:
        self._call("create", group_id=encoded(group_id), extensions=_wire_extensions(extensions))

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        self._call("join", welcome=encoded(welcome), ratchet_tree=_optional(ratchet_tree))

    def join_externally(
        self, group_info: bytes, *, ratchet_tree: bytes | None, replaces: int | None, aad: bytes
    ) -> bytes:
        made = self._call(
            "join_externally",
            group_info=encoded(group_info),
            ratchet_tree=_optional(ratchet_tree),
            resync=replaces is not None,
            authenticated_data=encoded(aad),
        )
        return decoded(made["message"])

    def propose_to_join(self, group_info: bytes, *, aad: bytes) -> bytes:
        made = self._call("propose_to_join", group_info=encoded(group_info), authenticated_data=encoded(aad))
        return decoded(made["message"])

    def renewed(self, suite_number: int) -> TsMlsMember:
        """The same for a group that follows on this one, with new keys."""
        return TsMlsMember(self.name, suite_number, peer=self._peer, old=self)

    def succeed(self, start: ReInit | bytes, key_packages: Sequence[bytes]) -> MadeCommit:
        """Found the group that follows on the old self's, for these others.

        Args:
            start: What the old group was ended for; or the new id, if the new group is a branch.
            key_packages: The others', encoded MLSMessages.
        """
        assert self._old is not None
        made = self._call(
            "succeed",
            old=self._old._handle,
            reinit=_wire_reinit(start) if isinstance(start, ReInit) else None,
            group_id=None if isinstance(start, ReInit) else encoded(start),
            key_packages=[encoded(key_package) for key_package in key_packages],
        )
        return _made_commit(made)

    def join_successor(self, welcome: bytes, ratchet_tree: bytes) -> None:
        """Join the group that follows on the old self's."""
        assert self._old is not None
        self._call(
            "join_successor",
            old=self._old._handle,
            welcome=encoded(welcome),
            ratchet_tree=encoded(ratchet_tree),
        )

    def commit(
        self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool, public: bool
    ) -> MadeCommit:
        made = self._call(
            "commit",
            proposals=[_wire_proposal(change) for change in changes],
            authenticated_data=encoded(aad),
            tree_in_welcome=tree_in_welcome,
            public_message=public,
        )
        return _made_commit(made)

    def adopt(self) -> None:
        self._call("adopt")

    def discard(self) -> None:
        self._call("discard")

    def propose(self, change: Change, *, aad: bytes, public: bool) -> bytes:
        made = self._call(
            "propose",
            proposal=_wire_proposal(change),
            authenticated_data=encoded(aad),
            public_message=public,
        )
        return decoded(made["message"])

    def propose_update(self, *, aad: bytes, public: bool) -> bytes:
        made = self._call("propose_update", authenticated_data=encoded(aad), public_message=public)
        return decoded(made["message"])

    def learn(self, psk_id: bytes, psk: bytes) -> None:
        self._call("learn", psk_id=encoded(psk_id), psk=encoded(psk))

    def group_info(self, *, ratchet_tree: bool) -> bytes:
        return decoded(self._call("group_info", ratchet_tree=ratchet_tree)["group_info"])

    def seal(self, data: bytes, *, aad: bytes) -> bytes:
        return decoded(self._call("seal", data=encoded(data), authenticated_data=encoded(aad))["message"])

    def _take(self, message: bytes) -> dict[str, Any]:
        return self._call("receive", message=encoded(message), in_one_call=self._in_one_call)

    def receive(self, message: bytes) -> Heard | None:
        received = self._take(message)
        if received["kind"] == "application":
            return Heard(decoded(received["data"]), decoded(received["authenticated_data"]))
        return None

    def leave(self, message: bytes, *, leaf_taken: bool) -> None:
        if leaf_taken:
            # Defect of ts-mls: it takes itself for removed only if its leaf is blank after the commit.
            with pytest.raises(PeerRefusedError, match="No overlap between provided private keys"):
                self._take(message)
        else:
            assert self._take(message) == {"kind": "handshake", "active": False}

    def look(self, context: bytes) -> View:
        seen = self._call("look", label=EXPORT_LABEL, context=encoded(context), length=EXPORT_LENGTH)
        return {name: decoded(value) for name, value in seen.items()}


class TsMlsOutsider:
    """An external sender that ts-mls speaks for."""

    is_ours = False

    def __init__(self, name: str, suite_number: int, *, peer: Peer) -> None:
        self.name = name
        self._peer = peer
        self.signature_key = decoded(
            peer.call("new_outsider", outsider=name, suite=suite_number)["signature_key"]
        )

    def propose(self, change: Change, group_info: bytes, *, sender_index: int, aad: bytes) -> bytes:
        """As our own; ts-mls finds its place among the senders by itself."""
        made = self._peer.call(
            "propose_externally",
            outsider=self.name,
            group_info=encoded(group_info),
            proposal=_wire_proposal(change),
            authenticated_data=encoded(aad),
        )
        return decoded(made["message"])


def _made_commit(made: dict[str, Any]) -> MadeCommit:
    return MadeCommit(
        message=decoded(made["message"]),
        welcome=None if made["welcome"] is None else decoded(made["welcome"]),
        ratchet_tree=decoded(made["ratchet_tree"]),
    )


def _optional(data: bytes | None) -> str | None:
    return None if data is None else encoded(data)


def _wire_extensions(extensions: tuple[Extension, ...]) -> list[dict[str, Any]]:
    return [
        {"type": int(extension.extension_type), "data": encoded(extension.extension_data)}
        for extension in extensions
    ]


def _wire_reinit(reinit: ReInit) -> dict[str, Any]:
    return {
        "group_id": encoded(reinit.group_id),
        "suite": reinit.cipher_suite,
        "extensions": _wire_extensions(reinit.extensions),
    }


def _wire_proposal(change: Change) -> dict[str, Any]:
    match change:
        case AddClient(key_package):
            return {"kind": "add", "key_package": encoded(key_package)}
        case RemoveLeaf(leaf=leaf):
            return {"kind": "remove", "leaf": leaf}
        case SetExtensions(extensions):
            return {"kind": "extensions", "extensions": _wire_extensions(extensions)}
        case StartAnew(reinit):
            return {"kind": "reinit", **_wire_reinit(reinit)}
        case MixInPSK(psk_id):
            nonce = encoded(psk_id.psk_nonce)
            if isinstance(psk_id.psk, ExternalPSK):
                return {"kind": "external_psk", "psk_id": encoded(psk_id.psk.psk_id), "nonce": nonce}
            return {
                "kind": "resumption_psk",
                "group_id": encoded(psk_id.psk.psk_group_id),
                "epoch": psk_id.psk.psk_epoch,
                "nonce": nonce,
            }
