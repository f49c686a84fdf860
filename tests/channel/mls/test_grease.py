"""Unknown values are ignored where section 13.4 says so, and refused where section 13.5 says so."""

from dataclasses import replace

import pytest

from channel.mls import Credential, Group
from channel.mls.errors import DecodeError
from channel.mls.key_package import sign_key_package
from channel.mls.leaf_node import LeafNode
from channel.mls.proposals import Add, GroupContextExtensions
from channel.mls.types import Extension
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    forge_key_package,
    forge_welcome,
    hostile_commit,
    make_bundle,
    make_group,
    seal_hostile,
    seeded,
)
from tests.support.refusal import refuse_rule

GREASE = 0x7A7A
EVE = make_bundle("eve")
LISTED = EVE.key_package.leaf_node.capabilities
GREASED = replace(
    LISTED,
    versions=(*LISTED.versions, GREASE),
    cipher_suites=(GREASE, *LISTED.cipher_suites),
    extensions=(GREASE,),
    proposals=(GREASE,),
    credentials=(GREASE, *LISTED.credentials),
)


def test_a_client_full_of_unknown_values_is_welcome() -> None:
    alice, bob = make_group("alice", "bob")
    package = forge_key_package(EVE, capabilities=GREASED, extensions=(Extension(GREASE, b"anything"),))
    # Not listed by its leaf: section 10 tells senders to, section 13.4 tells us to ignore what is unknown.
    package = sign_key_package(
        SUITE,
        replace(package, extensions=(Extension(0x8A8A, b"anything"),)),
        signature_private_key=EVE.signature_private_key,
    )
    result = alice.commit([Add(package)], random=seeded(1), **JUDGE)
    assert result.welcome is not None
    bob = bob.receive(result.message, **JUDGE).group
    bundle = replace(EVE, key_package=package)
    welcome = forge_welcome(
        result.pending,
        result.welcome,
        bundle,
        info=lambda info: replace(info, extensions=(Extension(GREASE, b""), *info.extensions)),
    )
    eve = Group.join(welcome, bundle=bundle, authenticate=accept)
    assert eve.epoch_authenticator == bob.epoch_authenticator == result.pending.epoch_authenticator
    leaf_node = bob.member(2)
    assert leaf_node is not None
    assert leaf_node.capabilities == GREASED


def test_a_renewed_leaf_keeps_what_it_listed() -> None:
    alice, bob = make_group("alice", "bob")
    bundle = replace(EVE, key_package=forge_key_package(EVE, capabilities=GREASED))
    added = alice.commit([Add(bundle.key_package)], random=seeded(1), **JUDGE)
    assert added.welcome is not None
    eve = Group.join(added.welcome, bundle=bundle, authenticate=accept)
    bob = bob.receive(added.message, **JUDGE).group
    result = eve.commit(random=seeded(2), **JUDGE)
    renewed = bob.receive(result.message, **JUDGE).group.member(2)
    assert renewed is not None
    assert renewed.capabilities == GREASED


def test_an_unknown_extension_is_no_part_of_a_group_context() -> None:
    alice, bob = make_group("alice", "bob")
    change = GroupContextExtensions((Extension(GREASE, b""),))
    refuse_rule(bob, hostile_commit(alice, change), "13.4-2")
    refuse_rule(bob, seal_hostile(alice, change), "13.4-2")


def test_an_unknown_credential_type_is_refused() -> None:
    leaf_node = EVE.key_package.leaf_node
    known = leaf_node.credential.encode()
    unknown = GREASE.to_bytes(2, "big") + known[2:]
    with pytest.raises(DecodeError, match="credential type"):
        Credential.decode(unknown)
    with pytest.raises(DecodeError, match="credential type"):
        LeafNode.decode(leaf_node.encode().replace(known, unknown))


def test_listing_an_unknown_credential_type_makes_nobody_able_to_use_it() -> None:
    alice, bob = make_group("alice", "bob")
    only = replace(LISTED, credentials=(GREASE,))
    message = hostile_commit(alice, Add(forge_key_package(EVE, capabilities=only)))
    refuse_rule(bob, message, "7.2-2")
