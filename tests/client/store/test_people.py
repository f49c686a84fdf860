"""Identity, contacts, verifications, settings."""

import pytest
from sqlcipher3 import dbapi2

from client.store import ClientStore, ContactRow, IdentityRow, VerificationRow

US = IdentityRow(
    private_seed=b"\x01" * 32, public_key=b"\x02" * 32, name="Mira", device="laptop", created_ms=7
)
AMAL = ContactRow(participant="ab" * 16, identity_key=b"\x03" * 32, name="Amal", first_seen_ms=9)
BY_VOICE = VerificationRow(
    participant=AMAL.participant,
    origin="relay/r/1",
    verified_ms=11,
    method="voice",
    safety_number="12345 67890",
)


def test_there_is_one_identity(empty_store: ClientStore) -> None:
    with empty_store.transaction() as tx:
        assert tx.people.identity() is None
        tx.people.set_identity(US)
        assert tx.people.identity() == US
        with pytest.raises(dbapi2.IntegrityError):
            tx.people.set_identity(US)
    assert repr(US.private_seed) not in repr(US)


def test_the_first_meeting_counts(empty_store: ClientStore) -> None:
    with empty_store.transaction() as tx:
        assert tx.people.contact(AMAL.participant) is None
        tx.people.meet(AMAL)
        tx.people.meet(
            ContactRow(
                participant=AMAL.participant, identity_key=AMAL.identity_key, name="Amal B", first_seen_ms=10
            )
        )
        assert tx.people.contact(AMAL.participant) == AMAL
        assert tx.people.contacts() == (AMAL,)


def test_every_verification_is_kept(empty_store: ClientStore) -> None:
    later = VerificationRow(
        participant=AMAL.participant,
        origin="relay/r/1",
        verified_ms=12,
        method="in person",
        safety_number="1",
    )
    with empty_store.transaction() as tx:
        tx.people.meet(AMAL)
        tx.people.verify(later)
        tx.people.verify(BY_VOICE)
        tx.people.verify(BY_VOICE)
        assert tx.people.verifications(AMAL.participant) == (BY_VOICE, later)
        assert tx.people.verifications("cd" * 16) == ()


def test_only_contacts_are_verified(empty_store: ClientStore) -> None:
    with empty_store.transaction() as tx, pytest.raises(dbapi2.IntegrityError):
        tx.people.verify(BY_VOICE)


def test_settings_are_set_changed_and_forgotten(empty_store: ClientStore) -> None:
    with empty_store.transaction() as tx:
        assert tx.people.setting("relay") is None
        tx.people.set_setting("relay", "wss://one")
        tx.people.set_setting("relay", "wss://two")
        assert tx.people.setting("relay") == "wss://two"
        tx.people.set_setting("relay", None)
        assert tx.people.setting("relay") is None
