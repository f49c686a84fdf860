"""What an auditor is told, when somebody has been at the file: the first bad entry, and no false comfort."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.audit import (
    BadExport,
    CheckpointRecord,
    EntryRecord,
    Export,
    RejectionRecord,
    format_export,
    parse_export,
    verify_export,
)
from channel.mls import MLSError
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import GroupContext
from channel.transcript import Reason
from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.entry import Entry
from protocols.log.merkle import HashTree, leaf_hash
from tests.support.builders import LOW_ORDER_KEYS
from tests.support.members import SUITE, Member, channel


def talk() -> tuple[Member, Member]:
    """Genesis, 1: Amal joins, 2 to 5: messages, 6: a new epoch, 7: a message, 8: garbage, 9: a message."""
    mira, amal = channel("Mira", "Amal")
    for speaker in (mira, amal, mira, mira):
        speaker.say()
        mira.read()
    mira.post_commit()
    mira.read()
    amal.read()
    amal.say()
    mira.log.inject(Entry(mira.clock.tick(), b"garbage").encode())
    mira.read()
    amal.read()
    amal.say()
    amal.read()
    mira.read()
    return mira, amal


@pytest.fixture(scope="module")
def mira() -> Member:
    return talk()[0]


@pytest.fixture(scope="module")
def export(mira: Member) -> Export:
    return mira.export()


def bad(export: Export, *, complete: bool = True) -> BadExport:
    """Refused, as an object and as a file with a good checksum."""
    with pytest.raises(BadExport) as caught:
        verify_export(export, complete=complete)
    return caught.value


def with_entry(export: Export, position: int, entry: bytes) -> Export:
    """Another entry, its hash put right."""
    record = EntryRecord(position, leaf_hash(entry), entry)
    entries = (*export.entries[: position - 1], record, *export.entries[position:])
    return replace(export, entries=entries)


def test_an_honest_export_verifies_and_says_what_it_holds(mira: Member, export: Export) -> None:
    verified = verify_export(export)
    assert (verified.opened, verified.unopened, verified.alarms) == (8, 1, ())
    assert verified.checkpoints == len(export.checkpoints)
    assert [judged.reason for judged in verified.judged] == mira.reasons()
    assert verified.transcript.size == export.size == mira.log.size


def test_an_entry_altered_with_its_hash_put_right_is_between_two_checkpoints(export: Export) -> None:
    for record in export.entries:
        altered = bytearray(record.entry)
        altered[-1] ^= 1
        fault = bad(with_entry(export, record.position, bytes(altered)))
        assert fault.position is not None
        assert fault.position <= record.position
        following = next(c.size for c in export.checkpoints if c.size > record.position)
        before = max(c.size for c in export.checkpoints if c.size <= record.position)
        assert before <= fault.position < following


def test_without_checkpoints_between_them_openings_still_name_the_altered_entry(export: Export) -> None:
    """Only the last checkpoint is left: the log alone can say no more than 'one of these'."""
    last = replace(export, checkpoints=export.checkpoints[-1:])
    fault = bad(with_entry(last, 4, export.entries[4].entry))
    assert fault.position == 0
    assert "one of the entries 0 to" in str(fault)


def test_dropped_and_renumbered_entries_are_refused(export: Export) -> None:
    """The attacker renumbers what is left; what the relay signed is not what stands there.

    Only a log that ends earlier cannot be told from one: that is what comparing with others is for.
    """
    for gone in range(1, export.size - 1):

        def renumbered(position: int, gone: int = gone) -> int:
            return position - (position > gone)

        shorter = replace(
            export,
            entries=tuple(
                replace(r, position=renumbered(r.position)) for r in export.entries if r.position != gone
            ),
            openings=tuple(
                replace(r, position=renumbered(r.position)) for r in export.openings if r.position != gone
            ),
            rejections=tuple(
                replace(r, position=renumbered(r.position)) for r in export.rejections if r.position != gone
            ),
            checkpoints=tuple(c for c in export.checkpoints if c.size <= gone),
        )
        fault = bad(shorter)
        assert fault.position is not None
        assert fault.position <= gone
        signed = (*shorter.checkpoints, *(c for c in export.checkpoints if c.size > gone))
        bad(replace(shorter, checkpoints=tuple(c for c in signed if c.size <= shorter.size)))


@pytest.mark.parametrize(("one", "other"), [(2, 3), (2, 5), (3, 9), (7, 9)])
def test_swapped_and_renumbered_entries_are_refused(export: Export, one: int, other: int) -> None:
    first, second = export.entries[one - 1].entry, export.entries[other - 1].entry
    fault = bad(with_entry(with_entry(export, one, second), other, first))
    assert fault.position is not None
    assert fault.position <= one


def test_a_log_hashed_anew_by_somebody_without_the_relays_key_is_refused(export: Export) -> None:
    """The whole tree is made to fit; the signature cannot be."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    entries = [export.genesis, *(record.entry for record in export.entries)]
    del entries[4]
    origin = checkpoints_origin(export)
    tree = HashTree(map(leaf_hash, entries))
    forged = checkpoints.sign(Checkpoint(origin, len(entries), tree.root(len(entries))), key)
    fault = bad(
        replace(
            export,
            entries=tuple(
                EntryRecord(number, leaf_hash(entry), entry)
                for number, entry in enumerate(entries)
                if number > 0
            ),
            openings=tuple(r for r in export.openings if r.position < 4),
            rejections=(),
            checkpoints=(CheckpointRecord(len(entries), forged),),
        )
    )
    assert fault.position is not None


