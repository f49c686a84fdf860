"""Verify an exported channel from nothing but the file: no network, no account, no trust in the exporter.

What holds afterwards: the entries are those the relay signed, in that order; every opening was signed by the
leaf it names, in that epoch, and is the one opening its franking tag allows; every change of members follows
from a signed commit through the MLS transcript hash; every statement about the history agrees with the
history.

What cannot be proven: that the relay's key in the genesis is the relay you meant (compare it), that the
identity keys belong to the people named (compare safety numbers), that nothing was withheld after the last
checkpoint, and why an entry without an opening could not be opened (members said so: their history hashes
agree).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from channel.audit.errors import BadExport
from channel.audit.export import CoveringRecord, EpochRecord, Export
from channel.charter_change import Consent
from channel.epoch import Epoch, authenticator, check_arrivals, check_closing, check_next, read_epoch
from channel.errors import ChannelError
from channel.identity import read_certificate
from channel.mls import MLSError, cipher_suite
from channel.mls.audit import verify_next_context, verify_tree
from channel.mls.authenticated_content import Sender, frame, verify_framed_content
from channel.mls.leaf_node import Member
from channel.mls.suite import CipherSuite
from channel.mls.types import ContentType, GroupContext
from channel.transcript import Judged, Opening, Reason, Transcript, examine
from protocols.errors import ProtocolError
from protocols.log.checkpoint import verify as verify_checkpoint
from protocols.log.entry import Genesis
from protocols.log.merkle import Frontier, leaf_hash, verify_consistency
from protocols.relay.mls_header import ContentType as HeaderContentType
from protocols.relay.mls_header import MLSHeader

__all__ = ["Verification", "verify_export"]

# Why an entry of the current epoch may stay closed; which of them it was is its members' word.
_UNOPENED = {
    HeaderContentType.APPLICATION: {Reason.UNDECIPHERABLE},
    HeaderContentType.PROPOSAL: {Reason.UNDECIPHERABLE, Reason.STRAY_PROPOSAL},
    HeaderContentType.COMMIT: {Reason.INVALID_COMMIT},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verified export says.

    Attributes:
        transcript: The fold over all its entries.
        judged: The verdict on each entry from position 1 on.
        alarms: The rejected entries whose senders had seen another log or history than this file shows:
            either the file leaves something out, or their senders did not tell the truth.
        checkpoints: How many checkpoints were verified.
        covered_by: The size of the larger log whose checkpoint covers the last entries: the relay had as many
            when it signed it, and the file does not hold those that follow. None where the file needs none.
        opened: How many entries were opened and their signatures verified.
        unopened: How many were not; their content is not proven.
    """

    transcript: Transcript
    judged: tuple[Judged, ...]
    alarms: tuple[Judged, ...]
    checkpoints: int
    covered_by: int | None
    opened: int
    unopened: int


def verify_export(export: Export, *, complete: bool = True) -> Verification:
    """Verify everything an export claims.

    Args:
        export: From ``parse_export``.
        complete: Require a checkpoint over the last entry. A newcomer, who compares the log with the relay's
            own checkpoint next, does without.

    Returns:
        The verified transcript.

    Raises:
        BadExport: The first entry, by position, at which something does not hold.
    """
    with _blaming(0):
        genesis = Genesis.decode(export.genesis)
        suite = cipher_suite(genesis.cipher_suite)
    # Both passes are made whatever the first one finds: the first bad entry is the one to name.
    in_log = _fault(lambda: _check_log(export, genesis, complete=complete))
    try:
        verification = _Auditor(export, genesis, suite).run()
    except BadExport as fault:
        if in_log is None or _place(fault) < _place(in_log):
            raise
        raise in_log from None
    if in_log is not None:
        raise in_log
    if not export.intact:
        raise BadExport(None, "the file is damaged: it does not have the checksum it was written with")
    return verification


def _fault(check: Callable[[], None]) -> BadExport | None:
    try:
        check()
    except BadExport as fault:
        return fault
    return None


def _place(fault: BadExport) -> int:
    return sys.maxsize if fault.position is None else fault.position


