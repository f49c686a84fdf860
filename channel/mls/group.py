"""The group as a value: every operation returns the next one (RFC 9420, sections 11, 12 and 15).

A `Group` never changes. What an operation returns is to be stored before its message leaves; an operation
that raises has changed nothing, so a forged message costs the forger only. Which epoch counts is decided
outside, by the relay's order: `commit` returns the group to go on with and the *pending* group to adopt when
the commit has been ordered.

Operations that judge credentials take `authenticate`, and `now_s` for the lifetimes of key packages; members
agree on what is valid only if they pass the same time, which is the relay's time of the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from channel.mls import founding, joining, receiving, sending
from channel.mls.commit_change import JudgeCommit, accept_every_commit
from channel.mls.credential import Authenticate, Credential
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError
from channel.mls.external_join import join_externally
from channel.mls.framing import MLSMessage
from channel.mls.group_info import GroupInfo
from channel.mls.group_view import GroupView
from channel.mls.key_package import KeyPackageBundle
from channel.mls.leaf_node import Capabilities, Lifetime
from channel.mls.proposal_list import Judge
from channel.mls.proposals import Proposal
from channel.mls.psk import PreSharedKeyID
from channel.mls.psk_lookup import NO_PSKS, PSKs, finder
from channel.mls.public_message import PublicMessage
from channel.mls.received import CommitReceived, Received
from channel.mls.sent import CommitResult, ExternalJoin, SealedMessage
from channel.mls.signatures import SignatureKeyPair
from channel.mls.state import MessageState
from channel.mls.succession import Predecessor
from channel.mls.types import Extension, Random, WireFormat
from channel.mls.validation import STRICT, Leniency
from channel.mls.waiting import own_update
from channel.mls.welcome import Welcome


@dataclass(frozen=True, slots=True)
class Group(GroupView):
    """One member's view of a group (RFC 9420, sections 11 to 15): `create`, `join` or `decode` one."""

    # making one

    @classmethod
    def create(
        cls,
        suite: CipherSuite,
        *,
        group_id: bytes,
        credential: Credential,
        signature_key_pair: SignatureKeyPair,
        lifetime: Lifetime,
        extensions: tuple[Extension, ...] = (),
        capabilities: Capabilities | None = None,
        random: Random,
    ) -> Self:
        """Found a group with one member, ourselves (section 11).

        Args:
            suite: The group's cipher suite.
            group_id: Its id; nothing here checks that it is unique.
            credential: Ours.
            signature_key_pair: Ours.
            lifetime: Of our leaf, in seconds since the Unix epoch.
            extensions: The GroupContext's extensions.
            capabilities: What our leaf lists; by default mls10, our suites and the types of `extensions`.
            random: Draws our leaf's key and the first epoch's secret.

        Raises:
            ValidationError: What we are given breaks a rule, for example a lifetime that is too long.
        """
        epoch_state, secret_tree = founding.found(
            suite,
            group_id=group_id,
            credential=credential,
            signature_key_pair=signature_key_pair,
            lifetime=lifetime,
            extensions=extensions,
            capabilities=capabilities,
            random=random,
        )
        return cls(epoch_state, MessageState(secret_tree=secret_tree))

    @classmethod
    def join(
        cls,
        welcome: bytes,
        *,
        bundle: KeyPackageBundle,
        ratchet_tree: bytes | None = None,
        authenticate: Authenticate,
        now_s: int | None = None,
        psks: PSKs = NO_PSKS,
        predecessor: Predecessor | None = None,
        leniency: Leniency = STRICT,
    ) -> Self:
        """Join a group that has added us (section 12.4.3.1).

        That the group_id is not one of a group we are in already is for the caller to check.

        Args:
            welcome: The encoded MLSMessage with the Welcome.
            bundle: Our key package and its private keys; delete it once the group is stored.
            ratchet_tree: The content of a ratchet_tree extension, if the Welcome does not hold it.
            authenticate: Called for every other member; raises to refuse.
            now_s: If given, our own leaf's lifetime must include it. Other leaves may have outlived theirs.
            psks: The pre-shared keys we know: the Welcome names those that are needed.
            predecessor: The group that this one reinitialises or branches; without it, it must not.
            leniency: What to forgive this group's members, now and later.

        Raises:
            PeerError: The Welcome, or the group it leads to, breaks a rule or does not hold.
            StateError: There is no ratchet tree.
            Exception: Whatever `authenticate` raises.
        """
        body = MLSMessage.decode(welcome).body
        if not isinstance(body, Welcome):
            raise DecodeError("not a Welcome")
        epoch_state, secret_tree = joining.join(
            body,
            bundle=bundle,
            ratchet_tree=ratchet_tree,
            authenticate=authenticate,
            now_s=now_s,
            leniency=leniency,
            psks=psks,
            predecessor=predecessor,
        )
        return cls(epoch_state, MessageState(secret_tree=secret_tree))

    @classmethod
    def join_externally(
        cls,
        group_info: bytes,
        *,
        credential: Credential,
        signature_key_pair: SignatureKeyPair,
        capabilities: Capabilities | None = None,
        leaf_extensions: tuple[Extension, ...] = (),
        ratchet_tree: bytes | None = None,
        replaces: int | None = None,
        psk_ids: Sequence[PreSharedKeyID] = (),
        psks: PSKs = NO_PSKS,
        authenticated_data: bytes = b"",
        authenticate: Authenticate,
        now_s: int,
        random: Random,
        leniency: Leniency = STRICT,
    ) -> ExternalJoin:
        """Let ourselves in by an external commit (section 12.4.3.2), which the members may refuse.

        Args:
            group_info: The encoded MLSMessage with the GroupInfo, of the group's present epoch.
            credential: Ours.
            signature_key_pair: Ours.
            capabilities: What our leaf lists; by default as in `create`, from `leaf_extensions`.
            leaf_extensions: Extensions of our leaf.
            ratchet_tree: The content of a ratchet_tree extension, if the GroupInfo does not hold it.
            replaces: The leaf index of our own old self, which goes: a resync.
            psk_ids: Pre-shared keys to mix in.
            psks: Their values.
            authenticated_data: Signed as well.
            authenticate: Called for every member and ourselves; raises to refuse.
            now_s: Seconds since the Unix epoch.
            random: Draws our keys.
            leniency: What to forgive this group's members, now and later.

        Raises:
            PeerError: The GroupInfo is malformed, breaks a rule or does not hold, or what we ask for does.
            StateError: There is no ratchet tree.
            Exception: Whatever `authenticate` raises.
        """
        body = MLSMessage.decode(group_info).body
        if not isinstance(body, GroupInfo):
            raise DecodeError("not a GroupInfo")
        find_psk = finder(psks, {})
        content, epoch_state, secret_tree = join_externally(
            body,
            ratchet_tree=ratchet_tree,
            credential=credential,
            signature_key_pair=signature_key_pair,
            capabilities=capabilities,
            leaf_extensions=leaf_extensions,
            replaces=replaces,
            psk_ids=psk_ids,
            authenticated_data=authenticated_data,
            judge=Judge(authenticate=authenticate, now_s=now_s, leniency=leniency, find_psk=find_psk),
            random=random,
        )
        return ExternalJoin(
            message=MLSMessage(PublicMessage(content.content, content.auth)).encode(),
            group=cls(epoch_state, MessageState(secret_tree=secret_tree)),
        )

    # sending

    def protect(
        self, application_data: bytes, *, authenticated_data: bytes = b"", random: Random
    ) -> tuple[Group, bytes]:
        """Seal an application message (section 15), as `seal` does.

        Returns:
            The group from now on, and the encoded MLSMessage.
        """
        sealed = self.seal(application_data, authenticated_data=authenticated_data, random=random)
        return sealed.group, sealed.message

    def seal(
        self, application_data: bytes, *, authenticated_data: bytes = b"", random: Random
    ) -> SealedMessage:
        """Seal an application message (section 15), padded to one of `sending.PADDED_SIZES`.

        Args:
            application_data: What to say.
            authenticated_data: What to say in the clear; signed all the same.
            random: Gives the reuse guard.

        Raises:
            StateError: We have been removed, a proposal waits to be committed first (section 12.4), or the
                epoch's generations are used up.
        """
        return sending.seal_application(
            self, application_data, authenticated_data=authenticated_data, random=random
        )

    def propose(
        self,
        proposal: Proposal,
        *,
        random: Random,
        authenticate: Authenticate,
        now_s: int,
        authenticated_data: bytes = b"",
        psks: PSKs = NO_PSKS,
        public: bool = False,
    ) -> tuple[Group, bytes]:
        """Propose a change for somebody to commit (section 12.1).

        Args:
            proposal: The proposal; for an update of our own leaf use `propose_update`.
            random: Gives the reuse guard.
            authenticate: Called for the leaf this adds; raises to refuse.
            now_s: Seconds since the Unix epoch.
            authenticated_data: What to say in the clear; signed all the same.
            psks: The pre-shared keys we know, beside the group's own.
            public: Whether it travels as PublicMessage: signed, and not encrypted.

        Returns:
            The group from now on, and the encoded MLSMessage.

        Raises:
            PeerError: What it holds breaks a rule or is not to be trusted, so nobody could commit it.
            StateError: We have been removed, or the epoch's generations are used up.
            ValueError: An update; its private key would be lost.
            Exception: Whatever `authenticate` raises.
        """
        return sending.propose(
            self,
            proposal,
            judge=self._judge(authenticate, now_s, psks),
            authenticated_data=authenticated_data,
            wire_format=_wire_format(public),
            random=random,
        )

    def propose_update(
        self, *, authenticated_data: bytes = b"", public: bool = False, random: Random
    ) -> tuple[Group, bytes]:
        """Propose a new encryption key for our own leaf (section 12.1.2), otherwise as `propose`."""
        update, private_key = own_update(self.epoch_state, random=random)
        return sending.propose_own_update(
            self,
            update,
            authenticated_data=authenticated_data,
            wire_format=_wire_format(public),
            random=random,
            encryption_private_key=private_key,
        )

    def commit(
        self,
        proposals: Sequence[Proposal] = (),
        *,
        random: Random,
        authenticate: Authenticate,
        now_s: int,
        authenticated_data: bytes = b"",
        ratchet_tree_in_welcome: bool = True,
        psks: PSKs = NO_PSKS,
        public: bool = False,
        judge_commit: JudgeCommit = accept_every_commit,
    ) -> CommitResult:
        """Commit these proposals, those that wait and fit beside them, and a fresh path (section 12.4.1).

        Args:
            proposals: New ones, which go into the commit by value; may be empty.
            random: Draws our new keys.
            authenticate: Called for every leaf this adds or changes; raises to refuse.
            now_s: Seconds since the Unix epoch.
            authenticated_data: What to say in the clear; signed all the same.
            ratchet_tree_in_welcome: False if the caller hands `pending.ratchet_tree()` to joiners itself.
            psks: The pre-shared keys we know, beside the group's own.
            public: Whether it travels as PublicMessage: signed, and not encrypted.
            judge_commit: Called with what it would change; raises to refuse. A waiting proposal because of
                which it refuses stays out.

        Returns:
            The commit, and the groups before and after it.

        Raises:
            ValidationError: One of `proposals` breaks a rule.
            VerificationError: One of `proposals` holds a signature or key that is not to be trusted.
            StateError: We have been removed, or the epoch's generations are used up.
            Exception: Whatever `authenticate` raises.
        """
        return sending.commit(
            self,
            proposals,
            judge=replace(self._judge(authenticate, now_s, psks), judge_commit=judge_commit),
            authenticated_data=authenticated_data,
            wire_format=_wire_format(public),
            ratchet_tree_in_welcome=ratchet_tree_in_welcome,
            random=random,
        )

    # receiving

    def receive(
        self,
        message: bytes,
        *,
        authenticate: Authenticate,
        now_s: int,
        own_pending: Group | None = None,
        psks: PSKs = NO_PSKS,
        outsiders: bool = False,
        judge_commit: JudgeCommit = accept_every_commit,
    ) -> Received:
        """Take in the next message of the group, in the relay's order (sections 6.1, 12.4.2 and 15).

        Args:
            message: The encoded MLSMessage; a PrivateMessage, or a member's PublicMessage.
            authenticate: Called for every leaf that a proposal or commit adds or changes; raises to refuse.
            now_s: Seconds since the Unix epoch; the same on all members.
            own_pending: The pending group of our own commit, if one has been sent in this epoch.
            psks: The pre-shared keys we know, beside the group's own.
            outsiders: Whether to take in what comes from outside of the group: proposals of external senders
                and newcomers, and external commits.
            judge_commit: Called with what a commit of another would change; raises to refuse it.

        Returns:
            What it was, and the group from now on.

        Raises:
            PeerError: The message breaks a rule, does not open or does not hold. A message of our own, which
                the caller knows by its bytes, is such a one too, unless it is `own_pending`'s commit.
            StateError: We have been removed.
            Exception: Whatever `authenticate` raises.
        """
        return receiving.receive(
            self,
            message,
            outsiders=outsiders,
            judge=lambda: replace(
                self._judge(authenticate, now_s, psks), outsiders=outsiders, judge_commit=judge_commit
            ),
            own_pending=own_pending,
        )

    def _judge(self, authenticate: Authenticate, now_s: int, psks: PSKs) -> Judge:
        epoch = self.epoch_state
        find_psk = epoch.find_psk(psks)
        return Judge(authenticate=authenticate, now_s=now_s, leniency=epoch.leniency, find_psk=find_psk)

    def adopt(self, pending: Group) -> CommitReceived:
        """Go on with the pending group of our own commit, which the relay has ordered (section 14).

        Args:
            pending: From the `CommitResult` of this epoch.

        Raises:
            StateError: It does not follow on this epoch, or we have been removed.
        """
        return receiving.adopt(self, pending)


def _wire_format(public: bool) -> WireFormat:
    return WireFormat.PUBLIC_MESSAGE if public else WireFormat.PRIVATE_MESSAGE
