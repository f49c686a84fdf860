"""What forms, the command line and corrections know about a type's fields, read from the models."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.message import CONTENT_MODELS
from protocols.messages.values import Critical, Shape, normalise, parse_time

Annotation: TypeAlias = Any
"""What stands in a field's annotation; Python has no narrower type for it."""

_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}
ENVELOPE_GROUP: Final = "envelope"
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One entry field of a form.

    Attributes:
        path: where the value goes, such as `window.start`; `*` stands for the index in a list.
        part: `content`, or `envelope` for what every type has.
        kind: what is entered: integer, flag, choice, time, participant, message, text(200) and so on.
        required: whether the message cannot do without it.
        needed_with: the optional group in which this field is required, such as `place`; None for others.
        choices: the values of a choice.
        default: the text form used when nothing is entered; None where there is none.
        help: one short phrase.
        critical: whether it is read back.
        repeated: whether there can be several.
    """

    path: str
    part: Literal["content", "envelope"]
    kind: str
    required: bool
    needed_with: str | None
    choices: tuple[str, ...]
    default: str | None
    help: str
    critical: bool
    repeated: bool


def _strip(annotation: Annotation, metadata: tuple[Any, ...] = ()) -> tuple[Annotation, tuple[Any, ...]]:
    """Take `Annotated` and `| None` off an annotation, keeping what they carried."""
    origin = _origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _strip(inner, (*metadata, *more))
    if origin in (Union, types.UnionType):
        arms = [arm for arm in get_args(annotation) if arm is not type(None)]
        if len(arms) == 1:
            return _strip(arms[0], metadata)
    return annotation, metadata


def _origin(annotation: Annotation) -> Annotation:
    return get_origin(annotation)


def _shape(metadata: tuple[Any, ...]) -> Shape | None:
    return next((mark for mark in metadata if isinstance(mark, Shape)), None)


def describe_fields(kind: MessageType) -> tuple[FieldSpec, ...]:
    """Return the fields of a type, content first, then what the envelope lets people choose."""
    own = _describe(CONTENT_MODELS[kind], "content", "", True, None, False, False)
    chosen = (
        replace(spec, path=envelope_path(kind, spec.path))
        for spec in _describe(Envelope, "envelope", "", True, None, False, False)
        if spec.path not in _SET
    )
    return (*own, *chosen)


def describe_model(model: type[BaseModel]) -> Iterator[FieldSpec]:
    """Yield the fields of a model that is not a message's content, such as an escalation."""
    yield from _describe(model, "content", "", True, None, False, False)


def envelope_path(kind: MessageType, path: str) -> str:
    """Return how people name a field of the envelope: `envelope.NAME` where the type has one of that name."""
    shadowed = path.split(".")[0] in CONTENT_MODELS[kind].model_fields
    return f"{ENVELOPE_GROUP}.{path}" if shadowed else path


_SET: Final = frozenset({"sender", "sent", "mode", "to.*", "info.*", "to", "info"})
"""Envelope fields the client fills in: from identity, clock, charter and the choice of addressees."""


def _describe(
    model: type[BaseModel],
    part: Literal["content", "envelope"],
    prefix: str,
    required: bool,
    needed_with: str | None,
    critical: bool,
    repeated: bool,
) -> Iterator[FieldSpec]:
    for name, field in model.model_fields.items():
        path = prefix + name
        base, metadata = _strip(field.annotation, tuple(field.metadata))
        needed = required and field.is_required()
        marked = critical or any(isinstance(mark, Critical) for mark in metadata)
        many = repeated
        if _origin(base) is tuple:
            base, metadata = _strip(get_args(base)[0])
            path, many = f"{path}.*", True
        group = needed_with if field.is_required() else None
        if isinstance(base, type) and issubclass(base, BaseModel):
            inside = group if field.is_required() else path
            yield from _describe(base, part, f"{path}.", needed, inside, marked, many)
            continue
        yield FieldSpec(
            path=path,
            part=part,
            kind=_kind(base, metadata),
            required=needed,
            needed_with=None if needed else group,
            choices=tuple(map(str, get_args(base))) if _origin(base) is Literal else (),
            default=_default(field),
            help=field.description or "",
            critical=marked,
            repeated=many,
        )


