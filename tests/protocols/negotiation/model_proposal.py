"""A proposal as plain dictionaries and sets, written from MESSAGES.md section 4 and not from the code.

A clause's text is nothing but its version here, and a package is the set of (number, version) in it.
"""

from typing import Any

MODES = {"INITIAL": 1, "AD_REFERENDUM": 2, "FINAL": 3}


class ModelProposal:
    """What a proposal should be."""

    def __init__(
        self, proposer: str, required: tuple[str, ...], package: str, needs: list[set[int]], until: int
    ) -> None:
        self.proposer, self.required, self.severable = proposer, required, package == "SEVERABLE"
        self.until = until
        self.ended: str | None = None
        self.clauses: dict[int, dict[str, Any]] = {
            no: {
                "version": 1,
                "needs": needed,
                "yes": {proposer: False} if proposer in required else {},
                "no": set(),
                "later": set(),
            }
            for no, needed in enumerate(needs, start=1)
        }
        self.said: dict[str, str] = {}
        self.effective: int | None = None
        self.named: set[str] = set()
        self.witnessed: dict[str, str] = {}
        self.in_force: frozenset[tuple[int, int]] = frozenset()

    # --- where it stands --------------------------------------------------------------------------

    def clause_status(self, no: int) -> str:
        clause = self.clauses[no]
        if clause["no"]:
            return "REJECTED"
        if clause["later"]:
            return "RESERVED"
        if set(clause["yes"]) == set(self.required):
            return "AGREED"
        return "ACCEPTED_BY" if clause["yes"] else "TABLED"

    def status(self, now: int) -> str:
        if self.ended is not None:
            return self.ended
        each = [self.clause_status(no) for no in self.clauses]
        rejected = each.count("REJECTED")
        if rejected == len(each) or (rejected and not self.severable):
            return "REJECTED"
        if now >= self.until:
            return "LAPSED"
        if each.count("AGREED") == len(each):
            return "AGREED"
        return "PART_AGREED" if "AGREED" in each else "TABLED"

    def open(self, now: int) -> bool:
        return self.status(now) in ("TABLED", "PART_AGREED", "AGREED")

    def all_needs(self, no: int) -> set[int]:
        """Everything that a clause depends on, itself included, by walking."""
        walked: set[int] = set()
        queue = [no]
        while queue:
            one = queue.pop()
            if one not in walked:
                walked.add(one)
                queue += self.clauses[one]["needs"]
        return walked

    def package(self) -> frozenset[tuple[int, int]]:
        agreed = {no for no in self.clauses if self.clause_status(no) == "AGREED"}
        if self.severable:
            inside = {no for no in agreed if self.all_needs(no) <= agreed}
        else:
            inside = agreed if len(agreed) == len(self.clauses) else set()
        return frozenset((no, self.clauses[no]["version"]) for no in inside)

    def fixed(self) -> bool:
        return bool(self.package()) and set(self.said) == set(self.required)

    # --- replies ----------------------------------------------------------------------------------

    def reply(self, who: str, answers: dict[int, dict[str, Any]], ad_ref: bool, now: int) -> set[str]:
        """Take in a reply, or return every rule it breaks and take in nothing.

        Each answer: "what", "version" it answers, and with AMEND the "new" version and what it "needs".
        """
        broken: set[str] = set()
        if who not in self.required:
            broken.add("CLAUSE-REPLY-8")
        if not self.open(now):
            broken.add("CLAUSE-REPLY-9")
        if any(answer["version"] != self.clauses[no]["version"] for no, answer in answers.items()):
            broken.add("CLAUSE-REPLY-1")
        amended = {no for no, answer in answers.items() if answer["what"] == "AMEND"}
        after = self._after(who, answers, ad_ref, amended, broken)
        if self.fixed() and (amended or after.package() != self.package()):
            broken.add("CLAUSE-REPLY-16")
        if broken:
            return broken
        changed = after.package() != self.package()
        self.clauses = after.clauses
        if changed:
            self.said, self.effective, self.named, self.witnessed = {}, None, set(), {}
        return set()

    def _after(
        self, who: str, answers: dict[int, dict[str, Any]], ad_ref: bool, amended: set[int], broken: set[str]
    ) -> "ModelProposal":
        needs = [clause["needs"] for clause in self.clauses.values()]
        after = ModelProposal(
            self.proposer, self.required, "SEVERABLE" if self.severable else "", needs, self.until
        )
        after.clauses = {no: {**clause, "yes": dict(clause["yes"])} for no, clause in self.clauses.items()}
        for no, clause in after.clauses.items():
            if (self.all_needs(no) - {no}) & amended:
                clause["yes"] = {}
        for no, answer in answers.items():
            clause, status = after.clauses[no], after.clause_status(no)
            confirms = answer["what"] == "ACCEPT" and clause["yes"].get(who) is True and not ad_ref
            if status == "REJECTED" or (status == "AGREED" and not confirms):
                broken.add("CLAUSE-REPLY-10")
            clause["yes"].pop(who, None)
            clause["later"] = clause["later"] - {who}
            match answer["what"]:
                case "ACCEPT":
                    clause["yes"][who] = ad_ref
                case "REJECT":
                    clause["no"] = clause["no"] | {who}
                case "RESERVE":
                    clause["later"] = clause["later"] | {who}
                case "AMEND":
                    if answer["new"] != clause["version"] + 1:
                        broken.add("CLAUSE-REPLY-11")
                    fresh = {"version": answer["new"], "needs": answer["needs"], "yes": {who: ad_ref}}
                    clause.update(fresh, no=set(), later=set())
        if any(
            no in after.all_needs(needed) for no in after.clauses for needed in after.clauses[no]["needs"]
        ):
            broken.add("CLAUSE-REPLY-14")
        return after

    # --- ADOPT ------------------------------------------------------------------------------------

    def adopt(
        self,
        who: str,
        mode: str,
        now: int,
        *,
        package: frozenset[tuple[int, int]],
        effective: int,
        ends: dict[int, int],
        mediator: bool,
        witness: str | None,
    ) -> set[str]:
        """Take in an ADOPT, or return every rule it breaks and take in nothing.

        `ends` is the hour at which each clause that is a duty or a ban ends.
        """
        broken: set[str] = set()
        party = who in self.required
        if not party and not (mediator and who in self.named):
            broken.add("ADOPT-2")
        if not self.open(now) and not (self.ended == "ADOPTED" and not party and mediator):
            broken.add("ADOPT-6")
        if not self.package() or package != self.package():
            broken.add("ADOPT-1")
        if party and mode == "FINAL" and any(self.clauses[no]["yes"].get(who) for no, _ in self.package()):
            broken.add("ADOPT-3")
        if set(self.said) - {who} and effective != self.effective:
            broken.add("ADOPT-4")
        before = (self.said if party else self.witnessed).get(who)
        if before is not None and MODES[mode] <= MODES[before]:
            broken.add("ADOPT-5")
        if any(ends.get(no, effective + 1) <= effective for no, _ in self.package()):
            broken.add("ADOPT-10")
        if broken:
            return broken
        if not party:
            self.witnessed[who] = mode
            return set()
        self.said[who], self.effective = mode, effective
        self.named |= {witness} if witness is not None else set()
        if [self.said.get(one) for one in self.required] == ["FINAL"] * len(self.required):
            self.ended, self.in_force = "ADOPTED", self.package()
        return set()

    # --- other ends -------------------------------------------------------------------------------

    def end(self, how: str) -> None:
        self.ended = self.ended or how

    def counter(self, who: str, now: int) -> set[str]:
        if who not in {self.proposer, *self.required} or not self.open(now):
            return {"PROPOSAL-11"}
        self.ended = "REPLACED"
        return set()
