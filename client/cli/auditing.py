"""Reading, verifying and showing an export; nothing here needs a profile or a network."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from channel.audit import BadExport, UnreadableExport, Verification, parse_export, verify_export
from client.cli.errors import UnusableFile
from client.cli.people import names_of
from client.cli.showing import board_lines, message_lines, message_value, rejected_line, rejected_value
from client.profiles import write_file
from protocols.negotiation import FoldedMessage, RejectedEntry

__all__ = [
    "failure_value",
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
    try:
        if path.stat().st_size > _MAX_SIZE:
            raise UnusableFile(f"{path} is too large for an export: at most 1 GiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnusableFile(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    return verify_export(parse_export(data))


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


def replay_value(verified: Verification) -> dict[str, object]:
    """Return the conversation and what came of it as values."""
    negotiation = verified.transcript.negotiation
    names = names_of(negotiation)
    conversation = [
        message_value(item, names) if isinstance(item, FoldedMessage) else rejected_value(item)
        for item in _in_order(verified)
    ]
    return {
        "verified": True,
        "conversation": conversation,
        "state": negotiation.summary(),
        "state_digest": negotiation.digest().hex(),
    }


def replay_lines(verified: Verification) -> Iterator[str]:
    """Say what was said and what came of it; the last line is the digest."""
    negotiation = verified.transcript.negotiation
    names = names_of(negotiation)
    for item in _in_order(verified):
        if isinstance(item, FoldedMessage):
            yield from message_lines(item, names)
        else:
            yield rejected_line(item)
    yield from board_lines(negotiation.board(), negotiation, names)
    yield f"state digest: {negotiation.digest().hex()}"


def _in_order(verified: Verification) -> list[FoldedMessage | RejectedEntry]:
    negotiation = verified.transcript.negotiation
    items: list[FoldedMessage | RejectedEntry] = [*negotiation.messages, *negotiation.rejected]
    return sorted(items, key=lambda item: item.position)