def _kind(base: Annotation, metadata: tuple[Any, ...]) -> str:
    shape = _shape(metadata)
    if shape is not None:
        return shape.kind
    if _origin(base) is Literal:
        return "choice"
    return {int: "integer", bool: "flag"}[base]


def _default(field: FieldInfo) -> str | None:
    match field.default:
        case bool() as flag:
            return "true" if flag else "false"
        case str() | int() as value if not field.is_required():
            return str(value)
        case tuple() as items if items and all(isinstance(item, str) for item in items):
            return ",".join(items)
        case _:
            return None


def coerce(annotation: Annotation, value: JsonValue, metadata: tuple[Any, ...] = ()) -> JsonValue:
    """Turn what people type into what the model takes; what cannot be turned is left for the model to refuse.

    Text becomes a number, flag or choice where the field is one; `a,b` and `{"0": a, "1": b}` become a list
    (free text has commas of its own: there it is `a;b`); a date-time group becomes a `Time`; text is brought
    into NFC; `start/end` becomes a window. Empty text is dropped from maps, so that an empty field of a form
    counts as not given.
    """
    base, metadata = _strip(annotation, metadata)
    if _origin(base) is tuple:
        return _list(get_args(base)[0], value)
    if isinstance(base, type) and issubclass(base, BaseModel):
        return _map(base, value)
    if not isinstance(value, str):
        return value
    if base is bool:
        return _WORDS.get(value.strip().lower(), value)
    if base is int:
        return int(value) if _INTEGER.fullmatch(value.strip()) else value
    if _origin(base) is Literal:
        wanted = value.strip().upper()
        return next(
            (choice for choice in get_args(base) if choice in (wanted, wanted.replace(" ", "_"))), value
        )
    shape = _shape(metadata)
    if shape is not None and shape.kind == "time":
        return parse_time(value) or value
    if shape is not None and shape.kind.startswith("text"):
        return normalise(value)
    return value.strip() if shape is not None else value


def _list(item: Annotation, value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        shape = _shape(_strip(item)[1])
        prose = shape is not None and shape.kind.startswith("text")
        value = [part.strip() for part in value.split(";" if prose else ",") if part.strip()]
    elif isinstance(value, dict) and value and set(value) == {str(index) for index in range(len(value))}:
        value = [value[str(index)] for index in range(len(value))]
    return [coerce(item, part) for part in value] if isinstance(value, list) else value


def _map(model: type[BaseModel], value: JsonValue) -> JsonValue:
    if isinstance(value, str) and set(model.model_fields) == {"start", "end"} and value.count("/") == 1:
        start, end = value.split("/")
        value = {"start": start, "end": end}
    if not isinstance(value, dict):
        return value
    result: dict[str, JsonValue] = {}
    for name, item in value.items():
        if item is None or (isinstance(item, str) and not item.strip()):
            continue
        field = model.model_fields.get(name)
        result[name] = item if field is None else coerce(field.annotation, item, tuple(field.metadata))
    return result


def field_info(model: type[BaseModel], path: tuple[str | int, ...]) -> FieldInfo | None:
    """Return the model field that an error's location names; None where it names none."""
    info: FieldInfo | None = None
    current: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int):
            continue
        fields: Mapping[str, FieldInfo] = current.model_fields if current is not None else {}
        info = fields.get(step) or next((field for field in fields.values() if field.alias == step), None)
        if info is None:
            return None
        base, _ = _strip(info.annotation)
        if _origin(base) is tuple:
            base, _ = _strip(get_args(base)[0])
        current = base if isinstance(base, type) and issubclass(base, BaseModel) else None
    return info
