"""One export has one form, and a file that is anything else is refused with the line and entry named."""

import json
from dataclasses import replace

import pytest

from channel.audit import Export, RejectionRecord, UnreadableExport, format_export, parse_export
from channel.audit.format import MAX_LINE
from tests.support.members import Member, channel


@pytest.fixture(scope="module")
def exported() -> bytes:
    mira, amal = channel("Mira", "Amal")
    mira.say()
    amal.say()
    mira.log.inject(b"\x01 no entry")
    mira.read()
    return format_export(mira.export())


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def line_of(data: bytes, beginning: bytes, number: int = 0) -> int:
    """The index of the n-th line that begins so."""
    return [index for index, line in enumerate(lines_of(data)) if line.startswith(beginning)][number]


def refused(lines: list[bytes]) -> UnreadableExport:
    with pytest.raises(UnreadableExport) as caught:
        parse_export(b"".join(lines))
    return caught.value


def test_what_is_written_is_read_and_written_again(exported: bytes) -> None:
    export = parse_export(exported)
    assert export.intact
    assert format_export(export) == exported
    assert export.size == len(export.entries) + 1
    assert [record.position for record in export.entries] == list(range(1, export.size))
    assert export.rejections == (RejectionRecord(export.size - 1, "malformed-entry"),)


def test_the_file_is_lines_of_canonical_json(exported: bytes) -> None:
    for line in lines_of(exported):
        assert len(line) < MAX_LINE
        record = json.loads(line)
        assert json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n" == line


def test_a_line_with_its_bytes_in_another_form_is_refused(exported: bytes) -> None:
    lines = lines_of(exported)
    for index, line in enumerate(lines):
        for other in (line.replace(b'":', b'": ', 1), line[:-2] + b" }\n", b" " + line, line[:-1] + b"\r\n"):
            assert refused([*lines[:index], other, *lines[index + 1 :]]).line == index + 1


