"""Invitations on both sides."""

from dataclasses import replace

import pytest
from sqlcipher3 import dbapi2

from client.store import ClientStore, InvitationRow, InvitationState, Side
from tests.client.store.conftest import LOG

GIVEN = InvitationRow(
    mailbox=b"\x01" * 32,
    invitation_secret=b"otter---otter---otter---otter---",
    side=Side.INVITER,
    log_id=LOG,
    relay_url="wss://relay.example",
    role="party",
    name="Amal",
    expires_ms=99,
    state=InvitationState.OPEN,
    created_ms=5,
)
TAKEN = replace(
    GIVEN,
    mailbox=b"\x02" * 32,
    side=Side.INVITEE,
    log_id=None,
    role="",
    key_package_bundle=b"otter",
    outgoing=b"otter",
)


def test_invitations_read_back(store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.invitations.put(GIVEN)
        tx.invitations.put(TAKEN)
        assert tx.invitations.get(GIVEN.mailbox) == GIVEN
        assert tx.invitations.get(TAKEN.mailbox) == TAKEN
        assert tx.invitations.get(bytes(32)) is None
        assert tx.invitations.unfinished(Side.INVITER) == (GIVEN,)
        assert tx.invitations.unfinished(Side.INVITEE) == (TAKEN,)


@pytest.mark.parametrize("final", [InvitationState.DONE, InvitationState.FAILED])
def test_final_ones_are_not_unfinished(store: ClientStore, final: InvitationState) -> None:
    with store.transaction() as tx:
        tx.invitations.put(GIVEN)
        tx.invitations.put(replace(GIVEN, state=final))
        assert tx.invitations.unfinished(Side.INVITER) == ()
        tx.invitations.drop(GIVEN.mailbox)
        assert tx.invitations.get(GIVEN.mailbox) is None


def test_an_invitation_is_to_a_channel_we_have(store: ClientStore) -> None:
    with store.transaction() as tx, pytest.raises(dbapi2.IntegrityError):
        tx.invitations.put(replace(GIVEN, log_id=bytes(32)))


def test_secrets_stay_out_of_reprs() -> None:
    assert "otter" not in repr(GIVEN)
    assert "otter" not in repr(TAKEN)
