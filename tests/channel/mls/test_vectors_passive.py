"""The working group's vectors for a client that only listens: it is welcomed, and follows what others commit."""

from typing import Any

import pytest

from channel.mls import CommitReceived, Group, KeyPackageBundle, ProposalReceived
from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackage
from channel.mls.psk import ExternalPSK
from channel.mls.validation import Leniency
from tests.channel.mls.vectors import entries, unhex
from tests.support.builders import accept

AS_PUBLISHED = Leniency(any_lifetime=True)
"""The vectors' key packages are valid for ever."""

NOW_S = 1_700_000_000


def follow(entry: Any) -> None:
    """Join, and follow every epoch of an entry."""
    package = MLSMessage.decode(unhex(entry, "key_package")).body
    assert isinstance(package, KeyPackage)
    bundle = KeyPackageBundle(
        key_package=package,
        init_private_key=unhex(entry, "init_priv"),
        encryption_private_key=unhex(entry, "encryption_priv"),
        signature_private_key=unhex(entry, "signature_priv"),
    )
    psks = {ExternalPSK(unhex(psk, "psk_id")): unhex(psk, "psk") for psk in entry["external_psks"]}
    group = Group.join(
        unhex(entry, "welcome"),
        bundle=bundle,
        ratchet_tree=None if entry["ratchet_tree"] is None else unhex(entry, "ratchet_tree"),
        authenticate=accept,
        psks=psks,
        leniency=AS_PUBLISHED,
    ).keep_resumption_psks(1)
    judge: Any = {"authenticate": accept, "now_s": NOW_S, "psks": psks}
    assert group.epoch_authenticator == unhex(entry, "initial_epoch_authenticator")
    for epoch in entry["epochs"]:
        for proposal in epoch["proposals"]:
            proposed = group.receive(bytes.fromhex(proposal), **judge)
            assert isinstance(proposed, ProposalReceived)
            group = proposed.group
        committed = group.receive(unhex(epoch, "commit"), **judge)
        assert isinstance(committed, CommitReceived)
        group = committed.group
        assert group.epoch_authenticator == unhex(epoch, "epoch_authenticator")
        assert Group.decode(group.encode()) == group


@pytest.mark.parametrize("entry", entries("passive-client-welcome"))
def test_passive_client_welcome(entry: Any) -> None:
    follow(entry)


@pytest.mark.parametrize("entry", entries("passive-client-handling-commit"))
def test_passive_client_handling_commit(entry: Any) -> None:
    assert entry["epochs"]
    follow(entry)
