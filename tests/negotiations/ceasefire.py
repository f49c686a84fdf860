"""A local ceasefire at a bridge: who may speak, what words mean, six offers, one text in force, two duties.

Mira mediates. Amal speaks for the Northern Council, Boris for himself. Vera verifies, Olga observes.
"""

from client.founding import ChannelRules
from protocols.messages import Role, mandate_id
from protocols.messages.mandates import Mandate, Power
from tests.negotiations.ceasefire_text import (
    COUNCIL,
    adoption,
    clause_by_clause,
    fields,
    offer,
    offers,
    single_text,
)
from tests.negotiations.table import Talks
from tests.negotiations.words import clause, span

TITLE = "Ceasefire at the north bridge"
MAY_TALK: tuple[Power, ...] = ("INFORM", "NEGOTIATE", "ACCEPT_AD_REF")


async def play(t: Talks) -> None:
    """Play it from the first invitation to the last finding."""
    told = await _set_up(t)
    await _on_watch(t)
    early = await _mandates(t, told)
    await _words(t)
    await offers(t, early)
    slots = {slot.addressee: slot.state for slot in t.log.session.negotiation.watch(t.clock())}
    assert slots == {t.id("Amal"): "ANSWERED", t.id("Boris"): "MISSED"}
    text = await single_text(t)
    await clause_by_clause(t, text)
    full = await adoption(t, text)
    await _duties(t, text)
    await _end(t, full)


async def _set_up(t: Talks) -> Mandate:
    t.item("set-up")
    await t.found("Mira", ChannelRules(languages=("en", "ar")))
    await t.admits("Mira", "Boris", Role.PARTY)
    told = COUNCIL.mandate(t.prepares("Amal"), powers=("INFORM",), start=t.now, end=t.ahead(days=300))
    # About what words mean the council lets Amal agree at once.
    words = COUNCIL.mandate(
        t.id("Amal"),
        powers=("NEGOTIATE", "ACCEPT_FINAL"),
        topics=("glossary",),
        start=t.now,
        end=t.ahead(days=300),
    )
    offer = {"principal": COUNCIL.key, "principal_name": COUNCIL.name, "mandates": (told, words)}
    await t.admits("Mira", "Amal", Role.PARTY, **offer)
    await t.admits("Mira", "Vera", Role.MONITOR)
    await t.admits("Mira", "Olga", Role.OBSERVER)
    await t.settles()
    return told


async def _on_watch(t: Talks) -> None:
    check = await t.says(
        "Mira", "LINE-CHECK", {"slot": t.now, "word": "CEDAR"}, to=("Amal", "Boris"), topic="LINE-CHECK"
    )
    await t.answers("Amal", check, "ROGER")
    await t.tries(
        "Mira",
        "LINE-CHECK",
        {"slot": t.now, "word": "AMBER"},
        to="Amal",
        topic="LINE-CHECK",
        remarks="Tell him to hurry",
        refused="LINE-CHECK-1",
    )

    t.item("rules of the talks")
    question = {"question": "Who keeps the minutes?", "form": "WHO"}
    asked = await t.says("Olga", "QUESTION", question, to="Mira")
    await t.says(
        "Mira",
        "INFORM",
        {"statement": "The log keeps the minutes.", "basis": "OWN_OBSERVATION", "as_of": t.now},
        to="Olga",
        refs=[{"rel": "reply_to", "id": asked}],
    )
    t.stands(asked, "Mira", "CLOSED", "INFORM")
    await t.tries("Olga", "QUESTION", question, to="Amal", refused="QUESTION-2")
    await t.tries_in_exercise("Boris", "QUESTION", question, to="Mira")


async def _mandates(t: Talks, told: Mandate) -> str:
    """What the council lets Amal say, step by step; returns an offer that she makes too early."""
    t.item("bridge")
    asked = await t.says(
        "Boris", "QUESTION", {"question": "Is the north bridge mined?", "form": "YES_NO"}, to="Amal"
    )
    await t.answers("Amal", asked, "NEGATIVE", reason="the approaches were cleared in May")

    t.item("mandates")
    talking = COUNCIL.mandate(
        t.id("Amal"), powers=MAY_TALK, start=t.now, end=t.ahead(days=300), replaces=mandate_id(told)
    )
    await t.tries("Amal", "MANDATE", fields(talking), to="Mira", refused="MANDATE-5")
    for_boris = COUNCIL.mandate(t.id("Boris"), start=t.now, end=t.ahead(days=300))
    await t.tries("Amal", "MANDATE", fields(for_boris), to=("Boris", "Mira"), refused="MANDATE-6")
    too_long = COUNCIL.mandate(t.id("Amal"), start=t.now, end=t.ahead(days=400))
    await t.tries("Amal", "MANDATE", fields(too_long), to=("Boris", "Mira"), refused="MANDATE-1")

    # Before the council lets Amal negotiate, an offer of hers is heard, and marked.
    t.item("bridge")
    window = span(t.now, t.ahead(days=9))
    early = await t.oversteps(
        "Amal",
        "PROPOSAL",
        offer([clause("Boris", "MUST", "open", "the north bridge", window)], version=0),
        to=("Boris", "Mira"),
        valid_until=t.ahead(days=2),
    )
    t.package_is(early, "TABLED", "ACCEPTED_BY")

    t.item("mandates")
    said = await t.says("Amal", "MANDATE", fields(talking), to=("Boris", "Mira"))
    await t.answers("Boris", said, "NEGATIVE", reason="the council has not met since January")
    await t.answers("Mira", said, "ROGER")
    held = {one.id for one in t.log.session.negotiation.mandates(t.id("Amal"))}
    assert mandate_id(talking) in held
    assert mandate_id(told) not in held
    return early


