"""An epoch as people see it: who sits where, under which charter.

MLS knows leaves and keys; people know participants and roles. The charter in the GroupContext joins the two:
every leaf must carry a certificate of somebody on the roster, and everybody on the roster must hold a leaf,
so that nobody reads unseen and nobody is listed who cannot read.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

from channel.charter import CHARTER_EXTENSION, Charter
from channel.charter_change import NO_CONSENT, Consent, check_change, check_governing
from channel.errors import ChannelError, CharterRuleBroken
from channel.identity import participant_id, read_certificate, verify_certificate
from channel.mls import Credential, cipher_suite
from channel.mls.commit_change import CommitChange
from channel.mls.leaf_node import LeafNode, Member
from channel.mls.proposals import Add, Commit, GroupContextExtensions, Remove
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import Extension, GroupContext
from channel.mls.validation import check_lifetime

__all__ = [
    "BadEpoch",
    "Epoch",
    "authenticator",
    "check_arrivals",
    "check_closing",
    "check_next",
    "decode_epoch",
    "judge_commit",
    "read_epoch",
]


class BadEpoch(ChannelError):
    """The members and the charter of an epoch do not fit together; whoever committed it is at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The members and the charter from one commit to the next.

    Attributes:
        context: The epoch's GroupContext (RFC 9420, section 8.1).
        ratchet_tree: The public tree, encoded as the ratchet_tree extension.
        members: Leaf index to participant id.
        charter: The charter in force, read from the context.
    """

    context: GroupContext
    ratchet_tree: bytes
    members: Mapping[int, str]
    charter: Charter

    def leaf_of(self, participant: str) -> int | None:
        """The leaf of a participant, or None if that is no member now."""
        return next((leaf for leaf, member in self.members.items() if member == participant), None)


def authenticator(now_s: int) -> Callable[[Credential, bytes], None]:
    """Make the check that MLS calls for every new leaf: its certificate must vouch for its signature key.

    Args:
        now_s: The moment to judge validity at, UTC seconds; for a logged commit the relay's time of its
            entry, so that every member judges alike.
    """

    def authenticate(credential: Credential, signature_key: bytes) -> None:
        verify_certificate(credential.identity, signature_key=signature_key, now_s=now_s)

    return authenticate


def decode_epoch(group_context: bytes, ratchet_tree: bytes) -> Epoch:
    """Read an epoch from the bytes we kept of it; they were verified before they were kept."""
    context = GroupContext.decode(group_context)
    tree = RatchetTree.decode(cipher_suite(context.cipher_suite), ratchet_tree)
    return read_epoch(context, ratchet_tree, tuple(Member(leaf, node) for leaf, node in tree.leaves()))


def read_epoch(context: GroupContext, ratchet_tree: bytes, members: Iterable[Member]) -> Epoch:
    """Read the charter of an epoch and seat its members.

    Args:
        context: The epoch's GroupContext.
        ratchet_tree: The public tree the members were read from, encoded; its hash is the caller's to check.
        members: The tree's leaves, their certificates already verified.

    Raises:
        BadEpoch: No charter, a leaf of somebody not on the roster, or a seat without a leaf.
        ChannelError: The charter or a certificate cannot be read.
    """
    charter = _charter(context.extensions)
    seated = {member.leaf_index: _participant(member.leaf_node) for member in members}
    _check_seats(charter, set(seated.values()))
    return Epoch(context=context, ratchet_tree=ratchet_tree, members=seated, charter=charter)


def _participant(leaf_node: LeafNode) -> str:
    return participant_id(read_certificate(leaf_node.credential.identity).identity_key)


def _check_seats(charter: Charter, seated: Set[str]) -> None:
    roster = {entry.id for entry in charter.roster}
    if not seated <= roster:
        raise BadEpoch("a member is not on the roster")
    if not roster <= seated:
        raise BadEpoch("somebody on the roster is no member")


def check_next(
    current: Epoch,
    following: Epoch,
    *,
    committer: int,
    commit: bytes,
    consent: Consent = NO_CONSENT,
) -> None:
    """Refuse a change of members or charter that the charter's rules do not allow.

    Args:
        current: The epoch the commit closes.
        following: The epoch it opens.
        committer: The leaf of its sender.
        commit: The Commit, encoded, its signature verified.
        consent: What the entries before the commit allow it.

    Raises:
        ChannelError: Which numbered rule was broken; the committer is at fault.
        MLSError: ``commit`` is none.
    """
    decoded = _decode(commit)
    _check_committer(current, committer, decoded, consent)
    removed = _removed(decoded)
    _check_leaves(current, removed, following.members)
    before, after = set(current.members.values()), set(following.members.values())
    _check_removals(current, committer, removed, after)
    check_change(
        current.charter,
        following.charter,
        added_ids=after - before,
        removed_ids=before - after,
        consent=consent,
    )


def check_arrivals(commit: bytes, *, now_s: int) -> None:
    """Refuse newcomers whose key package or certificate is not valid at the time of the commit's entry.

    MLS judges others' commits so as they come, but not our own: those were judged by our own clock, and one
    that only its author believes would part them from everybody else.

    Args:
        commit: The Commit, encoded, its signature verified.
        now_s: The relay's time of its entry, UTC seconds.

    Raises:
        ChannelError, MLSError: One is not valid then, or ``commit`` is none.
    """
    for proposal in Commit.decode(commit).proposals:
        if isinstance(proposal, Add):
            leaf_node = proposal.key_package.leaf_node
            check_lifetime(leaf_node, now_s=now_s)
            authenticator(now_s)(leaf_node.credential, leaf_node.signature_key)


def judge_commit(change: CommitChange) -> None:
    """Refuse the kinds of commit that MLS has and a channel does not use.

    Raises:
        BadEpoch: The committer lets itself in from outside, mixes in a key that not all of us may know, or
            ends the group.
    """
    if change.is_external:
        raise BadEpoch("somebody outside of the channel commits")
    if change.psk_ids:
        raise BadEpoch("a commit names pre-shared keys")
    if change.reinit is not None:
        raise BadEpoch("a commit ends the channel's group")


def check_closing(
    current: Epoch, *, committer: int, commit: bytes, consent: Consent = NO_CONSENT
) -> frozenset[int]:
    """Judge a commit by its own words alone: all that somebody whom it removes can see of the next epoch.

    Args:
        current: The epoch it closes.
        committer: The leaf of its sender.
        commit: The Commit, encoded, its signature verified.
        consent: What the entries before the commit allow it.

    Returns:
        The leaves it removes.

    Raises:
        ChannelError: As ``check_next`` and ``read_epoch``; the committer is at fault.
        MLSError: ``commit`` is none.
    """
    decoded = _decode(commit)
    _check_committer(current, committer, decoded, consent)
    removed = _removed(decoded)
    if decoded.path is not None:
        _check_leaves(current, removed, {committer: _participant(decoded.path.leaf_node)})
    seated: list[str] = []
    charter = current.charter
    for proposal in decoded.proposals:
        match proposal:
            case Add():
                seated.append(_participant(proposal.key_package.leaf_node))
            case GroupContextExtensions():
                charter = _charter(proposal.extensions)
            case _:
                continue
    before = set(current.members.values())
    after = {who for leaf, who in current.members.items() if leaf not in removed} | set(seated)
    _check_seats(charter, after)
    _check_removals(current, committer, removed, after)
    check_change(
        current.charter, charter, added_ids=after - before, removed_ids=before - after, consent=consent
    )
    return removed


def _check_committer(current: Epoch, committer: int, commit: Commit, consent: Consent) -> None:
    """CHARTER-7: a commit without proposals is everybody's right, it heals their keys; any other is not."""
    if commit.proposals:
        who = current.members.get(committer, "")
        check_governing(current.charter, who)
        if who in consent.suspended:
            raise CharterRuleBroken("CHARTER-7", "a suspended seat changes neither members nor charter")


