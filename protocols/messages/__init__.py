"""The message language: ten types, receipts, and the rules a message keeps by itself."""

from protocols.messages.build import MessageRefused, check, compose, compose_receipt
from protocols.messages.catalogue import CATALOGUE, Answer
from protocols.messages.codec import Body, decode_body, encode_body, to_value
from protocols.messages.envelope import Envelope, MessageType, Reference
from protocols.messages.fields import FieldSpec, describe_fields
from protocols.messages.leaves import FieldComparison, compare_readback, critical_leaves, leaf_text
from protocols.messages.message import Content, Message
from protocols.messages.receipt import Receipt
from protocols.messages.render import render
from protocols.messages.roles import Role

__all__ = [
    "CATALOGUE",
    "Answer",
    "Body",
    "Content",
    "Envelope",
    "FieldComparison",
    "FieldSpec",
    "Message",
    "MessageRefused",
    "MessageType",
    "Receipt",
    "Reference",
    "Role",
    "check",
    "compare_readback",
    "compose",
    "compose_receipt",
    "critical_leaves",
    "decode_body",
    "describe_fields",
    "encode_body",
    "leaf_text",
    "render",
    "to_value",
]
