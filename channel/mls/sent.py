"""What a group's sending operations return: bytes for the relay, and the group to store before they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channel.mls.group import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedMessage:
    """An application message of our own.

    Attributes:
        group: The group from now on; store it before the message leaves.
        message: The encoded MLSMessage.
        signature: The one inside, which only an opening shows: we cannot open our own messages.
        generation: Which of our message keys of this epoch it used.
    """

    group: Group = field(repr=False)
    message: bytes
    signature: bytes
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """A commit of our own.

    Attributes:
        group: What to go on with until the relay has ordered some commit of this epoch.
        message: The encoded MLSMessage to append.
        welcome: The encoded MLSMessage for those it adds; keep it back until the commit is ordered.
        pending: The next epoch, to adopt if it is this commit that was ordered.
    """

    group: Group = field(repr=False)
    message: bytes
    welcome: bytes | None
    pending: Group = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalJoin:
    """An external commit of our own.

    Attributes:
        message: The encoded MLSMessage with the commit.
        group: What we are a member of if, and only if, this commit is the one that closes its epoch.
    """

    message: bytes
    group: Group = field(repr=False)
