"""Attacks on the rules about groups that follow on others, and on what an auditor checks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channel.mls.authenticated_content import FramedContent, Sender
from channel.mls.crypto import cipher_suite
from channel.mls.group import Group
from channel.mls.key_package import KeyPackageBundle
from channel.mls.proposals import Add, ReInit
from channel.mls.received import CommitFacts
from channel.mls.types import Extension, GroupContext
from tests.channel.mls.attack import Attack, breaks, called, invited
from tests.channel.mls.lenient import REAL, Library
from tests.support.builders import GROUP_ID, JUDGE, LIFETIME, make_bundle, make_group, seeded
from tests.support.outsiders import key_pair

# successors

ANEW = ReInit(group_id=b"anew", cipher_suite=1)


def _ended(*names: str) -> list[Group]:
    first, *others = make_group(*names)
    result = first.commit([ANEW], random=seeded("end"), **JUDGE)
    return [
        first.adopt(result.pending).group,
        *(other.receive(result.message, **JUDGE).group for other in others),
    ]


def _follow(
    library: Library, old: Group, bundles: list[KeyPackageBundle], *, reinit: bool, **options: Any
) -> Any:
    """A group that follows on another, founded by Alice with this library; what its first commit returns."""
    pair = key_pair("alice anew")
    arguments: Any = {
        "credential": library.credential.Credential(b"alice"),
        "signature_key_pair": library.signatures.SignatureKeyPair(pair.private_key, pair.public_key),
        "lifetime": library.leaf_node.Lifetime(LIFETIME.not_before, LIFETIME.not_after),
        "random": seeded("follow"),
        **JUDGE,
        **({} if reinit else {"group_id": b"a branch"}),
        **options,
    }
    found = library.successors.reinitialise if reinit else library.successors.branch
    packages = [library.key_package.KeyPackage.decode(bundle.key_package.encode()) for bundle in bundles]
    own = arguments.pop("own", None) or library.group.Group.decode(old.encode())
    return found(own, packages, **arguments)


def _expecting(old: Group) -> Callable[[Library], dict[str, Any]]:
    """What a member of the old group says when it joins the new one."""

    def options(library: Library) -> dict[str, Any]:
        own = library.group.Group.decode(old.encode())
        return {"predecessor": library.succession.Predecessor(own)}

    return options


BOB = make_bundle("bob")


@breaks("11.2-1")
def a_successor_that_nobody_expects(lenient: Library) -> Attack:
    alice, _ = _ended("alice", "bob")
    welcome = _follow(REAL, alice, [BOB], reinit=True).welcome
    truth = _unrelated()
    return invited(welcome, BOB, truth=truth, also="AttributeError")


@breaks("11.2-1")
def a_group_that_follows_on_nothing(lenient: Library) -> Attack:
    alice, bob = _ended("alice", "bob")
    truth = _follow(REAL, alice, [BOB], reinit=True).welcome
    return invited(_unrelated(), BOB, truth=truth, also="ValueError", options=_expecting(bob))


@breaks("11.2-1")
def a_successor_of_another_group(lenient: Library) -> Attack:
    alice, bob = _ended("alice", "bob")
    parent, _ = make_group("alice", "bob")
    welcome = _follow(REAL, parent, [BOB], reinit=False).welcome
    truth = _follow(REAL, alice, [BOB], reinit=True).welcome
    return invited(welcome, BOB, truth=truth, also="8.4-1", options=_expecting(bob))


def _unrelated() -> bytes:
    """A Welcome to a group that has no predecessor."""
    (founder,) = make_group("somebody")
    result = founder.commit([Add(BOB.key_package)], random=seeded(1), **JUDGE)
    assert result.welcome is not None
    return result.welcome


@breaks("11.2-2")
def a_successor_with_another_group_id(lenient: Library) -> Attack:
    alice, bob = _ended("alice", "bob")
    own = lenient.group.Group.decode(alice.encode())
    other = lenient.proposals.ReInit(group_id=b"not what was agreed", cipher_suite=1)
    own = replace(own, message_state=replace(own.message_state, reinit=other))
    welcome = _follow(lenient, alice, [BOB], reinit=True, own=own).welcome
    truth = _follow(REAL, alice, [BOB], reinit=True).welcome
    return invited(welcome, BOB, truth=truth, options=_expecting(bob))


@breaks("11.2-3")
def a_successor_that_leaves_somebody_behind(lenient: Library) -> Attack:
    alice, bob, _ = _ended("alice", "bob", "carol")
    welcome = _follow(lenient, alice, [BOB], reinit=True).welcome
    truth = _follow(REAL, alice, [BOB, make_bundle("carol")], reinit=True).welcome
    return invited(welcome, BOB, truth=truth, options=_expecting(bob))


@breaks("11.3-2")
def a_branch_under_the_id_of_its_parent(lenient: Library) -> Attack:
    alice, bob = make_group("alice", "bob")
    welcome = _follow(lenient, alice, [BOB], reinit=False, group_id=alice.group_id).welcome
    truth = _follow(REAL, alice, [BOB], reinit=False).welcome
    return invited(welcome, BOB, truth=truth, options=_expecting(bob))


@breaks("11.3-3")
def a_branch_with_a_stranger(lenient: Library) -> Attack:
    alice, bob = make_group("alice", "bob")
    welcome = _follow(lenient, alice, [BOB, make_bundle("stranger")], reinit=False).welcome
    truth = _follow(REAL, alice, [BOB], reinit=False).welcome
    return invited(welcome, BOB, truth=truth, options=_expecting(bob))


def _compared(**changes: Any) -> Attack:
    """The comparison alone: a branch whose GroupContext says something else."""
    alice, bob = make_group("alice", "bob")
    pending = _follow(REAL, alice, [BOB], reinit=False).pending

    def strike(library: Library, changes: dict[str, Any] = changes) -> object:
        old = library.group.Group.decode(bob.encode())
        new = library.group.Group.decode(pending.encode())
        library.succession.check_succession(
            library.psk.ResumptionPSKUsage.BRANCH,
            replace(new.context, **changes),
            new.epoch_state.tree,
            library.succession.Predecessor(old),
        )
        return new

    return called(strike, lambda: strike(REAL, {}))


@breaks("11.3-1")
def a_branch_of_another_suite(lenient: Library) -> Attack:
    return _compared(cipher_suite=3)


@breaks("12.4.3.1-11")
def a_branch_in_a_later_epoch(lenient: Library) -> Attack:
    return _compared(epoch=2)


@breaks("12.4.3.1-11")
def a_branch_without_a_first_commit(lenient: Library) -> Attack:
    return _compared(epoch=0)


# audit

CHARTER = Extension(0xF0A1, b"charter")


def _step() -> tuple[Group, GroupContext, CommitFacts]:
    """A group, the GroupContext after a commit, and the commit's facts."""
    alice, _ = make_group("alice", "bob", extensions=(CHARTER,))
    result = alice.commit(random=seeded("audit"), **JUDGE)
    return alice, result.pending.context, alice.adopt(result.pending).facts


