"""Commitments under arbitrary events, findings, answers and waiting, against a plain model."""

from typing import Any, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocols.errors import RuleViolation
from protocols.messages.commitments import EventName
from protocols.messages.findings import RESULTS
from protocols.negotiation.commitment import HOUR_MS, Commitment, CommitmentState, settle
from protocols.negotiation.commitment_events import SKEW_MS, answer_change, apply_event
from protocols.negotiation.commitment_findings import apply_finding

from .model_commitment import END, ModelCommitment
from .owed import (
    CREDITOR,
    DEBTOR,
    DELEGATE,
    NEW,
    OTHER,
    STRANGER,
    VERIFIER,
    at,
    commitment,
    event,
    finding,
    when,
)

PEOPLE = (DEBTOR, CREDITOR, OTHER, DELEGATE, VERIFIER, NEW, STRANGER)
PERSON = st.sampled_from(PEOPLE)
CREDITORS = st.sampled_from([(CREDITOR,), (CREDITOR, OTHER)])
CONDITION = st.sampled_from([None, "antecedent", "time"])
SUSPENSION = st.sampled_from([None, None, "DEBTOR", "CREDITOR", "EITHER"])
# Mostly the people and things that the table speaks of, so that the far states are reached as well.
OFTEN = st.sampled_from((DEBTOR, DEBTOR, CREDITOR, OTHER, *PEOPLE))
AGO = st.sampled_from([0, 0, 0, 0, 1, -1, 500])


