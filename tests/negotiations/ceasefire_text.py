"""The texts of the ceasefire: four offers that come to nothing, and one that is put in force, clause by clause."""

from protocols.messages.mandates import Mandate
from tests.negotiations.table import Talks
from tests.negotiations.words import BRIDGE, authentic, clause, span, translated
from tests.support.mandates import EVERY_POWER, Principal

COUNCIL = Principal("Northern Council", 71)


def fields(mandate: Mandate) -> dict[str, object]:
    return mandate.model_dump(mode="json", exclude_none=True)


def offer(
    clauses: list[dict[str, object]], *, version: int = 1, package: str = "ALL_OR_NOTHING"
) -> dict[str, object]:
    return {
        "title": "The north bridge",
        "clauses": clauses,
        "package": package,
        "required": ["@Amal", "@Boris"],
        "glossary_version": version,
    }


async def offers(t: Talks, early: str) -> None:
    """Offers that come to nothing: replaced, rejected, withdrawn, lapsed."""
    t.item("bridge")
    window = span(t.now, t.ahead(days=9))
    opening = clause("Boris", "MUST", "open", "the north bridge", window)
    leaving = clause("Amal", "MUST", "withdraw", "heavy weapons", window)
    lasting = {"valid_until": t.ahead(days=2)}
    await t.tries("Olga", "PROPOSAL", offer([opening]), **lasting, refused="role-not-allowed")
    await t.tries(
        "Boris",
        "PROPOSAL",
        offer([leaving], version=0),
        to="Amal",
        valid_until=t.ahead(days=2),
        refused="PROPOSAL-15",
    )
    counter = await t.says(
        "Boris",
        "PROPOSAL",
        offer([opening, leaving]),
        to="Amal",
        info=["@Mira"],
        valid_until=t.ahead(days=2),
        refs=[{"rel": "counter_to", "id": early}],
    )
    t.package_is(early, "REPLACED")
    await t.replies("Amal", counter, {1: "ACCEPT", 2: ("REJECT", "the weapons stay in place")}, ad_ref=True)
    t.package_is(counter, "REJECTED", "AGREED", "REJECTED")
    await t.may_not_reply("Amal", counter, {2: "ACCEPT"}, ad_ref=True, refused="CLAUSE-REPLY-9")

    again = await t.says("Boris", "PROPOSAL", offer([opening]), to="Amal", valid_until=t.ahead(days=2))
    correction = {"target": again, "action": "CANCEL", "reason": "the mediator offers a text"}
    cancelled = await t.says("Boris", "CORRECTION", correction, to="Amal")
    await t.answers("Amal", cancelled, "ROGER")
    t.package_is(again, "WITHDRAWN")

    short = await t.says("Boris", "PROPOSAL", offer([opening]), to="Amal", valid_until=t.ahead(hours=1))
    await t.everybody_acknowledges()
    await t.later(hours=2)
    await t.may_not_reply("Amal", short, {1: "ACCEPT"}, ad_ref=True, refused="CLAUSE-REPLY-9")
    t.package_is(short, "LAPSED")


async def single_text(t: Talks) -> str:
    """The mediator's single text, in two languages; it binds nobody."""
    start, last = t.ahead(hours=24), t.ahead(days=3)
    clauses = [
        clause(
            "Amal",
            "MUST",
            "withdraw",
            "heavy weapons",
            span(start, last),
            verifier="@Vera",
            texts=[authentic("ar", "سحب", "الأسلحة الثقيلة")],
        ),
        clause(
            "Boris",
            "MUST NOT",
            "fire",
            "across the river",
            span(start, t.ahead(days=5)),
            area=[BRIDGE, {**BRIDGE, "lat": "36.21000"}, {**BRIDGE, "lon": "37.11000"}],
            texts=[translated("ar", "إطلاق النار", "عبر النهر")],
        ),
        clause(
            "Amal",
            "MAY",
            "cross",
            "the north bridge",
            span(start, t.ahead(days=30)),
            depends_on=[1],
            texts=[translated("ar", "عبور", "الجسر الشمالي", machine=True)],
        ),
        clause(
            "Boris",
            "MUST",
            "open",
            "the north bridge",
            span(start, t.ahead(days=4)),
            verifier="@Vera",
            place=BRIDGE,
            texts=[translated("ar", "فتح", "الجسر الشمالي")],
        ),
    ]
    text = await t.says(
        "Mira",
        "PROPOSAL",
        {**offer(clauses), "languages": ["en", "ar"]},
        to=("Amal", "Boris"),
        valid_until=t.ahead(days=3),
    )
    t.package_is(text, "TABLED", "TABLED", "TABLED", "TABLED", "TABLED")
    return text


