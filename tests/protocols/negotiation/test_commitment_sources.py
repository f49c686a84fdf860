"""CREATE: what a COMMIT, a WILCO and an ADOPT of one's own bring into being."""

from typing import Any

import pytest

from protocols.messages.alert import Alert, AskedAction
from protocols.messages.commitments import Commit
from protocols.messages.requests import Request
from protocols.messages.values import Place, Qty, Window
from protocols.negotiation.commitment import HOUR_MS, CommitmentState, settle
from protocols.negotiation.commitment_sources import from_alert, from_clause, from_commit, from_request

from . import owed, tabled
from .owed import CREDITOR, DEBTOR, END_H, OTHER, SOURCE, VERIFIER, at, when
from .tabled import AMAL, BORIS, CARLA

S = CommitmentState
PLACE = Place(lat="36.20000", lon="37.10000", radius_m=1000, name="north bridge", name_source="map")


def commit(**more: Any) -> Commit:
    values: dict[str, Any] = {
        "debtor": DEBTOR,
        "creditors": (OTHER, CREDITOR),
        "consequent": owed.clause(),
        "notice_hours": 48,
    }
    return Commit(**{**values, **more})


def early(hour: float) -> Window:
    return Window(start=when(0), end=when(hour))


def test_a_commit_without_antecedent_is_active() -> None:
    clause = owed.clause(verifier=VERIFIER, suspension="CREDITOR")
    made = from_commit(SOURCE, DEBTOR, commit(consequent=clause), at(1))
    assert made.history == ((at(1), S.ACTIVE),)
    assert (made.debtor, made.creditors, made.source) == (DEBTOR, (OTHER, CREDITOR), SOURCE)
    assert (made.text, made.start_ms, made.end_ms) == ("MUST open the bridge", at(2), at(END_H))
    assert (made.notice_ms, made.verifier, made.suspension) == (48 * HOUR_MS, VERIFIER, "CREDITOR")
    assert (made.version, made.created_ms, made.terminal) == (1, at(1), False)


def test_a_commit_with_an_antecedent_is_conditional_and_expires() -> None:
    antecedent = owed.clause(CREDITOR, "MUST", window=early(50), action="leave")
    made = from_commit(SOURCE, DEBTOR, commit(antecedent=antecedent), at(1))
    assert (made.state, made.antecedent) == (S.CONDITIONAL, "MUST leave the bridge")
    assert settle(made, at(50)).history == ((at(1), S.CONDITIONAL), (at(50), S.EXPIRED))
    late = from_commit(SOURCE, DEBTOR, commit(antecedent=antecedent), at(51))
    assert late.state is S.EXPIRED


def test_a_commit_that_begins_at_a_time_waits_for_it() -> None:
    made = from_commit(SOURCE, DEBTOR, commit(detach_at=when(20)), at(1))
    assert made.history == ((at(1), S.CONDITIONAL),)
    assert settle(made, at(20)).history[-1] == (at(20), S.ACTIVE)
    late = from_commit(SOURCE, DEBTOR, commit(detach_at=when(20)), at(21))
    assert late.history == ((at(21), S.CONDITIONAL), (at(21), S.ACTIVE))


@pytest.mark.parametrize(
    ("modal", "throughout", "maintenance"),
    [("MUST", False, False), ("MUST", True, True), ("MUST NOT", False, True)],
)
def test_bans_and_duties_throughout_end_with_the_window(
    modal: str, throughout: bool, maintenance: bool
) -> None:
    made = from_commit(
        SOURCE, DEBTOR, commit(consequent=owed.clause(DEBTOR, modal, throughout=throughout)), at(1)
    )
    assert made.maintenance is maintenance
    assert settle(made, at(END_H)).state is (S.ENDED if maintenance else S.OVERDUE)


def test_every_commit_is_its_own() -> None:
    one, two = (from_commit(source * 32, DEBTOR, commit(), at(1)).id for source in "12")
    assert one != two


