"""Proposals under arbitrary replies, ADOPTs, counters and waiting, against a plain model."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocols.errors import RuleViolation
from protocols.messages.adoption import AdoptMode
from protocols.messages.proposals import ClauseAnswer, package_hash
from protocols.messages.values import Window
from protocols.negotiation.commitment_sources import from_clause
from protocols.negotiation.proposal import PackageStatus, TabledProposal, counter, end_proposal

from .model_proposal import ModelProposal
from .owed import at, when
from .tabled import AMAL, BORIS, CARLA, ID, MIRA, OTTO, adopts, answer, clause, say, tabled, word

UNTIL_H = 72
PEOPLE = (AMAL, BORIS, CARLA, MIRA, OTTO)
MEDIATORS = (MIRA, OTTO)
# Which clauses each of the four depends on; each may be amended to depend on any others.
NEEDS = st.sampled_from(
    [
        [set(), {1}, {2}, set()],
        [set(), {1}, {1}, {2, 3}],
        [set(), set(), set(), set()],
        [{2}, {3}, {4}, set()],
    ]
)
OTHER_NEEDS = st.sets(st.integers(1, 4), max_size=2)
WHAT = st.sampled_from(["ACCEPT", "ACCEPT", "RESERVE", "AMEND", "AMEND", "REJECT"])
ANSWER = st.tuples(WHAT, OTHER_NEEDS, st.sampled_from([0] * 8 + [1]))
MODES: list[AdoptMode] = ["INITIAL", "AD_REFERENDUM", "FINAL", "FINAL"]
MODALS = {1: "MUST", 2: "MUST NOT", 3: "MAY", 4: "MUST"}
# Clause 4 ends early, so that a late effective time finds it over.
ENDS = {1: 200, 2: 200, 3: 50, 4: 100}


class ProposalMachine(RuleBasedStateMachine):
    """Does the same to a proposal and to its model; both must come to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0

    @initialize(
        by=st.sampled_from([AMAL, AMAL, MIRA]),
        package=st.sampled_from(["ALL_OR_NOTHING", "SEVERABLE", "SEVERABLE"]),
        required=st.sampled_from([(AMAL, BORIS), (AMAL, BORIS), (AMAL, BORIS, CARLA)]),
        needs=NEEDS,
    )
    def put_on_the_table(
        self, by: str, package: str, required: tuple[str, ...], needs: list[set[int]]
    ) -> None:
        texts = [
            clause(
                no,
                modal=MODALS[no],
                depends_on=tuple(sorted(needed)),
                window=Window(start=when(1), end=when(ENDS[no])),
            )
            for no, needed in enumerate(needs, start=1)
        ]
        self.real = tabled(*texts, by=by, package=package, required=required)
        self.model = ModelProposal(by, required, package, needs, UNTIL_H)

    def meet(self, expected: set[str], change: Callable[[TabledProposal], TabledProposal]) -> None:
        """Do it; it must be refused by one of the rules that the model names, or accepted where it names none."""
        before, was, refusal = self.real, spoken(self.real), None
        try:
            self.real = change(before)
        except RuleViolation as error:
            refusal = error.rule
        assert refusal in expected if expected else refusal is None, (refusal, expected)
        assert spoken(before) == was

    @rule(hours=st.sampled_from([1, 1, 5, 40]))
    def wait(self, hours: int) -> None:
        before = self.real
        status = before.status(at(self.now))
        self.now += hours
        after = before.status(at(self.now))
        assert after in (status, PackageStatus.LAPSED)

    @rule(
        who=st.sampled_from([AMAL, BORIS, BORIS, CARLA, *PEOPLE]),
        answers=st.dictionaries(st.integers(1, 4), ANSWER, min_size=1),
        ad_ref=st.sampled_from([False, False, True]),
        backwards=st.booleans(),
    )
    def reply(
        self, who: str, answers: dict[int, tuple[str, set[int], int]], ad_ref: bool, backwards: bool
    ) -> None:
        given: list[ClauseAnswer] = []
        told: dict[int, dict[str, Any]] = {}
        for no, (what, needs, stale) in sorted(answers.items(), reverse=backwards):
            current = self.real.clauses[no - 1].clause
            new: dict[str, Any] = {
                "action": f"act {no} as of version {current.version}",
                "depends_on": tuple(sorted(needs - {no})),
                "version": current.version + 1 + stale,
            }
            said = answer(self.real, no, what, **new) if what == "AMEND" else answer(self.real, no, what)
            old = stale and what != "AMEND" and self.real.clauses[no - 1].superseded
            if old:
                said = said.model_copy(update={"hash": old[-1]})
            given.append(said)
            told[no] = {
                "what": what,
                "version": current.version - bool(old),
                "new": new["version"],
                "needs": needs - {no},
            }
        self.answer(who, given, told, ad_ref)

    @rule(
        left_out=st.sampled_from([None, None, 1, 3, 4, 4]), ad_ref=st.sampled_from([None, None, None, BORIS])
    )
    def everybody_accepts(self, left_out: int | None, ad_ref: str | None) -> None:
        """Everybody accepts what they have not, as talks that go well end."""
        for who in self.model.required:
            told = {
                no: {"what": "ACCEPT", "version": one["version"]}
                for no, one in self.model.clauses.items()
                if who not in one["yes"] and not one["no"] and no != left_out
            }
            if told:
                given = [answer(self.real, no, "ACCEPT") for no in told]
                self.answer(who, given, told, who == ad_ref)

    def answer(
        self, who: str, given: list[ClauseAnswer], told: dict[int, dict[str, Any]], ad_ref: bool
    ) -> None:
        broken = self.model.reply(who, told, ad_ref, self.now)
        self.meet(broken, lambda real: say(real, who, *given, hour=self.now, ad_ref=ad_ref))

    @rule(
        who=st.sampled_from([AMAL, BORIS, CARLA, *PEOPLE]),
        mode=st.sampled_from(MODES),
        effective=st.sampled_from([80, 80, 81, 150]),
        right=st.sampled_from([True] * 6 + [False]),
        witness=st.sampled_from([None, MIRA, OTTO]),
    )
    def adopt(self, who: str, mode: AdoptMode, effective: int, right: bool, witness: str | None) -> None:
        package = self.model.package() if right else frozenset({(9, 9)})
        ends = {no: hour for no, hour in ENDS.items() if MODALS[no] != "MAY"}
        broken = self.model.adopt(
            who,
            mode,
            self.now,
            package=package,
            effective=effective,
            ends=ends,
            mediator=who in MEDIATORS,
            witness=witness,
        )
        more: dict[str, Any] = {} if right else {"package_hash": "0" * 64}
        self.meet(
            broken,
            lambda real: adopts(
                real,
                who,
                mode,
                hour=self.now,
                mediator=who in MEDIATORS,
                effective=when(effective),
                witness=witness,
                **more,
            ),
        )

    @rule(mode=st.sampled_from(MODES), witness=st.sampled_from([None, MIRA]))
    def everybody_adopts(self, mode: AdoptMode, witness: str | None) -> None:
        for who in self.model.required:
            self.adopt(who, mode, 80, True, witness)

    @rule(who=st.sampled_from(PEOPLE), really=st.sampled_from([False] * 5 + [True]))
    def replace_it(self, who: str, really: bool) -> None:
        if really or who not in (self.model.proposer, *self.model.required):
            broken = self.model.counter(who, self.now)
            self.meet(broken, lambda real: counter(real, who, at(self.now)))

    @rule(really=st.sampled_from([False] * 9 + [True]))
    def withdraw(self, really: bool) -> None:
        if really:
            self.model.end("WITHDRAWN")
            self.real = end_proposal(self.real, PackageStatus.WITHDRAWN)

    @invariant()
    def they_are_the_same(self) -> None:
        if not hasattr(self, "real"):
            return
        model, real, now = self.model, self.real, self.now
        for no, clause_ in model.clauses.items():
            one = real.clauses[no - 1]
            assert word(one) == clause_["yes"]
            assert (set(one.rejected), set(one.reserved)) == (clause_["no"], clause_["later"])
            assert (one.clause.version, set(one.clause.depends_on)) == (clause_["version"], clause_["needs"])
            assert real.clause_status(one) == model.clause_status(no)
            assert len(one.superseded) == one.clause.version - 1
        assert real.status(at(now)) == model.status(now)
        assert {(one.clause.no, one.clause.version) for one in real.package()} == model.package()
        assert real.is_fixed() is model.fixed()
        digest = real.package_hash()
        said = {} if digest is None else dict(real.adoptions.get(digest, {}))
        assert said == model.said
        assert {who for named in real.named.values() for who in named} == model.named
        assert [dict(seen) for seen in real.witnesses.values()] in ([], [model.witnessed])
        assert [*real.effective.values()] == ([] if model.effective is None else [when(model.effective)])

    @invariant()
    def only_finals_of_everybody_put_it_in_force(self) -> None:
        if not hasattr(self, "real"):
            return
        real = self.real
        assert (real.ended is PackageStatus.ADOPTED) is bool(real.adopted)
        if not real.adopted:
            return
        digest = package_hash(ID, 0, real.adopted)
        assert real.adoptions == {digest: dict.fromkeys(real.content.required, "FINAL")}
        assert {(one.no, one.version) for one in real.adopted} == self.model.in_force
        assert not any(
            word(real.clauses[one.no - 1])[who] for one in real.adopted for who in real.content.required
        )
        made = [from_clause(real, one, at(self.now)) for one in real.adopted if one.modal != "MAY"]
        assert len({one.id for one in made}) == len([one for one in real.adopted if MODALS[one.no] != "MAY"])


def spoken(one: TabledProposal) -> list[Any]:
    """Everything that was said, copied."""
    return [*(word(clause_) for clause_ in one.clauses), *(dict(said) for said in one.adoptions.values())]


TestProposalMachine = ProposalMachine.TestCase
TestProposalMachine.settings = settings(
    max_examples=200,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