def _check_leaves(current: Epoch, removed: Set[int], following: Mapping[int, str]) -> None:
    """CHARTER-8 (RFC 9420, section 5.3.1: the application says which credential may succeed another)."""
    for leaf, who in following.items():
        if leaf not in removed and current.members.get(leaf, who) != who:
            raise CharterRuleBroken("CHARTER-8", "a leaf that stays keeps its identity")


def _check_removals(current: Epoch, committer: int, removed: Set[int], after: Set[str]) -> None:
    """CHARTER-5, leaf by leaf: an old key package in the place of a leaf would lock its owner out unseen."""
    own = current.members.get(committer)
    if any(who in after and who != own for leaf, who in current.members.items() if leaf in removed):
        raise CharterRuleBroken("CHARTER-5", "whoever loses a leaf to another leaves the roster")


def _decode(commit: bytes) -> Commit:
    decoded = Commit.decode(commit)
    if not all(isinstance(item, Add | Remove | GroupContextExtensions) for item in decoded.proposals):
        raise BadEpoch("a commit has a kind of proposal that channels do not use")
    return decoded


def _removed(commit: Commit) -> frozenset[int]:
    return frozenset(proposal.removed for proposal in commit.proposals if isinstance(proposal, Remove))


def _charter(extensions: Iterable[Extension]) -> Charter:
    by_type = {extension.extension_type: extension.extension_data for extension in extensions}
    if CHARTER_EXTENSION not in by_type:
        raise BadEpoch("the channel has no charter")
    if len(by_type) != 1:
        raise BadEpoch("a channel's GroupContext holds nothing but its charter")
    return Charter.decode(by_type[CHARTER_EXTENSION])
