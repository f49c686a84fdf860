"""Founding a group that follows on another: its reinitialisation, or a branch (RFC 9420, 11.2 and 11.3)."""

from __future__ import annotations

from collections.abc import Sequence

from channel.mls import sending
from channel.mls.credential import Authenticate, Credential
from channel.mls.crypto import cipher_suite
from channel.mls.errors import StateError
from channel.mls.group import Group
from channel.mls.key_package import KeyPackage
from channel.mls.leaf_node import Capabilities, Lifetime
from channel.mls.proposal_list import Judge
from channel.mls.proposals import Add, PreSharedKey
from channel.mls.psk import PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.psk_lookup import NO_PSKS, finder
from channel.mls.sent import CommitResult
from channel.mls.signatures import SignatureKeyPair
from channel.mls.succession import Predecessor, SameClient, check_succession, same_credential
from channel.mls.types import Extension, Random, WireFormat


def reinitialise(
    old: Group,
    key_packages: Sequence[KeyPackage],
    *,
    credential: Credential,
    signature_key_pair: SignatureKeyPair,
    lifetime: Lifetime,
    capabilities: Capabilities | None = None,
    same_client: SameClient = same_credential,
    authenticate: Authenticate,
    now_s: int,
    random: Random,
) -> CommitResult:
    """Start a group anew as its reinit proposal says.

    Args:
        old: The group, ended by a commit of a reinit proposal.
        key_packages: Of all of its other members, of the new cipher suite.
        credential: Ours.
        signature_key_pair: Ours, of the new cipher suite.
        lifetime: Of our leaf, in seconds since the Unix epoch.
        capabilities: What our leaf lists; by default as in `Group.create`.
        same_client: Recognises the old members in the new ones.
        authenticate: Called for every key package; raises to refuse.
        now_s: Seconds since the Unix epoch.
        random: Draws our keys.

    Returns:
        The new group's first commit: its Welcome is for the others, its pending group for us to adopt.

    Raises:
        StateError: The old group has not been ended by a reinit, or we were removed.
        ValidationError: A rule is broken, for example because a member is missing.
        VerificationError: A key package does not hold.
        UnsupportedError: The new cipher suite is not known here.
        Exception: Whatever `authenticate` raises.
    """
    reinit = old.message_state.reinit
    if reinit is None or not old.is_active or old.message_state.own_commit is not None:
        raise StateError("the group has not been ended by a reinit")
    new = Group.create(
        cipher_suite(reinit.cipher_suite),
        group_id=reinit.group_id,
        credential=credential,
        signature_key_pair=signature_key_pair,
        lifetime=lifetime,
        extensions=reinit.extensions,
        capabilities=capabilities,
        random=random,
    )
    judge = Judge(authenticate=authenticate, now_s=now_s, founding=ResumptionPSKUsage.REINIT)
    return _first_commit(new, key_packages, Predecessor(old, same_client), judge, random)


def branch(
    parent: Group,
    key_packages: Sequence[KeyPackage],
    *,
    group_id: bytes,
    credential: Credential,
    signature_key_pair: SignatureKeyPair,
    lifetime: Lifetime,
    extensions: tuple[Extension, ...] = (),
    capabilities: Capabilities | None = None,
    same_client: SameClient = same_credential,
    authenticate: Authenticate,
    now_s: int,
    random: Random,
) -> CommitResult:
    """Start a group of some members of another beside it.

    Args:
        parent: The group that goes on.
        key_packages: Of those of its other members that are to be in the branch.
        group_id: A new one.
        credential: Ours.
        signature_key_pair: Ours.
        lifetime: Of our leaf.
        extensions: The new GroupContext's extensions.
        capabilities: What our leaf lists.
        same_client: Recognises members of the parent in the branch.
        authenticate: Called for every key package; raises to refuse.
        now_s: Seconds since the Unix epoch.
        random: Draws our keys.

    Raises:
        StateError: The parent is not in use.
        ValidationError: A rule is broken, for example because somebody is not of the parent.
        VerificationError: A key package does not hold.
        Exception: Whatever `authenticate` raises.
    """
    parent.message_state.check_in_use()
    new = Group.create(
        parent.suite,
        group_id=group_id,
        credential=credential,
        signature_key_pair=signature_key_pair,
        lifetime=lifetime,
        extensions=extensions,
        capabilities=capabilities,
        random=random,
    )
    judge = Judge(authenticate=authenticate, now_s=now_s, founding=ResumptionPSKUsage.BRANCH)
    return _first_commit(new, key_packages, Predecessor(parent, same_client), judge, random)


def _first_commit(
    new: Group,
    key_packages: Sequence[KeyPackage],
    predecessor: Predecessor,
    judge: Judge,
    random: Random,
) -> CommitResult:
    usage, old = judge.founding, predecessor.group
    if usage is None:
        raise ValueError("a group follows on another as a reinitialisation or a branch")
    psk_id = PreSharedKeyID(ResumptionPSK(usage, old.group_id, old.epoch), random(new.suite.hash_size))
    result = sending.commit(
        new,
        [*(Add(key_package) for key_package in key_packages), PreSharedKey(psk_id)],
        judge=Judge(
            authenticate=judge.authenticate,
            now_s=judge.now_s,
            founding=usage,
            find_psk=finder(NO_PSKS, predecessor.psks),
        ),
        authenticated_data=b"",
        wire_format=WireFormat.PRIVATE_MESSAGE,
        ratchet_tree_in_welcome=True,
        random=random,
    )
    following = result.pending.epoch_state
    check_succession(usage, following.context, following.tree, predecessor)
    return result
