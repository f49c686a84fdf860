"""Reading, verifying and showing an export; nothing here needs a profile or a network."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from channel.audit import BadExport, Export, UnreadableExport, Verification, parse_export, verify_export
from channel.epoch import decode_epoch
from channel.transcript import Transcript
from client.cli.boarding import board_lines, dialogue_lines
from client.cli.errors import NoSuchEntry, UnusableFile
from client.cli.late import late_lines
from client.cli.people import names_of
from client.cli.showing import message_lines, message_value, rejected_line, rejected_value
from client.profiles import write_file
from protocols.log.entry import Genesis
from protocols.messages.values import format_time
from protocols.negotiation import FoldedMessage, Negotiation, RejectedEntry

__all__ = [
    "failure_value",
    "read_and_replay",
    "read_and_verify",
    "refuse_to_overwrite",
    "replay_lines",
    "replay_value",
    "verified_lines",
    "verified_value",
    "write_export",
]


_MAX_SIZE: Final = 1024**3
_HOLDS: Final = (
    "the relay signed these entries, in this order",
    "each opened message was signed by the member it names, and is the one its entry commits to",
    "each change of members follows from a signed commit",
    "each statement about the history agrees with the history",
)
_NOT_PROVEN: Final = (
    "that the relay key above is the relay you meant: compare it",
    "that the identity keys belong to the people named: compare safety numbers",
    "that nothing followed the last checkpoint",
    "what an entry that was not opened contains",
)


def refuse_to_overwrite(path: Path, *, force: bool) -> None:
    """Refuse a file that is there already.

    Raises:
        UnusableFile: It is there.
    """
    if path.is_dir():
        raise UnusableFile(f"{path} is a directory: name a file in it")
    if not force and os.path.lexists(path):
        raise UnusableFile(f"{path} is there already: name another file, or replace it with --force")


def write_export(path: Path, data: bytes, *, force: bool) -> None:
    """Write an export as one step, with mode 0600: after a crash the file is whole, or not there.

    Raises:
        UnusableFile: It is there already.
        OSError: No room, or the directory cannot be written.
    """
    refuse_to_overwrite(path, force=force)
    write_file(path, data)


def read_and_verify(path: Path) -> Verification:
    """Read an export and verify it.

    Raises:
        UnusableFile: The file cannot be read.
        AuditError: It does not hold; the message names the first bad entry.
    """
    return verify_export(parse_export(_read(path)))


def read_and_replay(path: Path, at: int | None) -> tuple[Verification, Transcript]:
    """Read an export, verify all of it, and fold it up to an entry.

    Args:
        path: The file.
        at: The position of the last entry to fold; None for all of them.

    Returns:
        What the verification found, and the transcript as it stood after that entry.

    Raises:
        NoSuchEntry: The file has no entry of that position.
        UnusableFile, AuditError: As ``read_and_verify``, whatever the position.
    """
    export = parse_export(_read(path))
    verified = verify_export(export)
    if at is None:
        return verified, verified.transcript
    if not 0 <= at < export.size:
        raise NoSuchEntry(f"{path} has the entries 0 to {export.size - 1}, and no entry {at}")
    return verified, _fold(export, at)


def _fold(export: Export, at: int) -> Transcript:
    """Fold the first entries of an export that was verified: as it was judged then, entry by entry."""
    epochs = (decode_epoch(record.group_context, record.ratchet_tree) for record in export.epochs)
    openings = {record.position: record.opening for record in export.openings}
    rejections = {record.position: record.reason for record in export.rejections}
    transcript = Transcript(Genesis.decode(export.genesis), next(epochs), export.interim_transcript_hash)
    for record in export.entries[:at]:
        opening = openings.get(record.position)
        is_commit = opening is not None and opening.confirmation_tag is not None
        transcript.take(
            record.entry,
            opening=opening,
            following=next(epochs, None) if is_commit else None,
            reason=rejections.get(record.position),
        )
    return transcript


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_SIZE:
            raise UnusableFile(f"{path} is too large for an export: at most 1 GiB")
        return path.read_bytes()
    except OSError as error:
        raise UnusableFile(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


def failure_value(error: Exception) -> dict[str, object]:
    """Return what is wrong with a file as values."""
    position = error.position if isinstance(error, BadExport | UnreadableExport) else None
    return {"verified": False, "position": position, "error": str(error)}


def verified_value(verified: Verification) -> dict[str, object]:
    """Return what a verification found as values."""
    transcript = verified.transcript
    charter = transcript.epoch.charter
    return {
        "verified": True,
        "origin": transcript.genesis.origin,
        "relay_key": transcript.genesis.relay_vkey,
        "title": charter.title,
        "mode": charter.mode.value,
        "members": [{"participant": e.id, "name": e.name, "role": e.role.value} for e in charter.roster],
        "entries": transcript.size,
        "root": transcript.root_at(transcript.size).hex(),
        "checkpoints": verified.checkpoints,
        "covered_by": verified.covered_by,
        "opened": verified.opened,
        "unopened": verified.unopened,
        "rejected": [rejected_value(entry) for entry in transcript.negotiation.rejected],
        "alarms": [{"position": judged.position, "reason": judged.reason} for judged in verified.alarms],
        "state_digest": transcript.negotiation.digest().hex(),
        "holds": list(_HOLDS),
        "not_proven": list(_NOT_PROVEN),
    }


def verified_lines(verified: Verification) -> Iterator[str]:
    """Say what a verification found, what that proves, and what it does not."""
    transcript = verified.transcript
    charter = transcript.epoch.charter
    counted = f"{transcript.size} entries, {verified.checkpoints} checkpoints"
    yield f"verified: {counted}, {verified.opened} entries opened, {verified.unopened} not"
    yield f"channel    {charter.title} ({charter.mode.value})"
    yield f"members    {', '.join(f'{entry.name} ({entry.role.value})' for entry in charter.roster)}"
    yield f"origin     {transcript.genesis.origin}"
    yield f"relay key  {transcript.genesis.relay_vkey}"
    yield f"root       {transcript.root_at(transcript.size).hex()}"
    if verified.covered_by is not None:
        missing = verified.covered_by - transcript.size
        yield (
            f"covered by a checkpoint of {verified.covered_by} entries: the relay had {missing} more, "
            "which this file does not hold"
        )
    for alarm in verified.alarms:
        yield (
            f"WARNING: the sender of entry {alarm.position} had seen another log than this ({alarm.reason}): "
            "either this file leaves something out, or the sender did not tell the truth"
        )
    yield "what holds:"
    yield from (f"  {line}" for line in _HOLDS)
    yield "what is not proven:"
    yield from (f"  {line}" for line in _NOT_PROVEN)


def replay_value(verified: Verification, transcript: Transcript) -> dict[str, object]:
    """Return the conversation and what had come of it as values.

    Args:
        verified: What the verification of the whole file found.
        transcript: As it stood after the entry that was asked for.
    """
    negotiation = transcript.negotiation
    names = names_of(negotiation)
    conversation = [
        message_value(item, names) if isinstance(item, FoldedMessage) else rejected_value(item)
        for item in _in_order(negotiation)
    ]
    return {
        "verified": True,
        "entries": verified.transcript.size,
        "at": transcript.size - 1,
        "conversation": conversation,
        "state": negotiation.summary(),
        "state_digest": negotiation.digest().hex(),
    }


def replay_lines(verified: Verification, transcript: Transcript) -> Iterator[str]:
    """Say what was said and what had come of it; arguments as `replay_value`. The last line is the digest."""
    negotiation = transcript.negotiation
    names = names_of(negotiation)
    at, last = transcript.size - 1, verified.transcript.size - 1
    if at < last:
        yield f"as it stood after entry {at}; {last - at} more entries were verified and are not shown"
    for item in _in_order(negotiation):
        if isinstance(item, FoldedMessage):
            yield from message_lines(item, names)
        else:
            yield rejected_line(item)
    yield f"AS IT STOOD {format_time(negotiation.relay_time_ms)}"
    dialogues = tuple(dialogue_lines(negotiation.open_dialogues(), names))
    yield f"OPEN DIALOGUES ({len(dialogues)})"
    yield from (f"  {line}" for line in dialogues)
    yield from board_lines(negotiation, names)
    yield from late_lines(negotiation, names)
    yield f"state digest: {negotiation.digest().hex()}"


def _in_order(negotiation: Negotiation) -> list[FoldedMessage | RejectedEntry]:
    items: list[FoldedMessage | RejectedEntry] = [*negotiation.messages, *negotiation.rejected]
    return sorted(items, key=lambda item: item.position)