def checkpoints_origin(export: Export) -> str:
    return export.checkpoints[0].note.decode().split("\n")[0]


@pytest.mark.parametrize("note", ["none", "older", "foreign", "empty", "relabelled", "beyond"])
def test_a_checkpoint_that_is_missing_or_another_is_refused(mira: Member, export: Export, note: str) -> None:
    *rest, last = export.checkpoints
    foreign = channel("Mira", "Amal", seed="other")[0]
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    root = mira.conversation.transcript.root_at(export.size)
    records = {
        "none": (),
        "older": tuple(rest),
        "foreign": (CheckpointRecord(export.size, foreign.log.checkpoint()),),
        "empty": (CheckpointRecord(export.size, b""),),
        "relabelled": (*rest[:-1], CheckpointRecord(export.size, rest[-1].note)),
        "beyond": (*export.checkpoints, CheckpointRecord(export.size + 1, last.note)),
    }[note]
    fault = bad(replace(export, checkpoints=records))
    assert fault.position is not None
    signed = checkpoints.sign(Checkpoint(checkpoints_origin(export), export.size, root), key)
    assert (
        bad(replace(export, checkpoints=(CheckpointRecord(export.size, signed),))).position == export.size - 1
    )


def test_a_newcomer_does_without_the_last_checkpoint_but_not_with_a_false_one(export: Export) -> None:
    shorter = replace(export, checkpoints=export.checkpoints[:-1])
    assert verify_export(shorter, complete=False).transcript.size == export.size
    false = replace(export, checkpoints=(CheckpointRecord(export.size, export.checkpoints[0].note),))
    bad(false, complete=False)


def swap_openings(export: Export, one: int, other: int) -> Export:
    by_position = {record.position: record.opening for record in export.openings}
    by_position[one], by_position[other] = by_position[other], by_position[one]
    return replace(
        export, openings=tuple(replace(r, opening=by_position[r.position]) for r in export.openings)
    )


def test_an_opening_in_another_place_is_refused(export: Export) -> None:
    """Both are well signed by the same leaf in the same epoch: the franking tag in the entry tells them apart."""
    assert bad(swap_openings(export, 2, 4)).position == 2
    assert bad(swap_openings(export, 4, 5)).position == 4
    assert bad(swap_openings(export, 3, 7)).position == 3


def spoil(export: Export, position: int, **changes: object) -> Export:
    return replace(
        export,
        openings=tuple(
            replace(r, opening=replace(r.opening, **changes)) if r.position == position else r  # type: ignore[arg-type]
            for r in export.openings
        ),
    )