@contextmanager
def _blaming(position: int) -> Iterator[None]:
    """Turn what the layers below refuse into the one error of this folder, at a position."""
    try:
        yield
    except BadExport:
        raise
    except (ChannelError, MLSError, ProtocolError) as error:
        raise BadExport(position, str(error)) from error


def _check_log(export: Export, genesis: Genesis, *, complete: bool) -> None:
    """Compare the entries with their hashes, and the hashes with what the relay signed."""
    checkpoints = {record.size: record for record in export.checkpoints}
    if any(size > export.size for size in checkpoints):
        raise BadExport(export.size, "missing: a checkpoint covers more entries than the file holds")
    frontier = Frontier.empty().append(leaf_hash(export.genesis))
    covered = 0
    for size in range(1, export.size + 1):
        if size > 1:
            record = export.entries[size - 2]
            if leaf_hash(record.entry) != record.leaf_hash:
                raise BadExport(record.position, "altered: its bytes do not have its leaf hash")
            frontier = frontier.append(record.leaf_hash)
        if (checkpoint := checkpoints.get(size)) is None:
            continue
        with _blaming(size - 1):
            signed = verify_checkpoint(
                checkpoint.note, origin=genesis.origin, public_key=genesis.relay_public_key
            )
        if signed.size != size:
            raise BadExport(size - 1, "its checkpoint is of another size")
        if signed.root != frontier.root():
            first, last = covered, size - 1
            which = "it is" if first == last else f"one of the entries {first} to {last} is"
            raise BadExport(first, f"{which} not what the relay signed at size {size}")
        covered = size
    if export.covering is not None:
        _check_covering(export, export.covering, genesis, frontier.root(), covered)
        covered = export.size
    if complete and covered != export.size:
        raise BadExport(covered, "no checkpoint of the relay covers it")


def _check_covering(
    export: Export, covering: CoveringRecord, genesis: Genesis, root: bytes, covered: int
) -> None:
    """Compare the whole file with a checkpoint of a larger log; ``covered`` entries were compared before."""
    last = export.size - 1
    with _blaming(last):
        signed = verify_checkpoint(covering.note, origin=genesis.origin, public_key=genesis.relay_public_key)
    if signed.size != covering.size or signed.size <= export.size:
        raise BadExport(last, "the checkpoint that is to cover it is of another size")
    try:
        verify_consistency(
            old_size=export.size,
            new_size=signed.size,
            proof=covering.consistency,
            old_root=root,
            new_root=signed.root,
        )
    except ProtocolError as error:
        first = min(covered, last)
        raise BadExport(
            first,
            f"entries {first} to {last} are not proven to be those signed at size {signed.size}: {error}",
        ) from error


