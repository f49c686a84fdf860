from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import canonical
from protocols.errors import DecodeError, RuleViolation
from protocols.messages.build import MessageRefused, compose, compose_receipt
from protocols.messages.codec import MAX_BODY_SIZE, decode_body, encode_body, to_value
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import flatten
from protocols.messages.message import Message
from protocols.messages.proposals import Proposal, clause_hash

from .examples import AMAL, BODIES, BORIS, GOLDEN, MISSING, SENT, compose_arguments, encoded, golden, spoiled

NAMES = BODIES


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_message_is_read_and_written_unchanged(name: str) -> None:
    data = encoded(golden(name))
    body = decode_body(data)
    assert encode_body(body) == data
    assert to_value(body) == golden(name)


def test_there_is_one_golden_message_for_each_type() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", MessageType)
def test_composing_the_golden_fields_gives_the_golden_message(name: str) -> None:
    kind, fields, rest = compose_arguments(golden(name))
    assert to_value(compose(kind, fields, **rest)) == golden(name)


def test_the_hash_of_a_clause_is_frozen() -> None:
    message = decode_body(encoded(golden("PROPOSAL")))
    assert isinstance(message, Message)
    assert isinstance(message.content, Proposal)
    assert clause_hash(message.content.clauses[1]) == (
        "86806a639e8fff8ba3b8d85cef612c73439eb8da5edce73662627463f542d4ee"
    )


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"v": 1},
        {"v": True, "type": "QUESTION"},
        {"v": 2, "type": "QUESTION"},
        {"v": 1, "type": "ORDER"},
        {"v": 1, "type": 7},
        {"v": 1, "type": ["QUESTION"]},
    ],
)
def test_what_is_not_a_message_of_this_version(body: Any) -> None:
    with pytest.raises(DecodeError):
        decode_body(canonical.encode(body))


@pytest.mark.parametrize(
    "changes",
    [
        {"remarks": None},
        {"info": MISSING},
        {"precedence": MISSING},
        {"content.purpose": None},
    ],
)
def test_there_is_only_one_encoding(changes: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match="canonical form"):
        decode_body(encoded(spoiled("QUESTION", changes)))


@pytest.mark.parametrize("content", [None, 7, "x", b"x", [], [["a", 1]]])
def test_content_is_a_map(content: Any) -> None:
    with pytest.raises(RuleViolation, match="FIELD-TYPE"):
        decode_body(encoded(spoiled("QUESTION", {"content": content})))


def test_a_body_is_bounded_before_it_is_looked_at() -> None:
    with pytest.raises(DecodeError, match="bytes where at most"):
        decode_body(b"\xc0" * (MAX_BODY_SIZE + 1))


def test_a_message_that_fills_more_than_an_entry_cannot_be_composed() -> None:
    kind, fields, rest = compose_arguments(golden("PROPOSAL"))
    long = {**fields["clauses"][0], "action": "\U00020000" * 300, "object": "\U00020000" * 300}
    clauses: list[Any] = [{**long, "no": number} for number in range(1, 41)]
    with pytest.raises(MessageRefused) as caught:
        compose(kind, {**fields, "clauses": clauses}, **rest)
    assert caught.value.rule == "ENVELOPE-6"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_our_errors(data: bytes) -> None:
    with pytest.raises((DecodeError, RuleViolation)):
        decode_body(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_body_is_malformed(name: str) -> None:
    data = encoded(golden(name))
    for end in range(0, len(data), 7):
        with pytest.raises(DecodeError):
            decode_body(data[:end])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=12)
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LEAVES = [(name, path) for name in NAMES for path in flatten(golden(name)) if path not in ("v", "type")]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LEAVES), JSON)
def test_any_value_in_any_field_is_kept_exactly_or_refused(leaf: tuple[str, str], value: Any) -> None:
    name, path = leaf
    data = canonical.encode(spoiled(name, {path: value}))
    try:
        body = decode_body(data)
    except (DecodeError, RuleViolation):
        return
    assert encode_body(body) == data


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(LEAVES),
    st.text(max_size=40) | st.text("\x00\x1b\u202e\u2066\x9bé\u0301?A1-:.Z", max_size=12),
)
def test_no_text_brings_a_control_or_direction_character_in(leaf: tuple[str, str], value: str) -> None:
    name, path = leaf
    try:
        body = decode_body(canonical.encode(spoiled(name, {path: value})))
    except (DecodeError, RuleViolation):
        return
    for text in flatten(to_value(body)).values():
        assert not any(ord(c) < 32 and c not in "\n\t" for c in str(text))
        assert not any(
            0x7F <= ord(c) < 0xA0 or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
            for c in str(text)
        )


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(MessageType)),
    st.dictionaries(
        st.text(max_size=10) | st.sampled_from(["window.start", "place", "to", "clauses.0.no"]),
        JSON.filter(lambda v: not isinstance(v, bytes)),
        max_size=3,
    ),
)
def test_composing_from_anything_gives_a_message_or_the_list_of_what_is_wrong(
    kind: MessageType, fields: dict[str, Any]
) -> None:
    with pytest.raises(MessageRefused) as caught:
        compose(kind, fields, sender=AMAL, to=[BORIS], sent=SENT)
    assert caught.value.violations
    assert caught.value.rule == caught.value.violations[0].rule


def test_receipts() -> None:
    receipt = compose_receipt("DELIVERY_ERROR", sender=AMAL, sent=SENT, positions=[7])
    assert decode_body(encode_body(receipt)) == receipt
    many = [f"{number:032x}" for number in range(65)]
    assert compose_receipt("DELIVERED", sender=AMAL, sent=SENT, messages=many[:64]).messages == tuple(
        many[:64]
    )
    with pytest.raises(RuleViolation):
        compose_receipt("DELIVERED", sender=AMAL, sent=SENT, messages=many)