def test_another_leaf_content_signature_or_tag_is_refused(export: Export) -> None:
    for position in (1, 2, 3, 6, 9):
        opening = next(r.opening for r in export.openings if r.position == position)
        flipped = bytes([opening.signature[0] ^ 1]) + opening.signature[1:]
        for changes in (
            {"leaf_index": 1 - opening.leaf_index},
            {"leaf_index": 5},
            {"leaf_index": 2**63},
            {"content": opening.content + b"\x00"},
            {"content": b""},
            {"signature": flipped},
            {"signature": b""},
        ):
            assert bad(spoil(export, position, **changes)).position == position
        tag = None if opening.confirmation_tag is not None else bytes(32)
        assert bad(spoil(export, position, confirmation_tag=tag)).position == position


def test_another_confirmation_tag_shows_at_the_next_commit_and_in_the_checksum(export: Export) -> None:
    assert bad(spoil(export, 1, confirmation_tag=bytes(32))).position == 6
    data = format_export(export)
    tag = next(r.opening.confirmation_tag for r in export.openings if r.position == 6)
    assert tag is not None
    damaged = data.replace(b64encode(tag), b64encode(bytes(32)))
    assert damaged != data
    with pytest.raises(BadExport, match="checksum") as caught:
        verify_export(parse_export(damaged))
    assert caught.value.position is None


def test_another_start_of_the_transcript_chain_shows_at_the_first_commit(export: Export) -> None:
    assert bad(replace(export, interim_transcript_hash=bytes(32))).position == 1


def with_epoch(export: Export, number: int, context: Callable[[GroupContext], GroupContext]) -> Export:
    record = export.epochs[number]
    changed = context(GroupContext.decode(record.group_context)).encode()
    epochs = list(export.epochs)
    epochs[number] = replace(record, group_context=changed)
    return replace(export, epochs=tuple(epochs))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_altered_epoch_is_refused_where_it_begins(export: Export, number: int) -> None:
    begins = (0, 1, 6)[number]
    for change in (
        lambda context: replace(context, group_id=bytes(32)),
        lambda context: replace(context, epoch=context.epoch + 1),
        lambda context: replace(context, tree_hash=bytes(32)),
        lambda context: replace(context, confirmed_transcript_hash=bytes(32)),
        lambda context: replace(context, extensions=()),
        lambda context: replace(context, cipher_suite=3),
    ):
        assert bad(with_epoch(export, number, change)).position == begins
    other = export.epochs[number - 1]
    epochs = list(export.epochs)
    epochs[number] = replace(epochs[number], ratchet_tree=other.ratchet_tree)
    assert bad(replace(export, epochs=tuple(epochs))).position == begins
    epochs[number] = replace(export.epochs[number], epoch=7)
    assert bad(replace(export, epochs=tuple(epochs))).position == begins


def test_epochs_that_do_not_begin_at_nought_are_refused(export: Export) -> None:
    shifted = with_epoch(export, 0, lambda context: replace(context, epoch=1))
    first = replace(shifted.epochs[0], epoch=1)
    assert bad(replace(shifted, epochs=(first, *shifted.epochs[1:]))).position == 0


def test_an_epoch_too_few_or_too_many_is_refused(export: Export) -> None:
    assert bad(replace(export, epochs=export.epochs[:-1])).position == 6
    assert bad(replace(export, epochs=export.epochs[:1])).position == 1
    assert bad(replace(export, epochs=())).position == 0
    more = replace(export, epochs=(*export.epochs, export.epochs[-1]))
    assert bad(more).position == export.size - 1


def test_another_genesis_is_refused(export: Export) -> None:
    foreign = channel("Mira", "Amal", seed="other")[0].export()
    assert bad(replace(export, genesis=foreign.genesis)).position == 0
    assert bad(replace(export, genesis=b"\x00")).position == 0
    assert bad(replace(foreign, epochs=export.epochs)).position == 0


