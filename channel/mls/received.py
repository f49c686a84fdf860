"""What `Group.receive` returns, and the public facts of a commit that an auditor needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

from channel.mls.authenticated_content import AuthenticatedContent, FramedContent, SenderType
from channel.mls.codec import Reader, decode, opaque, u32, vector
from channel.mls.proposals import Proposal

if TYPE_CHECKING:
    from channel.mls.group import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFacts:
    """What a commit says to those who see its opening: the same for its sender and its receivers.

    Attributes:
        sender: The committer's leaf index; for an external commit, in the epoch it opens.
        content: The FramedContent, encoded; what was signed.
        signature: The committer's.
        confirmation_tag: Proves that the committer arrived in the new epoch.
        added: Leaf indices that hold new members now, in the order of the add proposals.
        removed: Leaf indices whose members are gone, in the order of the remove proposals.
    """

    sender: int
    content: bytes
    signature: bytes
    confirmation_tag: bytes
    added: tuple[int, ...]
    removed: tuple[int, ...]

    @classmethod
    def of(
        cls,
        content: AuthenticatedContent,
        *,
        sender: int,
        added: tuple[int, ...],
        removed: tuple[int, ...],
    ) -> Self:
        """Those of a commit whose proposals did this."""
        return cls(
            sender=sender,
            content=content.content.encode(),
            signature=content.auth.signature,
            confirmation_tag=content.auth.confirmation_tag or b"",
            added=added,
            removed=removed,
        )

    @property
    def framed_content(self) -> FramedContent:
        """The FramedContent, decoded; its `encoded_content` is the Commit alone."""
        return FramedContent.decode(self.content)

    @property
    def is_external(self) -> bool:
        """Whether the committer let itself in, from outside of the group (section 12.4.3.2)."""
        return self.framed_content.sender.sender_type is SenderType.NEW_MEMBER_COMMIT

    def encode(self) -> bytes:
        """Our own storage form."""
        return (
            u32(self.sender)
            + opaque(self.content)
            + opaque(self.signature)
            + opaque(self.confirmation_tag)
            + vector([u32(leaf) for leaf in self.added])
            + vector([u32(leaf) for leaf in self.removed])
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            sender=reader.u32(),
            content=reader.opaque(),
            signature=reader.opaque(),
            confirmation_tag=reader.opaque(),
            added=reader.vector(Reader.u32),
            removed=reader.vector(Reader.u32),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReceived:
    """An application message opened (RFC 9420, section 15).

    Attributes:
        group: The group from now on; store it before anybody is told.
        sender: The sender's leaf index.
        application_data: What was said.
        authenticated_data: What was said in the clear beside it.
        signature: The sender's, over both and the GroupContext.
        generation: Which of the sender's message keys of this epoch it used.
    """

    group: Group = field(repr=False)
    sender: int
    application_data: bytes = field(repr=False)
    authenticated_data: bytes
    signature: bytes
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReceived:
    """A valid proposal, kept in the group until a commit or the epoch's end (RFC 9420, section 12.1).

    Attributes:
        group: The group from now on.
        sender: The sender's leaf index; None for somebody outside of the group.
        proposal: What is proposed.
        reference: The ProposalRef a commit names it by.
        content: The FramedContent, encoded; what was signed.
        signature: The sender's.
    """

    group: Group = field(repr=False)
    sender: int | None
    proposal: Proposal
    reference: bytes
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReceived:
    """A commit has been accepted: another's, or our own that was ordered (RFC 9420, section 12.4.2).

    Attributes:
        group: The group in the next epoch; if we were removed, the old epoch, closed.
        facts: What the commit says, for the audit log.
        self_removed: Whether it removed us.
    """

    group: Group = field(repr=False)
    facts: CommitFacts
    self_removed: bool = False

    @property
    def sender(self) -> int:
        """The committer's leaf index."""
        return self.facts.sender

    @property
    def content(self) -> bytes:
        """The FramedContent, encoded."""
        return self.facts.content

    @property
    def commit(self) -> bytes:
        """The Commit alone, encoded."""
        return self.facts.framed_content.encoded_content

    @property
    def authenticated_data(self) -> bytes:
        """What was said in the clear beside it."""
        return self.facts.framed_content.authenticated_data

    @property
    def signature(self) -> bytes:
        """The committer's signature."""
        return self.facts.signature

    @property
    def confirmation_tag(self) -> bytes:
        """The commit's confirmation tag."""
        return self.facts.confirmation_tag

    @property
    def added(self) -> tuple[int, ...]:
        """Leaf indices that hold new members now."""
        return self.facts.added

    @property
    def removed(self) -> tuple[int, ...]:
        """Leaf indices whose members are gone."""
        return self.facts.removed


Received: TypeAlias = ApplicationReceived | ProposalReceived | CommitReceived
