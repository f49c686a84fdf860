import pytest

from client.tui import prefill
from client.tui.form import HIDDEN, Entry, Form, More
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
    assert reached == {spec.path for spec in describe_fields(kind)} - set(HIDDEN.get(kind, ()))


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
    form = prefill.new_form(MessageType.PROPOSAL, None, names(session))
    for _ in range(2):
        form.add("clauses")
    for index, action in ((0, "keep open"), (2, "send")):
        form.put(f"clauses.{index}.action", action)
    submission = prepare(form, names(session), AMAL, session.clock())
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
        assert prepare(form, names(session), MIRA, session.clock()).fields["target"] == asked.id
    form.put("target", "99")
    with pytest.raises(RuleViolation, match=r"there is no message No\. 99"):
        prepare(form, names(session), MIRA, session.clock())


def test_a_correction_knows_the_old_value() -> None:
    session = north_bridge(AMAL)
    informed = session.negotiation.by_position(1)
    assert informed is not None
    form = prefill.new_form(MessageType.CORRECTION, informed, names(session))
    for path, value in {
        "changes.0.field": "qty.n",
        "changes.0.new": "7",
        "action": "CORRECT",
        "reason": "one more came",
    }.items():
        form.put(path, value)
    submission = prepare(form, names(session), AMAL, session.clock())
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
    form = prefill.reply_form(tabled, counter, names(session))
    assert not any(entry.path.startswith("refs") for entry in form.entries())
    submission = prepare(form, names(session), BORIS, session.clock())
    fields = {**proposal_fields(), **{p: v for p, v in submission.fields.items() if p.startswith("refs.")}}
    message = session.compose("PROPOSAL", fields, to=[AMAL])
    assert message.envelope.reference("counter_to") == tabled.id


def test_final_without_a_package_is_left_for_the_rules_to_refuse() -> None:
    session = north_bridge(BORIS)
    tabled = session.negotiation.by_position(8)
    assert tabled is not None
    legal = session.negotiation.legal_answers(tabled.id, BORIS)
    form = prefill.reply_form(tabled, legal[0], names(session))
    form.put("final", "true")
    form.put("replies.0.answer", "ACCEPT")
    submission = prepare(form, names(session), BORIS, session.clock())
    assert "package_hash" not in submission.fields
    with pytest.raises(RuleViolation):
        session.compose("CLAUSE-REPLY", submission.fields, to=[AMAL])
