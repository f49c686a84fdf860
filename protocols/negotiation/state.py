"""What the rules read, and what an entry would change: the two sides of judging before applying."""

from dataclasses import dataclass, field

from protocols.messages.envelope import Mode
from protocols.messages.message import Message
from protocols.messages.receipt import Receipt
from protocols.negotiation.commitment import Commitment, settle
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.roster import Reason, Refusal, Roster


@dataclass(slots=True)
class State:
    """The negotiation so far; only `Negotiation` changes it.

    Attributes:
        roster: as the last accepted commit left it.
        mode: the channel's.
        now_ms: the latest relay time of any entry.
        messages: accepted messages by id, in log order.
        proposals: by the PROPOSAL's id.
        commitments: by their own id.
        by_position: ids of accepted messages by log position.
        receipts: ids of accepted receipts; they are used up like any other.
    """

    roster: Roster
    mode: Mode
    now_ms: int = 0
    messages: dict[str, FoldedMessage] = field(default_factory=dict)
    proposals: dict[str, TabledProposal] = field(default_factory=dict)
    commitments: dict[str, Commitment] = field(default_factory=dict)
    by_position: dict[int, str] = field(default_factory=dict)
    receipts: set[str] = field(default_factory=set)

    def target(self, message_id: str) -> FoldedMessage:
        """Return the message that another one acts upon, or refuse the other one."""
        found = self.messages.get(message_id)
        if found is None:
            raise Refusal(Reason.UNKNOWN_TARGET, "needs a message that is in the log")
        return found

    def commitment(self, commitment_id: str, now_ms: int) -> Commitment:
        """Return a commitment as it stands at this relay time, or refuse the message that names it."""
        found = self.commitments.get(commitment_id)
        if found is None:
            raise Refusal(Reason.UNKNOWN_TARGET, "needs a commitment that exists")
        return settle(found, now_ms)


@dataclass(slots=True)
class Changes:
    """What an accepted entry puts in the place of what was there."""

    body: Message | Receipt
    messages: dict[str, FoldedMessage] = field(default_factory=dict)
    proposals: dict[str, TabledProposal] = field(default_factory=dict)
    commitments: dict[str, Commitment] = field(default_factory=dict)
    delivered: tuple[str, ...] = ()
