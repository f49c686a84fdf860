"""The working group's MLS vectors, cut down to the cipher suites this library has."""

from collections.abc import Iterator
from typing import Any

import pytest

from channel.mls.crypto import supported_cipher_suites
from tests.support import vectors


def entries(name: str) -> list[Any]:
    """One `pytest.param` per entry of a file; entries of suites that are not registered are left out."""
    return list(_entries(name))


def _entries(name: str) -> Iterator[Any]:
    for position, entry in enumerate(vectors.load_json("mls", f"{name}.json")):
        suite = entry.get("cipher_suite")
        if suite is None:
            yield pytest.param(entry, id=f"entry{position}")
        elif suite in supported_cipher_suites():
            yield pytest.param(entry, id=f"entry{position}-suite{suite}")


def unhex(entry: Any, key: str) -> bytes:
    """One field of an entry, as bytes."""
    return bytes.fromhex(entry[key])
