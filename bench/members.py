"""Groups to measure with."""

import os

from channel.mls import (
    Credential,
    Group,
    KeyPackageBundle,
    Lifetime,
    cipher_suite,
    create_key_package,
    generate_signature_key_pair,
)
from channel.mls.proposals import Add

_LIFETIME = Lifetime(0, 10_000_000)


def everyone(credential: Credential, signature_key: bytes) -> None:
    """Believe every credential: who is who is not what is measured here."""


def founder(suite_number: int) -> Group:
    """A group with one member."""
    suite = cipher_suite(suite_number)
    return Group.create(
        suite,
        group_id=bytes(32),
        credential=Credential(b"founder"),
        signature_key_pair=generate_signature_key_pair(suite, os.urandom),
        lifetime=_LIFETIME,
        random=os.urandom,
    )


def newcomer(suite_number: int, name: bytes) -> KeyPackageBundle:
    """Somebody to add."""
    suite = cipher_suite(suite_number)
    return create_key_package(
        suite,
        credential=Credential(name),
        signature_key_pair=generate_signature_key_pair(suite, os.urandom),
        lifetime=_LIFETIME,
        random=os.urandom,
    )


def add_all(group: Group, bundles: list[KeyPackageBundle]) -> tuple[Group, bytes]:
    """Add people with one commit; returns the group after it and the Welcome."""
    result = group.commit(
        [Add(bundle.key_package) for bundle in bundles], random=os.urandom, authenticate=everyone, now_s=0
    )
    if result.welcome is None:
        raise RuntimeError("adding somebody makes a welcome")
    return result.group.adopt(result.pending).group, result.welcome


def two_members(suite_number: int) -> tuple[Group, Group]:
    """Two views of a group of two."""
    bundle = newcomer(suite_number, b"second")
    first, welcome = add_all(founder(suite_number), [bundle])
    return first, Group.join(welcome, bundle=bundle, authenticate=everyone)
