"""The whole table of MESSAGES.md section 4: every state with every event by every actor, against a plain copy of it."""

from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest

from protocols.errors import RuleViolation
from protocols.messages.commitments import EventName
from protocols.messages.findings import RESULTS
from protocols.negotiation.commitment import Commitment, CommitmentState
from protocols.negotiation.commitment_events import apply_event
from protocols.negotiation.commitment_findings import apply_finding

from .owed import MESSAGE, NAMES, at, commitment, event, finding

S = CommitmentState
NOW = at(1)

# From | event | whose | to. "waits": others must AFFIRM; "stays": not everybody has said it yet.
TABLE = """
CONDITIONAL                       | DETACH   | creditor, other creditor, verifier | ACTIVE
ACTIVE OVERDUE                    | CLAIM    | debtor, delegate                   | CLAIMED
CLAIMED                           | CONFIRM  | creditor, other creditor           | stays
CLAIMED OVERDUE                   | DISPUTE  | creditor, other creditor           | DISPUTED
VIOLATED                          | DISPUTE  | debtor                             | DISPUTED
ACTIVE OVERDUE CLAIMED DISPUTED   | MET      | verifier                           | DISCHARGED
ACTIVE OVERDUE CLAIMED DISPUTED   | NOT_MET  | verifier                           | VIOLATED
ACTIVE OVERDUE CLAIMED DISPUTED   | PARTLY   | verifier                           | DISPUTED
ACTIVE OVERDUE CLAIMED DISPUTED   | UNDETERMINED | verifier                       | DISPUTED
CONDITIONAL ACTIVE OVERDUE CLAIMED DISPUTED SUSPENDED VIOLATED | RELEASE | creditor, other creditor | stays
CONDITIONAL ACTIVE OVERDUE        | WITHDRAW | debtor                             | stays
ACTIVE                            | DELAY    | debtor                             | waits
ACTIVE                            | SUSPEND  | debtor, creditor, other creditor   | waits
SUSPENDED                         | RESUME   | debtor, creditor, other creditor   | waits
CONDITIONAL ACTIVE OVERDUE CLAIMED DISPUTED SUSPENDED VIOLATED | ASSIGN | creditor, other creditor | waits
CONDITIONAL ACTIVE OVERDUE CLAIMED DISPUTED SUSPENDED VIOLATED | DELEGATE | debtor | waits
"""
TERMINAL = ["DISCHARGED", "ENDED", "EXPIRED", "RELEASED", "WITHDRAWN"]
FINDINGS = RESULTS["COMMITMENT"]


def rows() -> dict[tuple[str, str, str], str]:
    legal: dict[tuple[str, str, str], str] = {}
    for line in TABLE.strip().splitlines():
        states, name, actors, to = (cell.strip() for cell in line.split("|"))
        for state, actor in product(states.split(), actors.split(", ")):
            legal[state, name, actor] = to
    return legal


LEGAL = rows()
EVENTS: tuple[str, ...] = (*get_args(EventName), *FINDINGS)


def say(before: Commitment, name: str, actor: str) -> Commitment:
    content: Any = finding(name) if name in FINDINGS else event(name)  # type: ignore[arg-type]
    take: Any = apply_finding if name in FINDINGS else apply_event
    after: Commitment = take(before, NAMES[actor], MESSAGE, content, NOW)
    return after


def refusal(state: str, name: str, actor: str) -> str:
    """The rule that refuses what the table does not list."""
    if name in FINDINGS:
        return "FINDING-5" if actor == "verifier" else "FINDING-4"
    if state in TERMINAL:
        return "COMMIT-EVENT-7"
    if name == "DISPUTE":
        owners = {"debtor"} if state == "VIOLATED" else {"creditor", "other creditor"}
    else:
        owners = {whose for _, said, whose in LEGAL if said == name}
    return "COMMIT-EVENT-1" if actor in owners else "COMMIT-EVENT-2"


def test_the_table_speaks_of_all_there_is() -> None:
    assert {state for state, _, _ in LEGAL} | set(TERMINAL) == set(S)
    assert {name for _, name, _ in LEGAL} == set(EVENTS)
    assert {actor for _, _, actor in LEGAL} == set(NAMES) - {"stranger"}
    assert len(LEGAL) == 75


@pytest.mark.parametrize(("state", "name", "actor"), LEGAL, ids=["-".join(key) for key in LEGAL])
def test_every_row_of_the_table(state: str, name: str, actor: str) -> None:
    before = commitment(S(state))
    after = say(before, name, actor)
    to = LEGAL[state, name, actor]
    assert len(after.pending) == (to == "waits")
    if to in ("waits", "stays"):
        assert after.history == before.history
        assert after != before
    else:
        assert after.state == to
        # A finding that leaves it disputed is no new state.
        repeated = state == to
        assert after.history == (before.history if repeated else (*before.history, (NOW, S(to))))


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("name", EVENTS)
def test_whatever_the_table_does_not_list_is_refused(state: S, name: str) -> None:
    for actor in NAMES:
        if (state, name, actor) in LEGAL:
            continue
        before = commitment(state)
        with pytest.raises(RuleViolation) as caught:
            say(before, name, actor)
        assert caught.value.rule == refusal(state, name, actor), actor
        assert before == commitment(state)


@pytest.mark.parametrize("name", EVENTS)
def test_nothing_leaves_a_violation_that_nobody_disputed_in_time(name: str) -> None:
    before = replace(commitment(S.VIOLATED), undisputed=True)
    assert before.terminal
    for actor in NAMES:
        with pytest.raises(RuleViolation) as caught:
            say(before, name, actor)
        expected = "FINDING-4" if actor != "verifier" else "FINDING-5"
        assert caught.value.rule == (expected if name in FINDINGS else "COMMIT-EVENT-7")


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("result", FINDINGS)
def test_where_no_verifier_is_named_nobody_finds(state: S, result: str) -> None:
    before = commitment(state, verifier=None)
    for actor in NAMES:
        with pytest.raises(RuleViolation, match="FINDING-4"):
            say(before, result, actor)
