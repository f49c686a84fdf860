"""An exchange of prisoners: lists, carried words, requests, undertakings and all that becomes of them.

Mira mediates. Amal, Boris and Farid speak for themselves. Hana is the humanitarian liaison. Nobody observes:
every member of a channel can read its lists of persons. Half-way Boris' device is captured.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.messages import Role
from protocols.messages.conveying import conveyed_bytes
from tests.negotiations.prisoners_duties import terms_that_change, undertakings, what_time_does
from tests.negotiations.table import Talks
from tests.negotiations.words import CROSSING, clause, span

TITLE = "Exchange at the mill crossing"


async def play(t: Talks) -> None:
    """Play it from the set-up to the record of the meeting."""
    await t.found("Mira")
    for name in ("Amal", "Boris", "Farid"):
        await t.admits("Mira", name, Role.PARTY)
    await t.admits("Mira", "Hana", Role.LIAISON)
    await t.settles()
    meeting = await _meeting(t)
    listed = await _lists(t)
    await _carried_words(t)
    bringing = await _requests(t)
    never = await undertakings(t)
    withdrawn = await terms_that_change(t)
    await t.everybody_acknowledges()
    await t.later(hours=13)
    await what_time_does(t, bringing)
    t.is_owed(withdrawn, "WITHDRAWN")
    t.is_owed(never, "EXPIRED")
    await _captured(t)
    await _the_end(t, meeting, listed)


# --- meeting ------------------------------------------------------------------------------------------


async def _meeting(t: Talks) -> str:
    t.item("meeting")
    passage = await t.says(
        "Boris",
        "COMMIT",
        {
            "debtor": "@Boris",
            "creditors": ["@Amal", "@Mira"],
            "consequent": clause(
                "Boris", "MUST NOT", "stop", "delegates on the mill road", span(t.now, t.ahead(hours=30))
            ),
            "notice_hours": 24,
        },
        to=("Amal", "Mira"),
    )
    await t.everybody_answers(passage, "ROGER", "Amal", "Mira")
    safe = t.of_message(passage, "Boris")
    invitation = {
        "operation": "PROPOSE",
        "window": span(t.ahead(hours=20), t.ahead(hours=22)),
        "place": CROSSING,
        "seats": ["@Amal", "@Boris", "@Farid"],
        "agenda": ["the order of the exchange"],
        "safe_passage": [safe],
    }
    sides = ("Amal", "Boris", "Farid")
    unknown = {**invitation, "safe_passage": ["00" * 16]}
    await t.tries("Mira", "MEETING", unknown, to=sides, refused="MEETING-5")
    twice = {**invitation, "medium": "radio channel 3"}
    await t.tries("Mira", "MEETING", twice, to=sides, refused="MEETING-1")
    meeting = await t.says("Mira", "MEETING", invitation, to=sides)
    await t.answers("Amal", meeting, "AFFIRM")
    await t.answers("Boris", meeting, "NEGATIVE", reason="the road is closed until 1100Z")
    change = {**invitation, "operation": "CHANGE", "meeting": meeting}
    change["window"] = span(t.ahead(hours=26), t.ahead(hours=28))
    await t.tries("Amal", "MEETING", change, to=("Boris", "Farid"), refused="MEETING-4")
    changed = await t.says("Mira", "MEETING", change, to=sides)
    t.stands(meeting, "Farid", "CLOSED", "CHANGE")
    await t.everybody_answers(changed, "AFFIRM", *sides)

    by_radio = {key: value for key, value in invitation.items() if key not in ("place", "safe_passage")}
    second = await t.says("Farid", "MEETING", {**by_radio, "medium": "radio channel 3"}, to="Hana")
    await t.says("Farid", "MEETING", {"operation": "CANCEL", "meeting": second}, to="Hana")
    t.stands(second, "Hana", "CLOSED", "CANCEL")
    record = {**by_radio, "medium": "radio channel 3", "operation": "RECORD", "meeting": second}
    points = {"points": [{"text": "Nothing.", "outcome": "NOTED"}]}
    await t.tries("Farid", "MEETING", {**record, **points}, to="Hana", refused="MEETING-4")
    return meeting


# --- persons ------------------------------------------------------------------------------------------


async def _lists(t: Talks) -> str:
    t.item("persons")
    red = {"tlp": "RED"}
    entries = [
        {
            "ref": "P-1",
            "name": "يوسف",
            "transliteration": "Yusuf",
            "birth_year": 1988,
            "category": "DETAINEE",
        },
        {"ref": "P-2", "category": "MISSING", "last_place": CROSSING, "last_date": t.ahead(days=-40)},
        {"ref": "P-3", "category": "WOUNDED", "holder": "@Boris"},
    ]
    asking = {"operation": "LIST", "entries": entries}
    await t.tries("Hana", "PERSONS", asking, to="Amal", tlp="AMBER", refused="PERSONS-1")
    listed = await t.says("Hana", "PERSONS", asking, to=("Amal", "Boris"), **red)
    await t.tries(
        "Farid", "PERSONS", _status(t, listed, {"P-1": "HELD"}), to="Hana", **red, refused="PERSONS-6"
    )
    await t.tries(
        "Amal", "PERSONS", _status(t, listed, {"P-9": "HELD"}), to="Hana", **red, refused="PERSONS-5"
    )
    some = _status(t, listed, {"P-1": "HELD", "P-2": "NOT_HELD", "P-3": "PENDING"})
    said = await t.says("Amal", "PERSONS", some, to="Hana", **red)
    await t.answers("Hana", said, "ROGER")
    t.stands(listed, "Amal", "OPEN")
    every = _status(t, listed, {"P-1": "UNKNOWN", "P-2": "DECEASED", "P-3": "TRANSFERRED"})
    await t.says("Boris", "PERSONS", every, to="Hana", **red)
    t.stands(listed, "Boris", "CLOSED", "PERSONS")
    return listed


def _status(t: Talks, listed: str, known: dict[str, str]) -> dict[str, object]:
    statuses = [{"ref": ref, "status": status, "as_of": t.now} for ref, status in known.items()]
    return {"operation": "STATUS", "list": listed, "statuses": statuses}


# --- carried words ------------------------------------------------------------------------------------


async def _carried_words(t: Talks) -> None:
    t.item("order of the exchange")
    words = "We release the wounded first if the other side names the place."
    key = t.identity("Boris")
    signature = Ed25519PrivateKey.from_private_bytes(key.private_key).sign(conveyed_bytes(words, "en"))
    verbatim = {
        "source": "@Boris",
        "fidelity": "VERBATIM",
        "consent": "Boris, by radio",
        "content": words,
        "original_key": key.public_key.hex(),
        "original_signature": signature.hex(),
    }
    altered = {**verbatim, "content": words.replace("if", "when")}
    await t.tries("Mira", "CONVEY", altered, to="Amal", refused="CONVEY-1")
    said = await t.says("Mira", "CONVEY", verbatim, to="Amal")
    await t.answers("Amal", said, "ROGER")
    asked = await t.says(
        "Amal", "QUESTION", {"question": "How many wounded are there?", "form": "QUANTITY"}, to="Mira"
    )
    about = {
        "fidelity": "PARAPHRASE",
        "consent": "the source, in person",
        "content": "There are three of them.",
    }
    await t.says("Mira", "CONVEY", about, to="Amal")
    t.stands(asked, "Mira", "OPEN")
    facts = {"statement": "Three were counted.", "basis": "THIRD_PARTY", "as_of": t.now, "grade": "B2"}
    counted = {**facts, "qty": {"n": 3, "unit": "persons", "basis": "COUNTED"}}
    await t.tries("Mira", "INFORM", {**counted, "grade": None}, to="Amal", refused="INFORM-1")
    await t.says("Mira", "INFORM", counted, to="Amal", refs=[{"rel": "reply_to", "id": asked}])
    t.stands(asked, "Mira", "CLOSED", "INFORM")
    view = {"fidelity": "MEDIATOR_VIEW", "consent": "none is needed", "content": "Begin with the wounded."}
    await t.says("Mira", "CONVEY", view, to=("Amal", "Boris"))
    await t.tries("Mira", "CONVEY", {**view, "source": "@Amal"}, to="Boris", refused="CONVEY-2")
    await t.tries("Boris", "CONVEY", view, to="Amal", refused="role-not-allowed")


# --- requests -----------------------------------------------------------------------------------------


async def _requests(t: Talks) -> str:
    """One act asked for, and every way to answer."""
    ask = {
        "actor": "@Amal",
        "action": "bring nine prisoners",
        "place": CROSSING,
        "reason": "the exchange begins",
    }
    late = {**ask, "deadline": t.ahead(hours=10)}
    await t.tries(
        "Hana", "REQUEST", {**late, "action": "bring them; feed them"}, to="Amal", refused="REQUEST-2"
    )
    await t.tries("Hana", "REQUEST", late, to="Boris", refused="REQUEST-3")
    asked = await t.says("Hana", "REQUEST", late, to="Amal", info=["@Mira"], anyway="CLARITY-15")
    await t.tries(
        "Mira",
        "CONVEY",
        {"fidelity": "PARAPHRASE", "consent": "Amal, by radio", "content": "They will come."},
        to="Hana",
        refs=[{"rel": "reply_to", "id": asked}],
        refused="CONVEY-3",
    )
    await t.may_not_answer("Mira", asked, "WILCO", refused="RESPONSE-10")
    await t.answers("Amal", asked, "WILCO")
    bringing = t.of_message(asked, "Amal")
    t.is_owed(bringing, "ACTIVE")
    late_correction = {
        "target": asked,
        "action": "CORRECT",
        "changes": [{"field": "action", "old": "bring nine prisoners", "new": "bring ten prisoners"}],
        "reason": "one more was found",
    }
    await t.tries("Hana", "CORRECTION", late_correction, to=("Amal", "Mira"), refused="CORRECTION-10")

    ask |= {"actor": "@Boris", "action": "bring five people", "deadline": t.ahead(hours=9)}
    other = await t.says("Hana", "REQUEST", ask, to="Boris")
    await t.answers("Boris", other, "NOT-UNDERSTOOD", reason="which five")
    t.stands(other, "Boris", "OPEN", "NOT-UNDERSTOOD")
    await t.answers("Boris", other, "STANDBY", by=t.ahead(hours=1))
    await t.answers("Boris", other, "STANDBY", by=t.ahead(hours=2))
    t.stands(other, "Boris", "STANDBY", "STANDBY")
    await t.may_not_answer("Boris", other, "STANDBY", by=t.ahead(hours=3), refused="RESPONSE-7")
    await t.answers("Boris", other, "UNABLE", reason="they are in hospital")
    await t.may_not_answer("Boris", other, "WILCO", refused="RESPONSE-9")

    ask |= {"actor": "@Farid", "action": "open the mill road", "deadline": t.ahead(hours=20)}
    brief = await t.says("Hana", "REQUEST", ask, to="Farid", valid_until=t.ahead(hours=1))
    await t.everybody_acknowledges()
    await t.later(hours=2)
    await t.may_not_answer("Farid", brief, "WILCO", refused="RESPONSE-6")
    await t.answers("Farid", brief, "UNABLE", reason="it came too late")
    return bringing


# --- a captured device --------------------------------------------------------------------------------


async def _captured(t: Talks) -> None:
    """The mediator silences the seat at once; a new key takes its place when the parties agree."""
    t.item("seats/Boris")
    seat = {"seat": "Boris", "fingerprint": "@Boris", "effective": t.now}
    sides = ("Amal", "Boris", "Farid")
    captured = {**seat, "operation": "SUSPEND", "reason": "the device was captured"}
    await t.tries("Mira", "SEAT", captured, to=("Amal", "Farid"), refused="SEAT-4")
    await t.says("Mira", "SEAT", captured, to=sides)
    assert t.log.session.negotiation.suspended == {t.id("Boris")}
    alarm = {"statement": "All is well here.", "basis": "OWN_OBSERVATION", "as_of": t.now}
    await t.tries("Boris", "INFORM", alarm, to="Amal", refused="suspended")
    await t.everybody_acknowledges()

    arrival = await t.invites("Mira", "Boris' new device", Role.PARTY, replaces=t.id("Boris"))
    await t.is_asked("Amal", "KEY")
    for who in ("Amal", "Farid"):
        await t.answers(who, await t.is_asked(who, "KEY"), "AFFIRM")
    await arrival.comes()
    assert t.id("Boris") not in t.log.session.negotiation.roster
    await t.leaves("Boris")

    t.item("seats/Farid")
    seat = {"seat": "Farid", "fingerprint": "@Farid", "effective": t.now}
    doubted = await t.says(
        "Mira",
        "SEAT",
        {**seat, "operation": "SUSPEND", "reason": "two calls were missed"},
        to=("Amal", "Farid", "Boris' new device"),
    )
    await t.answers("Amal", doubted, "AFFIRM")
    sides = ("Amal", "Farid", "Boris' new device")
    restored = await t.says("Mira", "SEAT", {**seat, "operation": "RESTORE"}, to=sides)
    await t.everybody_answers(restored, "AFFIRM", "Amal", "Boris' new device")
    assert not t.log.session.negotiation.suspended

    t.item("seats/Hana")
    gone = {"operation": "REMOVE", "seat": "Hana", "fingerprint": "@Hana", "effective": t.now}
    asked = await t.says(
        "Amal", "SEAT", {**gone, "reason": "the lists are done"}, to=("Farid", "Boris' new device")
    )
    await t.answers("Farid", asked, "NEGATIVE", reason="they are not")


# --- the end ------------------------------------------------------------------------------------------


async def _the_end(t: Talks, meeting: str, listed: str) -> None:
    t.item("persons")
    final = _status(t, listed, {"P-3": "RELEASED"})
    await t.says("Amal", "PERSONS", final, to="Hana", tlp="RED")
    t.stands(listed, "Amal", "CLOSED", "PERSONS")
    t.item("meeting")
    await t.everybody_acknowledges()
    await t.later(hours=16)
    seats = ["@Amal", "@Farid", "@Mira"]
    record = {
        "operation": "RECORD",
        "meeting": meeting,
        "window": span(t.ahead(hours=-4), t.ahead(hours=-2)),
        "place": CROSSING,
        "seats": seats,
        "agenda": ["the order of the exchange"],
        "points": [
            {"text": "The wounded go first.", "outcome": "AGREED"},
            {"text": "Buses are late.", "outcome": "NOTED"},
            {"text": "The archive.", "outcome": "OPEN"},
        ],
    }
    said = await t.says("Mira", "MEETING", record, to=("Amal", "Farid"))
    await t.everybody_answers(said, "AFFIRM", "Amal", "Farid")
    await t.everybody_acknowledges()
