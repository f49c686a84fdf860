"""Every rule about leaf nodes and key packages, broken by a member that adds a bad key package."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import KeyPackage, Lifetime
from channel.mls.credential import CredentialType
from channel.mls.crypto import supported_cipher_suites
from channel.mls.errors import ValidationError, VerificationError
from channel.mls.leaf_node import Capabilities, LeafNodeSource, RequiredCapabilities
from channel.mls.proposals import Add, GroupContextExtensions
from channel.mls.types import Extension, ExtensionType
from channel.mls.validation import (
    MAX_LIFETIME_S,
    Leniency,
    check_key_package,
    check_leaf_node,
    check_lifetime,
)
from tests.support.builders import (
    JUDGE,
    LOW_ORDER_KEYS,
    NOW_S,
    SUITE,
    forge_key_package,
    hostile_commit,
    make_bundle,
    make_group,
    seeded,
)
from tests.support.certificates import certificate, x509_credential
from tests.support.refusal import refuse

EVE = make_bundle("eve")
LISTED = EVE.key_package.leaf_node.capabilities
PRIVATE_TYPE = 0xF0A2

BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "lists a default extension": ("7.2-1", {"capabilities": replace(LISTED, extensions=(1,))}),
    "lists a default proposal": ("7.2-1", {"capabilities": replace(LISTED, proposals=(3,))}),
    "hides its credential type": ("7.2-2", {"capabilities": replace(LISTED, credentials=(2,))}),
    "lives too long": ("7.2-3", {"lifetime": Lifetime(NOW_S, NOW_S + MAX_LIFETIME_S + 1)}),
    "ends before it begins": ("7.2-3", {"lifetime": Lifetime(NOW_S, NOW_S - 1)}),
    "hides its suite": ("7.2-4", {"capabilities": replace(LISTED, cipher_suites=(2,))}),
    "hides its version": ("7.2-4", {"capabilities": replace(LISTED, versions=(2,))}),
    "uses what others lack": (
        "7.3-2",
        {
            "credential": x509_credential(certificate(SUITE, EVE.signature_private_key)),
            "capabilities": replace(LISTED, credentials=(1, 2)),
        },
    ),
    "lacks what others use": (
        "7.3-2",
        {
            "credential": x509_credential(certificate(SUITE, EVE.signature_private_key)),
            "capabilities": replace(LISTED, credentials=(2,)),
        },
    ),
    "is not valid yet": ("7.3-3", {"lifetime": Lifetime(NOW_S + 1, NOW_S + 2)}),
    "is no longer valid": ("7.3-3", {"lifetime": Lifetime(NOW_S - 2, NOW_S - 1)}),
    "has an unlisted extension": ("7.3-4", {"extensions": (Extension(PRIVATE_TYPE, b""),)}),
    "says it is an update": ("7.3-5", {"source": LeafNodeSource.UPDATE, "lifetime": None}),
    "says it is a commit": (
        "7.3-5",
        {"source": LeafNodeSource.COMMIT, "lifetime": None, "parent_hash": bytes(32)},
    ),
    "is of another suite": ("10.1-1", {"cipher_suite": 2}),
    "uses one key twice": ("10.1-2", {"init_key": EVE.key_package.leaf_node.encryption_key}),
    "repeats an extension": (
        "13.4-1",
        {
            "extensions": (Extension(PRIVATE_TYPE, b"1"), Extension(PRIVATE_TYPE, b"2")),
            "capabilities": replace(LISTED, extensions=(PRIVATE_TYPE,)),
        },
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_commit_that_adds_a_bad_key_package_is_refused(case: str) -> None:
    rule, changes = BROKEN[case]
    alice, bob = make_group("alice", "bob")
    bad = Add(forge_key_package(EVE, **changes))
    assert refuse(bob, hostile_commit(alice, bad), ValidationError).rule == rule
    with pytest.raises(ValidationError) as ours:
        alice.commit([bad], random=seeded(1), **JUDGE)
    assert ours.value.rule == rule


def test_a_good_key_package_is_not_refused() -> None:
    (alice,) = make_group("alice")
    check_key_package(EVE.key_package, suite=SUITE, now_s=NOW_S)
    good = Add(forge_key_package(EVE))
    assert alice.commit([good], random=seeded(1), **JUDGE).welcome is not None


def test_our_own_leaves_list_all_that_we_support() -> None:
    (alice,) = make_group("alice")
    for leaf_node in (EVE.key_package.leaf_node, alice.epoch_state.own_leaf):
        listed = leaf_node.capabilities
        assert listed.cipher_suites == supported_cipher_suites()
        assert (listed.versions, listed.credentials) == ((1,), (CredentialType.BASIC,))


@pytest.mark.parametrize("field", ["signature_key", "encryption_key"])
def test_a_key_of_another_member_is_refused(field: str) -> None:
    alice, bob = make_group("alice", "bob")
    if field == "signature_key":
        # Bob's own signature key: Eve can be added as Bob's second client only with Bob's help.
        twin = make_bundle("twin", pair=bob.epoch_state.signature_key_pair)
        bad, rule = twin.key_package, "7.3-7"
    else:
        bad, rule = forge_key_package(EVE, encryption_key=bob.epoch_state.own_leaf.encryption_key), "7.3-8"
    assert refuse(bob, hostile_commit(alice, Add(bad)), ValidationError).rule == rule


def test_the_same_client_twice_in_one_commit_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    twice = (Add(EVE.key_package), Add(EVE.key_package))
    assert refuse(bob, hostile_commit(alice, *twice), ValidationError).rule == "7.3-7"


@pytest.mark.parametrize("demand", ["extensions", "proposals", "credentials"])
def test_a_leaf_that_lacks_a_required_capability_is_refused(demand: str) -> None:
    number = CredentialType.X509 if demand == "credentials" else PRIVATE_TYPE
    required = replace(RequiredCapabilities(), **{demand: (number,)})
    extension = Extension(ExtensionType.REQUIRED_CAPABILITIES, required.encode())
    with pytest.raises(ValidationError) as caught:
        check_key_package(EVE.key_package, suite=SUITE, now_s=NOW_S, extensions=(extension,))
    assert caught.value.rule == "7.3-1"
    able = replace(LISTED, extensions=(PRIVATE_TYPE,), proposals=(PRIVATE_TYPE,), credentials=(1, 2))
    good = forge_key_package(EVE, capabilities=able)
    check_key_package(good, suite=SUITE, now_s=NOW_S, extensions=(extension,))


def test_required_capabilities_bind_members_when_they_are_introduced() -> None:
    alice, bob = make_group("alice", "bob")
    required = RequiredCapabilities(extensions=(PRIVATE_TYPE,)).encode()
    change = GroupContextExtensions((Extension(ExtensionType.REQUIRED_CAPABILITIES, required),))
    assert refuse(bob, hostile_commit(alice, change), ValidationError).rule == "7.3-1"
    malformed = GroupContextExtensions((Extension(ExtensionType.REQUIRED_CAPABILITIES, b"\x05"),))
    assert refuse(bob, hostile_commit(alice, malformed), ValidationError).rule == "11.1-1"


def test_a_leaf_that_lacks_a_group_extension_is_refused() -> None:
    alice, bob = make_group("alice", "bob", extensions=(Extension(PRIVATE_TYPE, b"charter"),))
    assert refuse(bob, hostile_commit(alice, Add(EVE.key_package)), ValidationError).rule == "13.4-2"
    other = GroupContextExtensions((Extension(PRIVATE_TYPE + 1, b""),))
    assert refuse(bob, hostile_commit(alice, other), ValidationError).rule == "13.4-2"


@pytest.mark.parametrize("key", LOW_ORDER_KEYS)
def test_low_order_keys_are_refused(key: bytes) -> None:
    alice, bob = make_group("alice", "bob")
    # With a key of low order a signature can be made that holds for almost any message, without a private key.
    for field in ("signature_key", "encryption_key", "init_key"):
        bad = forge_key_package(EVE, **{field: key})
        if field == "signature_key" or key != LOW_ORDER_KEYS[2]:
            refuse(bob, hostile_commit(alice, Add(bad)), VerificationError)


def test_a_low_order_key_does_not_pass_with_the_signature_that_pyca_accepts() -> None:
    identity = LOW_ORDER_KEYS[0]
    forged_signature = identity + bytes(32)
    leaf_node = replace(EVE.key_package.leaf_node, signature_key=identity, signature=forged_signature)
    with pytest.raises(VerificationError):
        leaf_node.verify_signature(SUITE)
    with pytest.raises(VerificationError):
        check_leaf_node(leaf_node, suite=SUITE, extensions=())
    with pytest.raises(VerificationError):
        replace(EVE.key_package, leaf_node=leaf_node, signature=forged_signature).verify_signature(SUITE)


@pytest.mark.parametrize("broken", ["leaf", "package"])
def test_a_bad_signature_is_refused(broken: str) -> None:
    alice, bob = make_group("alice", "bob")
    package = EVE.key_package
    if broken == "package":
        bad: KeyPackage = replace(package, signature=bytes(64))
    else:
        # The package is signed over the bad leaf, so that only the leaf's own signature is wrong.
        unsigned = replace(package.leaf_node, signature=bytes(64))
        resigned = SUITE.sign_with_label(
            EVE.signature_private_key,
            b"KeyPackageTBS",
            replace(package, leaf_node=unsigned).to_be_signed(),
        )
        bad = replace(package, leaf_node=unsigned, signature=resigned)
    refuse(bob, hostile_commit(alice, Add(bad)), VerificationError)


def test_leniency_forgives_what_it_names_and_nothing_else() -> None:
    forever = forge_key_package(EVE, lifetime=Lifetime(0, 2**64 - 1))
    unlisted = forge_key_package(EVE, capabilities=Capabilities(cipher_suites=()))
    check_key_package(forever, suite=SUITE, now_s=NOW_S, leniency=Leniency(any_lifetime=True))
    check_key_package(unlisted, suite=SUITE, now_s=NOW_S, leniency=Leniency(suite_not_listed=True))
    with pytest.raises(ValidationError, match=r"7\.2-4"):
        check_key_package(unlisted, suite=SUITE, now_s=NOW_S, leniency=Leniency(any_lifetime=True))
    with pytest.raises(ValidationError, match=r"7\.2-3"):
        check_key_package(forever, suite=SUITE, now_s=NOW_S, leniency=Leniency(suite_not_listed=True))


def test_a_lifetime_includes_both_its_ends() -> None:
    leaf_node = EVE.key_package.leaf_node
    assert leaf_node.lifetime is not None
    check_lifetime(leaf_node, now_s=leaf_node.lifetime.not_before)
    check_lifetime(leaf_node, now_s=leaf_node.lifetime.not_after)
    with pytest.raises(ValidationError, match=r"7\.3-3"):
        check_lifetime(leaf_node, now_s=leaf_node.lifetime.not_after + 1)
