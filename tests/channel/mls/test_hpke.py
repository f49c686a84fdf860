"""HPKE as written out here, against RFC 9180's own example and against pyca's."""

import pytest

from channel.mls.crypto import CipherSuite, cipher_suite, supported_cipher_suites
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.hpke import HPKE, HPKECiphertext, NativeHPKE
from tests.support.builders import seeded

SUITES = [pytest.param(cipher_suite(number), id=f"suite{number}") for number in supported_cipher_suites()]
NATIVE = [suite for suite in SUITES if isinstance(suite.values[0].hpke, NativeHPKE)]  # type: ignore[union-attr]


def written_out(suite: CipherSuite) -> HPKE:
    return HPKE(suite.hpke.kem, suite.hpke.kdf, suite.hpke.aead)


def test_rfc_9180_example() -> None:
    """Appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode."""
    hpke = written_out(cipher_suite(1))
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    private_key, public_key = hpke.kem.derive_key_pair(
        bytes.fromhex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037")
    )
    assert private_key.hex() == "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
    assert public_key.hex() == "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"
    kem_output, context = hpke.setup_base_sender(
        public_key,
        info,
        lambda _: bytes.fromhex("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234"),
    )
    assert kem_output.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    assert context == hpke.setup_base_receiver(private_key, kem_output, info)
    exports = {
        b"": "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee",
        b"\x00": "2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5",
        b"TestContext": "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931",
    }
    for exporter_context, value in exports.items():
        assert hpke.export(context, exporter_context, 32).hex() == value


@pytest.mark.parametrize("suite", NATIVE)
def test_what_is_written_out_and_pyca_open_each_other(suite: CipherSuite) -> None:
    private_key, public_key = suite.generate_hpke_key_pair(seeded("keys"))
    ours, theirs = written_out(suite), suite.hpke
    for sender, receiver in ((ours, theirs), (theirs, ours)):
        sealed = sender.seal(public_key, b"info", b"secret", seeded("ephemeral"))
        assert receiver.open(private_key, b"info", sealed) == b"secret"
        for damaged in (
            HPKECiphertext(sealed.kem_output, sealed.ciphertext[:-1] + b"\x00\x00"),
            HPKECiphertext(sealed.kem_output[:-1], sealed.ciphertext),
        ):
            with pytest.raises(DecryptionError):
                receiver.open(private_key, b"info", damaged)


@pytest.mark.parametrize("suite", SUITES)
def test_both_sides_of_an_external_init_agree(suite: CipherSuite) -> None:
    private_key, public_key = suite.derive_key_pair(b"external secret" * 4)
    kem_output, init_secret = suite.export_external_init(public_key, random=seeded("init"))
    assert len(init_secret) == suite.hash_size
    assert len(kem_output) == suite.kem.kem_output_size
    assert suite.import_external_init(private_key, kem_output) == init_secret
    other_private_key, _ = suite.derive_key_pair(b"another secret" * 4)
    assert suite.import_external_init(other_private_key, kem_output) != init_secret
    for wrong in (b"", kem_output[:-1], kem_output + b"\x00", bytes(len(kem_output))):
        with pytest.raises(DecryptionError):
            suite.import_external_init(private_key, wrong)


@pytest.mark.parametrize("suite", SUITES)
def test_an_external_key_that_must_not_be_encrypted_to_is_refused(suite: CipherSuite) -> None:
    _, public_key = suite.derive_key_pair(b"external secret" * 4)
    for wrong in (b"", public_key[:-1], public_key + b"\x00", bytes(len(public_key))):
        with pytest.raises(VerificationError):
            suite.export_external_init(wrong, random=seeded("init"))


@pytest.mark.parametrize("suite", SUITES)
def test_the_ephemeral_key_comes_from_the_random_bytes(suite: CipherSuite) -> None:
    """X-Wing's ML-KEM half is pyca's own; what the argument draws is its last 32 bytes."""
    _, public_key = suite.derive_key_pair(b"ikm" * 20)
    first, again, other = (suite.kem.encapsulate(public_key, seeded(seed)) for seed in ("a", "a", "b"))
    assert first[1][-32:] == again[1][-32:] != other[1][-32:]
    if suite.kem.kem_id != 0x647A:
        assert first == again
        assert first[0] != other[0]


@pytest.mark.parametrize("suite", SUITES)
def test_a_context_shows_no_secret(suite: CipherSuite) -> None:
    context = suite.hpke.key_schedule(b"shared secret" * 3, suite.hpke.key_schedule_context(b"info"))
    for secret in (context.key, context.base_nonce, context.exporter_secret):
        assert repr(secret) not in repr(context)


@pytest.mark.parametrize("suite", SUITES)
def test_each_of_many_opens_their_own(suite: CipherSuite) -> None:
    pairs = [suite.derive_key_pair(bytes([number]) * 64) for number in range(3)]
    plaintexts = [b"first", b"second", b"third"]
    messages = [(public_key, text) for (_, public_key), text in zip(pairs, plaintexts, strict=True)]
    sealed = suite.encrypt_all_with_label(messages, b"label", b"context", random=seeded("many"))
    assert len({ciphertext.kem_output for ciphertext in sealed}) == 3
    for (private_key, _), text, ciphertext in zip(pairs, plaintexts, sealed, strict=True):
        assert suite.decrypt_with_label(private_key, b"label", b"context", ciphertext) == text
    with pytest.raises(DecryptionError):
        suite.decrypt_with_label(pairs[0][0], b"label", b"context", sealed[1])
