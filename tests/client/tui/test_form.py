from fnmatch import fnmatchcase

import pytest

from client.tui import answer_forms, prefill
from client.tui.form import Entry, Form, More
from client.tui.form_tables import HIDDEN, HIDDEN_IN_ALL, UPFRONT, WITH
from client.tui.submission import prepare, problems
from client.tui.wording import Names
from protocols.errors import RuleViolation
from protocols.messages import MessageRefused, MessageType, describe_fields
from tests.support.fake_session import AMAL, BORIS, MIRA, FakeSession, north_bridge, proposal_fields


def names(session: FakeSession) -> Names:
    return Names(session.negotiation, session.me)


@pytest.mark.parametrize("kind", MessageType)
def test_every_field_of_every_type_can_be_reached(kind: MessageType) -> None:
    form = Form(kind, optional=True)
    for _ in range(3):
        for more in [part for part in form.parts() if isinstance(part, More)]:
            if not form.counts.get(more.group):
                form.add(more.group)
    reached = {entry.spec.path for entry in form.entries()}
    hidden = {*HIDDEN_IN_ALL, *HIDDEN.get(kind, ())}
    there = {spec.path.removesuffix(".*") for spec in describe_fields(kind)}
    assert {path.removesuffix(".*") for path in reached} == there - hidden
    assert hidden <= there, "nothing is hidden that is not there"


@pytest.mark.parametrize("kind", MessageType)
def test_every_field_that_the_tables_name_is_there(kind: MessageType) -> None:
    there = [spec.path for spec in describe_fields(kind)]
    path, chosen = WITH.get(kind, ("", {}))
    patterns = {*UPFRONT.get(kind, ()), *(pattern for patterns in chosen.values() for pattern in patterns)}
    for pattern in patterns:
        assert any(fnmatchcase(one, pattern) or fnmatchcase(one, f"{pattern}.*") for one in there), pattern
    if path:
        [spec] = [spec for spec in describe_fields(kind) if spec.path == path]
        assert chosen.keys() <= set(spec.choices)


@pytest.mark.parametrize("kind", MessageType)
def test_what_is_needed_is_asked_for_at_once_and_the_rest_on_request(kind: MessageType) -> None:
    form = Form(kind)
    short = {part.path for part in form.shown() if isinstance(part, Entry)}
    assert {entry.path for entry in form.entries() if entry.spec.required} <= short
    form.optional = True
    assert short < {part.path for part in form.shown() if isinstance(part, Entry)}


def test_only_what_was_typed_and_is_not_the_default_is_given() -> None:
    form = Form(MessageType.QUESTION, optional=True)
    assert form.put("topic", "mines")
    assert not form.put("topic", "mines")
    form.put("precedence", "ROUTINE")
    form.put("purpose", "  ")
    assert form.typed() == {"topic": "mines"}
    assert form.touched


def test_empty_items_are_dropped_and_problems_still_find_their_field() -> None:
    session = FakeSession(AMAL)
    form = prefill.new_form(MessageType.PROPOSAL, None, names(session), session.clock())
    for _ in range(2):
        form.add("clauses")
    for index, action in ((0, "keep open"), (2, "send")):
        form.put(f"clauses.{index}.action", action)
    submission = prepare(form, names(session))
    assert submission.fields["clauses.1.action"] == "send"
    assert (submission.fields["clauses.1.no"], submission.fields["clauses.1.version"]) == ("2", "1")
    assert "clauses.2.action" not in submission.fields
    assert submission.in_form("clauses.1.window.start") == "clauses.2.window.start"
    with pytest.raises(MessageRefused) as refused:
        session.compose("PROPOSAL", submission.fields, to=[BORIS])
    found = problems(refused.value, submission)
    assert {problem.field for problem in found} >= {"clauses.2.actor", "package", "topic"}
    assert len(found) == len(refused.value.violations)


def test_a_message_is_named_by_its_number() -> None:
    session = north_bridge(MIRA)
    form = Form(MessageType.RESPONSE)
    asked = session.negotiation.by_position(7)
    assert asked is not None
    for typed in ("7", "No. 7", "no 7", asked.id):
        form.put("target", typed)
        assert prepare(form, names(session)).fields["target"] == asked.id
    form.put("target", "99")
    with pytest.raises(RuleViolation, match=r"there is no message No\. 99"):
        prepare(form, names(session))


def test_a_correction_knows_the_old_value() -> None:
    session = north_bridge(AMAL)
    informed = session.negotiation.by_position(1)
    assert informed is not None
    form = prefill.new_form(MessageType.CORRECTION, informed, names(session), session.clock())
    for path, value in {
        "changes.0.field": "qty.n",
        "changes.0.new": "7",
        "action": "CORRECT",
        "reason": "one more came",
    }.items():
        form.put(path, value)
    submission = prepare(form, names(session))
    assert submission.fields["changes.0.old"] == "6"
    to = prefill.addressees(MessageType.CORRECTION, informed, names(session))
    session.compose("CORRECTION", submission.fields, to=to)
    assert set(to) == {MIRA, BORIS}


def test_a_counter_proposal_cites_what_it_counters() -> None:
    session = north_bridge(BORIS)
    tabled = session.negotiation.by_position(8)
    assert tabled is not None
    legal = session.negotiation.legal_answers(tabled.id, BORIS)
    counter = next(choice for choice in legal if choice.type is MessageType.PROPOSAL)
    form = answer_forms.reply_form(tabled, counter, names(session), session.clock())
    assert not any(entry.path.startswith("refs") for entry in form.entries())
    submission = prepare(form, names(session))
    fields = {**proposal_fields(), **{p: v for p, v in submission.fields.items() if p.startswith("refs.")}}
    message = session.compose("PROPOSAL", fields, to=[AMAL])
    assert message.envelope.reference("counter_to") == tabled.id


def test_an_adoption_without_a_package_is_left_for_the_rules_to_refuse() -> None:
    session = north_bridge(BORIS)
    tabled = session.negotiation.by_position(8)
    assert tabled is not None
    form = prefill.new_form(MessageType.ADOPT, tabled, names(session), session.clock())
    form.put("mode", "FINAL")
    form.put("effective", "2026-11-23T00:00:00Z")
    submission = prepare(form, names(session))
    assert submission.fields["proposal"] == tabled.id
    assert "package_hash" not in submission.fields
    with pytest.raises(RuleViolation):
        session.compose("ADOPT", submission.fields, to=[AMAL])