class _Auditor:
    """One pass over the entries, epoch by epoch."""

    def __init__(self, export: Export, genesis: Genesis, suite: CipherSuite) -> None:
        self.export = export
        self.suite = suite
        self.epochs: Iterator[EpochRecord] = iter(export.epochs)
        self.openings = {record.position: record.opening for record in export.openings}
        self.rejections = {record.position: record.reason for record in export.rejections}
        self.interim = export.interim_transcript_hash
        with _blaming(0):
            first = self._next_epoch(now_s=None)
            context = first.context
            if context.group_id != genesis.log_id or context.epoch or context.confirmed_transcript_hash:
                raise BadExport(0, "the first epoch is of another channel")
            if first.charter.relay_vkey != genesis.relay_vkey:
                raise BadExport(0, "the charter names another relay than the genesis")
            self.transcript = Transcript(genesis, first, export.interim_transcript_hash)

    def run(self) -> Verification:
        judged = []
        for record in self.export.entries:
            with _blaming(record.position):
                judged.append(self._entry(record.position, record.entry))
        if next(self.epochs, None) is not None:
            raise BadExport(self.export.size - 1, "an epoch follows that no commit opened")
        opened = len(self.openings)
        return Verification(
            transcript=self.transcript,
            judged=tuple(judged),
            alarms=tuple(verdict for verdict in judged if verdict.alarming),
            checkpoints=len(self.export.checkpoints) + (self.export.covering is not None),
            covered_by=None if self.export.covering is None else self.export.covering.size,
            opened=opened,
            unopened=len(self.export.entries) - opened,
        )

    def _entry(self, position: int, entry: bytes) -> Judged:
        opening, reason = self.openings.get(position), self.rejections.get(position)
        context = self.transcript.epoch.context
        found = examine(entry, context)
        if isinstance(found, Reason):
            if opening is not None or reason != found:
                raise BadExport(position, f"it is not what the file says: {found}")
            return self.transcript.take(entry, opening=None, following=None, reason=reason)
        parsed, header = found
        if opening is None:
            if reason not in _UNOPENED[header.content_type]:
                raise BadExport(position, "the reason given for its rejection cannot be")
            return self.transcript.take(entry, opening=None, following=None, reason=reason)
        commit = opening.confirmation_tag is not None
        if commit != (header.content_type is HeaderContentType.COMMIT) or reason is not None:
            raise BadExport(position, "its opening is of another content type")
        self._check_signature(position, header, opening)
        following = self._follow(position, header, opening, parsed.relay_time_ms // 1000) if commit else None
        return self.transcript.take(entry, opening=opening, following=following, reason=None)

    def _check_signature(self, position: int, header: MLSHeader, opening: Opening) -> None:
        context = self.transcript.epoch.context
        member = self.members.get(opening.leaf_index)
        if member is None:
            raise BadExport(position, "its opening names a leaf that is no member")
        verify_framed_content(
            self.suite,
            signature_key=member.leaf_node.signature_key,
            group_context=context.encode(),
            group_id=context.group_id,
            epoch=context.epoch,
            sender=opening.leaf_index,
            authenticated_data=header.authenticated_data,
            content_type=ContentType(header.content_type),
            content=opening.content,
            signature=opening.signature,
        )

    def _follow(self, position: int, header: MLSHeader, opening: Opening, now_s: int) -> Epoch | None:
        before, consent = self.transcript.epoch, Consent.of(self.transcript.negotiation)
        check_arrivals(opening.content, now_s=now_s)
        if position == self.export.size - 1 and len(self.export.epochs) == before.context.epoch + 1:
            # The commit that removed the exporter: the last entry it could open; the next epoch is not its
            # own.
            if not check_closing(
                before, committer=opening.leaf_index, commit=opening.content, consent=consent
            ):
                raise BadExport(position, "the epoch it opened is not in the file")
            return None
        following = self._next_epoch(now_s=now_s)
        framed_content = frame(
            group_id=header.group_id,
            epoch=header.epoch,
            sender=Sender.member(opening.leaf_index),
            authenticated_data=header.authenticated_data,
            content_type=ContentType.COMMIT,
            encoded_content=opening.content,
        )
        self.interim = verify_next_context(
            self.suite,
            before.context,
            following.context,
            previous_interim_transcript_hash=self.interim,
            framed_content=framed_content,
            signature=opening.signature,
            confirmation_tag=opening.confirmation_tag or b"",
        )
        check_next(before, following, committer=opening.leaf_index, commit=opening.content, consent=consent)
        return following

    def _next_epoch(self, *, now_s: int | None) -> Epoch:
        record = next(self.epochs, None)
        if record is None:
            raise ChannelError("the epoch it opened is not in the file")
        context = GroupContext.decode(record.group_context)
        if context.epoch != record.epoch:
            raise ChannelError("an epoch's number is not its context's")
        members = verify_tree(self.suite, record.ratchet_tree, record.group_context)
        _check_certificates(members, self.members if now_s is not None else {}, now_s)
        self.members = {member.leaf_index: member for member in members}
        return read_epoch(context, record.ratchet_tree, members)

    members: dict[int, Member]


def _check_certificates(members: Sequence[Member], known: dict[int, Member], now_s: int | None) -> None:
    """Check the certificate of every leaf that is new, at the time of the commit that brought it."""
    for member in members:
        leaf = member.leaf_node
        before = known.get(member.leaf_index)
        known_leaf = None if before is None else (before.leaf_node.credential, before.leaf_node.signature_key)
        if known_leaf == (leaf.credential, leaf.signature_key):
            continue
        moment = read_certificate(leaf.credential.identity).not_before_s if now_s is None else now_s
        authenticator(moment)(leaf.credential, leaf.signature_key)
