"""A humanitarian convoy past a notified hospital, and an incident there.

Hana, the liaison, notifies and asks. Amal and Boris are the parties, Mira mediates; Vera, a monitor, comes
when both have agreed. Devices here say what they have shown.
"""

from typing import Any

from client.founding import ChannelRules
from protocols.messages import Role
from tests.negotiations.table import Talks
from tests.negotiations.words import BRIDGE, CROSSING, HOSPITAL, persons, span, vehicles

TITLE = "Convoy to the district hospital"
SIDES = ("Amal", "Boris")


async def play(t: Talks) -> None:
    """Play it from the set-up to the finding."""
    await t.found("Mira", ChannelRules(displayed=True))
    for name in SIDES:
        await t.admits("Mira", name, Role.PARTY)
    await t.admits("Mira", "Hana", Role.LIAISON)
    await t.settles()
    await _a_monitor(t)
    site = await _notified(t)
    await _the_convoy(t)
    await _asked(t)
    await _read_back(t)
    await _nobody_there(t)
    await _danger(t)
    incident = await _incident(t, site)
    await _explained(t, incident)
    await _watching_only(t)


async def _a_monitor(t: Talks) -> None:
    t.item("seats/Vera")
    arrival = await t.invites("Mira", "Vera", Role.MONITOR)
    for who in SIDES:
        await t.answers(who, await t.is_asked(who, "ADMIT"), "AFFIRM")
    await arrival.comes()
    double = {
        "operation": "ADMIT",
        "seat": "Наna",  # noqa: RUF001  # with two Cyrillic letters: that is the point
        "fingerprint": "0f" * 16,
        "role": "monitor",
        "history": "ALL",
        "effective": t.now,
    }
    await t.tries("Mira", "SEAT", double, to=SIDES, refused="SEAT-5")
    nobody = {**double, "operation": "REMOVE", "role": None, "history": None, "reason": "unknown"}
    await t.tries("Mira", "SEAT", {**nobody, "seat": "Nobody"}, to=SIDES, refused="SEAT-6")


async def _notified(t: Talks) -> str:
    """A site, and one's own activity: made known, not permitted."""
    t.item("hospital")
    site = {
        "kind": "SITE",
        "purpose": "protection of the sick",
        "place": HOSPITAL,
        "window": span(t.ahead(hours=1), t.ahead(days=20)),
        "persons": persons(140, "ESTIMATED"),
        "contact": "@Hana",
        "site_function": "hospital with 80 beds",
        "expiry": t.ahead(days=20),
    }
    await t.tries("Amal", "NOTIFY", {**site, "contact": "@Amal"}, to="Boris", refused="NOTIFY-7")
    said = await t.says("Hana", "NOTIFY", site, to=SIDES, info=["@Mira", "@Vera"], precedence="PRIORITY")
    await t.may_not_answer("Amal", said, "ROGER", refused="RESPONSE-8")
    await t.may_not_answer("Amal", said, "AFFIRM", refused="RESPONSE-5")
    await t.answers("Amal", said, "ROGER", passed_to="all units east of the river")
    await t.answers("Boris", said, "ROGER", passed_to="the artillery staff")

    t.item("mine clearance")
    activity = {
        "kind": "ACTIVITY",
        "purpose": "to clear the road",
        "place": {**BRIDGE, "radius_m": 2000},
        "window": span(t.ahead(days=4), t.ahead(days=5)),
        "persons": persons(12),
        "contact": "@Amal",
        "activity": "MINE_CLEARANCE",
    }
    coarse = await t.says("Amal", "NOTIFY", activity, to="Boris")
    await t.answers("Boris", coarse, "ROGER", passed_to="the post at the bridge")
    return said


