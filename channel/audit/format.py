"""parley-export/v1 as text: one record a line, in the order things happened.

Canonical JSON (sorted keys, no spaces, ASCII), binary in base64, so that a damaged byte damages one line, and
the file can be read, searched and compared with ordinary tools. The last line counts the lines before it and
has their SHA-256, so that a cut or damaged file is noticed even where no signature reaches.

    {"format":"parley-export/v1"}
    {"genesis":"...","interim_transcript_hash":"..."}
    {"context":"...","epoch":0,"ratchet_tree":"..."}
    {"bytes":"...","entry":1,"leaf_hash":"..."}
    {"content":"...","leaf_index":0,"opening":1,"signature":"..."}
    {"checkpoint":2,"note":"..."}
    {"consistency":"...","covering":5,"note":"..."}
    {"end":7,"sha256":"..."}

After each entry comes its opening or its rejection, then the epoch it opened if it was a commit, then the
checkpoint that covers it, where the exporter holds one. The commit that removed the exporter opened an epoch
that it does not know; nothing but a checkpoint follows it. Where no checkpoint of just the file's size was
given out, the last record before the end may be a covering one: a checkpoint of a larger log, with the
consistency proof (its hashes one after another) that the file's log is the beginning of that one.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256

from channel.audit.errors import UnreadableExport
from channel.audit.export import (
    CheckpointRecord,
    CoveringRecord,
    EntryRecord,
    EpochRecord,
    Export,
    OpeningRecord,
    RejectionRecord,
)
from channel.transcript import Opening
from protocols.log.merkle import HASH_SIZE

__all__ = ["FORMAT", "MAX_LINE", "format_export", "parse_export"]

FORMAT = "parley-export/v1"
#: An entry of 65,535 bytes is 87,380 characters of base64; a ratchet tree of 1000 members about 400,000.
MAX_LINE = 4_000_000

Json = dict[str, str | int]


def format_export(export: Export) -> bytes:
    """Write an export as parley-export/v1 text (UTF-8, lines end in LF)."""
    lines = [_line(record) for record in _records(export)]
    content = "".join(lines).encode()
    return content + _line({"end": len(lines), "sha256": _text(sha256(content).digest())}).encode()


def parse_export(data: bytes) -> Export:
    """Read parley-export/v1 text.

    Args:
        data: The file's bytes.

    Returns:
        Its records. Nothing has been verified but their form and order.

    Raises:
        UnreadableExport: The first line that is not what it must be, with the entry it belongs to.
    """
    return _Parser(data).export()


def _line(record: Json) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n"


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _records(export: Export) -> Iterator[Json]:
    openings = {record.position: record.opening for record in export.openings}
    rejections = {record.position: record.reason for record in export.rejections}
    checkpoints = {record.size: record.note for record in export.checkpoints}
    epochs = iter(export.epochs)
    yield {"format": FORMAT}
    yield {"genesis": _text(export.genesis), "interim_transcript_hash": _text(export.interim_transcript_hash)}
    yield _epoch_record(next(epochs))
    if 1 in checkpoints:
        yield {"checkpoint": 1, "note": _text(checkpoints[1])}
    for record in export.entries:
        position = record.position
        yield {"entry": position, "bytes": _text(record.entry), "leaf_hash": _text(record.leaf_hash)}
        if (opening := openings.get(position)) is not None:
            yield _opening_record(position, opening)
            opened = next(epochs, None) if opening.confirmation_tag is not None else None
            if opened is not None:
                yield _epoch_record(opened)
        else:
            yield {"rejected": position, "reason": rejections[position]}
        if position + 1 in checkpoints:
            yield {"checkpoint": position + 1, "note": _text(checkpoints[position + 1])}
    if (covering := export.covering) is not None:
        proof = _text(b"".join(covering.consistency))
        yield {"covering": covering.size, "note": _text(covering.note), "consistency": proof}


def _epoch_record(record: EpochRecord) -> Json:
    tree = _text(record.ratchet_tree)
    return {"epoch": record.epoch, "context": _text(record.group_context), "ratchet_tree": tree}


def _opening_record(position: int, opening: Opening) -> Json:
    record: Json = {
        "opening": position,
        "leaf_index": opening.leaf_index,
        "content": _text(opening.content),
        "signature": _text(opening.signature),
    }
    if opening.confirmation_tag is not None:
        record["confirmation_tag"] = _text(opening.confirmation_tag)
    return record


class _Parser:
    """One pass over the lines; ``position`` is the entry the current line belongs to, for error texts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.line = 0
        self.raw: list[bytes] = []
        self.position: int | None = None
        self.told: int | None = None  # the entry whose opening or rejection was read last

    def export(self) -> Export:
        lines = self._lines()
        if self._next(lines) != {"format": FORMAT}:
            raise self._bad(f"not a {FORMAT} file")
        first = self._next(lines)
        self._expect(first, "genesis", "interim_transcript_hash")
        genesis, interim = self._bytes(first, "genesis"), self._bytes(first, "interim_transcript_hash")
        self.position = self.told = 0
        entries: list[EntryRecord] = []
        checkpoints: list[CheckpointRecord] = []
        epochs: list[EpochRecord] = []
        openings: list[OpeningRecord] = []
        rejections: list[RejectionRecord] = []
        covering: CoveringRecord | None = None
        for record in lines:
            match record:
                case {"entry": _}:
                    entries.append(self._entry(record, len(entries) + 1, lines))
                case {"opening": _}:
                    openings.append(self._opening(record))
                case {"rejected": _}:
                    self._expect(record, "rejected", "reason")
                    rejections.append(
                        RejectionRecord(self._own(record, "rejected"), self._str(record, "reason"))
                    )
                case {"epoch": _}:
                    self._expect(record, "epoch", "context", "ratchet_tree")
                    context, tree = self._bytes(record, "context"), self._bytes(record, "ratchet_tree")
                    epochs.append(EpochRecord(self._int(record, "epoch"), context, tree))
                case {"checkpoint": _}:
                    self._expect(record, "checkpoint", "note")
                    size = self._int(record, "checkpoint")
                    if size != len(entries) + 1 or (checkpoints and checkpoints[-1].size == size):
                        raise self._bad("the checkpoint record does not belong here")
                    checkpoints.append(CheckpointRecord(size, self._bytes(record, "note")))
                case {"covering": _}:
                    covering = self._covering(record)
                case {"end": count}:
                    self._check_told()
                    last_line, intact = self.line, self._end(record)
                    if count != last_line - 1 or next(lines, None) is not None:
                        raise self._bad("the file was cut or added to: the line count is wrong")
                    export = Export(
                        genesis=genesis,
                        interim_transcript_hash=interim,
                        entries=tuple(entries),
                        checkpoints=tuple(checkpoints),
                        epochs=tuple(epochs),
                        openings=tuple(openings),
                        rejections=tuple(rejections),
                        covering=covering,
                        intact=intact,
                    )
                    # One export has one form, whatever is in it.
                    if [_line(record).encode() for record in _records(export)] != self.raw[:-1]:
                        raise self._bad("the records are not in their order")
                    return export
                case _:
                    raise self._bad_line(self.raw[-1], "no known kind of record")
        raise self._bad("the file was cut: its last line is missing")

    def _lines(self) -> Iterator[Json]:
        start = 0
        while start < len(self.data):
            self.line += 1
            end = self.data.find(b"\n", start)
            if end < 0 or end - start > MAX_LINE:
                raise self._bad_line(
                    self.data[start : start + MAX_LINE], "no end of line: the file was cut, or is no export"
                )
            raw = self.data[start : end + 1]
            start = end + 1
            try:
                record = json.loads(raw)
            except (ValueError, RecursionError):
                raise self._bad_line(raw, "damaged: not valid JSON") from None
            if not isinstance(record, dict) or not all(type(v) in (str, int) for v in record.values()):
                raise self._bad_line(raw, "damaged: no record")
            # A file that can be written in two ways could hide a change from a person who compares two files.
            if _line(record).encode() != raw:
                raise self._bad_line(raw, "damaged: not in canonical form")
            self.raw.append(raw)
            yield record

    def _next(self, lines: Iterator[Json]) -> Json:
        record = next(lines, None)
        if record is None:
            raise self._bad("the file was cut")
        return record

    def _entry(self, record: Json, expected: int, lines: Iterator[Json]) -> EntryRecord:
        self._check_told()
        self.position = expected
        self._expect(record, "entry", "bytes", "leaf_hash")
        found = self._int(record, "entry")
        if found != expected:
            line = self.line
            later = any(other.get("entry") == expected for other in lines)
            problem = "comes later" if later else "is missing" if found > expected else "was expected"
            self.line = line
            raise self._bad(f"entry {expected} {problem}: entry {found} stands in its place")
        return EntryRecord(expected, self._bytes(record, "leaf_hash"), self._bytes(record, "bytes"))

    def _opening(self, record: Json) -> OpeningRecord:
        tag = None
        if "confirmation_tag" in record:
            self._expect(record, "opening", "leaf_index", "content", "signature", "confirmation_tag")
            tag = self._bytes(record, "confirmation_tag")
        else:
            self._expect(record, "opening", "leaf_index", "content", "signature")
        opening = Opening(
            leaf_index=self._int(record, "leaf_index"),
            content=self._bytes(record, "content"),
            signature=self._bytes(record, "signature"),
            confirmation_tag=tag,
        )
        return OpeningRecord(self._own(record, "opening"), opening)

    def _covering(self, record: Json) -> CoveringRecord:
        self._expect(record, "covering", "note", "consistency")
        proof = self._bytes(record, "consistency")
        if len(proof) % HASH_SIZE:
            raise self._bad("damaged: consistency is no proof")
        hashes = tuple(proof[start : start + HASH_SIZE] for start in range(0, len(proof), HASH_SIZE))
        return CoveringRecord(self._int(record, "covering"), self._bytes(record, "note"), hashes)

    def _end(self, record: Json) -> bool:
        """Whether the lines before this one are those that were written."""
        self._expect(record, "end", "sha256")
        start = self.data.rindex(b"\n", 0, len(self.data) - 1) + 1
        return self._bytes(record, "sha256") == sha256(self.data[:start]).digest()

    def _own(self, record: Json, key: str) -> int:
        position, found = self.position or 0, self._int(record, key)
        if found == position + 1:
            self.position = found
            raise self._bad(f"entry {found} is missing: its {key} record is here")
        if found != position or self.told == position:
            raise self._bad(f"the {key} record does not belong to the entry before it")
        self.told = position
        return position

    def _check_told(self) -> None:
        if self.told != self.position:
            raise self._bad("it has neither an opening nor a rejection")

    def _expect(self, record: Json, *keys: str) -> None:
        if record.keys() != set(keys):
            raise self._bad("damaged: the record has other fields than it must")

    def _int(self, record: Json, key: str) -> int:
        value = record[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
            raise self._bad(f"damaged: {key} is no number")
        return value

    def _str(self, record: Json, key: str) -> str:
        value = record[key]
        if not isinstance(value, str):
            raise self._bad(f"damaged: {key} is no text")
        return value

    def _bytes(self, record: Json, key: str) -> bytes:
        try:
            data = b64decode(self._str(record, key), validate=True)
        except (binascii.Error, ValueError):
            raise self._bad(f"damaged: {key} is not base64") from None
        if _text(data) != record[key]:
            raise self._bad(f"damaged: {key} is not canonical base64")
        return data

    def _bad_line(self, raw: bytes, problem: str) -> UnreadableExport:
        """A line that cannot be read; if it looks like the next entry's, that is the one to name."""
        if self.position is not None and (raw.startswith(b'{"bytes":"') or b'"leaf_hash":"' in raw):
            self.position += 1
        return self._bad(problem)

    def _bad(self, problem: str) -> UnreadableExport:
        return UnreadableExport(self.line, self.position, problem)