BEFORE, AFTER, FACTS = _step()


def _audited(
    *,
    after: GroupContext = AFTER,
    number: int = 1,
    content: bytes = FACTS.content,
    signature: bytes = b"",
    also: str = "",
) -> Attack:
    def strike(
        library: Library, after: GroupContext = after, content: bytes = content, signature: bytes = signature
    ) -> object:
        decode = library.types.GroupContext.decode
        return library.audit.verify_next_context(
            library.crypto.cipher_suite(number),
            decode(BEFORE.context.encode()),
            decode(after.encode()),
            previous_interim_transcript_hash=BEFORE.interim_transcript_hash,
            framed_content=content,
            signature=signature or FACTS.signature,
            confirmation_tag=FACTS.confirmation_tag,
        )

    def honest() -> object:
        return REAL.audit.verify_next_context(
            cipher_suite(1),
            BEFORE.context,
            AFTER,
            previous_interim_transcript_hash=BEFORE.interim_transcript_hash,
            framed_content=FACTS.content,
            signature=FACTS.signature,
            confirmation_tag=FACTS.confirmation_tag,
        )

    return called(strike, honest, also=also)


@breaks("8.1-1")
def another_group_id(lenient: Library) -> Attack:
    return _audited(after=replace(AFTER, group_id=b"another"))


@breaks("8.1-2")
def an_epoch_left_out(lenient: Library) -> Attack:
    return _audited(after=AFTER.replace(epoch=AFTER.epoch + 1))


@breaks("8.1-3")
def another_suite(lenient: Library) -> Attack:
    return _audited(after=replace(AFTER, cipher_suite=3))


@breaks("8.1-4")
def extensions_that_nobody_changed(lenient: Library) -> Attack:
    return _audited(after=AFTER.replace(extensions=()))


@breaks("8.2-1")
def an_epoch_opened_by_words(lenient: Library) -> Attack:
    said = FramedContent(
        group_id=GROUP_ID, epoch=BEFORE.epoch, sender=Sender.member(0), authenticated_data=b"", content=b"hi"
    )
    return _audited(content=said.encode(), also="8.2-2")


@breaks("8.2-2")
def a_commit_with_another_signature(lenient: Library) -> Attack:
    return _audited(signature=bytes(64))
