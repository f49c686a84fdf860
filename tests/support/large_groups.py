"""Groups with many members, as they are some time after their founding, made in a moment."""

from dataclasses import dataclass, replace

from channel.mls import Credential, Group, KeyPackageBundle, cipher_suite
from channel.mls.proposals import Add
from channel.mls.secret_tree import RatchetType
from channel.mls.tree_math import LeafIndex, full_leaf_count, leaf_node_index
from tests.support.builders import GROUP_ID, JUDGE, LIFETIME, accept, make_bundle, seeded


@dataclass(frozen=True, slots=True)
class LargeGroup:
    """A group whose founder, at leaf 0, has just added everybody else with one commit.

    Attributes:
        founder: The group as its founder sees it.
        welcome: What everybody else joins with.
        bundles: Everybody else's, from leaf 1 on.
    """

    founder: Group
    welcome: bytes
    bundles: tuple[KeyPackageBundle, ...]

    def join(self, leaf: int) -> Group:
        """The group as the member at a leaf other than 0 sees it once it has joined."""
        return Group.join(self.welcome, bundle=self.bundles[leaf - 1], authenticate=accept)


def large_group(suite_number: int, members: int) -> LargeGroup:
    """Found a group and add everybody else."""
    suite = cipher_suite(suite_number)
    random = seeded(f"large group {suite_number} {members}")
    founder = Group.create(
        suite,
        group_id=GROUP_ID,
        credential=Credential(b"member 0"),
        signature_key_pair=suite.generate_signature_key_pair(random),
        lifetime=LIFETIME,
        random=random,
    )
    bundles = tuple(make_bundle(f"member {leaf}", suite=suite) for leaf in range(1, members))
    result = founder.commit([Add(bundle.key_package) for bundle in bundles], random=random, **JUDGE)
    if result.welcome is None:
        raise ValueError("a large group has more than one member")
    return LargeGroup(founder.adopt(result.pending).group, result.welcome, bundles)


def after_all_committed(large: LargeGroup) -> Group:
    """The group once enough members have committed for every parent node to have a key.

    This is the last committer's view. Members of an epoch share all of its secrets and every commit makes new
    keys for its whole path, so each takes over from the one before, instead of following all commits.
    """
    group = large.founder
    random = seeded("commits")
    for leaf in _farthest_first(len(large.bundles) + 1):
        if leaf:
            group = seen_from(group, large.bundles[leaf - 1], leaf)
        group = group.adopt(group.commit((), random=random, **JUDGE).pending).group
    return group


def in_full_use(stored: bytes) -> Group:
    """A stored group with all that it comes to keep while it is used: everybody's ratchets, and its memos."""
    group = Group.decode(stored)
    secret_tree = group.message_state.secret_tree
    for leaf, _ in group.epoch_state.tree.leaves():
        for ratchet_type in RatchetType:
            secret_tree, _, _ = secret_tree.take_key(leaf, ratchet_type, 0)
    group = replace(group, message_state=replace(group.message_state, secret_tree=secret_tree))
    group.seal(b"", random=seeded("reuse guard"))
    group.commit((), random=seeded("path"), **JUDGE)
    group.encode()
    return group


def seen_from(group: Group, bundle: KeyPackageBundle, leaf: int) -> Group:
    """The same epoch in the hands of a member who knows no key but its leaf's.

    It can send and commit; to follow commits it would need the keys of the parents that have one.
    """
    leaf_index = LeafIndex(leaf)
    epoch = replace(
        group.epoch_state,
        own_leaf_index=leaf_index,
        private_keys={leaf_node_index(leaf_index): bundle.encryption_private_key},
        signature_private_key=bundle.signature_private_key,
    )
    return Group(epoch, group.message_state)


def _farthest_first(members: int) -> list[int]:
    """Every other leaf, each as far from those before as can be: then every commit encrypts to few."""
    room = full_leaf_count(members)
    stride, leaves = int(room), [0]
    while stride > 2:
        leaves += [leaf + stride // 2 for leaf in leaves]
        stride //= 2
    return [leaf for leaf in leaves if leaf < members]
