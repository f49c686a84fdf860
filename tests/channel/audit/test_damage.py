"""One changed byte, anywhere in the file: refused, and in an entry's line that entry is the one named."""

import json
from random import Random

import pytest

from channel.audit import (
    AuditError,
    BadExport,
    UnreadableExport,
    format_export,
    parse_export,
    verify_export,
)
from tests.support.members import channel

SEED = 20_261_122


def changed_at(data: bytes, place: int, dice: Random) -> bytes:
    other = dice.choice([byte for byte in (*range(32, 127), 10, 0, 255) if byte != data[place]])
    return data[:place] + bytes([other]) + data[place + 1 :]


def sweep(data: bytes, places: range) -> None:
    """Change a byte: refused; in an entry's line, that entry is the one that is named."""
    dice = Random(SEED)
    starts: list[tuple[int, int | None]] = []
    position = 0
    for line in data.splitlines(keepends=True):
        record = json.loads(line)
        starts += [(position, record.get("entry"))] * len(line)
        position += len(line)
    for place in places:
        with pytest.raises(AuditError) as caught:
            verify_export(parse_export(changed_at(data, place, dice)))
        fault = caught.value
        assert isinstance(fault, BadExport | UnreadableExport)
        entry = starts[place][1]
        if entry is not None:
            assert fault.position == entry, (place, str(fault))


@pytest.mark.parametrize("first", [0, 1])
def test_any_changed_byte_is_refused_and_its_entry_named(first: int) -> None:
    mira, _amal = channel("Mira", "Amal")
    mira.say()
    mira.read()
    data = format_export(mira.export())
    sweep(data, range(first, len(data), 74))
    sweep(data, range(len(data) - 120 + first, len(data), 2))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(8))
def test_every_changed_byte_is_refused(first: int) -> None:
    mira, _amal = channel("Mira", "Amal")
    mira.say()
    mira.log.inject(b"\x01 no entry")
    mira.read()
    data = format_export(mira.export())
    sweep(data, range(first, len(data), 8))
