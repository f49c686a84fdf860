"""What the parties to the exchange undertake, and everything that becomes of it."""

from tests.negotiations.table import Talks
from tests.negotiations.words import clause, span


async def undertakings(t: Talks) -> str:
    """One that waits for the other side's act, is delegated, claimed and confirmed.

    Returns one that waits in vain.
    """
    t.item("order of the exchange")
    end = t.ahead(days=2)
    handing = {
        "debtor": "@Boris",
        "creditors": ["@Amal"],
        "consequent": clause("Boris", "MUST", "hand over", "five people", span(t.now, end)),
        "antecedent": clause(
            "Amal", "MUST", "name", "the place of the exchange", span(t.now, t.ahead(days=1))
        ),
        "notice_hours": 12,
        "witness": "@Mira",
        "evidence": "a list that the liaison has signed",
    }
    for_another = {**handing, "debtor": "@Amal", "creditors": ["@Boris"]}
    await t.tries("Boris", "COMMIT", for_another, to="Amal", refused="COMMIT-2")
    consequent = clause("Amal", "MUST", "hand over", "nine people", span(t.now, end))
    await t.tries("Boris", "COMMIT", {**for_another, "consequent": consequent}, to="Amal", refused="COMMIT-4")
    shared = {**for_another, "creditors": ["@Farid"], "consequent": consequent}
    await t.tries("Boris", "COMMIT", shared, to=("Amal", "Farid"), refused="COMMIT-1")
    said = await t.says("Boris", "COMMIT", handing, to="Amal", info=["@Mira"])
    owed = t.of_message(said, "Boris")
    t.is_owed(owed, "CONDITIONAL")
    await t.may_not_move("Boris", owed, "DETACH", refused="COMMIT-EVENT-2")
    await t.moves("Amal", owed, "DETACH")
    t.is_owed(owed, "ACTIVE")
    await t.may_not_move("Farid", owed, "CLAIM", evidence=["cd" * 32], refused="COMMIT-EVENT-2")
    asked = await t.moves("Boris", owed, "DELEGATE", new_party="@Farid", to="Farid")
    await t.answers("Farid", asked, "AFFIRM")
    await t.moves("Farid", owed, "CLAIM", evidence=["cd" * 32])
    t.is_owed(owed, "CLAIMED")
    await t.moves("Amal", owed, "CONFIRM", to="Farid")
    t.is_owed(owed, "DISCHARGED")

    never = {**handing, "notice_hours": 0, "witness": None}
    never["antecedent"] = clause("Amal", "MUST", "pay", "for the buses", span(t.now, t.ahead(hours=6)))
    said = await t.says("Boris", "COMMIT", never, to="Amal")
    t.is_owed(t.of_message(said, "Boris"), "CONDITIONAL")
    return t.of_message(said, "Boris")


async def terms_that_change(t: Talks) -> str:
    """Delayed, assigned, suspended, resumed and withdrawn; and one that is disputed and then released.

    Returns the one that is withdrawn.
    """
    owed = await _duty(t, "nine people")
    asked = await t.moves("Amal", owed, "DELAY", new_time=t.ahead(days=4), reason="the buses are late")
    await t.answers("Boris", asked, "AFFIRM")
    await t.may_not_move("Amal", owed, "CLAIM", version=1, evidence=["ef" * 32], refused="COMMIT-EVENT-12")
    asked = await t.moves("Boris", owed, "ASSIGN", new_party="@Farid", to="Farid")
    await t.answers("Farid", asked, "AFFIRM")
    await t.may_not_move("Boris", owed, "RELEASE", refused="COMMIT-EVENT-2")
    asked = await t.moves("Amal", owed, "SUSPEND")
    await t.answers("Farid", asked, "AFFIRM")
    t.is_owed(owed, "SUSPENDED")
    await t.may_not_move("Amal", owed, "CLAIM", evidence=["ef" * 32], refused="COMMIT-EVENT-1")
    asked = await t.moves("Farid", owed, "RESUME")
    await t.answers("Amal", asked, "AFFIRM")
    t.is_owed(owed, "ACTIVE")
    await t.moves("Amal", owed, "WITHDRAW", reason="there is no road")
    t.is_owed(owed, "ACTIVE")
    other = await _duty(t, "the archive of the prison")
    await t.moves("Amal", other, "CLAIM", evidence=["01" * 32])
    await t.may_not_move("Amal", other, "CONFIRM", refused="COMMIT-EVENT-2")
    await t.moves("Boris", other, "DISPUTE", reason="two boxes are missing")
    t.is_owed(other, "DISPUTED")
    await t.moves("Boris", other, "RELEASE")
    t.is_owed(other, "RELEASED")
    return owed


async def _duty(t: Talks, what: str) -> str:
    content = {
        "debtor": "@Amal",
        "creditors": ["@Boris"],
        "consequent": clause("Amal", "MUST", "hand over", what, span(t.now, t.ahead(days=2))),
        "notice_hours": 12,
    }
    said = await t.says("Amal", "COMMIT", content, to="Boris")
    return t.of_message(said, "Amal")


async def what_time_does(t: Talks, bringing: str) -> None:
    """Notice runs out, a deadline passes: the clock makes nobody a violator."""
    claimed = await t.moves("Amal", bringing, "CLAIM", evidence=["23" * 32])
    t.is_owed(bringing, "CLAIMED")
    states = [state.value for _, state in t.owed(bringing).history]
    assert states == ["ACTIVE", "OVERDUE", "CLAIMED"]
    await t.moves("Hana", bringing, "CONFIRM")
    t.is_owed(bringing, "DISCHARGED")
    t.stands(claimed, "Hana", "CLOSED", "CONFIRM")
