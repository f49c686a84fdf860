"""X.509 credentials: the certificate is for the leaf's own key (section 5.3), whatever else it says."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls.credential import Credential, CredentialType, check_certificate
from channel.mls.crypto import cipher_suite, supported_cipher_suites
from channel.mls.errors import ValidationError
from channel.mls.external_senders import ExternalSender, encode_external_senders
from channel.mls.proposals import Add, GroupContextExtensions, Update
from channel.mls.types import Extension, ExtensionType
from channel.mls.waiting import own_update
from tests.support.builders import (
    JUDGE,
    SUITE,
    forge_key_package,
    forge_leaf_node,
    forge_path_leaf,
    hostile_commit,
    make_bundle,
    make_group,
    path_of,
    seal_hostile,
    seeded,
)
from tests.support.certificates import certificate, certificate_of, open_group, x509_credential
from tests.support.refusal import refuse_rule

EVE = make_bundle("eve")
MALLORY = make_bundle("mallory")
CERTIFICATE = certificate(SUITE, EVE.signature_private_key)
BOTH = (CredentialType.BASIC, CredentialType.X509)
CERTIFIED = {
    "credential": x509_credential(CERTIFICATE),
    "capabilities": replace(EVE.key_package.leaf_node.capabilities, credentials=BOTH),
}

BAD: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "an empty chain": ("5.3-1", ()),
    "an empty certificate": ("5.3-1", (b"",)),
    "no certificate": ("5.3-1", (b"certificate", CERTIFICATE)),
    "a cut certificate": ("5.3-1", (CERTIFICATE[:-1],)),
    "a longer certificate": ("5.3-1", (CERTIFICATE + b"\x00",)),
    "a serial number of zero": ("5.3-1", (CERTIFICATE.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1),)),
    "another version": ("5.3-1", (CERTIFICATE.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1),)),
    "a certificate of another": ("5.3-2", (certificate(SUITE, MALLORY.signature_private_key),)),
    "its own certificate second": (
        "5.3-2",
        (certificate(SUITE, MALLORY.signature_private_key), CERTIFICATE),
    ),
    "an unknown kind of key": ("5.3-2", (CERTIFICATE.replace(b"\x2b\x65\x70", b"\x2b\x65\x07"),)),
}


def test_members_with_certificates_are_members_like_others() -> None:
    alice, bob, eve = open_group()
    assert eve.epoch_state.own_leaf.credential == x509_credential(CERTIFICATE)
    result = eve.commit(random=seeded(1), **JUDGE)
    for member in (alice, bob):
        after = member.receive(result.message, **JUDGE).group
        assert after.epoch_authenticator == result.pending.epoch_authenticator


@pytest.mark.parametrize("number", supported_cipher_suites())
def test_keys_of_every_suite_are_recognised(number: int) -> None:
    suite = cipher_suite(number)
    pair = suite.generate_signature_key_pair(seeded("certified"))
    other = suite.generate_signature_key_pair(seeded("another"))
    credential = x509_credential(certificate(suite, pair.private_key))
    check_certificate(credential, pair.public_key)
    with pytest.raises(ValidationError) as caught:
        check_certificate(credential, other.public_key)
    assert caught.value.rule == "5.3-2"


@pytest.mark.parametrize("case", BAD)
def test_a_bad_certificate_is_refused_in_every_leaf(case: str) -> None:
    rule, chain = BAD[case]
    bad = x509_credential(*chain)
    _, bob, eve = open_group()
    add = Add(forge_key_package(make_bundle("carol"), **{**CERTIFIED, "credential": bad}))
    refuse_rule(bob, hostile_commit(eve, add), rule)
    refuse_rule(bob, hostile_commit(eve, path=forge_path_leaf(eve, path_of(eve), credential=bad)), rule)
    update = own_update(eve.epoch_state, random=seeded("update"))[0].leaf_node
    place: Any = {"group_id": eve.group_id, "leaf_index": eve.own_leaf_index}
    forged = forge_leaf_node(update, eve.epoch_state.signature_private_key, credential=bad, **place)
    refuse_rule(bob, seal_hostile(eve, Update(forged)), rule)
    true = eve.commit(random=seeded(2), **JUDGE)
    assert bob.receive(true.message, **JUDGE).group.epoch == true.pending.epoch


@pytest.mark.parametrize("case", BAD)
def test_a_bad_certificate_is_refused_in_an_external_sender(case: str) -> None:
    rule, chain = BAD[case]
    alice, bob = make_group("alice", "bob")

    def naming(credential: Credential) -> GroupContextExtensions:
        senders = encode_external_senders(
            (ExternalSender(EVE.key_package.leaf_node.signature_key, credential),)
        )
        return GroupContextExtensions((Extension(ExtensionType.EXTERNAL_SENDERS, senders),))

    refuse_rule(bob, hostile_commit(alice, naming(x509_credential(*chain))), rule)
    good = alice.commit([naming(x509_credential(CERTIFICATE))], random=seeded(1), **JUDGE)
    assert bob.receive(good.message, **JUDGE).group.epoch == good.pending.epoch


def test_keys_that_mls_does_not_have_are_those_of_nobody() -> None:
    for key in (rsa.generate_private_key(public_exponent=65537, key_size=2048),):
        with pytest.raises(ValidationError) as caught:
            check_certificate(x509_credential(certificate_of(key)), b"")
        assert caught.value.rule == "5.3-2"
    # The same 32 bytes as an X25519 key are not an Ed25519 key.
    raw = X25519PrivateKey.from_private_bytes(bytes(31) + b"\x09").public_key().public_bytes_raw()
    signed = EVE.key_package.leaf_node.signature_key
    twisted = CERTIFICATE.replace(b"\x2b\x65\x70\x03\x21\x00" + signed, b"\x2b\x65\x6e\x03\x21\x00" + raw)
    assert twisted != CERTIFICATE
    with pytest.raises(ValidationError) as caught:
        check_certificate(x509_credential(twisted), raw)
    assert caught.value.rule == "5.3-2"


@settings(deadline=None)
@given(st.data())
def test_no_certificate_raises_anything_else(data: st.DataObject) -> None:
    damaged = bytearray(CERTIFICATE)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(damaged) - 1))
        damaged[position] = data.draw(st.integers(0, 255))
    rule = None
    try:
        check_certificate(x509_credential(bytes(damaged)), EVE.key_package.leaf_node.signature_key)
    except ValidationError as error:
        rule = error.rule
    assert rule in (None, "5.3-1", "5.3-2")