def test_a_cut_file_is_noticed_wherever_it_is_cut(exported: bytes) -> None:
    lines = lines_of(exported)
    for count in range(len(lines)):
        assert "cut" in str(refused(lines[:count]))
    for size in (1, 100, len(exported) // 2, len(exported) - 1):
        with pytest.raises(UnreadableExport):
            parse_export(exported[:size])


def test_an_added_line_is_noticed(exported: bytes) -> None:
    lines = lines_of(exported)
    assert "added to" in str(refused([*lines, lines[-1]]))
    assert "added to" in str(refused([*lines, lines[-2]]))


@pytest.mark.parametrize("with_records", [False, True])
def test_a_dropped_entry_is_named(exported: bytes, with_records: bool) -> None:
    lines = lines_of(exported)
    places = [index for index, line in enumerate(lines) if line.startswith(b'{"bytes":')]
    for number, place in enumerate(places[:-1], start=1):
        end = places[number] if with_records else place + 1
        fault = refused([*lines[:place], *lines[end:]])
        assert fault.position == number
        assert f"entry {number} is missing" in str(fault)


def test_two_swapped_entries_are_named(exported: bytes) -> None:
    lines = lines_of(exported)
    places = [index for index, line in enumerate(lines) if line.startswith(b'{"bytes":')]
    for first in range(len(places)):
        for second in range(first + 1, len(places)):
            swapped = list(lines)
            swapped[places[first]], swapped[places[second]] = lines[places[second]], lines[places[first]]
            fault = refused(swapped)
            assert fault.position == first + 1
            assert f"entry {first + 1} comes later: entry {second + 1} stands in its place" in str(fault)


def test_a_repeated_entry_is_named(exported: bytes) -> None:
    lines = lines_of(exported)
    place = line_of(exported, b'{"bytes":', 1)
    assert refused([*lines[: place + 2], lines[place], *lines[place + 2 :]]).position == 3


def test_an_entry_has_one_opening_or_one_rejection(exported: bytes) -> None:
    lines = lines_of(exported)
    opening = line_of(exported, b'{"content":')
    rejection = line_of(exported, b'{"reason":')
    twice = [*lines[: opening + 1], lines[opening], *lines[opening + 1 :]]
    assert "does not belong" in str(refused(twice))
    without = refused([*lines[:opening], *lines[opening + 1 :]])
    assert (without.position, "neither an opening nor a rejection" in str(without)) == (2, True)
    last = refused([*lines[:rejection], *lines[rejection + 1 :]])
    assert last.position == 4
    both = lines[rejection].replace(b'"rejected":4', b'"rejected":2')
    assert "does not belong" in str(refused([*lines[: opening + 1], both, *lines[opening + 1 :]]))


def test_records_in_another_order_are_refused(exported: bytes) -> None:
    lines = lines_of(exported)
    epoch = line_of(exported, b'{"context":', 1)
    checkpoint = line_of(exported, b'{"checkpoint":')
    moved = [*lines[:epoch], *lines[epoch + 1 : -1], lines[epoch], lines[-1]]
    assert "order" in str(refused(moved))
    assert "does not belong here" in str(
        refused([*lines[:checkpoint], lines[checkpoint], *lines[checkpoint:]])
    )
    later = [*lines[:checkpoint], *lines[checkpoint + 1 : checkpoint + 2], lines[checkpoint]]
    assert "does not belong here" in str(refused([*later, *lines[checkpoint + 2 :]]))


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n",
        b"7\n",
        b'{"other":1}\n',
        b'{"end":1}\n',
        b'{"end":1,"sha256":"?"}\n',
        b'{"entry":1.5}\n',
        b'{"entry":true,"bytes":"","leaf_hash":""}\n',
        b'{"bytes":"","entry":-1,"leaf_hash":""}\n',
        b'{"bytes":"","entry":18446744073709551616,"leaf_hash":""}\n',
        b'{"bytes":"AB==","entry":1,"leaf_hash":""}\n',
        b'{"bytes":"%","entry":1,"leaf_hash":""}\n',
        b'{"bytes":7,"entry":1,"leaf_hash":""}\n',
        b'{"bytes":"","entry":1,"leaf_hash":"","more":1}\n',
        b'{"reason":7,"rejected":1}\n',
        b"[" * 100_000 + b"\n",
        b'"\xff"\n',
        b'{"entry":1,"entry":1}\n',
    ],
)
def test_garbage_in_a_line_is_refused(exported: bytes, line: bytes) -> None:
    lines = lines_of(exported)
    assert refused([*lines[:4], line, *lines[4:]]).line == 5


def test_a_line_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(UnreadableExport, match="no end of line"):
        parse_export(b"x" * (MAX_LINE + 2) + b"\n")
    with pytest.raises(UnreadableExport):
        parse_export(b"")


def test_a_wrong_checksum_is_reported_once_the_entries_have_been_looked_at(exported: bytes) -> None:
    lines = lines_of(exported)
    end = json.loads(lines[-1])
    end["sha256"] = end["sha256"].replace(end["sha256"][:4], "AAAA")
    other = json.dumps(end, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert not parse_export(b"".join([*lines[:-1], other])).intact


def test_the_export_of_somebody_removed_ends_without_an_epoch() -> None:
    mira, _amal, boris = channel("Mira", "Amal", "Boris")
    mira.post_commit(*mira.removing(boris))
    boris.read()
    assert boris.conversation.removed
    export = boris.export()
    assert parse_export(format_export(export)) == export
    assert len(export.epochs) == export.size - 1


def test_an_export_without_a_rejection_record_cannot_be_read(exported: bytes) -> None:
    export: Export = parse_export(exported)
    with pytest.raises(KeyError):
        format_export(replace(export, rejections=()))


def test_members_write_equal_files_where_they_hold_the_same_checkpoints() -> None:
    members: list[Member] = channel("Mira", "Amal")
    members[0].say()
    for member in members:
        member.read()
        member.notes = {member.log.size: member.log.checkpoint()}
    assert format_export(members[0].export()) == format_export(members[1].export())
