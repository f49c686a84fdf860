"""What the forms know by themselves makes messages that count, with no more typed than people can know."""

from collections.abc import Mapping
from typing import Any

import pytest

from client.tui import answer_forms, prefill
from client.tui.acts import acts_about
from client.tui.form import Entry, Form
from client.tui.submission import prepare
from client.tui.wording import Names
from protocols.messages import Message, MessageType
from protocols.messages.catalogue import Answer
from protocols.messages.roles import Role
from protocols.negotiation import ChannelTerms, FoldedMessage, Participant
from tests.support.fake_session import AMAL, BORIS, MIRA, ROSTER, FakeSession

_T = MessageType
VERA = "55" * 16
TABLE = (*ROSTER[:3], Participant(VERA, "VERA", Role.MONITOR))
PLACE = {
    "place.lat": "36.20000",
    "place.lon": "37.10000",
    "place.radius_m": "50",
    "place.name": "bridge",
    "place.name_source": "OSM",
}
WINDOW = {"window.start": "230600Z NOV 26", "window.end": "230900Z NOV 26"}
PAST = {"window.start": "221300Z NOV 26", "window.end": "221305Z NOV 26"}
EFFECTS = {"category": "EXPLOSION", "known": "HEARD", "grade": "B2", "status": "CEASED"}


def talk(me: str) -> FakeSession:
    return FakeSession(me, roster=TABLE, terms=ChannelTerms(languages=("en", "ar"), glossary_version=3))


def names(session: FakeSession) -> Names:
    return Names(session.negotiation, session.me)


def written(session: FakeSession, form: Form, typed: Mapping[str, str], to: tuple[str, ...]) -> Message:
    shown = {part.path for part in form.shown() if isinstance(part, Entry)}
    for path, value in typed.items():
        form.put(path, value)
    shown |= {part.path for part in form.shown() if isinstance(part, Entry)}
    assert typed.keys() <= shown, "what is needed is asked for without Ctrl+O"
    return session.compose(form.kind.value, prepare(form, names(session)).fields, to=to)


def folded(session: FakeSession, message_id: bytes) -> FoldedMessage:
    found = session.negotiation.message(message_id)
    assert found is not None
    return found


NEW: tuple[tuple[MessageType, str, dict[str, str]], ...] = (
    (_T.LINE_CHECK, AMAL, {"word": "CEDAR"}),
    (
        _T.SEAT,
        MIRA,
        {"operation": "SUSPEND", "fingerprint": VERA, "reason": "device lost", "topic": "seats"},
    ),
    (_T.SEAT, MIRA, {"operation": "ROLE", "fingerprint": VERA, "role": "observer", "topic": "seats"}),
    (
        _T.CONVEY,
        MIRA,
        {
            "fidelity": "PARAPHRASE",
            "source": AMAL,
            "consent": "by voice",
            "content": "Open it.",
            "topic": "road",
        },
    ),
    (
        _T.REQUEST,
        MIRA,
        {
            "actor": BORIS,
            "action": "open gate 4",
            "deadline": "221700Z NOV 26",
            "reason": "aid",
            "topic": "gate",
        },
    ),
    (
        _T.TERM,
        MIRA,
        {
            "term": "zone",
            "definition": "The land by the river.",
            "excludes": "the river; the bank",
            "topic": "terms",
        },
    ),
    (
        _T.COMMIT,
        BORIS,
        {
            "creditors": f"{AMAL},{MIRA}",
            "consequent.modal": "MUST",
            "consequent.action": "clear",
            "consequent.object": "route 7",
            "consequent.window.start": "230600Z NOV 26",
            "consequent.window.end": "230900Z NOV 26",
            "topic": "mines",
        },
    ),
    (_T.INCIDENT, AMAL, {**PAST, **PLACE, **EFFECTS, "asked": "NONE", "topic": "explosion"}),
    (
        _T.INCIDENT,
        AMAL,
        {
            **PAST,
            **PLACE,
            **EFFECTS,
            "asked": "NONE",
            "civilian.n": "2",
            "civilian.basis": "COUNTED",
            "topic": "x",
        },
    ),
    (
        _T.NOTIFY,
        MIRA,
        {
            "kind": "SITE",
            "purpose": "clinic",
            **PLACE,
            **WINDOW,
            "persons.n": "40",
            "persons.basis": "COUNTED",
            "contact": MIRA,
            "site_function": "clinic",
            "expiry": "010000Z DEC 26",
            "topic": "clinic",
        },
    ),
    (
        _T.PERSONS,
        AMAL,
        {"operation": "LIST", "entries.0.ref": "A-1", "entries.0.category": "MISSING", "topic": "missing"},
    ),
    (
        _T.MEETING,
        MIRA,
        {
            "operation": "PROPOSE",
            **WINDOW,
            "medium": "radio",
            "seats": f"{AMAL},{BORIS}",
            "agenda": "line; prisoners, wounded",
            "topic": "meeting",
        },
    ),
    (
        _T.PROPOSAL,
        AMAL,
        {
            "title": "Crossing",
            "clauses.0.actor": BORIS,
            "clauses.0.modal": "MUST",
            "clauses.0.action": "open",
            "clauses.0.object": "gate 4",
            "clauses.0.window.start": "230600Z NOV 26",
            "clauses.0.window.end": "230900Z NOV 26",
            "clauses.0.texts.0.status": "AUTHENTIC",
            "clauses.0.texts.0.action": "يفتح",
            "clauses.0.texts.0.object": "البوابة 4",
            "package": "SEVERABLE",
            "valid_until": "222000Z NOV 26",
            "topic": "crossing",
        },
    ),
)