class CommitmentMachine(RuleBasedStateMachine):
    """Does the same to a commitment and to its model; both must come to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.messages = 0

    @initialize(
        creditors=CREDITORS,
        condition=CONDITION,
        suspension=SUSPENSION,
        verifier=st.sampled_from([VERIFIER, VERIFIER, VERIFIER, None, DEBTOR]),
        maintenance=st.booleans(),
        end=st.integers(5, 90),
        first=st.integers(1, 30),
        notice=st.sampled_from([0, 3, 24]),
    )
    def create(
        self,
        creditors: tuple[str, ...],
        condition: str | None,
        suspension: Any,
        verifier: str | None,
        maintenance: bool,
        end: int,
        first: int,
        notice: int,
    ) -> None:
        state = CommitmentState.ACTIVE if condition is None else CommitmentState.CONDITIONAL
        expires = first if condition == "antecedent" else None
        detach = first if condition == "time" else None
        self.real = commitment(
            creditors=creditors,
            history=((at(0), state),),
            maintenance=maintenance,
            verifier=verifier,
            suspension=suspension,
            delegate=None,
            end_ms=at(end),
            notice_ms=notice * HOUR_MS,
            conditional_until_ms=None if expires is None else at(expires),
            detach_at_ms=None if detach is None else at(detach),
        )
        self.model = ModelCommitment(
            debtor=DEBTOR,
            creditors=[*creditors],
            verifier=verifier,
            suspension=suspension,
            maintenance=maintenance,
            end=end,
            notice=notice,
            expires_at=expires,
            detach_at=detach,
            history=[(0, state.value)],
        )

    def meet(self, expected: set[str], change: Any) -> bool:
        """Do it; it must be refused by one of the rules that the model names, or accepted where it names none."""
        before = self.real
        held = settle(before, at(self.now))
        refusal = None
        try:
            self.real = change(before)
        except RuleViolation as error:
            refusal = error.rule
        assert refusal in expected if expected else refusal is None, (refusal, expected)
        if refusal is not None:
            assert self.real is before
            assert settle(before, at(self.now)) == held
        return refusal is None

    @rule(hours=st.sampled_from([1, 1, 2, 5, 20, 7 * 24]))
    def wait(self, hours: int) -> None:
        self.now += hours
        before = self.real
        self.real = settle(before, at(self.now))
        if before.state is not CommitmentState.VIOLATED:
            assert self.real.state is not CommitmentState.VIOLATED
        self.model.pass_time(self.now)

    @rule(hours=st.sampled_from([1, 3, 24]))
    def wait_unseen(self, hours: int) -> None:
        """Time that nobody looks at: the next event meets what it did."""
        self.now += hours

    @rule(
        name=st.sampled_from(get_args(EventName)), actor=OFTEN, ago=AGO, stale=st.integers(0, 9), new=PERSON
    )
    def say_anything(self, name: EventName, actor: str, ago: int, stale: int, new: str) -> None:
        self.say(name, actor, ago, stale, new)

    @rule(choice=st.integers(0, 999))
    def say_what_is_possible(self, choice: int) -> None:
        """One of the things that the model would let somebody do now."""
        self.model.pass_time(self.now)
        possible = [
            (name, who)
            for name in get_args(EventName)
            for who in PEOPLE
            if not self.model.broken(self.event(name, who, 0, 5, NEW), self.now)
        ]
        possible += [
            (result, VERIFIER)
            for result in RESULTS["COMMITMENT"]
            if not self.model.broken_by_finding(VERIFIER, self.now, self.now)
        ]
        if possible:
            name, who = possible[choice % len(possible)]
            if name in RESULTS["COMMITMENT"]:
                self.find(name, who, 0)
            else:
                self.say(name, who, 0, 5, NEW)

    def event(self, name: EventName, actor: str, ago: int, stale: int, new: str) -> dict[str, Any]:
        return {
            "event": name,
            "actor": actor,
            "message": f"{self.messages + 1:032x}",
            "at": self.now - ago,
            "version": self.model.version + (stale == 0),
            "new_party": NEW if stale % 3 else new,
            "new_time": self.model.end + (stale > 1) * 30,
        }

    def say(self, name: EventName, actor: str, ago: int, stale: int, new: str) -> None:
        self.model.pass_time(self.now)
        said = self.event(name, actor, ago, stale, new)
        self.messages += 1
        # The skew that is let pass is less than an hour.
        assert SKEW_MS < HOUR_MS
        content = event(name, version=said["version"], at=when(self.now - ago))
        if name in ("ASSIGN", "DELEGATE"):
            content = content.model_copy(update={"new_party": said["new_party"]})
        if name == "DELAY":
            content = content.model_copy(update={"new_time": when(said["new_time"])})
        broken = self.model.broken(said, self.now)
        if self.meet(broken, lambda real: apply_event(real, actor, said["message"], content, at(self.now))):
            self.model.take(said, self.now)

    @rule(
        result=st.sampled_from(RESULTS["COMMITMENT"]),
        who=st.sampled_from([VERIFIER, VERIFIER, *PEOPLE]),
        ago=AGO,
    )
    def find_anything(self, result: Any, who: str, ago: int) -> None:
        self.find(result, who, ago)

    def find(self, result: Any, who: str, ago: int) -> None:
        self.model.pass_time(self.now)
        self.messages += 1
        message, as_of = f"{self.messages:032x}", self.now - ago
        broken = self.model.broken_by_finding(who, as_of, self.now)
        said = finding(result, as_of=when(as_of))
        if self.meet(broken, lambda real: apply_finding(real, who, message, said, at(self.now))):
            self.model.find(message, result, self.now)

    @precondition(lambda self: self.messages > 0)
    @rule(who=PERSON, yes=st.booleans(), last=st.integers(0, 1))
    def answer(self, who: str, yes: bool, last: int) -> None:
        self.model.pass_time(self.now)
        message = f"{self.messages - last:032x}"
        self.real = answer_change(self.real, message, who, yes, at(self.now))
        self.model.answer(message, who, yes, self.now)

    @precondition(lambda self: self.model.pending)
    @rule(index=st.integers(0, 5))
    def affirm_by_all(self, index: int) -> None:
        """Everybody whose word is wanted gives it, as people mostly do."""
        self.model.pass_time(self.now)
        if not self.model.pending:
            return
        asked = self.model.pending[index % len(self.model.pending)]
        for who in sorted(asked["needed"]):
            self.real = answer_change(self.real, asked["message"], who, True, at(self.now))
            self.model.answer(asked["message"], who, True, self.now)

    @invariant()
    def they_are_the_same(self) -> None:
        if hasattr(self, "real"):
            self.model.pass_time(self.now)
            real = settle(self.real, at(self.now))
            assert as_facts(real) == as_facts(self.model)
            assert real.terminal is (real.state in END or real.undisputed)
            assert CommitmentState.VIOLATED not in self.without_a_finding()

    def without_a_finding(self) -> set[CommitmentState]:
        """The states that were entered, where nobody was named who finds."""
        return set() if self.model.verifier == VERIFIER else {state for _, state in self.real.history}


def as_facts(one: Commitment | ModelCommitment) -> dict[str, Any]:
    """Both in the same words."""
    if isinstance(one, ModelCommitment):
        return {
            **{name: one.facts[name] for name in ("version", "delegate", "confirmed", "released", "claim")},
            "creditors": [*one.creditors],
            "findings": one.findings,
            "end": at(one.end),
            "history": [(at(hour), state) for hour, state in one.history],
            "withdraw_at": None if one.withdraw_at is None else at(one.withdraw_at),
            "over": one.over,
            "pending": [(asked["message"], asked["actor"], asked["needed"]) for asked in one.pending],
        }
    return {
        "version": one.version,
        "delegate": one.delegate,
        "confirmed": set(one.confirmed),
        "released": set(one.released),
        "claim": one.claim,
        "creditors": [*one.creditors],
        "findings": [*one.findings],
        "end": one.end_ms,
        "history": [(since, state.value) for since, state in one.history],
        "withdraw_at": one.withdraw_at_ms,
        "over": one.undisputed,
        "pending": [(change.message, change.actor, set(change.needed)) for change in one.pending],
    }


TestCommitmentMachine = CommitmentMachine.TestCase
TestCommitmentMachine.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
