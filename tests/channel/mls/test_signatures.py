"""Edge cases of Ed25519 (C2SP CCTV) through the path that every MLS signature takes: one test per entry."""

from typing import Any

import pytest

from channel.mls.crypto import cipher_suite
from channel.mls.errors import VerificationError
from tests.channel.mls.vectors import unhex
from tests.support.vectors import load_json

REFUSED = {"low_order_A", "non_canonical_A"}
ENTRIES = load_json("log", "cctv-ed25519vectors.json.gz")


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if REFUSED & set(entry["flags"] or ())],
    ids=lambda entry: entry["number"],
)
def test_keys_that_prove_nothing_never_verify(entry: Any) -> None:
    suite = cipher_suite(1)
    with pytest.raises(VerificationError):
        suite.check_signature_key(unhex(entry, "key"))
    with pytest.raises(VerificationError):
        suite.signature.verify(unhex(entry, "key"), entry["msg"].encode(), unhex(entry, "sig"))


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if not REFUSED & set(entry["flags"] or ())],
    ids=lambda entry: entry["number"],
)
def test_other_keys_are_not_refused_as_keys(entry: Any) -> None:
    cipher_suite(1).check_signature_key(unhex(entry, "key"))


def test_the_flawless_entry_verifies() -> None:
    (entry,) = (entry for entry in ENTRIES if not entry["flags"])
    cipher_suite(1).signature.verify(unhex(entry, "key"), entry["msg"].encode(), unhex(entry, "sig"))