async def _the_convoy(t: Talks) -> None:
    """A movement with a corrected time, and a statement that is taken back."""
    t.item("convoy")
    start, end = t.ahead(hours=50), t.ahead(hours=54)
    movement = {
        "kind": "MOVEMENT",
        "purpose": "medicine for the hospital",
        "route": [{"place": CROSSING, "at": start}, {"place": HOSPITAL, "at": t.ahead(hours=53)}],
        "window": span(start, end),
        "persons": persons(9),
        "vehicles": vehicles(4),
        "markings": "white, with a blue flag",
        "contact": "@Hana",
        "cargo": "medical",
    }
    soon = {**movement, "window": span(t.ahead(hours=10), end)}
    await t.tries("Hana", "NOTIFY", soon, to=SIDES, refused="NOTIFY-2")
    backwards = {**movement, "window": span(t.ahead(hours=51), end)}
    await t.tries("Hana", "NOTIFY", backwards, to=SIDES, refused="NOTIFY-8")
    said = await t.says("Hana", "NOTIFY", movement, to=SIDES)
    change = {"field": "window.end", "old": end, "new": t.ahead(hours=55)}
    correction = {"target": said, "action": "CORRECT", "changes": [change], "reason": "one bridge is narrow"}
    await t.tries("Mira", "CORRECTION", correction, to=SIDES, refused="CORRECTION-3")
    stale = {**correction, "changes": [{**change, "old": start}]}
    await t.tries("Hana", "CORRECTION", stale, to=SIDES, refused="CORRECTION-5")
    await t.tries("Hana", "CORRECTION", correction, to="Amal", refused="CORRECTION-8")
    corrected = await t.says("Hana", "CORRECTION", correction, to=SIDES)
    await t.everybody_answers(corrected, "ROGER", *SIDES)
    await t.everybody_answers(said, "ROGER", *SIDES, passed_to="the checkpoints on the road")
    assert t.message(said).corrected_by == (corrected,)

    wrong = await t.says("Hana", "INFORM", _fact(t, "The mill road is open."), to=SIDES)
    cancel = {"target": wrong, "action": "CANCEL", "reason": "another road was meant"}
    cancelled = await t.says("Hana", "CORRECTION", cancel, to=SIDES)
    await t.everybody_answers(cancelled, "ROGER", *SIDES)
    assert t.message(wrong).cancelled
    await t.tries("Hana", "CORRECTION", cancel, to=SIDES, refused="CORRECTION-9")


def _fact(t: Talks, statement: str, **more: Any) -> dict[str, Any]:
    return {"statement": statement, "basis": "OWN_OBSERVATION", "as_of": t.now, **more}


async def _asked(t: Talks) -> None:
    """Questions by every way that closes one."""
    asked = await t.says(
        "Hana", "QUESTION", {"question": "When is the mill crossing cleared?", "form": "WHEN"}, to="Amal"
    )
    await t.answers("Amal", asked, "STANDBY", by=t.ahead(hours=2))
    await t.says(
        "Amal",
        "INFORM",
        _fact(t, "The mill crossing is clear of mines."),
        to="Hana",
        refs=[{"rel": "reply_to", "id": asked}],
    )
    t.stands(asked, "Amal", "CLOSED", "INFORM")
    twice = {"question": "Is it open? Is it safe?", "form": "YES_NO"}
    await t.tries("Hana", "QUESTION", twice, to="Amal", refused="QUESTION-1")
    asked = await t.says(
        "Hana", "QUESTION", {"question": "Is the ford passable?", "form": "YES_NO"}, to=SIDES
    )
    await t.answers("Amal", asked, "AFFIRM")
    await t.answers("Boris", asked, "UNABLE", reason="no information")


async def _read_back(t: Talks) -> None:
    """Up the ladder: stored, delivered, shown, acknowledged, read back wrongly, read back, confirmed."""
    window = span(t.ahead(hours=48), t.ahead(hours=49))
    said = await t.says(
        "Hana",
        "INFORM",
        _fact(t, "The convoy halts at the crossing.", window=window, place=CROSSING, qty=vehicles(4)),
        to="Boris",
        precedence="IMMEDIATE",
    )
    await t.reaches(said, "Boris", "L2")
    await t.shows("Boris", said)
    await t.reaches(said, "Boris", "L3")
    await t.acknowledges("Boris", said)
    await t.reaches(said, "Boris", "L4")
    await t.may_not_read_back("Boris", said, without="qty.n", refused="READBACK-2")
    wrong = await t.reads_back("Boris", said, {"window.start": t.ahead(hours=38)})
    await t.reaches(said, "Boris", "L5")
    await t.may_not_answer("Hana", wrong, "CORRECT", refused="RESPONSE-11")
    await t.answers("Hana", wrong, "WRONG", fields=["window.start"])
    right = await t.reads_back("Boris", said)
    await t.answers("Hana", right, "CORRECT")
    await t.reaches(said, "Boris", "L6")
    await t.answers("Boris", said, "ROGER")
    await t.everybody_acknowledges()


