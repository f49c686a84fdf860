"""The last entries may be covered by a checkpoint of a larger log: believed by its proof, and by nothing less."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from channel.audit import (
    BadExport,
    CoveringRecord,
    Export,
    UnreadableExport,
    format_export,
    parse_export,
    verify_export,
)
from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.merkle import HashTree, leaf_hash
from tests.channel.audit.test_damage import sweep
from tests.support.members import Member, channel


def removed_while_offline() -> tuple[Member, Member]:
    """Mira's log goes on; Boris reads to his removal, under a checkpoint of the whole log."""
    mira, amal, boris = channel("Mira", "Amal", "Boris")
    mira.say()
    mira.read()
    mira.post_commit(*mira.removing(boris))
    end = mira.log.size
    mira.read()
    for _ in range(3):
        mira.say()
        mira.read()
    amal.read()
    boris.read(upto=end)
    assert boris.conversation.removed
    return mira, boris


@pytest.fixture(scope="module")
def pair() -> tuple[Member, Member]:
    return removed_while_offline()


@pytest.fixture(scope="module")
def export(pair: tuple[Member, Member]) -> Export:
    return pair[1].export()


@pytest.fixture(scope="module")
def covering(export: Export) -> CoveringRecord:
    assert export.covering is not None
    return export.covering


def bad(export: Export, *, complete: bool = True) -> BadExport:
    """Refused, as an object and as a file with a good checksum."""
    with pytest.raises(BadExport):
        verify_export(export, complete=complete)
    with pytest.raises(BadExport) as caught:
        verify_export(parse_export(format_export(export)), complete=complete)
    return caught.value


def test_who_was_removed_while_offline_verifies_its_own_export(
    pair: tuple[Member, Member], export: Export
) -> None:
    mira, _boris = pair
    data = format_export(export)
    assert parse_export(data) == export
    assert format_export(parse_export(data)) == data
    verified = verify_export(parse_export(data))
    assert (verified.covered_by, verified.transcript.size) == (mira.log.size, mira.log.size - 3)
    assert verified.checkpoints == len(export.checkpoints) + 1
    assert verify_export(mira.export()).covered_by is None


def test_an_export_made_while_only_part_had_been_read_verifies() -> None:
    mira, amal = channel("Mira", "Amal")
    for _ in range(6):
        mira.say()
        mira.read()
    for upto in range(3, mira.log.size):
        amal.read(upto=upto)
        assert amal.verified().covered_by == mira.log.size
    amal.read()
    assert amal.export().covering is None
    assert amal.verified().covered_by is None


def test_without_its_proof_nothing_covers_the_last_entries(export: Export) -> None:
    fault = bad(replace(export, covering=None))
    assert "no checkpoint of the relay covers it" in str(fault)
    assert fault.position == export.checkpoints[-1].size
    assert verify_export(replace(export, covering=None), complete=False).covered_by is None


def forged(covering: CoveringRecord) -> dict[str, CoveringRecord]:
    first, *rest = covering.consistency
    flipped = bytes([first[0] ^ 1]) + first[1:]
    return {
        "empty": replace(covering, consistency=()),
        "too short": replace(covering, consistency=covering.consistency[:-1]),
        "too long": replace(covering, consistency=(*covering.consistency, bytes(32))),
        "a changed hash": replace(covering, consistency=(flipped, *rest)),
        "out of order": replace(covering, consistency=covering.consistency[::-1]),
        "zeros": replace(covering, consistency=tuple(bytes(32) for _ in covering.consistency)),
        "another size": replace(covering, size=covering.size + 1),
        "a huge size": replace(covering, size=2**64 - 1),
        "no note": replace(covering, note=b""),
        "a changed note": replace(covering, note=covering.note[:-3] + b"AA\n"),
    }


@pytest.mark.parametrize("how", forged(CoveringRecord(9, bytes(9), (bytes(32), bytes(32)))))
def test_a_forged_proof_is_refused_of_newcomers_too(
    export: Export, covering: CoveringRecord, how: str
) -> None:
    record = forged(covering)[how]
    for complete in (True, False):
        fault = bad(replace(export, covering=record), complete=complete)
        assert fault.position is not None
        assert fault.position >= export.checkpoints[-1].size - 1


