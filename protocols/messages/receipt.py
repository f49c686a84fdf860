"""Receipts: what a member's device or a named person has done with messages (MESSAGES.md section 3).

A receipt is not a message: it has no addressees, needs no answer and is never acknowledged. It lists
messages one by one, because "everything up to here" says more than anybody knows. It never means agreement,
belief or permission.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.rules import violation
from protocols.messages.values import MessageId, Model, ParticipantId, Time

MAX_MESSAGES_PER_RECEIPT: Final = 64
RECEIPT: Final = "RECEIPT"

ReceiptLevel = Literal["DELIVERED", "DELIVERY_ERROR", "DISPLAYED", "ACKNOWLEDGED"]


class Receipt(Model):
    """One statement about up to 64 messages of others."""

    sender: Annotated[ParticipantId, Field(alias="from", description="whose device or hand it was")]
    sent: Annotated[Time, Field(description="when, by the sender's clock")]
    level: Annotated[
        ReceiptLevel, Field(description="DELIVERED and DISPLAYED by a device, ACKNOWLEDGED by a person")
    ]
    messages: Annotated[
        tuple[MessageId, ...], Field(max_length=MAX_MESSAGES_PER_RECEIPT, description="which messages")
    ] = ()
    positions: Annotated[
        tuple[Annotated[int, Field(ge=0, lt=2**63)], ...],
        Field(
            max_length=MAX_MESSAGES_PER_RECEIPT, description="entries that could not be read, by log position"
        ),
    ] = ()


def check_receipt(receipt: Receipt) -> Iterator[RuleViolation]:
    """Yield what the receipt's own rules refuse."""
    named = (*receipt.messages, *receipt.positions)
    if not 1 <= len(named) <= MAX_MESSAGES_PER_RECEIPT or len(set(named)) != len(named):
        yield violation("RECEIPT-1", "messages")
    if receipt.positions and receipt.level != "DELIVERY_ERROR":
        yield violation("RECEIPT-2", "positions")
