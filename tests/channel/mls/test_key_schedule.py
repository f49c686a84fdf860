import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls import key_schedule
from channel.mls.crypto import CipherSuite, cipher_suite, supported_cipher_suites
from channel.mls.errors import DecodeError
from channel.mls.key_schedule import EpochSecrets, RetainedSecrets

SUITES = [pytest.param(cipher_suite(number), id=f"suite{number}") for number in supported_cipher_suites()]


def secrets(
    suite: CipherSuite, *, psk_secret: bytes | None = None, group_context: bytes = b"context"
) -> EpochSecrets:
    return key_schedule.derive_epoch_secrets(
        suite,
        init_secret=b"i" * suite.hash_size,
        commit_secret=b"c" * suite.hash_size,
        psk_secret=suite.zero if psk_secret is None else psk_secret,
        group_context=group_context,
    )


@pytest.mark.parametrize("suite", SUITES)
def test_joiners_arrive_where_members_do(suite: CipherSuite) -> None:
    member = secrets(suite, psk_secret=b"p" * suite.hash_size)
    joiner = key_schedule.derive_joined_epoch_secrets(
        suite,
        joiner_secret=member.joiner_secret,
        psk_secret=b"p" * suite.hash_size,
        group_context=b"context",
    )
    assert joiner == member
    assert member.welcome_secret == key_schedule.derive_welcome_secret(
        suite, joiner_secret=member.joiner_secret, psk_secret=b"p" * suite.hash_size
    )
    key, nonce = key_schedule.welcome_key_and_nonce(suite, member.welcome_secret)
    assert (len(key), len(nonce)) == (suite.aead_key_size, suite.aead_nonce_size)


@pytest.mark.parametrize("suite", SUITES)
def test_all_secrets_of_an_epoch_differ_and_have_the_suites_size(suite: CipherSuite) -> None:
    values = dataclasses.astuple(secrets(suite))
    assert len(set(values)) == len(values) == 13
    assert {len(value) for value in values} == {suite.hash_size}


def test_every_secret_depends_on_context_and_psk() -> None:
    suite = cipher_suite(1)
    original = dataclasses.astuple(secrets(suite))
    for other in (secrets(suite, group_context=b"other"), secrets(suite, psk_secret=b"p" * 32)):
        shared = {*original} & {*dataclasses.astuple(other)}
        # A PSK enters after the joiner secret, which therefore stays.
        assert shared <= {original[0]}


def test_what_is_retained_leads_back_to_nothing() -> None:
    everything = secrets(cipher_suite(1))
    retained = everything.retain()
    assert RetainedSecrets.decode(retained.encode()) == retained
    for name in (
        "joiner_secret",
        "member_secret",
        "welcome_secret",
        "epoch_secret",
        "encryption_secret",
        "confirmation_key",
    ):
        assert getattr(everything, name) not in retained.encode()
    for field in dataclasses.fields(retained):
        assert getattr(retained, field.name) == getattr(everything, field.name)


@given(st.binary(max_size=300))
def test_garbage_state_raises_nothing_but_decode_error(data: bytes) -> None:
    try:
        RetainedSecrets.decode(data)
    except DecodeError:
        return


def test_no_secret_is_in_a_repr() -> None:
    everything = secrets(cipher_suite(1))
    assert repr(everything) == "EpochSecrets()"
    assert repr(everything.retain()) == "RetainedSecrets()"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_length_is_a_bug(length: int) -> None:
    suite = cipher_suite(1)
    with pytest.raises(ValueError, match="32 bytes"):
        secrets(suite, psk_secret=bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        key_schedule.derive_joiner_secret(
            suite, init_secret=bytes(length), commit_secret=suite.zero, group_context=b""
        )
    with pytest.raises(ValueError, match="32 bytes"):
        key_schedule.derive_welcome_secret(suite, joiner_secret=bytes(length), psk_secret=suite.zero)


def test_exports_depend_on_label_context_and_length() -> None:
    suite = cipher_suite(1)

    def export(label: bytes, context: bytes, length: int) -> bytes:
        return key_schedule.export_secret(suite, b"e" * 32, label=label, context=context, length=length)

    exports = {export(b"a", b"b", 32), export(b"ab", b"", 32), export(b"a", b"c", 32), export(b"b", b"b", 32)}
    assert len(exports) == 4
    assert len(export(b"a", b"b", 77)) == 77
    assert not export(b"a", b"b", 33).startswith(export(b"a", b"b", 32))
