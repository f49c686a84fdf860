"""A commitment as plain dictionaries and sets, written from the table and not from the code.

Time is whole hours. Instead of working out what comes next, the model goes through all that has passed.
"""

from typing import Any

END = ("DISCHARGED", "ENDED", "EXPIRED", "RELEASED", "WITHDRAWN")
OPEN = ("CONDITIONAL", "ACTIVE", "OVERDUE", "CLAIMED", "DISPUTED", "SUSPENDED", "VIOLATED")
FROM = {
    "DETACH": ("CONDITIONAL",),
    "CLAIM": ("ACTIVE", "OVERDUE"),
    "CONFIRM": ("CLAIMED",),
    "DISPUTE": ("CLAIMED", "OVERDUE", "VIOLATED"),
    "RELEASE": OPEN,
    "WITHDRAW": ("CONDITIONAL", "ACTIVE", "OVERDUE"),
    "DELAY": ("ACTIVE",),
    "SUSPEND": ("ACTIVE",),
    "RESUME": ("SUSPENDED",),
    "ASSIGN": OPEN,
    "DELEGATE": OPEN,
}
FOUND = {"MET": "DISCHARGED", "NOT_MET": "VIOLATED", "PARTLY": "DISPUTED", "UNDETERMINED": "DISPUTED"}
DAYS_TO_DISPUTE = 7 * 24


