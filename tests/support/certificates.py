"""X.509 certificates for signature keys of leaves, self-signed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from channel.mls.credential import Credential, CredentialType
from channel.mls.crypto import CipherSuite
from channel.mls.group import Group
from channel.mls.proposals import Add
from tests.support.builders import JUDGE, LIFETIME, SUITE, accept, forge_key_package, make_bundle, seeded

CURVES: dict[int, ec.EllipticCurve] = {2: ec.SECP256R1(), 5: ec.SECP521R1(), 7: ec.SECP384R1()}
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a member")])


def certificate_of(key: Any) -> bytes:
    """A certificate, DER, for the public half of one of pyca's private keys."""
    algorithm = None if isinstance(key, (Ed25519PrivateKey, Ed448PrivateKey)) else hashes.SHA256()
    builder = x509.CertificateBuilder(
        issuer_name=NAME,
        subject_name=NAME,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2036, 1, 1, tzinfo=UTC),
    )
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def certificate(suite: CipherSuite, private_key: bytes) -> bytes:
    """A certificate, DER, for a signature key of a suite."""
    if suite.number in CURVES:
        return certificate_of(ec.derive_private_key(int.from_bytes(private_key, "big"), CURVES[suite.number]))
    if suite.number in (4, 6):
        return certificate_of(Ed448PrivateKey.from_private_bytes(private_key))
    return certificate_of(Ed25519PrivateKey.from_private_bytes(private_key))


def x509_credential(*certificates: bytes) -> Credential:
    """A credential of this chain."""
    return Credential(b"", certificates, CredentialType.X509)


def open_group() -> list[Group]:
    """A group that takes X.509 credentials too: Alice, Bob, and Eve with a certificate."""
    eve = make_bundle("eve")
    capabilities = replace(
        eve.key_package.leaf_node.capabilities, credentials=(CredentialType.BASIC, CredentialType.X509)
    )
    credential = x509_credential(certificate(SUITE, eve.signature_private_key))
    certified = forge_key_package(eve, credential=credential, capabilities=capabilities)
    random = seeded("open group")
    alice = Group.create(
        SUITE,
        group_id=b"an open group",
        credential=Credential(b"alice"),
        signature_key_pair=SUITE.generate_signature_key_pair(random),
        lifetime=LIFETIME,
        capabilities=capabilities,
        random=random,
    )
    bundles = [make_bundle("bob", capabilities=capabilities), replace(eve, key_package=certified)]
    result = alice.commit([Add(bundle.key_package) for bundle in bundles], random=random, **JUDGE)
    assert result.welcome is not None
    joined = [Group.join(result.welcome, bundle=bundle, authenticate=accept) for bundle in bundles]
    return [alice.adopt(result.pending).group, *joined]
