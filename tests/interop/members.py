"""Members of a group on either side, behind one interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import pytest

from channel.mls import (
    Add,
    ApplicationReceived,
    Capabilities,
    CommitReceived,
    Credential,
    Extension,
    Group,
    GroupContextExtensions,
    Lifetime,
    Proposal,
    Received,
    Remove,
    cipher_suite,
    create_key_package,
    generate_signature_key_pair,
)
from channel.mls.credential import CredentialType
from channel.mls.crypto import supported_cipher_suites
from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackage
from tests.interop.peer import Peer, PeerRefusedError, decoded, encoded

NOW_S = int(time.time())
LIFETIME = Lifetime(NOW_S - 3600, NOW_S + 28 * 24 * 3600)
"""Around the present: ts-mls looks at the clock by itself."""

EXTENSION_TYPE = 0xF1A9
EXPORT_LABEL = "parley interop"
EXPORT_LENGTH = 48


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
    """Replace the group's extensions by one of `EXTENSION_TYPE`."""

    content: bytes


Change: TypeAlias = AddClient | RemoveLeaf | SetExtensions


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
    """One member, or somebody who has only made a key package so far."""

    name: str
    is_ours: bool
    key_package: bytes

    def create(self, group_id: bytes, content: bytes | None) -> None: ...
    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None: ...
    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit: ...
    def adopt(self) -> None: ...
    def discard(self) -> None: ...
    def propose(self, change: Change, *, aad: bytes) -> bytes: ...
    def seal(self, data: bytes, *, aad: bytes) -> bytes: ...
    def receive(self, message: bytes) -> Heard | None: ...
    def leave(self, message: bytes, *, leaf_taken: bool) -> None: ...
    def look(self, context: bytes) -> View: ...


class OurMember:
    """A member that `channel.mls` keeps."""

    is_ours = True

    def __init__(self, name: str, suite_number: int, *, random: Callable[[int], bytes]) -> None:
        self.name = name
        self._random = random
        self._suite = cipher_suite(suite_number)
        self._signature_key_pair = generate_signature_key_pair(self._suite, random)
        self._capabilities = Capabilities(
            cipher_suites=supported_cipher_suites(),
            extensions=(EXTENSION_TYPE,),
            credentials=(CredentialType.BASIC, CredentialType.X509),
        )
        self._bundle = create_key_package(
            self._suite,
            credential=Credential(name.encode()),
            signature_key_pair=self._signature_key_pair,
            lifetime=LIFETIME,
            random=random,
            capabilities=self._capabilities,
        )
        self.key_package = MLSMessage(self._bundle.key_package).encode()
        self._group: Group | None = None
        self._pending: Group | None = None

    @property
    def group(self) -> Group:
        """The group as it is now."""
        assert self._group is not None, f"{self.name} is in no group"
        return self._group

    def create(self, group_id: bytes, content: bytes | None) -> None:
        self._group = Group.create(
            self._suite,
            group_id=group_id,
            credential=Credential(self.name.encode()),
            signature_key_pair=self._signature_key_pair,
            lifetime=LIFETIME,
            extensions=_extensions(content),
            capabilities=self._capabilities,
            random=self._random,
        )

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        self._group = Group.join(
            welcome, bundle=self._bundle, ratchet_tree=ratchet_tree, authenticate=authenticate, now_s=None
        )

    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit:
        made = self.group.commit(
            [proposal_of(change) for change in changes],
            random=self._random,
            authenticate=authenticate,
            now_s=NOW_S,
            authenticated_data=aad,
            ratchet_tree_in_welcome=tree_in_welcome,
        )
        self._group, self._pending = made.group, made.pending
        return MadeCommit(
            message=made.message, welcome=made.welcome, ratchet_tree=made.pending.ratchet_tree()
        )

    def adopt(self) -> None:
        assert self._pending is not None
        self._group, self._pending = self.group.adopt(self._pending).group, None

    def discard(self) -> None:
        self._pending = None

    def propose(self, change: Change, *, aad: bytes) -> bytes:
        self._group, message = self.group.propose(
            proposal_of(change),
            random=self._random,
            authenticate=authenticate,
            now_s=NOW_S,
            authenticated_data=aad,
        )
        return message

    def propose_update(self, *, aad: bytes) -> bytes:
        """Propose a new encryption key of our own."""
        self._group, message = self.group.propose_update(random=self._random, authenticated_data=aad)
        return message

    def seal(self, data: bytes, *, aad: bytes) -> bytes:
        self._group, message = self.group.protect(data, authenticated_data=aad, random=self._random)
        return message

    def _take(self, message: bytes) -> Received:
        return self.group.receive(message, authenticate=authenticate, now_s=NOW_S)

    def receive(self, message: bytes) -> Heard | None:
        received = self._take(message)
        self._group = received.group
        if isinstance(received, ApplicationReceived):
            return Heard(received.application_data, received.authenticated_data)
        return None

    def leave(self, message: bytes, *, leaf_taken: bool) -> None:
        received = self._take(message)
        assert isinstance(received, CommitReceived)
        assert received.self_removed
        assert not received.group.is_active

    def look(self, context: bytes) -> View:
        group = self.group
        return {
            "group_context": group.context.encode(),
            "epoch_authenticator": group.epoch_authenticator,
            "exported": group.export_secret(EXPORT_LABEL.encode(), context, EXPORT_LENGTH),
            "ratchet_tree": group.ratchet_tree(),
            "exported_plainly": group.export_secret(b"exporter", b"", EXPORT_LENGTH),
            "epoch": group.epoch,
            "identities": sorted(member.leaf_node.credential.identity for member in group.members()),
        }

    def restart(self) -> None:
        """Go on from what would have been stored."""
        self._group = Group.decode(self.group.encode())