def test_a_note_of_this_size_or_of_a_smaller_one_covers_nothing_that_way(
    pair: tuple[Member, Member], export: Export
) -> None:
    mira, _ = pair
    for size in (export.size, export.size - 1, 1):
        record = CoveringRecord(size, mira.log.checkpoint(size), ())
        assert "another size" in str(bad(replace(export, covering=record)))


@pytest.mark.parametrize("change", ["another entry", "another key", "another log"])
def test_a_log_that_the_relay_did_not_sign_is_not_covered(
    pair: tuple[Member, Member], export: Export, change: str
) -> None:
    """Whoever holds the export can prove anything about a tree of their own; the signature they cannot make."""
    mira, _ = pair
    entries = [*mira.log.entries]
    size = export.size
    if change == "another entry":
        entries[size - 1] = entries[size - 1][:-1] + bytes([entries[size - 1][-1] ^ 1])
    tree = HashTree(map(leaf_hash, entries))
    proof = tuple(tree.consistency_proof(size, len(entries)))
    origin = mira.conversation.transcript.genesis.origin
    key = channel("Mira", seed="other")[0].log._key if change == "another key" else mira.log._key
    named = origin[:-1] + ("0" if origin[-1] != "0" else "1") if change == "another log" else origin
    note = checkpoints.sign(Checkpoint(named, len(entries), tree.root(len(entries))), key)
    fault = bad(replace(export, covering=CoveringRecord(len(entries), note, proof)))
    assert fault.position is not None
    assert fault.position >= export.checkpoints[-1].size - 1


def test_an_entry_altered_behind_the_last_checkpoint_is_among_those_named(
    pair: tuple[Member, Member], export: Export
) -> None:
    last = export.entries[-1]
    changed = last.entry[:-1] + bytes([last.entry[-1] ^ 1])
    record = replace(last, entry=changed, leaf_hash=leaf_hash(changed))
    fault = bad(replace(export, entries=(*export.entries[:-1], record)))
    assert fault.position is not None
    assert export.checkpoints[-1].size <= fault.position <= last.position


def lines_with(export: Export, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"".join(change(format_export(export).splitlines(keepends=True)))


def test_the_covering_record_stands_once_and_last(export: Export) -> None:
    for change in (
        lambda lines: [*lines[:-1], lines[-2], lines[-1]],
        lambda lines: [*lines[:3], lines[-2], *lines[3:-2], lines[-1]],
        lambda lines: [*lines[:-3], lines[-2], lines[-3], lines[-1]],
    ):
        with pytest.raises(UnreadableExport):
            parse_export(lines_with(export, change))


@pytest.mark.parametrize("proof", [b'"AAAA"', b'"%"', b"7", b'""'])
def test_a_proof_that_is_no_hashes_cannot_be_read(export: Export, proof: bytes) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        beginning, _, rest = lines[-2].partition(b",")
        assert beginning.startswith(b'{"consistency":')
        return [*lines[:-2], b'{"consistency":' + proof + b"," + rest, lines[-1]]

    data = lines_with(export, change)
    if proof != b'""':
        with pytest.raises(UnreadableExport, match="consistency"):
            parse_export(data)
        return
    with pytest.raises(BadExport, match="too short"):
        verify_export(parse_export(data))


@pytest.mark.parametrize("first", [0, 1])
def test_any_changed_byte_of_a_file_with_a_proof_is_refused(export: Export, first: int) -> None:
    data = format_export(export)
    record = data.splitlines(keepends=True)[-2]
    start = data.index(record)
    sweep(data, range(first, start, 149))
    sweep(data, range(start + first, start + len(record), 8))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(4))
def test_every_changed_byte_of_the_proof_is_refused(export: Export, first: int) -> None:
    data = format_export(export)
    sweep(data, range(data.index(b'{"consistency":') + first, len(data), 4))
