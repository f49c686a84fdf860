"""Fields by path: `window.start`, `route.0.place.lat`; what read-backs, corrections and forms name.

Every leaf has one text form: text as it is, numbers in decimal, flags as true or false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import BaseModel, JsonValue

from protocols.messages.administrative import Readback
from protocols.messages.fields import field_info
from protocols.messages.message import Content
from protocols.messages.values import Critical, Shape, fold_case, normalise, parse_time

Leaf: TypeAlias = str | int | bool

_NOT_RESTATED: Final = frozenset({"name_source", "no", "version", "texts"})


def flatten(value: object, path: str = "") -> dict[str, Leaf]:
    """Return every leaf of a dumped model by its path, in the model's order; absent fields are left out."""
    leaves: dict[str, Leaf] = {}
    match value:
        case None:
            pass
        case str() | int():
            leaves[path] = value
        case Mapping():
            for name, item in value.items():
                leaves |= flatten(item, f"{path}.{name}" if path else str(name))
        case list() | tuple():
            for index, item in enumerate(value):
                leaves |= flatten(item, f"{path}.{index}" if path else str(index))
        case _:
            raise TypeError(type(value).__name__)
    return leaves


def unflatten(leaves: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the nested maps that these paths name; list indexes stay names for `fields.coerce` to resolve.

    Raises:
        ValueError: one path is a value and also the beginning of another.
    """
    root: dict[str, JsonValue] = {}
    for path, value in leaves.items():
        *parents, name = path.split(".")
        node = root
        for parent in parents:
            below = node.setdefault(parent, {})
            if not isinstance(below, dict):
                raise ValueError(path)
            node = below
        if isinstance(node.get(name), dict) and isinstance(value, dict):
            raise ValueError(path)
        if name in node:
            raise ValueError(path)
        node[name] = value
    return root


def leaf_text(value: Leaf) -> str:
    """Return a leaf in its text form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def content_leaves(content: Content) -> dict[str, Leaf]:
    """Return every field of a message's content by its path."""
    return flatten(content.model_dump(exclude_none=True))


def critical_fields(model: type[Content]) -> tuple[str, ...]:
    """Return the names of a type's critical fields: read back at IMMEDIATE and above, or on request."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(mark, Critical) for mark in field.metadata)
    )


def critical_leaves(content: Content) -> dict[str, Leaf]:
    """Return the critical fields of a message by path: what a read-back must restate.

    Not restated are where a place's name was taken from, which number a clause has, and parallel texts: the
    reader restates what is to be done, once.
    """
    leaves: dict[str, Leaf] = {}
    for name in critical_fields(type(content)):
        plain = _plain(getattr(content, name))
        leaves |= {
            path: leaf
            for path, leaf in flatten(plain, name).items()
            if _NOT_RESTATED.isdisjoint(path.split("."))
        }
    return leaves


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One critical field beside what the reader said it is.

    Attributes:
        field: its path.
        original: its text form in the message; None where the message has no such field.
        restated: what was read back; None where it was left out.
        matches: whether both say the same; times may be given as a date-time group, letter case is ignored.
        exact: whether a difference is an error of fact (times, numbers, choices), not a matter of wording.
    """

    field: str
    original: str | None
    restated: str | None
    matches: bool
    exact: bool


def compare_readback(content: Content, readback: Readback) -> tuple[FieldComparison, ...]:
    """Set a read-back beside the message it restates, field by field, for its author to judge."""
    critical = critical_leaves(content)
    restated = {reading.field: reading.value for reading in readback.readings}
    rows: list[FieldComparison] = []
    for path in (*critical, *(path for path in restated if path not in critical)):
        leaf, said = critical.get(path), restated.get(path)
        original = None if leaf is None else leaf_text(leaf)
        matches = original is not None and said is not None and _same(original, said)
        rows.append(FieldComparison(path, original, said, matches, exact=not _is_wording(content, path)))
    return tuple(rows)


def _is_wording(content: Content, path: str) -> bool:
    """Say whether a field is free text, such as a name, which may be restated in other words."""
    info = field_info(
        type(content), tuple(int(step) if step.isdecimal() else step for step in path.split("."))
    )
    marks = info.metadata if info is not None else ()
    return any(isinstance(mark, Shape) and mark.kind.startswith("text") for mark in marks)


def _same(original: str, said: str) -> bool:
    time = parse_time(original)
    if time is not None:
        # A date-time group carries minutes only, so it cannot restate seconds.
        return parse_time(said) == time
    return _words(original) == _words(said)


def _words(value: str) -> str:
    return " ".join(fold_case(normalise(value)).replace("_", " ").split())
