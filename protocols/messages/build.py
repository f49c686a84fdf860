"""Composing: from what people type, or JSON, to a message that keeps the rules, or to all that is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from protocols.errors import RuleViolation
from protocols.messages.codec import ModelT, encode_body, tuples, validated, violations
from protocols.messages.envelope import Envelope, MessageType, Mode
from protocols.messages.escalation import EscalatedLevel, Escalation, EscalationStep
from protocols.messages.fields import ENVELOPE_GROUP, coerce
from protocols.messages.leaves import unflatten
from protocols.messages.message import CONTENT_MODELS, Message, check_message
from protocols.messages.receipt import Receipt, ReceiptLevel
from protocols.messages.rules import violation

_ENVELOPE_FIELDS: Final = frozenset(Envelope.model_fields) - {"sender", "sent", "mode"}


class MessageRefused(RuleViolation):
    """A message that cannot be composed as it stands; everything that is wrong with it, not only the first.

    Attributes:
        violations: all that is wrong; rule, field and hint of this error are the first one's.
    """

    def __init__(self, found: Sequence[RuleViolation]) -> None:
        super().__init__(found[0].rule, found[0].field, found[0].hint)
        self.violations = tuple(found)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.violations,)


def compose(
    kind: MessageType | str,
    fields: Mapping[str, JsonValue],
    *,
    sender: str,
    to: Sequence[str],
    sent: str,
    info: Sequence[str] = (),
    mode: Mode = "LIVE",
    **envelope: JsonValue,
) -> Message:
    """Make a message from simple values.

    Args:
        kind: the message type, such as INFORM.
        fields: content by dotted path or nested (`{"window.start": "221430Z NOV 26"}`), text or JSON values.
            Envelope fields (topic, precedence, respond_by, valid_until, remarks, refs) go there too; where
            the type has a field of the same name, the envelope's is `envelope.NAME`.
        sender: our participant id, 32 hexadecimal digits.
        to: ACTION addressees, participant ids.
        sent: the time of sending, a `Time`.
        info: INFO addressees.
        mode: the channel's mode.
        **envelope: envelope fields by name; they win over those in `fields`.

    What nobody said is filled in where it can be meant in one way only: clauses are numbered, and a proposal
    is in the language of its envelope.

    Raises:
        MessageRefused: with everything that is wrong, in the order of the fields. The author's to put right.
    """
    message_type = _type(kind)
    model = CONTENT_MODELS[message_type]
    try:
        nested = unflatten(fields)
    except ValueError as error:
        raise MessageRefused(
            [violation("FIELD-TYPE", str(error), "is given twice, as a value and as a group")]
        ) from None
    named = (_ENVELOPE_FIELDS - model.model_fields.keys()) & nested.keys()
    outer: dict[str, JsonValue] = {name: nested.pop(name) for name in named}
    match nested.pop(ENVELOPE_GROUP, None):
        case dict() as group:
            outer |= group
        case None:
            pass
        case _:
            raise MessageRefused([violation("FIELD-TYPE", ENVELOPE_GROUP, "needs named fields")])
    outer |= {name: value for name, value in envelope.items() if value is not None}
    outer |= {"to": [*to, *_names(outer.get("to"))], "info": [*info, *_names(outer.get("info"))]}
    outer |= {"from": sender, "sent": sent, "mode": mode}
    found: list[RuleViolation] = []
    match message_type:
        case MessageType.PROPOSAL:
            nested = _numbered(nested)
            spoken = outer.get("lang") or Envelope.model_fields["lang"].default
            nested.setdefault("prevailing", spoken)
            nested.setdefault("languages", [nested["prevailing"]])
        case MessageType.COMMIT:
            nested |= {name: {"no": 1, "version": 1, **clause} for name, clause in _lone_clauses(nested)}
        case _:
            pass
    content = _attempt(model, nested, found)
    checked = _attempt(Envelope, outer, found)
    if content is None or checked is None:
        raise MessageRefused(found)
    message = Message(checked, content)
    if found := list(check_message(message)):
        raise MessageRefused(found)
    try:
        encode_body(message)
    except RuleViolation as error:
        raise MessageRefused([error]) from None
    return message


def compose_receipt(
    level: ReceiptLevel,
    *,
    sender: str,
    sent: str,
    messages: Sequence[str] = (),
    positions: Sequence[int] = (),
) -> Receipt:
    """Make a receipt over 1 to 64 messages (ids in hex) or, for DELIVERY_ERROR, entries by position.

    Raises:
        RuleViolation: none or more than 64 of them, one named twice, or positions at another level.
    """
    fields = {
        "from": sender,
        "sent": sent,
        "level": level,
        "messages": tuple(messages),
        "positions": tuple(positions),
    }
    receipt = validated(Receipt, fields)
    encode_body(receipt)
    return receipt


def compose_escalation(
    message: str, addressee: str, level: EscalatedLevel, step: EscalationStep, *, sender: str, sent: str
) -> Escalation:
    """Make the note that an addressee's acknowledgement of a message is overdue.

    Args:
        message: the message that waits.
        addressee: from whom nothing has come.
        level: the rung of the ladder that is overdue.
        step: who is told.
        sender: our participant id.
        sent: now, a `Time`.

    Raises:
        RuleViolation: an id or time is malformed, or we are the addressee ourselves.
    """
    fields = {
        "from": sender,
        "sent": sent,
        "message": message,
        "addressee": addressee,
        "level": level,
        "step": step,
    }
    escalation = validated(Escalation, fields)
    encode_body(escalation)
    return escalation


def check(
    kind: MessageType | str, fields: Mapping[str, JsonValue], **rest: object
) -> tuple[RuleViolation, ...]:
    """Return everything `compose` would refuse, or nothing; takes the same arguments."""
    try:
        compose(kind, fields, **rest)  # type: ignore[arg-type]  # passed through as they came
    except MessageRefused as error:
        return error.violations
    return ()


def _type(kind: MessageType | str) -> MessageType:
    try:
        return MessageType(kind.strip().upper().replace("_", "-"))
    except ValueError:
        hint = f"needs one of {', '.join(member.value for member in MessageType)}"
        raise MessageRefused([violation("FIELD-CHOICE", "type", hint)]) from None


def _numbered(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Number the clauses of a new proposal where nobody did: 1, 2, 3, each in version 1."""
    clauses = fields.get("clauses")
    if isinstance(clauses, dict):
        order = sorted(clauses, key=lambda name: int(name) if name.isdecimal() else 0)
        clauses = [clauses[name] for name in order]
    if not isinstance(clauses, list):
        return fields
    numbered: list[JsonValue] = [
        {"no": index, "version": 1, **clause} if isinstance(clause, dict) else clause
        for index, clause in enumerate(clauses, 1)
    ]
    return {**fields, "clauses": numbered}


def _lone_clauses(fields: dict[str, JsonValue]) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    for name in ("consequent", "antecedent"):
        clause = fields.get(name)
        if isinstance(clause, dict) and clause:
            yield name, clause


def _names(value: JsonValue) -> list[JsonValue]:
    """Return addressees as a list, however given; what is no name is left for the model to refuse."""
    match value:
        case None:
            return []
        case str():
            return [part.strip() for part in value.split(",") if part.strip()]
        case list():
            return list(value)
        case dict():
            return list(value.values())
        case _:
            return [value]


def _attempt(model: type[ModelT], fields: dict[str, JsonValue], found: list[RuleViolation]) -> ModelT | None:
    """Build the model, or add all that is wrong to `found`."""
    prepared = coerce(model, fields)
    try:
        return model.model_validate(tuples(prepared))
    except ValidationError as error:
        found.extend(violations(model, error))
        return None
