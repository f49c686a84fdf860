"""Any text in any field of any type: composed and kept to the byte, or refused by a rule; nothing else."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.errors import LocalProtocolError
from protocols.messages.build import MessageRefused, compose
from protocols.messages.codec import decode_body, encode_body, to_value
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.leaves import flatten
from protocols.messages.message import Message
from protocols.messages.render import render
from protocols.messages.rules import RULES
from protocols.messages.values import normalise

from .examples import PRINCIPAL_SEED, compose_arguments, golden, signed_mandate, verbatim

ENVELOPE = ("topic", "remarks", "lang", "respond_by", "mandate", "refs.0.id", "precedence", "tlp")
LEAVES = {
    kind: (
        *flatten(golden(kind)["content"]),
        *(path for path in ENVELOPE if path != "topic" or kind != "LINE-CHECK"),
    )
    for kind in MessageType
}
TEXT_KINDS = {
    kind: {spec.path for spec in describe_fields(kind) if spec.kind.startswith("text")}
    for kind in MessageType
}
NASTY = {
    "empty": "",
    "space": " \t\n",
    "bidi": "a\u202eb\u2066c",
    "control": "a\x1b[2Jb\x00",
    "c1": "a\x9bb",
    "separator": "a\u2028b",
    "surrogate": "a\ud800b",
    "pair": "\ud83d\ude00",
    "decomposed": "cafe\u0301",
    "huge": "x" * 100_000,
    "beyond": "\U0010ffff",
    "noncharacter": "a\ufffeb",
    "zero-width": "a\u200bb\u200d",
    "newline": "a\nb",
    "arabic": "العربية",
    "lookalike": "\u0430\u0440\u0440\u04cf\u0435",
    "path": "a.b",
    "number": "9" * 400,
    "float": "1e999",
    "nul": "\x00",
    "braces": "{0.__class__} %s ${x}",
}
TEXTS = (
    st.text(max_size=40)
    | st.text(st.characters(), max_size=40)
    | st.text("\x00\x1b\u202e\u2066\x9b\ud800\udfff\u2028é\u0301?A1-:.Z,;/ \n", max_size=12)
    | st.sampled_from(list(NASTY.values()))
)


def compose_with(kind: MessageType, path: str, text: str) -> Message:
    """The golden message with one leaf set; signed again where a signature covers the leaf."""
    _, fields, rest = compose_arguments(golden(kind))
    leaves: dict[str, Any] = dict(flatten(fields))
    top = path.split(".")[0]
    if path in ENVELOPE:
        rest.pop(top, None)
        leaves[f"envelope.{path}"] = text
    else:
        leaves[path] = text
    with suppress(ValidationError, ValueError, LocalProtocolError):  # what cannot be signed is sent unsigned
        if kind is MessageType.MANDATE and path in ("principal_name", "limits"):
            leaves = dict(flatten(signed_mandate(PRINCIPAL_SEED, **{path: text})))
        elif kind is MessageType.MANDATE and top == "topics":
            topics = [*fields["topics"]]
            topics[int(path[-1])] = text
            leaves = dict(flatten(signed_mandate(PRINCIPAL_SEED, topics=topics)))
        elif kind is MessageType.CONVEY and path == "content":
            leaves |= verbatim(text)
    return compose(kind, leaves, **rest)


def kept_or_refused(kind: MessageType, path: str, text: str) -> tuple[str, ...]:
    """The rules that refused it; none where it was kept, byte for byte."""
    try:
        message = compose_with(kind, path, text)
    except MessageRefused as refused:
        return tuple(problem.rule for problem in refused.violations)
    data = encode_body(message)
    decoded = decode_body(data)
    assert decoded == message
    assert encode_body(decoded) == data
    assert not any("\n" in line for line in render(decoded))
    if general(path) in TEXT_KINDS[kind] and text.strip():
        value: dict[str, Any] = to_value(decoded)
        shown = flatten(value) if path in ENVELOPE else flatten(value["content"])
        assert shown[path] == normalise(text)
    return ()


def general(path: str) -> str:
    return ".".join("*" if step.isdecimal() else step for step in path.split("."))


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("kind", MessageType)
def test_nasty_text_in_every_field(kind: MessageType, name: str) -> None:
    for path in LEAVES[kind]:
        assert set(kept_or_refused(kind, path, NASTY[name])) <= RULES.keys()


@pytest.mark.parametrize("kind", MessageType)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_text_in_any_field(kind: MessageType, data: st.DataObject) -> None:
    path, text = data.draw(st.sampled_from(LEAVES[kind])), data.draw(TEXTS)
    assert set(kept_or_refused(kind, path, text)) <= RULES.keys()


FORBIDDEN = ("bidi", "control", "c1", "separator", "surrogate", "nul", "huge")
NO_REMARKS = ("LINE-CHECK", "CLAUSE-REPLY")


@pytest.mark.parametrize("kind", MessageType)
def test_every_text_field_keeps_plain_text_and_refuses_what_is_hidden(kind: MessageType) -> None:
    """So that the fuzz above can neither pass by refusing everything nor by letting everything in."""
    for path in LEAVES[kind]:
        if general(path) in TEXT_KINDS[kind] and not (path == "remarks" and kind in NO_REMARKS):
            assert kept_or_refused(kind, path, "Ort\u00e9 42") == (), path
            for name in FORBIDDEN:
                assert "VALUE-TEXT" in kept_or_refused(kind, path, NASTY[name]), (path, name)