@pytest.mark.parametrize(
    ("kind", "me", "typed"), NEW, ids=[f"{kind}-{index}" for index, (kind, _, _) in enumerate(NEW)]
)
def test_a_new_message_counts(kind: MessageType, me: str, typed: dict[str, str]) -> None:
    session = talk(me)
    form = prefill.new_form(kind, None, names(session), session.clock())
    to = (typed["actor"],) if kind is _T.REQUEST else prefill.addressees(kind, None, names(session))
    message = written(session, form, typed, to)
    assert message.type is kind
    match kind:
        case _T.PROPOSAL:
            leaves = message.content.model_dump()
            assert leaves["glossary_version"] == 3
            assert leaves["languages"] == ("en", "ar")
            assert [text["lang"] for text in leaves["clauses"][0]["texts"]] == ["ar"]
        case _T.TERM:
            assert message.content.model_dump()["excludes"] == ("the river", "the bank")
        case _T.SEAT:
            assert message.content.model_dump()["seat"] == "VERA"
        case _:
            pass


def answered(
    session: FakeSession, target: bytes, kind: MessageType, choice: str | None, typed: dict[str, str]
) -> Message:
    found = folded(session, target)
    offered = (
        *session.negotiation.legal_answers(target, session.me, session.clock()),
        *acts_about(session.negotiation, found, session.me, session.clock()),
    )
    answer = next(one for one in offered if one.type is kind and (choice is None or one.choice == choice))
    form = answer_forms.reply_form(found, answer, names(session), session.clock())
    return written(session, form, typed, prefill.addressees(kind, found, names(session)))


def incident(session: FakeSession, asked: str) -> bytes:
    fields: dict[str, Any] = {**PAST, **PLACE, **EFFECTS, "asked": asked, "topic": "explosion"}
    return session.say(AMAL, "INCIDENT", fields, to=[BORIS])


def test_an_incident_is_explained_and_found_on() -> None:
    session = talk(BORIS)
    reported = incident(session, "EXPLAIN")
    typed = {"position": "INVESTIGATING", "account": "A blast.", "next_update": "222000Z NOV 26"}
    message = answered(session, reported, _T.EXPLANATION, None, typed)
    assert message.envelope.to == (AMAL,)
    session = talk(VERA)
    reported = incident(session, "NONE")
    result = {"result": "CONFIRMED", "access_limits": "none", "as_of": "221425Z NOV 26", "grade": "A1"}
    message = answered(session, reported, _T.FINDING, None, result)
    assert message.target == reported.hex()


