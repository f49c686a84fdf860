"""One message against the state: what the rooms of the fold are handed, and what they leave behind.

Each message type has a handler `(judgement, content) -> None` in its room. It raises what is wrong, or puts
what the message changes into `judgement.changes`; the state itself it never touches.
"""

from protocols.messages.message import Message
from protocols.messages.roles import Role
from protocols.negotiation.commitment import Commitment
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.roster import Reason, Refusal
from protocols.negotiation.state import Changes, State


class Judgement:
    """One message and the state it meets; `changes` grows as the rules let it through.

    Attributes:
        state: before the message; read only.
        changes: what the message would change; the message itself is in `changes.messages` already.
        sender: participant id.
        id: of the message, 32 hexadecimal digits.
        message: as it was sent.
        envelope: the message's.
        now_ms: relay time at which it is judged.
    """

    __slots__ = ("changes", "envelope", "id", "message", "now_ms", "sender", "state")

    def __init__(
        self, state: State, changes: Changes, *, sender: str, message_id: str, message: Message, now_ms: int
    ) -> None:
        self.state = state
        self.changes = changes
        self.sender = sender
        self.id = message_id
        self.message = message
        self.envelope = message.envelope
        self.now_ms = now_ms

    # --- reading ----------------------------------------------------------------------------------

    @property
    def role(self) -> Role:
        """The sender's role; `judge` has seen that they are on the roster."""
        role = self.state.roster.role(self.sender)
        if role is None:
            raise Refusal(Reason.UNKNOWN_SENDER, "needs a sender on the roster")
        return role

    @property
    def told(self) -> frozenset[str]:
        """Everybody who is addressed, and the sender."""
        return frozenset((self.sender, *self.envelope.to, *self.envelope.info))

    def target(self, message_id: str) -> FoldedMessage:
        """Return a message as this one has left it so far, or refuse this one if there is none."""
        return self.changes.messages.get(message_id) or self.state.target(message_id)

    def commitment(self, commitment_id: str) -> Commitment:
        """Return a commitment as it stands now, or refuse the message if there is none."""
        return self.changes.commitments.get(commitment_id) or self.state.commitment(
            commitment_id, self.now_ms
        )

    def others(self, *roles: Role) -> frozenset[str]:
        """Return everybody with one of these roles but the sender; everybody else where none is named."""
        return self.state.roster.with_role(*(roles or Role)) - {self.sender}

    def present(self, participants: frozenset[str] | set[str] | tuple[str, ...]) -> frozenset[str]:
        """Return those of the participants that are on the roster."""
        return frozenset(one for one in participants if one in self.state.roster)

    # --- leaving behind ---------------------------------------------------------------------------

    def put(self, folded: FoldedMessage) -> None:
        """Put a message in the place of what it was."""
        self.changes.messages[folded.id] = folded

    def close(self, message_id: str, answer: str, *, only: str | None = None) -> None:
        """Close a message by this one, for everybody whose answer is wanted or for one of them.

        Args:
            message_id: the message that is closed, which must be in the log.
            answer: the code or type that closes it, such as EXPLANATION.
            only: participant id; None for everybody.
        """
        self.put(self.target(message_id).closed(answer, self.id, only=only))

    def keep(self, commitment: Commitment) -> None:
        """Put a commitment in the place of what it was, or create it."""
        self.changes.commitments[commitment.id] = commitment
