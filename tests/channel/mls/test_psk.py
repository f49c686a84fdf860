import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls.crypto import cipher_suite, supported_cipher_suites
from channel.mls.errors import DecodeError
from channel.mls.psk import (
    ExternalPSK,
    PreSharedKeyID,
    ResumptionPSK,
    ResumptionPSKUsage,
    derive_psk_secret,
)

PSK_IDS = st.builds(
    PreSharedKeyID,
    st.builds(ExternalPSK, st.binary(max_size=40))
    | st.builds(
        ResumptionPSK,
        st.sampled_from(ResumptionPSKUsage),
        st.binary(max_size=40),
        st.integers(0, 2**64 - 1),
    ),
    st.binary(max_size=40),
)


@given(PSK_IDS)
def test_names_come_back(psk_id: PreSharedKeyID) -> None:
    assert PreSharedKeyID.decode(psk_id.encode()) == psk_id


@pytest.mark.parametrize("encoded", ["00", "0300", "0200", "0204", "02ff"])
def test_unknown_types_and_usages_are_refused(encoded: str) -> None:
    with pytest.raises(DecodeError, match="unknown"):
        PreSharedKeyID.decode(bytes.fromhex(encoded) + bytes(10))


@pytest.mark.parametrize("number", supported_cipher_suites())
def test_no_keys_give_zero(number: int) -> None:
    suite = cipher_suite(number)
    assert derive_psk_secret(suite, ()) == suite.zero == bytes(suite.hash_size)


def test_the_secret_depends_on_every_key_its_name_and_the_order() -> None:
    suite = cipher_suite(1)
    first = (PreSharedKeyID(ExternalPSK(b"a"), b"n"), b"key")
    second = (PreSharedKeyID(ResumptionPSK(ResumptionPSKUsage.APPLICATION, b"g", 1), b"n"), b"key")
    lists = [(first,), (second,), (first, second), (second, first), ((first[0], b"other"),)]
    assert len({derive_psk_secret(suite, psks) for psks in lists}) == len(lists)