def without_opening(export: Export, position: int, reason: str) -> Export:
    rejections = (*export.rejections, RejectionRecord(position, reason))
    return replace(
        export,
        openings=tuple(r for r in export.openings if r.position != position),
        rejections=tuple(sorted(rejections, key=lambda r: r.position)),
    )


def test_an_opening_that_was_left_out_raises_alarms_where_others_had_accepted_it(export: Export) -> None:
    verified = verify_export(without_opening(export, 3, Reason.UNDECIPHERABLE))
    assert verified.unopened == 2
    assert {alarm.reason for alarm in verified.alarms} == {Reason.OTHER_HISTORY}
    assert verified.alarms[0].position == 4


@pytest.mark.parametrize("reason", ["", "malformed-entry", "wrong-epoch", "other-log", "stray-proposal", "x"])
def test_a_reason_that_cannot_be_is_refused(export: Export, reason: str) -> None:
    assert bad(without_opening(export, 3, reason)).position == 3
    (garbage,) = export.rejections
    if reason != garbage.reason:
        assert bad(replace(export, rejections=(replace(garbage, reason=reason),))).position == 8


def test_an_entry_that_cannot_be_opened_may_not_come_with_an_opening(export: Export) -> None:
    (garbage,) = export.rejections
    opening = replace(export.openings[2], position=8)
    both = sorted((*export.openings, opening), key=lambda r: r.position)
    assert bad(replace(export, openings=tuple(both))).position == 8
    doubled = replace(export, rejections=(replace(garbage, position=3), garbage))
    assert bad(doubled).position == 3


def test_a_commit_left_out_wedges_the_replay_at_the_next_entry_of_its_epoch(export: Export) -> None:
    assert bad(without_opening(export, 6, Reason.INVALID_COMMIT)).position == 7


def test_the_first_bad_entry_is_named_whichever_pass_finds_it(export: Export) -> None:
    altered = bytearray(export.entries[6].entry)
    altered[-1] ^= 1
    records = list(export.entries)
    records[6] = replace(records[6], entry=bytes(altered))
    late = replace(export, entries=tuple(records))
    assert bad(late).position == 7
    assert bad(spoil(late, 3, leaf_index=0)).position == 3
    assert bad(spoil(late, 9, leaf_index=0)).position == 7


@pytest.mark.parametrize("key", LOW_ORDER_KEYS)
def test_a_leaf_with_a_key_that_signs_everything_is_refused(export: Export, key: bytes) -> None:
    """The tree and its hash are made to fit; the key is refused before any signature is looked at."""
    tree = export.epochs[1].ratchet_tree
    mine = GroupContext.decode(export.epochs[1].group_context)
    decoded = RatchetTree.decode(SUITE, tree)
    leaf = decoded.leaf(1)
    assert leaf is not None
    forged = tree.replace(leaf.signature_key, key)
    assert forged != tree
    context = replace(mine, tree_hash=hash_of(forged) or mine.tree_hash)
    epochs = list(export.epochs)
    epochs[1] = replace(epochs[1], ratchet_tree=forged, group_context=context.encode())
    assert bad(replace(export, epochs=tuple(epochs))).position == 1


def hash_of(tree: bytes) -> bytes | None:
    try:
        return RatchetTree.decode(SUITE, tree).tree_hash()
    except MLSError:
        return None


def test_the_export_of_somebody_removed_verifies_up_to_their_removal() -> None:
    mira, amal, boris = channel("Mira", "Amal", "Boris")
    mira.say()
    mira.post_commit(*mira.removing(boris))
    for member in (mira, amal, boris):
        member.read()
    verified = boris.verified()
    assert verified.transcript.size == mira.log.size
    assert verified.transcript.history_at(mira.log.size) == mira.conversation.transcript.history_at(
        mira.log.size
    )


def test_a_last_commit_that_removes_nobody_needs_its_epoch() -> None:
    mira, _amal = channel("Mira", "Amal")
    mira.post_commit()
    mira.read()
    export = mira.export()
    assert verify_export(export).transcript.epoch.context.epoch == 2
    assert bad(replace(export, epochs=export.epochs[:-1])).position == 2