async def _nobody_there(t: Talks) -> None:
    """What is not acknowledged in time is noted by the sender's device; the cause is unknown."""
    place = {"place": CROSSING}
    said = await t.says(
        "Hana", "INFORM", _fact(t, "Four trucks are ready.", **place), to="Amal", precedence="IMMEDIATE"
    )
    await t.tries_to_escalate("Hana", said, "Amal", 4, "1x", refused="ESCALATION-1")
    await t.tries_to_escalate("Mira", said, "Amal", 4, "1x", refused="ESCALATION-4")
    for minutes, steps in (
        (32, ["4 1x"]),
        (14, ["4 1x", "4 1.5x"]),
        (14.5, ["4 1x", "4 1.5x", "4 2x", "6 1x"]),
    ):
        await t.later(minutes=minutes)
        assert t.escalated(said) == steps, t.escalated(said)
    await t.acknowledges("Amal", said)
    await t.answers("Hana", await t.reads_back("Amal", said), "CORRECT")
    await t.answers("Amal", said, "ROGER")
    await t.everybody_acknowledges()


async def _danger(t: Talks) -> None:
    """A warning, what one side undertakes, and its end."""
    t.item("hospital")
    alert = {
        "danger": "PROTECTED_SITE",
        "place": HOSPITAL,
        "observed": t.now,
        "asked": "HOLD_FIRE",
        "until": t.ahead(hours=6),
        "persons_at_risk": persons(140, "ESTIMATED"),
    }
    flash = {"precedence": "FLASH"}
    await t.tries("Hana", "ALERT", {**alert, "until": t.now}, to=SIDES, **flash, refused="ALERT-2")
    await t.tries("Hana", "INFORM", _fact(t, "Shells fall."), to=SIDES, **flash, refused="ENVELOPE-4")
    raised = await t.says("Hana", "ALERT", alert, to=SIDES, **flash)
    await t.may_not_answer("Amal", raised, "AFFIRM", refused="RESPONSE-5")
    await t.answers("Amal", raised, "WILCO")
    await t.answers("Boris", raised, "UNABLE", reason="these are not our guns")
    holding = t.of_message(raised, "Amal")
    t.is_owed(holding, "ACTIVE")
    for who in SIDES:
        await t.answers("Hana", await t.reads_back(who, raised), "CORRECT")
    about: dict[str, Any] = {"refs": [{"rel": "about", "id": raised}], "precedence": "FLASH"}
    update = {**alert, "phase": "UPDATE", "asked": "CONTACT_UNIT", "until": t.ahead(hours=1)}
    await t.tries("Mira", "ALERT", update, to=SIDES, **about, refused="ALERT-6")
    updated = await t.says("Hana", "ALERT", update, to="Amal", **about)
    await t.answers("Hana", await t.reads_back("Amal", updated), "CORRECT")
    await t.everybody_acknowledges()
    await t.later(hours=2)
    await t.may_not_answer("Amal", updated, "WILCO", refused="RESPONSE-6")
    await t.answers("Amal", updated, "UNABLE", reason="nobody could be reached")
    over = {**alert, "phase": "END", "asked": "NONE", "until": t.ahead(hours=1)}
    ended = await t.says("Hana", "ALERT", over, to=SIDES, refs=about["refs"])
    await t.everybody_answers(ended, "ROGER", *SIDES, passed_to="all posts")
    await t.everybody_acknowledges()
    await t.later(hours=5)


