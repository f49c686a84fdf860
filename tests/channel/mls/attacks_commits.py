"""Attacks on the rules about lists of proposals, commits and their paths."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channel.mls.credential import Credential
from channel.mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
    UnknownProposal,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.psk_lookup import MAX_PSKS
from channel.mls.types import Random
from channel.mls.waiting import own_update
from tests.channel.mls.attack import Attack, Maker, breaks, called, crafted, patched, sent, truth_of
from tests.channel.mls.lenient import REAL, Library
from tests.support.builders import (
    JUDGE,
    make_bundle,
    make_group,
    partial_commit,
    path_of,
    seal_hostile,
    seeded,
)

EVE = make_bundle("eve")
ALICE, BOB, CAROL = make_group("alice", "bob", "carol")
TRUTH = truth_of(ALICE)
KNOWN = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))


def know(psk_id: Any) -> bytes | None:
    """A pre-shared key that all know; of none else."""
    return b"known" if getattr(psk_id.psk, "psk_id", b"id") == b"id" else None


PSKS: dict[str, Any] = {"psks": know}

LISTS: list[tuple[str, tuple[Proposal, ...]]] = [
    ("12.1.3-1", (Remove(3),)),
    (
        "12.1.4-1",
        (PreSharedKey(replace(KNOWN, psk=ResumptionPSK(ResumptionPSKUsage.BRANCH, b"group", 1))),),
    ),
    ("12.1.4-2", (PreSharedKey(replace(KNOWN, psk_nonce=bytes(31))),)),
    ("12.2-1", (own_update(ALICE.epoch_state, random=seeded("update"))[0],)),
    ("12.2-3", (Remove(2), Remove(2))),
    ("12.2-4", (GroupContextExtensions(()), GroupContextExtensions(()))),
    ("12.2-5", (ExternalInit(bytes(32)),)),
    ("12.2-6", (UnknownProposal(0x0A0A, b""),)),
    ("12.2-7", (PreSharedKey(KNOWN), PreSharedKey(KNOWN))),
    ("12.2-13", (ReInit(group_id=b"next", cipher_suite=1), Remove(2))),
]
"""Rule, and a list that breaks it and no other."""


def _committing(proposals: tuple[Proposal, ...]) -> Maker:
    return lambda lenient: sent(BOB, crafted(lenient, ALICE, *proposals, **PSKS), truth=TRUTH, options=PSKS)


for _rule, _proposals in LISTS:
    breaks(_rule)(_committing(_proposals))


@breaks("8.4-1")
def a_pre_shared_key_that_we_do_not_know(lenient: Library) -> Attack:
    message = crafted(lenient, ALICE, PreSharedKey(KNOWN), psks=know)
    return sent(BOB, message, truth=TRUTH, also="TypeError")


@breaks("8.4-2")
def more_pre_shared_keys_than_can_be_counted(lenient: Library) -> Attack:
    def strike(library: Library, count: int = MAX_PSKS + 1) -> object:
        suite, psk = library.crypto.cipher_suite(1), library.psk
        name = psk.ExternalPSK(b"id")
        psk_ids = (psk.PreSharedKeyID(name, step.to_bytes(32, "big")) for step in range(count))
        found = library.psk_lookup.find_psks(suite, psk_ids, find=lambda psk_id: b"known")
        return psk.derive_psk_secret(suite, found if count < MAX_PSKS else found[:1] * count)

    return called(strike, lambda: strike(REAL, 9), also="OverflowError")


@breaks("12.1.2-1")
def a_new_leaf_for_nobody(lenient: Library) -> Attack:
    update = own_update(ALICE.epoch_state, random=seeded(1))[0].leaf_node

    def strike(library: Library, leaf_index: int = 3) -> object:
        group = library.group.Group.decode(ALICE.encode())
        leaf_node = library.leaf_node
        return library.proposal_list.check_replacement(
            group.epoch_state.tree,
            leaf_node.LeafNode.decode(update.encode()),
            source=leaf_node.LeafNodeSource.UPDATE,
            leaf_index=leaf_index,
            context=group.context,
            extensions=(),
            judge=library.proposal_list.Judge(**JUDGE),
        )

    return called(strike, lambda: strike(REAL, 0), also="AttributeError")


@breaks("12.2-2")
def a_committer_that_removes_itself(lenient: Library) -> Attack:
    message = seal_hostile(ALICE, Commit((Remove(0),), path_of(ALICE)))
    return sent(BOB, message, truth=TRUTH, also="12.1.2-1")


@breaks("12.4-1")
def a_reference_to_nothing(lenient: Library) -> Attack:
    message = seal_hostile(ALICE, Commit((ProposalRef(bytes(32)),), path_of(ALICE)))
    return sent(BOB, message, truth=TRUTH, also="AttributeError")


@breaks("12.4-2")
def a_removal_without_a_path(lenient: Library) -> Attack:
    return sent(BOB, partial_commit(ALICE, Remove(2))[0], truth=TRUTH)


@breaks("12.4-2")
def an_empty_commit_without_a_path(lenient: Library) -> Attack:
    return sent(BOB, partial_commit(ALICE)[0], truth=TRUTH)


@breaks("12.4.2-1")
def a_commit_of_an_epoch_that_is_over(lenient: Library) -> Attack:
    made = ALICE.commit(random=seeded(1), **JUDGE)
    after = BOB.receive(made.message, **JUDGE).group
    truth = truth_of(ALICE.adopt(made.pending).group)
    return sent(after, TRUTH, truth=truth, also="DecryptionError")


# paths


class FirstThenOthers:
    """Random bytes: the first draw from one source, all later ones from another, the second perhaps cut."""

    def __init__(self, first: Random, then: Random, *, cut: int = 0) -> None:
        self.first, self.then, self.cut, self.drawn = first, then, cut, 0

    def __call__(self, length: int) -> bytes:
        self.drawn += 1
        if self.drawn == 1:
            return self.first(length)
        return self.then(length)[: length - self.cut if self.drawn == 2 else length]


@breaks("7.4-1")
def a_path_secret_that_is_too_short(lenient: Library) -> Attack:
    message = crafted(lenient, ALICE, random=FirstThenOthers(seeded(1), seeded(2), cut=1))
    return sent(BOB, message, truth=TRUTH)


@breaks("12.4.2-2")
def a_path_of_keys_that_are_in_the_tree(lenient: Library) -> Attack:
    # The same path secret in two commits: the keys on the path are those that are there already.
    first = ALICE.commit(random=FirstThenOthers(seeded(1), seeded("path")), **JUDGE)
    alice, bob = ALICE.adopt(first.pending).group, BOB.receive(first.message, **JUDGE).group
    message = crafted(lenient, alice, random=FirstThenOthers(seeded(2), seeded("path")))
    return sent(bob, message, truth=truth_of(alice))


def _with_path(lenient: Library, change: Callable[[Any], Any]) -> bytes:
    """A commit whose path is changed after it has been made, before it is signed and tagged."""
    real = lenient.commit.encrypt_path

    def encrypt_path(*arguments: Any, **options: Any) -> Any:
        return change(real(*arguments, **options))

    with patched(lenient.commit, encrypt_path=encrypt_path):
        return crafted(lenient, ALICE)


@breaks("7.5-1")
def a_path_that_is_too_long(lenient: Library) -> Attack:
    message = _with_path(lenient, lambda path: replace(path, nodes=path.nodes + path.nodes[-1:]))
    return sent(BOB, message, truth=TRUTH, also="ValueError")


@breaks("7.5-2")
def a_ciphertext_for_nobody(lenient: Library) -> Attack:
    def one_more(path: Any) -> Any:
        node = path.nodes[-1]
        more = replace(node, encrypted_path_secret=node.encrypted_path_secret * 2)
        return replace(path, nodes=(*path.nodes[:-1], more))

    return sent(BOB, _with_path(lenient, one_more), truth=TRUTH)


@breaks("7.5-3")
def a_key_that_the_path_secret_does_not_give(lenient: Library) -> Attack:
    real = lenient.treekem.node_key_pair
    with patched(lenient.treekem, node_key_pair=lambda suite, secret: real(suite, secret[::-1])):
        message = crafted(lenient, ALICE)
    return sent(BOB, message, truth=TRUTH)


@breaks("7.9.2-2")
def a_leaf_with_the_parent_hash_of_another_path(lenient: Library) -> Attack:
    real = lenient.treekem.parent_hash_chain
    with patched(lenient.treekem, parent_hash_chain=lambda *rest: (real(*rest)[0], bytes(32))):
        message = crafted(lenient, ALICE)
    return sent(BOB, message, truth=TRUTH)


# what we deal with ourselves


def _quiet(waiting: Proposal, rule_option: dict[str, Any]) -> Attack:
    """A proposal that waits, and an application that does not want it when we commit."""
    bob, message = BOB.propose(waiting, random=seeded(1), **JUDGE)
    alice = ALICE.receive(message, **JUDGE).group
    options: Any = {**JUDGE, **rule_option}

    def strike(library: Library) -> object:
        group = alice if library is REAL else library.group.Group.decode(alice.encode())
        result = group.commit(random=seeded(2), **options)
        assert result.welcome is None
        return bob.receive(result.message, **JUDGE)

    def honest() -> object:
        assert alice.commit(random=seeded(2), **JUDGE).welcome is not None
        return strike(REAL)

    return Attack(strike=strike, honest=honest, state=alice.encode, also="Refused", is_quiet=True)


class Refused(Exception):
    """What our application says."""


def _refuse_eve(credential: Credential, signature_key: bytes) -> None:
    if credential.identity == b"eve":
        raise Refused


def _refuse_additions(change: Any) -> None:
    if change.added:
        raise Refused


@breaks("5.3.1-1")
def a_waiting_addition_of_somebody_we_do_not_believe(lenient: Library) -> Attack:
    return _quiet(Add(EVE.key_package), {"authenticate": _refuse_eve})


@breaks("12.2-12")
def a_waiting_addition_against_our_own_rules(lenient: Library) -> Attack:
    return _quiet(Add(EVE.key_package), {"judge_commit": _refuse_additions})