def test_wilco_to_a_request_commits_to_the_one_act() -> None:
    asked = Request(actor=DEBTOR, action="open the bridge", place=PLACE, deadline=when(10), reason="rain")
    made = from_request(SOURCE, DEBTOR, CREDITOR, asked, at(1))
    assert made.history == ((at(1), S.ACTIVE),)
    assert (made.debtor, made.creditors, made.verifier) == (DEBTOR, (CREDITOR,), None)
    assert (made.text, made.notice_ms) == ("MUST open the bridge at north bridge", 24 * HOUR_MS)
    assert settle(made, at(10)).history[-1] == (at(10), S.OVERDUE)
    assert from_request(SOURCE, OTHER, CREDITOR, asked, at(1)).id != made.id
    nowhere = asked.model_copy(update={"place": None})
    assert from_request(SOURCE, DEBTOR, CREDITOR, nowhere, at(1)).text == "MUST open the bridge"


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ("HOLD_FIRE", S.ENDED),
        ("HALT_MOVEMENT", S.ENDED),
        ("ALLOW_PASSAGE", S.ENDED),
        ("CONTACT_UNIT", S.OVERDUE),
    ],
)
def test_wilco_to_an_alert_commits_until_its_time(action: AskedAction, after: S) -> None:
    persons = Qty(n=20, unit="persons", basis="ESTIMATED")
    asked = Alert(
        danger="FIRE", place=PLACE, observed=when(0), asked=action, until=when(3), persons_at_risk=persons
    )
    made = from_alert(SOURCE, DEBTOR, CREDITOR, asked, at(1))
    assert made.history == ((at(1), S.ACTIVE),)
    assert (made.debtor, made.creditors, made.notice_ms) == (DEBTOR, (CREDITOR,), 0)
    assert made.text == f"MUST {action} at north bridge"
    assert settle(made, at(3)).history[-1] == (at(3), after)


def test_adopted_text_commits_each_actor_to_every_other_party_from_its_effective_time() -> None:
    clauses = (
        tabled.clause(1, verifier=CARLA, notice_hours=2, suspension="EITHER"),
        tabled.clause(2, BORIS, "MUST NOT"),
    )
    done = tabled.adopted(tabled.accepted(tabled.tabled(*clauses)))
    duty, ban = (from_clause(done, clause, at(3)) for clause in done.adopted)
    assert (duty.debtor, duty.creditors, duty.source) == (AMAL, (BORIS, CARLA), tabled.ID)
    assert (ban.debtor, ban.creditors, ban.maintenance) == (BORIS, (AMAL, CARLA), True)
    assert (duty.notice_ms, ban.notice_ms) == (2 * HOUR_MS, 24 * HOUR_MS)
    assert (duty.verifier, duty.suspension, ban.suspension) == (CARLA, "EITHER", None)
    assert duty.history == ((at(3), S.CONDITIONAL),)
    assert settle(duty, at(tabled.EFFECTIVE_H)).history[-1] == (at(tabled.EFFECTIVE_H), S.ACTIVE)


def test_adopted_text_that_is_effective_already_is_active() -> None:
    done = tabled.adopted(tabled.accepted(tabled.tabled()), effective=when(2))
    made = from_clause(done, done.adopted[0], at(2))
    assert (made.history, made.detach_at_ms) == (((at(2), S.ACTIVE),), None)


def test_only_adopted_musts_create() -> None:
    agreed = tabled.accepted(tabled.tabled(tabled.clause(1), tabled.clause(2, modal="MAY")))
    done = tabled.adopted(agreed)
    with pytest.raises(ValueError, match="adopted MUST"):
        from_clause(done, done.adopted[1], at(3))
    with pytest.raises(ValueError, match="adopted MUST"):
        from_clause(agreed, agreed.clauses[0].clause, at(3))
    assert from_clause(done, done.adopted[0], at(3)).text == "MUST act 1 the bridge"
