"""One channel as one member sees it: MLS group, log, transcript. No I/O, no clock, no randomness.

``receive`` takes what the relay sends and says what it means; ``seal`` and ``commit`` make what we send.
What they return must be stored in one transaction before anything else happens, above all before bytes
leave (DESIGN.md decision 7). If storing fails, throw the conversation away and load it again: it has
already moved on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from channel.access import ACCESS_LABEL, ACCESS_SECRET_SIZE, access_key_pair
from channel.charter_change import Consent
from channel.echo import Echo
from channel.epoch import (
    Epoch,
    authenticator,
    check_arrivals,
    check_closing,
    check_next,
    judge_commit,
    read_epoch,
)
from channel.errors import ChannelError, CommitTooLarge
from channel.mls import ApplicationReceived, CommitReceived, Group, MLSError, ProposalReceived
from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.proposals import Proposal
from channel.mls.received import CommitFacts
from channel.mls.types import Random
from channel.sealing import Sealed, seal
from channel.transcript import UNPROVEN, Judged, Opening, Reason, Transcript, examine
from protocols.errors import ProtocolError
from protocols.log.entry import MAX_ENTRY_SIZE, Entry
from protocols.log.follower import LogFollower
from protocols.payload import Payload
from protocols.relay.mls_header import ContentType, MLSHeader

#: What the log keeps beside a commit: a kind, a time and an access key.
_MAX_COMMIT = MAX_ENTRY_SIZE - 1 - 8 - 32

__all__ = ["Committing", "Conversation", "Page", "Taken", "epoch_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committing:
    """A commit of ours that the relay has not ordered yet.

    Attributes:
        message: The MLSMessage, to be sent as it is until it has a receipt or has lost.
        next_access_key: The public access key of the epoch it opens (32 bytes), sent along with it.
        welcome: For those it adds, to be handed over once it has won; None if it adds nobody.
        intent: What it is for, in the caller's words; kept with it, never sent.
        pending: The group of the epoch it opens.
    """

    message: bytes
    next_access_key: bytes
    welcome: bytes | None = field(repr=False)
    intent: bytes
    pending: Group = field(repr=False)

    @property
    def facts(self) -> CommitFacts:
        """What the commit says to those who can open it; we cannot."""
        own_commit = self.pending.message_state.own_commit
        if own_commit is None:
            raise ValueError("not the pending group of a commit")
        return own_commit.facts

    def is_encrypted_as(self, authenticated: AuthenticatedContent) -> bool:
        """Whether this is the commit that somebody opened, however it was encrypted."""
        return self.facts == replace(
            self.facts,
            content=authenticated.content.encode(),
            signature=authenticated.auth.signature,
            confirmation_tag=authenticated.auth.confirmation_tag or b"",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One entry as it was judged.

    Attributes:
        entry: Its bytes.
        judged: The verdict.
        opening: What it contained, where it could be opened.
        epoch: The epoch it opened, if it was a valid commit.
        own: The id of our message that it is, or None; of our commit, its bytes.
        joined: Participant ids that a commit seated.
        left: Participant ids and names of those whom a commit removed.
    """

    entry: bytes
    judged: Judged
    opening: Opening | None = None
    epoch: Epoch | None = None
    own: bytes | None = None
    joined: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a batch of entries meant.

    Attributes:
        taken: Its entries in order.
        checkpoint: The verified checkpoint (signed note) that came with them.
        proven_from: The log's size after them.
        consistency: The verified proof from that size to the checkpoint's; empty where they are equal.
        won: Our commit that is now in force, or None.
        lost: Our commit that another one beat, or None; what it was for has to be done again.
        removed: Whether we have been removed; nothing follows.
    """

    taken: tuple[Taken, ...]
    checkpoint: bytes
    proven_from: int
    consistency: tuple[bytes, ...]
    won: Committing | None
    lost: Committing | None
    removed: bool


class Conversation:
    """The state of one channel.

    ``group``, ``echo``, ``follower``, ``transcript`` and ``committing`` are what to store.
    """

    def __init__(
        self,
        *,
        group: Group,
        follower: LogFollower,
        transcript: Transcript,
        committing: Committing | None = None,
        echo: Echo | None = None,
    ) -> None:
        """Take up a channel where it was stored.

        The arguments must belong to the same position of its log; without ``echo`` we must have sent nothing
        in this epoch yet.
        """
        if not follower.frontier.size == transcript.size:
            raise ValueError("log and transcript are not at the same position")
        self.group = group
        self.follower = follower
        self.transcript = transcript
        self.committing = committing
        #: Our last commit that is in the log and counts for nothing; not stored.
        self.refused: bytes | None = None
        self.echo = Echo.of(group) if echo is None else echo
        self.removed = not group.is_active

    def access_key(self) -> tuple[bytes, bytes]:
        """The private and public access key of the current epoch (32 bytes each)."""
        return _access_key(self.group)

    def receive(
        self,
        *,
        start: int,
        entries: Sequence[bytes],
        checkpoint: bytes,
        consistency: Sequence[bytes],
        own: Callable[[bytes], bytes | None],
    ) -> Page:
        """Verify and judge a batch of entries.

        Args:
            start: The position of the first one.
            entries: The entries, as the relay sent them.
            checkpoint: The signed note that came with them.
            consistency: The proof from the log's size after these entries to the checkpoint's.
            own: Finds the id of a message of ours by its bytes.

        Returns:
            What they mean. The relay's view has been checked against ours before any entry was opened.

        Raises:
            VerificationError: The relay contradicts what it signed before (``protocols.log.follower``).
                Nothing was changed; the channel must stop and a person be told.
        """
        self.follower = self.follower.receive(start, entries, checkpoint, consistency)
        taken: list[Taken] = []
        won = lost = None
        for entry in entries:
            before = self.committing
            taken.append(self._take(entry, own))
            if before is not None and self.committing is None:
                if taken[-1].own != before.message:
                    lost = before
                else:
                    won = before
            if self.removed:
                break
        return Page(
            taken=tuple(taken),
            checkpoint=checkpoint,
            proven_from=self.follower.size,
            consistency=tuple(consistency),
            won=won,
            lost=lost,
            removed=self.removed,
        )

    def _take(self, entry: bytes, own: Callable[[bytes], bytes | None]) -> Taken:
        found = examine(entry, self.transcript.epoch.context)
        if isinstance(found, Reason):
            return self._rejected(entry, found)
        parsed, header = found
        taken = self._open(entry, parsed, header)
        if taken.judged.reason and self.committing and self.committing.message == parsed.message:
            # A relay can spoil a commit, by another access key: it has to be made anew.
            self.refused, self.committing = parsed.message, None
        mine = own(parsed.message)
        return taken if mine is None else replace(taken, own=mine)

    def _open(self, entry: bytes, parsed: Entry, header: MLSHeader) -> Taken:
        now_s = parsed.relay_time_ms // 1000
        ours = self.committing is not None and self.committing.message == parsed.message
        try:
            received = self.group.receive(
                parsed.message,
                authenticate=authenticator(now_s),
                now_s=now_s,
                own_pending=self.committing.pending if ours and self.committing is not None else None,
                judge_commit=judge_commit,
            )
        except (ChannelError, MLSError, ProtocolError):
            return self._echoed(entry, parsed, header)
        match received:
            case ApplicationReceived():
                opening = Opening(
                    leaf_index=received.sender,
                    content=received.application_data,
                    signature=received.signature,
                )
                judged = self.transcript.application(entry, opening)
                if judged.reason not in UNPROVEN:
                    self.group = received.group
                # Otherwise its key stays: who encrypts a member's words again must not be able to use up the
                # keys of what that member says next.
                return Taken(entry=entry, judged=judged, opening=opening)
            case CommitReceived():
                return self._commit(entry, parsed, received)
            case ProposalReceived():
                # Commits carry their proposals by value; one that stands alone has no effect in this release.
                return self._rejected(entry, Reason.STRAY_PROPOSAL)

    def _echoed(self, entry: bytes, parsed: Entry, header: MLSHeader) -> Taken:
        """Judge what our group does not open: a message that claims to be ours, as others judge it."""
        try:
            echo, authenticated = self.echo.open(self.group, parsed.message)
        except (ChannelError, MLSError, ProtocolError):
            commit = header.content_type is ContentType.COMMIT
            return self._rejected(entry, Reason.INVALID_COMMIT if commit else Reason.UNDECIPHERABLE)
        content, signature = authenticated.content.content, authenticated.auth.signature
        match header.content_type:
            case ContentType.APPLICATION if isinstance(content, bytes):
                opening = Opening(leaf_index=self.group.own_leaf_index, content=content, signature=signature)
                judged = self.transcript.application(entry, opening)
                mine = None
                if judged.reason not in UNPROVEN:
                    self.echo, mine = echo, Payload.decode(content).message_id
                return Taken(entry=entry, judged=judged, opening=opening, own=mine)
            case ContentType.PROPOSAL:
                return self._rejected(entry, Reason.STRAY_PROPOSAL)
            case _:
                committing = self.committing
                if committing is None or not committing.is_encrypted_as(authenticated):
                    return self._rejected(entry, Reason.INVALID_COMMIT)
                return self._commit(entry, parsed, self.group.adopt(committing.pending))

    def _commit(self, entry: bytes, parsed: Entry, received: CommitReceived) -> Taken:
        opening = Opening(
            leaf_index=received.sender,
            content=received.commit,
            signature=received.signature,
            confirmation_tag=received.confirmation_tag,
        )
        if received.self_removed:
            try:
                check_closing(
                    self.transcript.epoch,
                    committer=received.sender,
                    commit=received.commit,
                    consent=Consent.of(self.transcript.negotiation),
                )
            except (ChannelError, MLSError, ProtocolError):
                return self._rejected(entry, Reason.INVALID_COMMIT)
            self.group, self.removed = received.group, True
            return Taken(entry=entry, judged=self.transcript.closing(entry), opening=opening)
        try:
            check_arrivals(received.commit, now_s=parsed.relay_time_ms // 1000)
            following = epoch_of(received.group)
            check_next(
                self.transcript.epoch,
                following,
                committer=received.sender,
                commit=received.commit,
                consent=Consent.of(self.transcript.negotiation),
            )
        except (ChannelError, MLSError, ProtocolError):
            return self._rejected(entry, Reason.INVALID_COMMIT)
        if _access_key(received.group)[1] != parsed.next_access_key:
            return self._rejected(entry, Reason.INVALID_COMMIT)
        before = self.transcript.epoch
        judged = self.transcript.handshake(entry, following)
        ours = received.sender == self.group.own_leaf_index and self.committing is not None
        own = self.committing.message if ours and self.committing is not None else None
        self.group, self.echo = received.group, Echo.of(received.group)
        self.committing = None
        seated, there = set(following.members.values()), set(before.members.values())
        return Taken(
            entry=entry,
            judged=judged,
            opening=opening,
            epoch=following,
            own=own,
            joined=tuple(entry.id for entry in following.charter.roster if entry.id in seated - there),
            left=tuple(
                (entry.id, entry.name) for entry in before.charter.roster if entry.id in there - seated
            ),
        )

    def _rejected(self, entry: bytes, reason: Reason) -> Taken:
        return Taken(entry=entry, judged=self.transcript.reject(entry, reason))

    def seal(self, *, message_id: bytes, body: bytes, outstanding: int, random: Random) -> Sealed:
        """Seal a message for the current epoch and move the ratchet on; see ``channel.sealing.seal``."""
        sealed = seal(
            self.group,
            self.transcript,
            message_id=message_id,
            body=body,
            outstanding=outstanding,
            random=random,
        )
        self.group = sealed.group
        return sealed

    def commit(
        self, proposals: Sequence[Proposal], *, intent: bytes, now_s: int, random: Random
    ) -> Committing:
        """Make a commit that carries these proposals. It takes effect when ``receive`` finds it in the log.

        Args:
            proposals: By value, in order.
            intent: What it is for; comes back as ``won`` or ``lost``.
            now_s: UTC seconds, to judge new leaves by.
            random: Source of random bytes.

        Raises:
            ChannelError: The charter does not allow it. Nothing was changed.
            MLSError: MLS does not. Likewise.
            CommitTooLarge: No log entry can hold it. Nothing was changed.
            ValueError: Another commit of ours is waiting; a bug of the caller.
        """
        if self.committing is not None:
            raise ValueError("one commit at a time")
        result = self.group.commit(
            proposals,
            random=random,
            authenticate=authenticator(now_s),
            now_s=now_s,
            judge_commit=judge_commit,
        )
        if len(result.message) > _MAX_COMMIT:
            raise CommitTooLarge("the channel has too many members for this change in one commit")
        committing = Committing(
            message=result.message,
            next_access_key=_access_key(result.pending)[1],
            welcome=result.welcome,
            intent=intent,
            pending=result.pending,
        )
        check_next(
            self.transcript.epoch,
            epoch_of(result.pending),
            committer=self.group.own_leaf_index,
            commit=committing.facts.framed_content.encoded_content,
            consent=Consent.of(self.transcript.negotiation),
        )
        self.group, self.committing = result.group, committing
        return committing


def epoch_of(group: Group) -> Epoch:
    """The epoch a group is at, as people see it; raises as ``read_epoch`` does."""
    return read_epoch(group.context, group.ratchet_tree(), group.members())


def _access_key(group: Group) -> tuple[bytes, bytes]:
    return access_key_pair(group.export_secret(ACCESS_LABEL.encode(), b"", ACCESS_SECRET_SIZE))
