"""Every type can be filled in, is read on its card, and says in fixed words what it must."""

from typing import Any

import pytest

from client.display import sanitise
from client.tui.detail import said
from client.tui.form import Entry, Form, Heading
from client.tui.saying import banner, summary
from client.tui.submission import prepare
from client.tui.wording import MARKS, Known, Names
from protocols.messages import CATALOGUE, GlossaryTerm, Message, MessageType, compose
from protocols.messages.fields import describe_fields
from protocols.messages.leaves import leaf_text
from protocols.messages.roles import Role
from protocols.negotiation import ChannelTerms, Negotiation, Participant
from tests.protocols.messages.examples import AMAL, BORIS, LIAISON, MIRA, SENT, example

PEOPLE = (
    Participant(MIRA, "MIRA", Role.MEDIATOR),
    Participant(AMAL, "AMAL", Role.PARTY),
    Participant(BORIS, "BORIS", Role.PARTY),
    Participant(LIAISON, "LENA", Role.LIAISON),
)


def names(me: str = AMAL) -> Names:
    return Names(Negotiation(PEOPLE), me)


def filled(message: Message) -> Form:
    """A form with everything typed that a message says."""
    form = Form(message.type, optional=True)
    form.counts = {}
    dumped = message.content.model_dump(exclude_none=True)
    outer = message.envelope.model_dump(exclude_none=True, by_alias=True)
    own = {spec.path.split(".")[0] for spec in describe_fields(message.type) if spec.part == "content"}
    lists = {
        spec.path.removesuffix(".*") for spec in describe_fields(message.type) if spec.path.endswith(".*")
    }
    _type_in(form, dumped, "", lists)
    shadowing = {name if name not in own else f"envelope.{name}": value for name, value in outer.items()}
    for name in ("from", "to", "info", "sent", "mode"):
        shadowing.pop(f"envelope.{name}" if name in own else name, None)
    _type_in(form, shadowing, "", lists)
    return form


def _type_in(form: Form, value: Any, path: str, lists: set[str]) -> None:
    pattern = ".".join("*" if step.isdigit() else step for step in path.split("."))
    match value:
        case dict():
            for name, item in value.items():
                _type_in(form, item, f"{path}.{name}" if path else name, lists)
        case list() | tuple() if pattern in lists:
            text = any(" " in str(item) or "," in str(item) for item in value)
            form.values[path] = ("; " if text else ",").join(map(str, value))
        case list() | tuple():
            form.counts[path] = len(value)
            for index, item in enumerate(value):
                _type_in(form, item, f"{path}.{index}", lists)
        case _:
            form.values[path] = leaf_text(value)


@pytest.mark.parametrize("kind", MessageType)
def test_what_an_example_says_can_be_typed_into_the_form(kind: MessageType) -> None:
    message = example(kind)
    form = filled(message)
    if kind is MessageType.CLAUSE_REPLY:
        form.fixed["proposal"] = form.values["proposal"]
    typed = {entry.path for entry in form.entries()}
    # What the form hides is what the client knows; here nothing but the message itself can tell it.
    form.fixed |= {path: value for path, value in form.values.items() if path not in typed}
    envelope = message.envelope
    submission = prepare(form, names())
    fields = {**submission.fields, **{path: form.fixed[path] for path in form.fixed if path not in typed}}
    again = compose(
        kind, fields, sender=envelope.sender, to=envelope.to, info=envelope.info, sent=envelope.sent
    )
    assert again == message


@pytest.mark.parametrize("kind", MessageType)
@pytest.mark.parametrize("optional", [False, True])
def test_no_field_stands_under_a_heading_of_another(kind: MessageType, optional: bool) -> None:
    form = Form(kind, optional=optional)
    last: Entry | Heading | None = None
    for part in form.shown():
        if isinstance(part, Heading) and isinstance(last, Heading):
            assert last.text.split()[-1].isdigit(), f"nothing stands under {last.text}"
        last = part if isinstance(part, Entry | Heading) else None


@pytest.mark.parametrize("kind", MessageType)
def test_every_type_says_all_it_says(kind: MessageType) -> None:
    message = example(kind)
    lines = list(summary(message.content, names()))
    assert lines
    assert all(lines)
    assert kind in MARKS
    whole = list(said(message, names()))
    assert any(message.envelope.topic in line for line in whole)
    assert all(sanitise(line) == line for line in whole)
    assert kind in CATALOGUE


def test_marks_differ() -> None:
    assert len(set(MARKS.values())) == len(MessageType) == len(MARKS) == 23


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("NOTIFY", "This informs only. Receipt is not permission."),
        ("CONVEY", "Words that a mediator carries bind nobody."),
        ("REQUEST", "WILCO commits whoever says it"),
        ("ALERT", "WILCO commits whoever says it"),
        ("INCIDENT", "This is a report, not a finding."),
        ("MANDATE", "confers no legal status"),
    ],
)
def test_the_fixed_words_stand_on_the_card(kind: str, words: str) -> None:
    assert words in (banner(example(kind).content) or "")


def test_names_of_persons_are_covered_on_the_card() -> None:
    message = example("PERSONS")
    lines = "\n".join(summary(message.content, names()))
    assert "RED: names stay covered here" in lines
    assert "person" in lines
    for entry in message.content.model_dump(exclude_none=True)["entries"]:
        for name in ("name", "transliteration", "ref", "birth_year"):
            assert str(entry.get(name, "\0")) not in lines
        assert entry["ref"] in "\n".join(said(message, names()))


def test_ids_are_shown_as_names() -> None:
    known = Known(names())
    assert known.get(AMAL, "") == "AMAL"
    assert known.get("f" * 32, "nobody") == "nobody"
    assert list(known)[:2] == [MIRA, AMAL]
    assert len(known) == len(PEOPLE)


def test_terms_of_the_glossary_are_explained() -> None:
    heavy = GlossaryTerm(
        term="north bridge",
        definition="The road bridge at km 12.",
        excludes=("the rail bridge",),
        lang="en",
        version=2,
        source="0" * 32,
    )
    negotiation = Negotiation(PEOPLE, terms=ChannelTerms(glossary=(heavy,)))
    message = example("PROPOSAL")
    lines = list(said(message, Names(negotiation, AMAL)))
    assert lines[-2:] == [
        "terms:",
        "   north bridge [v2]: The road bridge at km 12. (is not meant: the rail bridge)",
    ]


def test_sent_anyway_is_told_to_the_reader() -> None:
    message = compose(
        "INFORM",
        {"statement": "Some trucks wait.", "basis": "OWN_OBSERVATION", "as_of": SENT, "topic": "convoy"},
        sender=AMAL,
        to=[BORIS],
        sent=SENT,
        sent_anyway=["CLARITY-6"],
    )
    assert any("vague quantity (CLARITY-6)" in line for line in said(message, names()))