class TheirMember:
    """A member that a peer keeps."""

    is_ours = False

    def __init__(
        self, name: str, suite_number: int, *, peer: Peer, public: bool = False, compressed: bool = False
    ) -> None:
        """Make a key package.

        Args:
            name: Its identity.
            suite_number: The cipher suite.
            peer: Who keeps it.
            public: Whether it commits in the clear.
            compressed: Whether a NIST signature key is left as ts-mls makes it.
        """
        self.name = name
        self._peer = peer
        self._public = public
        self.key_package = decoded(
            self._call(
                "new_member",
                suite=suite_number,
                identity=encoded(name.encode()),
                extension_types=[EXTENSION_TYPE],
                not_before=LIFETIME.not_before,
                not_after=LIFETIME.not_after,
                compressed=compressed,
            )["key_package"]
        )

    def _call(self, op: str, **request: Any) -> dict[str, Any]:
        return self._peer.call(op, member=self.name, **request)

    def create(self, group_id: bytes, content: bytes | None) -> None:
        self._call("create", group_id=encoded(group_id), extensions=_wire_extensions(content))

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        tree = None if ratchet_tree is None else encoded(ratchet_tree)
        self._call("join", welcome=encoded(welcome), ratchet_tree=tree)

    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit:
        made = self._call(
            "commit",
            proposals=[_wire_proposal(change) for change in changes],
            authenticated_data=encoded(aad),
            tree_in_welcome=tree_in_welcome,
            public_message=self._public,
        )
        return MadeCommit(
            message=decoded(made["message"]),
            welcome=None if made["welcome"] is None else decoded(made["welcome"]),
            ratchet_tree=decoded(made["ratchet_tree"]),
        )

    def adopt(self) -> None:
        self._call("adopt")

    def discard(self) -> None:
        self._call("discard")

    def propose(self, change: Change, *, aad: bytes) -> bytes:
        made = self._call(
            "propose", proposal=_wire_proposal(change), authenticated_data=encoded(aad), public_message=False
        )
        return decoded(made["message"])

    def seal(self, data: bytes, *, aad: bytes) -> bytes:
        return decoded(self._call("seal", data=encoded(data), authenticated_data=encoded(aad))["message"])

    def receive(self, message: bytes) -> Heard | None:
        received = self._call("receive", message=encoded(message))
        if received["kind"] == "application":
            return Heard(decoded(received["data"]), decoded(received["authenticated_data"]))
        return None

    def leave(self, message: bytes, *, leaf_taken: bool) -> None:
        if leaf_taken:
            # Defect of ts-mls: it takes itself for removed only if its leaf is blank after the commit.
            with pytest.raises(PeerRefusedError, match="No overlap between provided private keys"):
                self._call("receive", message=encoded(message))
        else:
            assert self._call("receive", message=encoded(message)) == {"kind": "handshake", "active": False}

    def look(self, context: bytes) -> View:
        seen = self._call("look", label=EXPORT_LABEL, context=encoded(context), length=EXPORT_LENGTH)
        return {name: decoded(value) for name, value in seen.items()}


def authenticate(credential: Credential, signature_key: bytes) -> None:
    """Believe everybody who says anything."""
    assert credential.identity
    assert signature_key


def _extensions(content: bytes | None) -> tuple[Extension, ...]:
    return () if content is None else (Extension(EXTENSION_TYPE, content),)


def _wire_extensions(content: bytes | None) -> list[dict[str, Any]]:
    return [] if content is None else [{"type": EXTENSION_TYPE, "data": encoded(content)}]


def proposal_of(change: Change) -> Proposal:
    """The same in our own terms."""
    match change:
        case AddClient(key_package):
            body = MLSMessage.decode(key_package).body
            assert isinstance(body, KeyPackage)
            return Add(body)
        case RemoveLeaf(leaf=leaf):
            return Remove(leaf)
        case SetExtensions(content):
            return GroupContextExtensions(_extensions(content))


def _wire_proposal(change: Change) -> dict[str, Any]:
    match change:
        case AddClient(key_package):
            return {"kind": "add", "key_package": encoded(key_package)}
        case RemoveLeaf(leaf=leaf):
            return {"kind": "remove", "leaf": leaf}
        case SetExtensions(content):
            return {"kind": "extensions", "extensions": _wire_extensions(content)}