async def _words(t: Talks) -> None:
    t.item("glossary")
    heavy = await t.says(
        "Amal",
        "TERM",
        {
            "term": "heavy weapons",
            "definition": "Guns with a calibre of 100 mm or more, and rocket launchers.",
            "includes": ["mortars of 120 mm"],
            "excludes": ["machine guns"],
        },
        to="Boris",
        info=["@Mira"],
    )
    await t.answers("Boris", heavy, "AFFIRM")
    assert t.log.session.negotiation.terms.glossary_version == 1
    await t.tries(
        "Boris",
        "TERM",
        {"term": "rocket launchers", "definition": "Heavy weapons that fire rockets."},
        to="Amal",
        refused="TERM-2",
    )
    line = await t.says(
        "Boris",
        "TERM",
        {"term": "line of contact", "definition": "The river between the mill and the north bridge."},
        to="Amal",
        topic="bridge/line",
    )
    await t.may_not_answer("Amal", line, "AFFIRM", refused="MANDATE-8")
    await t.answers("Amal", line, "NEGATIVE", reason="the council has to be asked")


async def _duties(t: Talks, text: str) -> None:
    """What was promised: kept, ended, overdue and violated."""
    withdraw, hold, opened = (t.of_clause(text, number) for number in (1, 2, 4))
    evidence = {"evidence": ["ab" * 32]}
    await t.may_not_move("Boris", withdraw, "CLAIM", **evidence, refused="COMMIT-EVENT-2")
    claimed = await t.moves("Amal", withdraw, "CLAIM", to="Vera", **evidence)
    t.is_owed(withdraw, "CLAIMED")
    await t.may_not_move("Amal", withdraw, "CONFIRM", refused="COMMIT-EVENT-2")
    found = _finding(t, withdraw, "MET")
    await t.tries("Mira", "FINDING", found, to=("Amal", "Boris"), refused="FINDING-4")
    await t.tries("Vera", "FINDING", found, to="Amal", refused="FINDING-6")
    finding = await t.says("Vera", "FINDING", found, to=("Amal", "Boris"), info=["@Mira"])
    await t.everybody_answers(finding, "ROGER", "Amal", "Boris")
    t.stands(claimed, "Boris", "CLOSED", "FINDING")
    t.is_owed(withdraw, "DISCHARGED")
    await t.may_not_move("Boris", withdraw, "RELEASE", refused="COMMIT-EVENT-7")

    for _ in range(5):
        await t.everybody_acknowledges()
        await t.later(hours=22)
    t.item("bridge")
    overdue = await t.says(
        "Boris", "QUESTION", {"question": "Is the pontoon ready?", "form": "YES_NO"}, to="Amal"
    )
    await t.answers("Amal", overdue, "UNABLE", reason="nobody has been there")
    t.is_owed(hold, "ENDED")
    t.is_owed(opened, "OVERDUE")
    not_met = await t.says(
        "Vera", "FINDING", _finding(t, opened, "NOT_MET"), to=("Amal", "Boris"), info=["@Mira"]
    )
    await t.everybody_answers(not_met, "ROGER", "Amal", "Boris")
    t.is_owed(opened, "VIOLATED")
    reason = "the ice broke the piers; the engineers' report is in the hands of the monitor"
    await t.moves("Boris", opened, "DISPUTE", to="Vera", reason=reason)
    t.is_owed(opened, "DISPUTED")


def _finding(t: Talks, commitment: str, result: str) -> dict[str, object]:
    return {
        "subject": commitment,
        "kind": "COMMITMENT",
        "result": result,
        "method": ["visited the site", "counted 14 vehicles going east"],
        "access_limits": "the east bank was not reached",
        "as_of": t.now,
        "grade": "A2",
    }


async def _end(t: Talks, full: Mandate) -> None:
    """The council takes its mandate back: from that moment on Amal binds nobody."""
    t.item("mandates")
    revoked = COUNCIL.mandate(
        t.id("Amal"), powers=(), start=t.now, end=t.ahead(days=1), revokes=mandate_id(full)
    )
    said = await t.says("Amal", "MANDATE", fields(revoked), to=("Boris", "Mira"))
    await t.everybody_answers(said, "ROGER", "Boris", "Mira")
    t.item("bridge")
    ban = clause("Amal", "MUST NOT", "lay", "mines", span(t.now, t.ahead(days=60)))
    undertaking = {"debtor": "@Amal", "creditors": ["@Boris"], "consequent": ban, "notice_hours": 48}
    await t.tries("Amal", "COMMIT", undertaking, to="Boris", refused="MANDATE-8")
    await t.everybody_acknowledges()