class ModelCommitment:
    """What a commitment should be; `facts` is everything there is to know about it."""

    def __init__(self, **facts: Any) -> None:
        self.facts: dict[str, Any] = {
            "state": facts["history"][-1][1],
            "version": 1,
            "delegate": None,
            "confirmed": set(),
            "released": set(),
            "findings": [],
            "claim": None,
            "pending": [],
            "withdraw_at": None,
            "over": False,
            **facts,
        }

    def __getattr__(self, name: str) -> Any:
        return self.facts[name]

    # --- time -------------------------------------------------------------------------------------

    def pass_time(self, now: int) -> None:
        """Go through the hours up to now that mean anything, again and again until none changes anything."""
        while any(self._hour(hour) for hour in self._hours() if hour <= now):
            pass

    def _hours(self) -> list[int]:
        facts = self.facts
        marked = (facts["detach_at"], facts["expires_at"], facts["end"], facts["withdraw_at"])
        last = facts["history"][-1][0] + DAYS_TO_DISPUTE
        return sorted({hour for hour in (*marked, last) if hour is not None})

    def _hour(self, hour: int) -> bool:
        facts, before = self.facts, (len(self.history), self.over)
        if facts["state"] == "CONDITIONAL" and facts["detach_at"] == hour:
            self._become("ACTIVE", hour)
        if facts["state"] == "CONDITIONAL" and facts["expires_at"] == hour:
            self._become("EXPIRED", hour)
        if facts["state"] == "ACTIVE" and facts["end"] == hour:
            self._become("ENDED" if facts["maintenance"] else "OVERDUE", hour)
        if facts["state"] == "VIOLATED" and facts["history"][-1][0] + DAYS_TO_DISPUTE == hour:
            facts.update(over=True, pending=[])
        if facts["withdraw_at"] == hour and facts["state"] in FROM["WITHDRAW"]:
            self._become("WITHDRAWN", hour)
        return (len(self.history), self.over) != before

    def _become(self, state: str, hour: int) -> None:
        facts = self.facts
        facts["history"] = [*facts["history"], (max(hour, facts["history"][-1][0]), state)]
        facts["state"] = state
        facts["pending"] = [asked for asked in facts["pending"] if state in FROM[asked["event"]]]
        if state not in ("CONDITIONAL", "ACTIVE", "OVERDUE", "SUSPENDED"):
            facts["withdraw_at"] = None

    # --- what people do ---------------------------------------------------------------------------

    def broken(self, event: dict[str, Any], now: int) -> set[str]:
        """Every rule that an event breaks at this time, once time has passed."""
        facts, name, actor = self.facts, event["event"], event["actor"]
        found = set()
        if facts["over"] or facts["state"] in END:
            found.add("COMMIT-EVENT-7")
        if event["version"] != facts["version"]:
            found.add("COMMIT-EVENT-12")
        if actor not in self._owners(name):
            found.add("COMMIT-EVENT-2")
        if facts["state"] not in FROM[name]:
            found.add("COMMIT-EVENT-1")
        if not facts["history"][0][0] <= event["at"] <= now:
            found.add("COMMIT-EVENT-3")
        if name in ("ASSIGN", "DELEGATE") and event["new_party"] in self._taken():
            found.add("COMMIT-EVENT-9")
        if name == "DELAY" and event["new_time"] <= facts["end"]:
            found.add("COMMIT-EVENT-10")
        if name == "WITHDRAW" and facts["withdraw_at"] is not None:
            found.add("COMMIT-EVENT-13")
        if name == "DETACH" and facts["detach_at"] is not None:
            found.add("COMMIT-EVENT-14")
        return found

    def _taken(self) -> set[str]:
        return {self.debtor, self.delegate, self.verifier, *self.creditors}

    def _owners(self, name: str) -> set[str]:
        facts = self.facts
        debtor, creditors = {facts["debtor"]}, set(facts["creditors"])
        if name == "DISPUTE":
            return debtor if facts["state"] == "VIOLATED" else creditors
        return {
            "DETACH": creditors | {facts["verifier"]},
            "CLAIM": debtor | {facts["delegate"]},
            "CONFIRM": creditors,
            "RELEASE": creditors,
            "WITHDRAW": debtor,
            "DELAY": debtor,
            "SUSPEND": debtor | creditors,
            "RESUME": debtor | creditors,
            "ASSIGN": creditors,
            "DELEGATE": debtor,
        }[name]

    def _needed(self, event: dict[str, Any]) -> set[str]:
        facts, actor = self.facts, event["actor"]
        creditors = set(facts["creditors"])
        if event["event"] == "DELAY":
            return creditors
        if event["event"] in ("ASSIGN", "DELEGATE"):
            return {event["new_party"]}
        if event["event"] in ("SUSPEND", "RESUME"):
            alone = {
                None: set(),
                "DEBTOR": {facts["debtor"]},
                "CREDITOR": creditors,
                "EITHER": creditors | {facts["debtor"]},
            }[facts["suspension"]]
            return set() if actor in alone else (creditors | {facts["debtor"]}) - {actor}
        return set()

    def take(self, event: dict[str, Any], now: int) -> None:
        """Take in an event that breaks no rule."""
        needed = self._needed(event)
        if needed:
            others = [asked for asked in self.pending if asked["actor"] != event["actor"]]
            self.facts["pending"] = [*others, {**event, "needed": needed}]
        else:
            self._happen(event, now)

    def answer(self, message: str, who: str, yes: bool, now: int) -> None:
        """Take in somebody's AFFIRM or NEGATIVE; most of them mean nothing."""
        for asked in self.pending:
            if asked["message"] == message and who in asked["needed"]:
                asked["needed"] = asked["needed"] - {who}
                if not yes or not asked["needed"]:
                    self.pending.remove(asked)
                if yes and not asked["needed"]:
                    self._happen(asked, now)
                return

    def _may_wait(self, asked: dict[str, Any]) -> bool:
        """Whether a request still speaks of these terms and these people."""
        sides = {self.debtor, *self.creditors}
        if asked["version"] != self.version or asked["actor"] not in sides:
            return False
        if asked["event"] in ("ASSIGN", "DELEGATE"):
            return asked["new_party"] not in self._taken()
        return all(who in sides for who in asked["needed"])

    def _happen(self, event: dict[str, Any], now: int) -> None:
        facts, actor = self.facts, event["actor"]
        match event["event"]:
            case "DETACH" | "RESUME":
                self._become("ACTIVE", now)
            case "CLAIM":
                facts.update(claim=event["message"], confirmed=set())
                self._become("CLAIMED", now)
            case "DISPUTE":
                self._become("DISPUTED", now)
            case "SUSPEND":
                self._become("SUSPENDED", now)
            case "WITHDRAW":
                facts["withdraw_at"] = now + facts["notice"]
            case "CONFIRM" | "RELEASE" as name:
                said, end = {"CONFIRM": ("confirmed", "DISCHARGED"), "RELEASE": ("released", "RELEASED")}[
                    name
                ]
                facts[said] = facts[said] | {actor}
                if set(facts["creditors"]) <= facts[said]:
                    self._become(end, now)
            case "DELAY":
                facts.update(end=event["new_time"], version=facts["version"] + 1)
            case "ASSIGN":
                left = [one for one in facts["creditors"] if one != actor]
                facts.update(
                    creditors=[*left, event["new_party"]],
                    confirmed=facts["confirmed"] - {actor},
                    released=facts["released"] - {actor},
                )
            case "DELEGATE":
                facts.update(delegate=event["new_party"])
        if event["event"] in ("DELAY", "ASSIGN", "DELEGATE"):
            facts["pending"] = [asked for asked in facts["pending"] if self._may_wait(asked)]
        self.pass_time(now)

    # --- what a verifier finds --------------------------------------------------------------------

    def broken_by_finding(self, who: str, as_of: int, now: int) -> set[str]:
        facts, found = self.facts, set()
        if facts["verifier"] is None or who != facts["verifier"]:
            found.add("FINDING-4")
        if who in (facts["debtor"], facts["delegate"]):
            found.add("FINDING-8")
        if facts["state"] not in ("ACTIVE", "OVERDUE", "CLAIMED", "DISPUTED"):
            found.add("FINDING-5")
        if not facts["history"][0][0] <= as_of <= now:
            found.add("FINDING-7")
        return found

    def find(self, message: str, result: str, now: int) -> None:
        self.facts["findings"] = [*self.findings, message]
        if FOUND[result] != self.state:
            self._become(FOUND[result], now)
