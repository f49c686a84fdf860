"""The message types as `parley types` shows them. Pure."""

from collections.abc import Iterator

from protocols.messages import CATALOGUE, FieldSpec, MessageType, describe_fields

__all__ = ["all_types", "one_type", "type_value"]


def all_types() -> Iterator[str]:
    """Say of each type what it does, who may send it, and what closes it."""
    for kind, entry in CATALOGUE.items():
        yield f"{kind.value:<14}{entry.purpose}"
        yield f"{'':<14}from {', '.join(role.value for role in entry.senders)}"
        yield f"{'':<14}closed by {entry.closed_by}; due {entry.due}"


def one_type(kind: MessageType) -> Iterator[str]:
    """Say who sends a type, what answers it, and what its fields are."""
    entry = CATALOGUE[kind]
    yield f"{kind.value}: {entry.purpose}"
    yield f"from       {', '.join(role.value for role in entry.senders)}"
    yield f"closed by  {entry.closed_by}"
    yield f"due        {entry.due}"
    for part, heading in (("content", "fields"), ("envelope", "fields of every type")):
        yield f"{heading}:"
        yield from (f"  {_field(spec)}" for spec in describe_fields(kind) if spec.part == part)


def _field(spec: FieldSpec) -> str:
    kind = "|".join(spec.choices) if spec.choices else spec.kind
    if spec.required:
        needed = "needed"
    elif spec.needed_with is not None:
        needed = f"needed with {spec.needed_with}"
    else:
        needed = "optional" if spec.default is None else f"default {spec.default}"
    critical = ", critical" if spec.critical else ""
    return f"{spec.path} ({kind}; {needed}{critical}): {spec.help}"


def type_value(kind: MessageType, *, fields: bool = False) -> dict[str, object]:
    """Return a type as values, with its fields if asked for."""
    entry = CATALOGUE[kind]
    value: dict[str, object] = {
        "type": kind.value,
        "purpose": entry.purpose,
        "senders": [role.value for role in entry.senders],
        "closed_by": entry.closed_by,
        "due": entry.due,
    }
    if fields:
        value["fields"] = [_field_value(spec) for spec in describe_fields(kind)]
    return value


def _field_value(spec: FieldSpec) -> dict[str, object]:
    return {
        "path": spec.path,
        "part": spec.part,
        "kind": spec.kind,
        "required": spec.required,
        "needed_with": spec.needed_with,
        "choices": list(spec.choices),
        "default": spec.default,
        "help": spec.help,
        "critical": spec.critical,
    }
