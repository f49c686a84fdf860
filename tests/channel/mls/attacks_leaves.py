"""Attacks on the rules about leaf nodes, key packages and extensions."""

from dataclasses import replace
from typing import Any

from channel.mls.credential import CredentialType
from channel.mls.leaf_node import LeafNodeSource, Lifetime, RequiredCapabilities
from channel.mls.proposals import Add, GroupContextExtensions, Update
from channel.mls.types import Extension, ExtensionType
from channel.mls.validation import MAX_LIFETIME_S
from channel.mls.waiting import own_update
from tests.channel.mls.attack import Attack, Maker, breaks, crafted, sent, truth_of
from tests.channel.mls.lenient import Library
from tests.support.builders import (
    NOW_S,
    SUITE,
    forge_key_package,
    forge_leaf_node,
    hostile_commit,
    make_bundle,
    make_group,
    seal_hostile,
    seeded,
)
from tests.support.certificates import certificate, open_group, x509_credential

EVE = make_bundle("eve")
LISTED = EVE.key_package.leaf_node.capabilities
BOTH = replace(LISTED, credentials=(CredentialType.BASIC, CredentialType.X509))
CERTIFICATE = certificate(SUITE, EVE.signature_private_key)
UNKNOWN = Extension(0xF0A2, b"")
ALICE, BOB = make_group("alice", "bob")
TRUTH = truth_of(ALICE)

LEAVES: list[tuple[str, str, dict[str, Any]]] = [
    ("7.2-1", "", {"capabilities": replace(LISTED, extensions=(ExtensionType.RATCHET_TREE,))}),
    ("7.2-1", "", {"capabilities": replace(LISTED, proposals=(3,))}),
    ("7.2-2", "7.3-2", {"capabilities": replace(LISTED, credentials=(CredentialType.X509,))}),
    ("7.2-3", "", {"lifetime": Lifetime(NOW_S, NOW_S + MAX_LIFETIME_S + 1)}),
    ("7.2-3", "7.3-3", {"lifetime": Lifetime(NOW_S, NOW_S - 1)}),
    ("7.2-4", "", {"capabilities": replace(LISTED, cipher_suites=(2,))}),
    ("7.2-4", "", {"capabilities": replace(LISTED, versions=(2,))}),
    ("7.3-2", "", {"credential": x509_credential(CERTIFICATE), "capabilities": BOTH}),
    ("7.3-3", "", {"lifetime": Lifetime(NOW_S + 1, NOW_S + 2)}),
    ("7.3-3", "", {"lifetime": Lifetime(NOW_S - 2, NOW_S - 1)}),
    ("7.3-4", "", {"extensions": (UNKNOWN,)}),
    ("7.3-5", "", {"source": LeafNodeSource.UPDATE, "lifetime": None}),
    ("7.3-5", "", {"source": LeafNodeSource.COMMIT, "lifetime": None, "parent_hash": bytes(32)}),
    ("7.3-8", "", {"encryption_key": BOB.epoch_state.own_leaf.encryption_key}),
    ("10.1-1", "", {"cipher_suite": 2}),
    ("10.1-2", "", {"init_key": EVE.key_package.leaf_node.encryption_key}),
    (
        "13.4-1",
        "",
        {"extensions": (UNKNOWN, UNKNOWN), "capabilities": replace(LISTED, extensions=(0xF0A2,))},
    ),
    ("16.7-1", "", {"encryption_key": ALICE.epoch_state.tree.encryption_key(1)}),
]
"""Rule, what else would stop it, and what is changed in the key package of somebody to be added."""


def _adding(changes: dict[str, Any], also: str) -> Maker:
    def make(lenient: Library) -> Attack:
        bad = Add(forge_key_package(EVE, **changes))
        # Where a second check stands behind the first, no library can bring the commit to its end.
        message = hostile_commit(ALICE, bad) if also else crafted(lenient, ALICE, bad)
        return sent(BOB, message, truth=TRUTH, also=also)

    return make


for _rule, _also, _changes in LEAVES:
    breaks(_rule)(_adding(_changes, _also))


@breaks("7.3-7")
def a_second_client_with_the_key_of_a_member(lenient: Library) -> Attack:
    twin = make_bundle("twin", pair=BOB.epoch_state.signature_key_pair)
    return sent(BOB, crafted(lenient, ALICE, Add(twin.key_package)), truth=TRUTH)


@breaks("7.3-6")
def an_update_that_keeps_its_key(lenient: Library) -> Attack:
    update = own_update(ALICE.epoch_state, random=seeded(1))[0].leaf_node
    same = forge_leaf_node(
        update,
        ALICE.epoch_state.signature_private_key,
        encryption_key=ALICE.epoch_state.own_leaf.encryption_key,
        group_id=ALICE.group_id,
        leaf_index=0,
    )
    return sent(BOB, seal_hostile(ALICE, Update(same)), truth=TRUTH)


def _certified(lenient: Library, *chain: bytes, also: str = "") -> Attack:
    """An addition to a group that takes X.509 credentials."""
    alice, bob, _ = open_group()
    package = forge_key_package(make_bundle("frank"), credential=x509_credential(*chain), capabilities=BOTH)
    message = hostile_commit(alice, Add(package)) if also else crafted(lenient, alice, Add(package))
    return sent(bob, message, truth=truth_of(alice), also=also)


@breaks("5.3-1")
def a_credential_without_a_certificate(lenient: Library) -> Attack:
    return _certified(lenient, also="IndexError")


@breaks("5.3-1")
def a_credential_with_a_malformed_certificate(lenient: Library) -> Attack:
    return _certified(lenient, b"certificate", also="UnboundLocalError")


@breaks("5.3-2")
def a_credential_with_the_certificate_of_another(lenient: Library) -> Attack:
    return _certified(lenient, CERTIFICATE)


def _changing(*extensions: Extension) -> GroupContextExtensions:
    return GroupContextExtensions(extensions)


@breaks("7.3-1")
def a_demand_that_members_do_not_meet(lenient: Library) -> Attack:
    demand = RequiredCapabilities(proposals=(0xF0A2,)).encode()
    change = _changing(Extension(ExtensionType.REQUIRED_CAPABILITIES, demand))
    return sent(BOB, crafted(lenient, ALICE, change), truth=TRUTH)


@breaks("11.1-1")
def a_demand_that_nobody_can_read(lenient: Library) -> Attack:
    change = _changing(Extension(ExtensionType.REQUIRED_CAPABILITIES, b"\x05"))
    return sent(BOB, hostile_commit(ALICE, change), truth=TRUTH, also="AttributeError")


@breaks("13.4-1")
def an_extension_of_the_group_twice(lenient: Library) -> Attack:
    nobody = Extension(ExtensionType.EXTERNAL_SENDERS, b"\x00")
    return sent(BOB, crafted(lenient, ALICE, _changing(nobody, nobody)), truth=TRUTH)


@breaks("13.4-2")
def an_extension_of_the_group_that_members_do_not_have(lenient: Library) -> Attack:
    return sent(BOB, crafted(lenient, ALICE, _changing(UNKNOWN)), truth=TRUTH)


@breaks("12.1.8.1-1")
def external_senders_that_nobody_can_read(lenient: Library) -> Attack:
    change = _changing(Extension(ExtensionType.EXTERNAL_SENDERS, b"\x01\x00"))
    return sent(BOB, hostile_commit(ALICE, change), truth=TRUTH, also="UnboundLocalError")
