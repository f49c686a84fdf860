"""The working group's MLS vectors, all of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import vectors


def entries(name: str) -> list[Any]:
    """One `pytest.param` per entry of a file."""
    return list(_entries(name))


def _entries(name: str) -> Iterator[Any]:
    for position, entry in enumerate(vectors.load_json("mls", f"{name}.json")):
        suite = entry.get("cipher_suite")
        name = f"entry{position}" if suite is None else f"entry{position}-suite{suite}"
        yield pytest.param(entry, id=name)


def unhex(entry: Any, key: str) -> bytes:
    """One field of an entry, as bytes."""
    return bytes.fromhex(entry[key])