def test_a_claim_is_confirmed_or_found_on() -> None:
    for me, kind, choice, typed in (
        (AMAL, _T.COMMIT_EVENT, "CONFIRM", {}),
        (AMAL, _T.COMMIT_EVENT, "DISPUTE", {"reason": "half of it"}),
        (
            VERA,
            _T.FINDING,
            None,
            {"result": "MET", "access_limits": "none", "as_of": "221430Z NOV 26", "grade": "A1"},
        ),
    ):
        session = talk(me)
        clause: dict[str, Any] = {"modal": "MUST", "action": "clear", "object": "route 7", "verifier": VERA}
        clause |= {"actor": BORIS, "window": {"start": "2026-11-22T14:00:00Z", "end": "2026-11-23T09:00:00Z"}}
        undertaking: dict[str, Any] = {"debtor": BORIS, "creditors": [AMAL], "consequent": clause}
        session.say(BORIS, "COMMIT", {**undertaking, "notice_hours": 24, "topic": "mines"}, to=[AMAL])
        [commitment] = session.negotiation.board().commitments
        claim: dict[str, Any] = {"commitment": commitment.id, "event": "CLAIM", "at": "221430Z NOV 26"}
        claimed = session.say(
            BORIS, "COMMIT-EVENT", {**claim, "evidence": ["ab" * 32], "topic": "mines"}, to=[AMAL, VERA]
        )
        message = answered(session, claimed, kind, choice, dict(typed))
        assert message.type is kind
        assert commitment.debtor in message.envelope.to


def test_a_list_of_persons_is_answered_in_portions() -> None:
    session = talk(BORIS)
    count = answer_forms.STATUSES_AT_ONCE + 3
    entries: Any = [{"ref": f"A-{index}", "category": "MISSING"} for index in range(count)]
    listed = session.say(
        AMAL, "PERSONS", {"operation": "LIST", "entries": entries, "topic": "t", "tlp": "RED"}, to=[BORIS]
    )
    typed = {f"statuses.{index}.status": "UNKNOWN" for index in range(answer_forms.STATUSES_AT_ONCE)}
    for rest in (count, 3):
        form = answer_forms.reply_form(
            folded(session, listed), Answer(_T.PERSONS, "STATUS", True), names(session), session.clock()
        )
        assert form.counts["statuses"] == min(rest, answer_forms.STATUSES_AT_ONCE)
        message = answered(
            session, listed, _T.PERSONS, "STATUS", dict(list(typed.items())[: form.counts["statuses"]])
        )
        session.say(BORIS, "PERSONS", _fields(message), to=[AMAL])
    assert not folded(session, listed).is_open


def test_only_who_was_answered_for_is_in_the_status() -> None:
    session = talk(BORIS)
    entries: Any = [{"ref": f"A-{index}", "category": "MISSING"} for index in range(3)]
    listed = session.say(
        AMAL, "PERSONS", {"operation": "LIST", "entries": entries, "topic": "t", "tlp": "RED"}, to=[BORIS]
    )
    message = answered(session, listed, _T.PERSONS, "STATUS", {"statuses.1.status": "NOT_HELD"})
    [status] = message.content.model_dump()["statuses"]
    assert (status["ref"], status["status"]) == ("A-1", "NOT_HELD")


def test_a_meeting_is_changed_and_cancelled() -> None:
    session = talk(MIRA)
    window: dict[str, Any] = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T09:00:00Z"}
    fields: dict[str, Any] = {"operation": "PROPOSE", "window": window, "medium": "radio", "topic": "m"}
    meeting = session.say(
        MIRA, "MEETING", {**fields, "seats": [AMAL, BORIS], "agenda": ["a, b"]}, to=[AMAL, BORIS]
    )
    changed = answered(session, meeting, _T.MEETING, "CHANGE", {"medium": "radio, channel 16"})
    content = changed.content.model_dump()
    assert (content["agenda"], content["seats"]) == (("a, b",), (AMAL, BORIS))
    assert changed.envelope.to == (AMAL, BORIS)
    cancelled = answered(session, meeting, _T.MEETING, "CANCEL", {})
    assert cancelled.content.model_dump()["window"] is None


def _fields(message: Message) -> dict[str, Any]:
    content = message.content.model_dump(exclude_none=True, mode="json")
    return {**content, "topic": "t", "tlp": "RED"}
