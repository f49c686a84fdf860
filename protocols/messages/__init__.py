"""The message language: its types, receipts, escalations, and the rules a message keeps by itself."""

from protocols.messages.build import MessageRefused, check, compose, compose_escalation, compose_receipt
from protocols.messages.catalogue import CATALOGUE, Answer
from protocols.messages.codec import Body, decode_body, encode_body, to_value
from protocols.messages.envelope import Envelope, MessageType, Reference
from protocols.messages.escalation import Escalation
from protocols.messages.fields import FieldSpec, describe_fields
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.leaves import FieldComparison, compare_readback, critical_leaves, leaf_text
from protocols.messages.mandates import Mandate, Power, mandate_bytes, mandate_id
from protocols.messages.message import Content, Message
from protocols.messages.powers import covers, power_needed
from protocols.messages.receipt import Receipt
from protocols.messages.render import render
from protocols.messages.roles import Role

__all__ = [
    "CATALOGUE",
    "Answer",
    "Body",
    "Content",
    "Envelope",
    "Escalation",
    "FieldComparison",
    "FieldSpec",
    "GlossaryTerm",
    "Mandate",
    "Message",
    "MessageRefused",
    "MessageType",
    "Power",
    "Receipt",
    "Reference",
    "Role",
    "check",
    "compare_readback",
    "compose",
    "compose_escalation",
    "compose_receipt",
    "covers",
    "critical_leaves",
    "decode_body",
    "describe_fields",
    "encode_body",
    "leaf_text",
    "mandate_bytes",
    "mandate_id",
    "power_needed",
    "render",
    "to_value",
]
