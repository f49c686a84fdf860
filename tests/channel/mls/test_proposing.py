"""What we propose ourselves is checked before it leaves (sections 5.3.1, 7.3, 10.1 and 12.1)."""

from dataclasses import replace

import pytest

from channel.mls import Credential, Lifetime
from channel.mls.errors import PeerError, ValidationError
from channel.mls.proposals import Add, GroupContextExtensions, Proposal, Remove, UnknownProposal
from channel.mls.types import Extension
from tests.support.builders import JUDGE, NOW_S, forge_key_package, make_bundle, make_group, seeded

EVE = make_bundle("eve")

BAD: dict[str, tuple[str, Proposal]] = {
    "adds a client whose time is over": (
        "7.3-3",
        Add(forge_key_package(EVE, lifetime=Lifetime(NOW_S - 2, NOW_S - 1))),
    ),
    "adds a client of another suite": ("10.1-1", Add(forge_key_package(EVE, cipher_suite=2))),
    "removes nobody": ("12.1.3-1", Remove(7)),
    "sets what a member does not support": (
        "13.4-2",
        GroupContextExtensions((Extension(0xF0A1, b"charter"),)),
    ),
    "is of an unknown type": ("12.2-6", UnknownProposal(0x0A0A, b"")),
}


@pytest.mark.parametrize("case", BAD)
def test_what_nobody_could_commit_is_not_proposed(case: str) -> None:
    rule, proposal = BAD[case]
    alice, _ = make_group("alice", "bob")
    before = alice.encode()
    with pytest.raises(ValidationError) as caught:
        alice.propose(proposal, random=seeded(1), **JUDGE)
    assert caught.value.rule == rule
    assert alice.encode() == before


def test_a_key_package_with_a_bad_signature_is_not_proposed() -> None:
    alice, _ = make_group("alice", "bob")
    forged = replace(EVE.key_package, signature=bytes(64))
    with pytest.raises(PeerError):
        alice.propose(Add(forged), random=seeded(1), **JUDGE)


def test_a_client_that_the_application_refuses_is_not_proposed() -> None:
    alice, _ = make_group("alice", "bob")

    def refuse(credential: Credential, signature_key: bytes) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        alice.propose(Add(EVE.key_package), random=seeded(1), authenticate=refuse, now_s=NOW_S)


def test_our_own_removal_can_be_proposed() -> None:
    alice, bob = make_group("alice", "bob")
    alice, message = alice.propose(Remove(0), random=seeded(1), **JUDGE)
    bob = bob.receive(message, **JUDGE).group
    result = bob.commit(random=seeded(2), **JUDGE)
    assert not alice.receive(result.message, **JUDGE).group.is_active
