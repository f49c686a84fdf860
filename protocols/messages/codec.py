"""Messages, receipts and escalations to bytes and back: one encoding each, bounded, two ways to fail.

The body is a canonical map: `v`, `type`, the envelope's fields, and `content` by type. Absent fields are
left out and defaults are written, so that each message has exactly one encoding.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeVar, assert_never, cast

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from protocols import canonical
from protocols.errors import DecodeError, RuleViolation
from protocols.messages.envelope import VERSION, Envelope, MessageType
from protocols.messages.escalation import ESCALATION, Escalation, check_escalation
from protocols.messages.fields import field_info
from protocols.messages.message import CONTENT_MODELS, Message, check_message
from protocols.messages.receipt import RECEIPT, Receipt, check_receipt
from protocols.messages.rules import RULES, violation
from protocols.messages.values import Needed

MAX_BODY_SIZE: Final = 57_344
"""56 KiB: with payload, framing and padding to 60 KiB an entry stays below the log's 65,535 bytes."""
MAX_BODY_DEPTH: Final = 10
MAX_BODY_ITEMS: Final = 256

Body: TypeAlias = Message | Receipt | Escalation
ModelT = TypeVar("ModelT", bound=BaseModel)
_PLAIN: Final = frozenset({str, int, bool, bytes, type(None)})

_PLAIN_HINTS: Final = {
    "missing": ("FIELD-REQUIRED", "is needed"),
    "extra_forbidden": ("FIELD-UNKNOWN", "is not a field of this type"),
    "string_type": ("FIELD-TYPE", "needs text"),
    "int_type": ("FIELD-TYPE", "needs a whole number"),
    "bool_type": ("FIELD-TYPE", "needs true or false"),
    "tuple_type": ("FIELD-TYPE", "needs a list"),
    "model_type": ("FIELD-TYPE", "needs named fields"),
    "model_attributes_type": ("FIELD-TYPE", "needs named fields"),
    "dict_type": ("FIELD-TYPE", "needs named fields"),
    "string_unicode": ("VALUE-TEXT", "needs text that is valid Unicode"),
}


def to_value(body: Body) -> dict[str, JsonValue]:
    """Return the body as plain maps, lists, text, numbers and flags: what `--json` prints."""
    if isinstance(body, Receipt | Escalation):
        kind = RECEIPT if isinstance(body, Receipt) else ESCALATION
        return {"v": VERSION, "type": kind, **body.model_dump(mode="json", by_alias=True)}
    envelope = body.envelope.model_dump(mode="json", by_alias=True, exclude_none=True)
    content = body.content.model_dump(mode="json", exclude_none=True)
    return {"v": VERSION, "type": body.type.value, **envelope, "content": content}


def _encodable(body: Body) -> canonical.Encodable:
    # JSON's types but for floats, which no model has.
    return cast(canonical.Encodable, to_value(body))


def encode_body(body: Body) -> bytes:
    """Return the one encoding of a body that keeps the rules.

    Raises:
        RuleViolation: it breaks a rule of its type, or does not fit into one entry. The author's fault.
    """
    for problem in check_body(body):
        raise problem
    encoded = canonical.encode(_encodable(body))
    if len(encoded) > MAX_BODY_SIZE:
        raise violation("ENVELOPE-6", None, f"needs at most {MAX_BODY_SIZE} bytes, has {len(encoded)}")
    return encoded


def decode_body(data: bytes) -> Body:
    """Read a message, receipt or escalation and hold it to every rule that needs no other message.

    Raises:
        DecodeError: not the canonical encoding of a body of this version. The peer's fault.
        RuleViolation: well-formed, but it breaks a field's or a type's rule. The peer's fault.
    """
    value = canonical.decode(data, max_size=MAX_BODY_SIZE, max_depth=MAX_BODY_DEPTH, max_items=MAX_BODY_ITEMS)
    if not isinstance(value, dict):
        raise DecodeError("a body that is not a map")
    fields: dict[str, Any] = dict(value)
    if fields.pop("v", None) != VERSION or isinstance(value["v"], bool):
        raise DecodeError("a version of messages that is not known here")
    kind = fields.pop("type", None)
    body: Body
    if kind == RECEIPT:
        body = validated(Receipt, fields)
    elif kind == ESCALATION:
        body = validated(Escalation, fields)
    elif isinstance(kind, str) and kind in CONTENT_MODELS:
        content = validated(CONTENT_MODELS[MessageType(kind)], fields.pop("content", {}))
        body = Message(validated(Envelope, fields), content)
    else:
        raise DecodeError("a type of message that is not known here")
    for problem in check_body(body):
        raise problem
    if canonical.encode(_encodable(body)) != data:
        raise DecodeError("not the canonical form: a field is empty, or a default left out")
    return body


def check_body(body: Body) -> Iterable[RuleViolation]:
    """Return everything the rules refuse about a body by itself."""
    match body:
        case Receipt():
            return check_receipt(body)
        case Escalation():
            return check_escalation(body)
        case Message():
            return check_message(body)
        case _:
            assert_never(body)


def validated(model: type[ModelT], fields: object) -> ModelT:
    """Build a model from decoded values, or raise the first thing that is wrong with them.

    Raises:
        RuleViolation: a field is missing, unknown, of the wrong type or value.
    """
    try:
        return model.model_validate(tuples(fields))
    except ValidationError as error:
        found = violations(model, error)
    raise found[0]


_RANGE_HINTS: Final = {
    "too_short": ("min_length", "needs at least {}"),
    "too_long": ("max_length", "needs at most {}"),
    "greater_than_equal": ("ge", "needs {} or more"),
    "less_than_equal": ("le", "needs {} or less"),
    "less_than": ("lt", "needs less than {}"),
}


def violations(model: type[BaseModel], error: ValidationError, prefix: str = "") -> tuple[RuleViolation, ...]:
    """Say in our words what pydantic refused: which field, by which rule, and the way out."""
    details = error.errors(include_url=False, include_input=False)
    # An item that is refused does not count, so a list can seem too short besides; that would only confuse.
    inside = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    return tuple(
        _explain(model, detail, prefix)
        for detail in details
        if detail["type"] != "too_short" or detail["loc"] not in inside
    )


def _explain(model: type[BaseModel], detail: ErrorDetails, prefix: str) -> RuleViolation:
    kind, location = detail["type"], detail["loc"]
    field = prefix + ".".join(map(str, location)) or None
    if kind in RULES:
        return violation(kind, field, detail["msg"])
    if kind == "literal_error":
        return violation("FIELD-CHOICE", field, f"needs one of {detail['ctx']['expected']}")
    if kind in _RANGE_HINTS:
        name, words = _RANGE_HINTS[kind]
        return violation("FIELD-RANGE", field, words.format(detail["ctx"][name]))
    rule, hint = _PLAIN_HINTS.get(kind, ("FIELD-RANGE", detail["msg"][:1].lower() + detail["msg"][1:]))
    if kind == "missing":
        info = field_info(model, location)
        marks = info.metadata if info is not None else []
        rule = next((mark.rule for mark in marks if isinstance(mark, Needed)), rule)
        if info is not None and info.description:
            hint = f"is needed: {info.description}"
    return violation(rule, field, hint)


def tuples(value: object) -> object:
    """Return the value with its lists as tuples, which is what the models hold."""
    # By exact type, and plain values first: this runs over every field of every message of a log.
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, list):
        return tuple([tuples(item) for item in value])
    if isinstance(value, Mapping):
        return {name: item if type(item) in _PLAIN else tuples(item) for name, item in value.items()}
    return value
