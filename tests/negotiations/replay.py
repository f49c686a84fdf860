"""A golden log entry by entry: what each said, and how the negotiation stands after it.

`verify_export` says whether a log is genuine; this goes through one that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from channel.audit import Export
from channel.epoch import decode_epoch
from channel.transcript import Judged, Opening, Transcript
from protocols.log.entry import Genesis
from protocols.messages import Body, Message, decode_body
from protocols.negotiation import Negotiation
from protocols.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry.

    Attributes:
        judged: the verdict on it.
        sender: participant id; empty for an entry that nobody could open.
        message_id: the payload's, 32 hexadecimal digits; empty for a commit.
        body: what it says; None for a commit.
        transcript: as it stands after the entry, until the next is taken.
    """

    judged: Judged
    sender: str
    message_id: str
    body: Body | None
    transcript: Transcript

    @property
    def negotiation(self) -> Negotiation:
        """The negotiation after the entry."""
        return self.transcript.negotiation

    @property
    def message(self) -> Message | None:
        """The message that it is; None for receipts, escalations and commits."""
        return self.body if isinstance(self.body, Message) else None


def begin(export: Export) -> Transcript:
    """The transcript of an export before its first entry."""
    first = export.epochs[0]
    epoch = decode_epoch(first.group_context, first.ratchet_tree)
    return Transcript(Genesis.decode(export.genesis), epoch, export.interim_transcript_hash)


def steps(export: Export) -> Iterator[Step]:
    """Take an export's entries one by one."""
    transcript = begin(export)
    epochs = iter(export.epochs[1:])
    openings = {record.position: record.opening for record in export.openings}
    reasons = {record.position: record.reason for record in export.rejections}
    for record in export.entries:
        opening = openings.get(record.position)
        following = next(epochs) if opening is not None and opening.confirmation_tag is not None else None
        sender = "" if opening is None else transcript.epoch.members[opening.leaf_index]
        judged = transcript.take(
            record.entry,
            opening=opening,
            following=None
            if following is None
            else decode_epoch(following.group_context, following.ratchet_tree),
            reason=reasons.get(record.position),
        )
        message_id, body = _said(opening)
        yield Step(judged=judged, sender=sender, message_id=message_id, body=body, transcript=transcript)


def _said(opening: Opening | None) -> tuple[str, Body | None]:
    if opening is None or opening.confirmation_tag is not None:
        return "", None
    payload = Payload.decode(opening.content)
    return payload.message_id.hex(), decode_body(payload.body)


def cut(export: Export, size: int) -> Export:
    """The export of somebody who had read no more than the first entries; the genesis is one of them."""
    openings = tuple(record for record in export.openings if record.position < size)
    commits = sum(record.opening.confirmation_tag is not None for record in openings)
    return replace(
        export,
        entries=export.entries[: size - 1],
        checkpoints=tuple(record for record in export.checkpoints if record.size <= size),
        epochs=export.epochs[: commits + 1],
        openings=openings,
        rejections=tuple(record for record in export.rejections if record.position < size),
        covering=None,
    )
