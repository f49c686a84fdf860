"""Members and outsiders that `channel.mls` keeps."""

from __future__ import annotations

from collections.abc import Sequence

from channel.mls.credential import Credential, CredentialType
from channel.mls.crypto import cipher_suite, generate_signature_key_pair, supported_cipher_suites
from channel.mls.external_proposals import propose_externally, propose_to_join
from channel.mls.framing import MLSMessage
from channel.mls.group import Group
from channel.mls.group_info import GroupInfo
from channel.mls.key_package import KeyPackage, create_key_package
from channel.mls.leaf_node import Capabilities
from channel.mls.proposals import ReInit
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.received import ApplicationReceived, CommitReceived, Received
from channel.mls.sent import CommitResult
from channel.mls.succession import Predecessor
from channel.mls.successors import branch, reinitialise
from channel.mls.types import Extension, GroupContext, Random
from tests.interop.changes import EXTENSION_TYPE, Change, proposal_of
from tests.interop.member import (
    EXPORT_LABEL,
    EXPORT_LENGTH,
    LIFETIME,
    NOW_S,
    Heard,
    MadeCommit,
    View,
)

RESUMPTION_EPOCHS = 4
"""Of how many past epochs a member keeps the resumption PSKs; ts-mls keeps those of as many."""


class OurMember:
    """A member that `channel.mls` keeps."""

    is_ours = True

    def __init__(self, name: str, suite_number: int, *, random: Random, old: OurMember | None = None) -> None:
        """Make a key package.

        Args:
            name: Its identity.
            suite_number: The cipher suite.
            random: Draws its keys.
            old: Its self in the group that the next one follows on.
        """
        self.name = name
        self._random = random
        self._old = old
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
        self._psks: dict[ExternalPSK, bytes] = {}
        self._group: Group | None = None
        self._pending: Group | None = None
        self._joining: Group | None = None

    @property
    def group(self) -> Group:
        """The group as it is now."""
        assert self._group is not None, f"{self.name} is in no group"
        return self._group

    def create(self, group_id: bytes, extensions: tuple[Extension, ...]) -> None:
        created = Group.create(
            self._suite,
            group_id=group_id,
            credential=Credential(self.name.encode()),
            signature_key_pair=self._signature_key_pair,
            lifetime=LIFETIME,
            extensions=extensions,
            capabilities=self._capabilities,
            random=self._random,
        )
        self._group = created.keep_resumption_psks(RESUMPTION_EPOCHS)

    def join(self, welcome: bytes, ratchet_tree: bytes | None) -> None:
        joined = Group.join(
            welcome,
            bundle=self._bundle,
            ratchet_tree=ratchet_tree,
            authenticate=authenticate,
            now_s=None,
            psks=self._psks,
        )
        self._group = joined.keep_resumption_psks(RESUMPTION_EPOCHS)

    def join_externally(
        self,
        group_info: bytes,
        *,
        ratchet_tree: bytes | None,
        replaces: int | None,
        aad: bytes,
        psk_ids: Sequence[PreSharedKeyID] = (),
    ) -> bytes:
        made = Group.join_externally(
            group_info,
            credential=Credential(self.name.encode()),
            signature_key_pair=self._signature_key_pair,
            capabilities=self._capabilities,
            ratchet_tree=ratchet_tree,
            replaces=replaces,
            psk_ids=psk_ids,
            psks=self._psks,
            authenticated_data=aad,
            authenticate=authenticate,
            now_s=NOW_S,
            random=self._random,
        )
        self._joining = made.group
        return made.message

    def propose_to_join(self, group_info: bytes, *, aad: bytes) -> bytes:
        context = _context(group_info)
        return propose_to_join(
            self._bundle, group_id=context.group_id, epoch=context.epoch, authenticated_data=aad
        )

    def commit(
        self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool, public: bool
    ) -> MadeCommit:
        made = self.group.commit(
            [proposal_of(change) for change in changes],
            random=self._random,
            authenticate=authenticate,
            now_s=NOW_S,
            authenticated_data=aad,
            ratchet_tree_in_welcome=tree_in_welcome,
            psks=self._psks,
            public=public,
        )
        return self._made(made)

    def _made(self, made: CommitResult) -> MadeCommit:
        self._group, self._pending = made.group, made.pending
        return MadeCommit(
            message=made.message, welcome=made.welcome, ratchet_tree=made.pending.ratchet_tree()
        )

    def renewed(self, suite_number: int) -> OurMember:
        """The same for a group that follows on this one, with new keys."""
        return OurMember(self.name, suite_number, random=self._random, old=self)

    def succeed(self, start: ReInit | bytes, key_packages: Sequence[bytes]) -> MadeCommit:
        """Found the group that follows on the old self's, for these others.

        Args:
            start: What the old group was ended for; or the new id, if the new group is a branch.
            key_packages: The others', encoded MLSMessages.
        """
        assert self._old is not None
        old = self._old.group
        bodies = [MLSMessage.decode(key_package).body for key_package in key_packages]
        others = [body for body in bodies if isinstance(body, KeyPackage)]
        if isinstance(start, ReInit):
            made = reinitialise(
                old,
                others,
                credential=Credential(self.name.encode()),
                signature_key_pair=self._signature_key_pair,
                lifetime=LIFETIME,
                capabilities=self._capabilities,
                authenticate=authenticate,
                now_s=NOW_S,
                random=self._random,
            )
        else:
            made = branch(
                old,
                others,
                group_id=start,
                credential=Credential(self.name.encode()),
                signature_key_pair=self._signature_key_pair,
                lifetime=LIFETIME,
                extensions=old.context.extensions,
                capabilities=self._capabilities,
                authenticate=authenticate,
                now_s=NOW_S,
                random=self._random,
            )
        return self._made(made)

    def join_successor(self, welcome: bytes, ratchet_tree: bytes) -> None:
        """Join the group that follows on the old self's."""
        assert self._old is not None
        self._group = Group.join(
            welcome,
            bundle=self._bundle,
            ratchet_tree=ratchet_tree,
            authenticate=authenticate,
            predecessor=Predecessor(self._old.group),
        )

    def adopt(self) -> None:
        if self._joining is not None:
            self._group, self._joining = self._joining.keep_resumption_psks(RESUMPTION_EPOCHS), None
            return
        assert self._pending is not None
        self._group, self._pending = self.group.adopt(self._pending).group, None

    def discard(self) -> None:
        self._pending = self._joining = None

    def propose(self, change: Change, *, aad: bytes, public: bool) -> bytes:
        self._group, message = self.group.propose(
            proposal_of(change),
            random=self._random,
            authenticate=authenticate,
            now_s=NOW_S,
            authenticated_data=aad,
            psks=self._psks,
            public=public,
        )
        return message

    def propose_update(self, *, aad: bytes, public: bool) -> bytes:
        """Propose a new encryption key of our own."""
        self._group, message = self.group.propose_update(
            random=self._random, authenticated_data=aad, public=public
        )
        return message

    def learn(self, psk_id: bytes, psk: bytes) -> None:
        self._psks[ExternalPSK(psk_id)] = psk

    def group_info(self, *, ratchet_tree: bool) -> bytes:
        return self.group.group_info(ratchet_tree=ratchet_tree)

    def seal(self, data: bytes, *, aad: bytes) -> bytes:
        self._group, message = self.group.protect(data, authenticated_data=aad, random=self._random)
        return message

    def _take(self, message: bytes) -> Received:
        return self.group.receive(
            message, authenticate=authenticate, now_s=NOW_S, psks=self._psks, outsiders=True
        )

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


class OurOutsider:
    """An external sender that `channel.mls` speaks for."""

    is_ours = True

    def __init__(self, name: str, suite_number: int, *, random: Random) -> None:
        self.name = name
        self._suite = cipher_suite(suite_number)
        self._signature_key_pair = generate_signature_key_pair(self._suite, random)
        self.signature_key = self._signature_key_pair.public_key

    def propose(self, change: Change, group_info: bytes, *, sender_index: int, aad: bytes) -> bytes:
        context = _context(group_info)
        return propose_externally(
            self._suite,
            proposal_of(change),
            group_id=context.group_id,
            epoch=context.epoch,
            sender_index=sender_index,
            signature_private_key=self._signature_key_pair.private_key,
            authenticated_data=aad,
        )


def authenticate(credential: Credential, signature_key: bytes) -> None:
    """Believe everybody who says anything."""
    assert credential.identity
    assert signature_key


def _context(group_info: bytes) -> GroupContext:
    body = MLSMessage.decode(group_info).body
    assert isinstance(body, GroupInfo)
    return body.group_context
