"""Our own messages as everybody else reads them.

MLS deletes a message key when the message is sealed, so nobody can open their own. But what an entry is
worth must follow from the log alone, and a hostile member or relay can put a message of ours there in other
ways than we sent it: encrypted again under another of our generations, out of order, or twice. Others would
judge by the keys that they have left; so we keep, beside the ratchet we send with, the one that others
receive with, and judge our own entries like anybody's. It holds no key of a message that is in the log.
"""

from dataclasses import dataclass, field, replace

from channel.mls import Group
from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.errors import ValidationError
from channel.mls.message_protection import unseal
from channel.mls.private_message import decode_private_message
from channel.mls.secret_tree import SecretTree
from channel.mls.suite import CipherSuite
from channel.mls.tree_math import LeafIndex

__all__ = ["Echo"]


@dataclass(frozen=True, slots=True)
class Echo:
    """The keys that others open our messages of one epoch with; a value."""

    _secret_tree: SecretTree = field(repr=False)

    @classmethod
    def of(cls, group: Group) -> "Echo":
        """That of a new epoch in which we have sent nothing yet."""
        return cls(group.message_state.secret_tree.only(LeafIndex(group.own_leaf_index)))

    def open(self, group: Group, message: bytes) -> tuple["Echo", AuthenticatedContent]:
        """Open a message that claims to be ours.

        Args:
            group: At the epoch of the message.
            message: The encoded MLSMessage.

        Returns:
            The echo to keep if the message used its key up, and what it says.

        Raises:
            PeerError: It is not ours, or others cannot open it either.
        """
        epoch = group.epoch_state

        def signature_key(leaf_index: LeafIndex) -> bytes:
            if leaf_index != epoch.own_leaf_index:
                raise ValidationError("6.1-1", "not a message of ours")
            return epoch.own_leaf.signature_key

        unsealed = unseal(
            epoch.epoch_context,
            self._secret_tree,
            decode_private_message(message),
            signature_key=signature_key,
        )
        return replace(self, _secret_tree=unsealed.secret_tree), unsealed.content

    def encode(self) -> bytes:
        """Our own storage form; it holds secrets."""
        return self._secret_tree.encode()

    @classmethod
    def decode(cls, data: bytes, suite: CipherSuite) -> "Echo":
        """What ``encode`` wrote; anything else raises ``channel.mls.errors.DecodeError``."""
        return cls(SecretTree.decode(data, suite))