async def clause_by_clause(t: Talks, text: str) -> None:
    await t.may_not_reply("Mira", text, {1: "ACCEPT"}, refused="role-not-allowed")
    await t.may_not_reply("Amal", text, {1: "ACCEPT"}, refused="MANDATE-8")
    await t.replies("Amal", text, {1: "ACCEPT", 3: "ACCEPT"}, ad_ref=True)
    t.package_is(text, "TABLED", "ACCEPTED_BY", "TABLED", "ACCEPTED_BY", "TABLED")

    stale = t.reply(text, {1: "ACCEPT"}, ad_ref=True)
    wider = {"object": "heavy weapons to 20 km from the north bridge"}
    wider["texts"] = [authentic("ar", "سحب", "الأسلحة الثقيلة إلى 20 كم من الجسر الشمالي")]  # type: ignore[assignment]
    await t.replies(
        "Boris",
        text,
        {
            1: ("AMEND", "the clause has to say how far", wider),
            2: "ACCEPT",
            4: ("RESERVE", "the engineers have to look at it"),
        },
    )
    # What was accepted before the amendment is accepted no more, nor what depends on it.
    t.package_is(text, "TABLED", "ACCEPTED_BY", "ACCEPTED_BY", "TABLED", "RESERVED")
    about = t.about("Amal", text)
    await t.tries("Amal", "CLAUSE-REPLY", stale, refused="CLAUSE-REPLY-1", **about)
    await t.tries(
        "Boris",
        "CLAUSE-REPLY",
        t.reply(text, {3: "ACCEPT"}),
        remarks="if the ice allows",
        refused="CLAUSE-REPLY-2",
        **t.about("Boris", text),
    )
    await t.replies("Amal", text, {1: "ACCEPT", 2: "ACCEPT", 3: "ACCEPT", 4: "ACCEPT"}, ad_ref=True)
    t.package_is(text, "PART_AGREED", "AGREED", "AGREED", "ACCEPTED_BY", "RESERVED")
    await t.may_not_adopt("Boris", text, "INITIAL", t.ahead(hours=12), refused="ADOPT-1")
    await t.replies("Boris", text, {3: "ACCEPT", 4: "ACCEPT"})
    t.package_is(text, "AGREED", "AGREED", "AGREED", "AGREED", "AGREED")
    await t.everybody_acknowledges()
    await t.later(hours=3)


async def adoption(t: Talks, text: str) -> Mandate:
    """Fixed, then subject to the council, then in force, with the mediator as witness."""
    effective = t.ahead(hours=12)
    await t.adopts("Amal", text, "INITIAL", effective)
    await t.may_not_adopt("Boris", text, "INITIAL", t.ahead(hours=13), refused="ADOPT-4")
    await t.adopts("Boris", text, "INITIAL", effective)
    smaller = ("AMEND", "the engineers ask for it", {"object": "half of the bridge"})
    await t.may_not_reply("Boris", text, {4: smaller}, refused="CLAUSE-REPLY-16")
    await t.adopts("Amal", text, "AD_REFERENDUM", effective)
    await t.may_not_adopt("Amal", text, "FINAL", effective, refused="ADOPT-3")
    await t.may_not_adopt("Amal", text, "INITIAL", effective, refused="ADOPT-5")
    await t.may_not_adopt("Mira", text, "FINAL", effective, refused="ADOPT-2")

    full = COUNCIL.mandate(
        t.id("Amal"),
        powers=EVERY_POWER,
        topics=("bridge",),
        start=t.now,
        end=t.ahead(days=100),
    )
    said = await t.says("Amal", "MANDATE", fields(full), to=("Boris", "Mira"), topic="mandates")
    await t.everybody_answers(said, "ROGER", "Boris", "Mira")
    await t.replies("Amal", text, {1: "ACCEPT", 2: "ACCEPT", 3: "ACCEPT", 4: "ACCEPT"})
    await t.adopts("Boris", text, "FINAL", effective, witness="@Mira", custodian="@Olga")
    t.package_is(text, "AGREED")
    await t.adopts("Amal", text, "FINAL", effective, witness="@Mira")
    t.package_is(text, "ADOPTED")
    await t.adopts("Mira", text, "FINAL", effective)
    assert [adopted.proposal for adopted in t.log.session.negotiation.terms.adopted] == [text]
    cancel = {"target": text, "action": "CANCEL", "reason": "a word is missing"}
    await t.tries("Mira", "CORRECTION", cancel, to=("Amal", "Boris"), refused="CORRECTION-4")

    withdraw = t.of_clause(text, 1)
    t.is_owed(withdraw, "CONDITIONAL")
    await t.may_not_move("Boris", withdraw, "DETACH", refused="COMMIT-EVENT-14")
    await t.everybody_acknowledges()
    await t.later(hours=13)
    return full