async def _incident(t: Talks, site: str) -> str:
    """What happened at the notified site, in nine lines."""
    report = {
        "window": span(t.ahead(hours=-9), t.ahead(hours=-8)),
        "place": HOSPITAL,
        "category": "DAMAGE_TO_PROTECTED_SITE",
        "known": "SEEN",
        "civilian": persons(2),
        "grade": "A1",
        "status": "CEASED",
        "asked": "EXPLAIN",
        "notification": site,
    }
    await t.tries("Hana", "INCIDENT", {**report, "attribution": "Boris"}, to="Boris", refused="INCIDENT-1")
    await t.tries("Hana", "INCIDENT", report, to=("Boris", "Vera"), refused="INCIDENT-5")
    elsewhere = {**report, "notification": t.log.session.negotiation.messages[0].id}
    await t.tries("Hana", "INCIDENT", elsewhere, to="Boris", refused="INCIDENT-4")
    said = await t.says("Hana", "INCIDENT", report, to="Boris", info=["@Amal", "@Mira", "@Vera"])
    heard = {**report, "known": "HEARD", "asked": "NONE", "civilian": None, "grade": "C3"}
    del heard["notification"]
    other = await t.says("Boris", "INCIDENT", heard, to="Amal")
    await t.answers("Amal", other, "ROGER")
    return said


async def _explained(t: Talks, incident: str) -> None:
    """Investigating until a time, then an answer; and what the monitor finds."""
    looking = {
        "incident": incident,
        "position": "INVESTIGATING",
        "account": "The battery's log is being read.",
        "next_update": t.ahead(hours=20),
    }
    await t.tries("Amal", "EXPLANATION", looking, to="Hana", refused="EXPLANATION-2")
    timeless = {**looking, "next_update": None}
    await t.tries("Boris", "EXPLANATION", timeless, to="Hana", refused="EXPLANATION-1")
    await t.tries("Boris", "EXPLANATION", looking, to="Mira", refused="EXPLANATION-3")
    first = await t.says("Boris", "EXPLANATION", looking, to="Hana")
    await t.answers("Hana", first, "ROGER")
    t.stands(incident, "Boris", "STANDBY", "EXPLANATION")
    await t.everybody_acknowledges()
    await t.later(hours=18)
    final = {
        "incident": incident,
        "position": "PARTLY",
        "account": "One shell of ours fell short. The second was not ours.",
        "measures": ["The battery was relieved.", "The safe distance is now 2 km."],
    }
    await t.answers("Hana", await t.says("Boris", "EXPLANATION", final, to="Hana"), "ROGER")
    t.stands(incident, "Boris", "CLOSED", "EXPLANATION")
    found = {
        "subject": incident,
        "kind": "INCIDENT",
        "result": "CONFIRMED",
        "method": ["measured two craters", "spoke with nine witnesses"],
        "access_limits": "the firing positions were not visited",
        "as_of": t.now,
        "grade": "B2",
    }
    blaming = {**found, "attribution": "Boris", "method": []}
    await t.tries("Vera", "FINDING", blaming, to=("Hana", "Boris"), refused="FINDING-2")
    await t.tries("Vera", "FINDING", {**found, "result": "MET"}, to=("Hana", "Boris"), refused="FINDING-1")
    await t.tries("Mira", "FINDING", found, to=("Hana", "Boris"), refused="FINDING-4")
    finding = await t.says("Vera", "FINDING", found, to=("Hana", "Boris"), info=["@Amal", "@Mira"])
    await t.everybody_answers(finding, "ROGER", "Hana", "Boris")
    (held,) = [one for one in t.log.session.negotiation.board().commitments if "HOLD_FIRE" in one.text]
    assert held.state.value == "ENDED"


async def _watching_only(t: Talks) -> None:
    """The monitor's work is done: from here on she reads, and no more."""
    t.item("seats/Vera")
    seat = {"operation": "ROLE", "seat": "Vera", "fingerprint": "@Vera", "effective": t.now}
    asked = await t.says("Mira", "SEAT", {**seat, "role": "observer"}, to=SIDES)
    await t.everybody_answers(asked, "AFFIRM", *SIDES)
    assert t.log.session.negotiation.roster.role(t.id("Vera")) is Role.OBSERVER
    t.item("hospital")
    await t.tries("Vera", "INFORM", _fact(t, "A third crater."), to="Hana", refused="role-not-allowed")
    await t.everybody_acknowledges()
