"""Undertaking something, and what becomes of it: COMMIT, COMMIT-EVENT (MESSAGES.md section 2, 16 and 17)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.parallel import check_languages, check_machine
from protocols.messages.proposals import Clause
from protocols.messages.rules import violation
from protocols.messages.values import (
    CRITICAL,
    CommitmentId,
    Hash,
    Model,
    ParticipantId,
    Time,
    text,
    time_ms,
)

MAX_UNREVIEWED_MS: Final = 365 * 86_400_000

EventName = Literal[
    "DETACH",
    "CLAIM",
    "CONFIRM",
    "DISPUTE",
    "RELEASE",
    "WITHDRAW",
    "DELAY",
    "SUSPEND",
    "RESUME",
    "ASSIGN",
    "DELEGATE",
]
EVENTS_WITH_REASON: Final = frozenset({"WITHDRAW", "DISPUTE", "DELAY"})
EVENTS_WITH_NEW_PARTY: Final = frozenset({"ASSIGN", "DELEGATE"})
EVENTS_NEEDING_AFFIRM: Final = frozenset({"DELAY", "SUSPEND", "RESUME", "ASSIGN", "DELEGATE"})


class Commit(Model):
    """A unilateral undertaking: it needs nobody's agreement, and binds only its debtor."""

    debtor: Annotated[ParticipantId, Field(description="who undertakes it")]
    creditors: Annotated[
        tuple[ParticipantId, ...], Field(min_length=1, max_length=32, description="to whom it is undertaken")
    ]
    consequent: Annotated[Clause, CRITICAL, Field(description="what is undertaken")]
    antecedent: Annotated[
        Clause | None, Field(description="what must happen first, unless it holds at once")
    ] = None
    detach_at: Annotated[
        Time | None, Field(description="from when it holds, unless at once or after an antecedent")
    ] = None
    notice_hours: Annotated[int, Field(ge=0, le=8760, description="notice of withdrawal, in hours")]
    witness: Annotated[ParticipantId | None, Field(description="who witnesses it")] = None
    custodian: Annotated[ParticipantId | None, Field(description="who keeps a copy")] = None
    evidence: Annotated[
        str | None, text(300, lines=False), Field(description="what will show that it was kept")
    ] = None
    review: Annotated[
        Time | None, Field(description="when it is looked at again; with a window of over 365 days")
    ] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of COMMIT refuse without looking at the roster."""
        if self.consequent.actor != self.debtor:
            yield violation("COMMIT-2", "consequent.actor", "needs the debtor: nobody commits another")
        if self.consequent.modal == "MAY":
            yield violation("COMMIT-2", "consequent.modal", "needs MUST or MUST NOT")
        yield from self._check_times()
        unique = len(set(self.creditors)) == len(self.creditors) and self.debtor not in self.creditors
        if not unique:
            yield violation("COMMIT-4", "creditors", "needs each creditor once, and not the debtor")
        if not set(self.creditors) <= {*envelope.to, *envelope.info}:
            yield violation("COMMIT-4", "to", "needs every creditor among the addressees")
        yield from _check_alone(self.consequent, "consequent", envelope)
        if self.antecedent is not None:
            yield from _check_alone(self.antecedent, "antecedent", envelope)

    def _check_times(self) -> Iterator[RuleViolation]:
        start, end = time_ms(self.consequent.window.start), time_ms(self.consequent.window.end)
        if self.review is None:
            if end - start > MAX_UNREVIEWED_MS:
                yield violation("COMMIT-3", "review", "is needed with a window of over 365 days")
        elif not start < time_ms(self.review) <= min(end, start + MAX_UNREVIEWED_MS):
            yield violation(
                "COMMIT-3", "review", "needs a time in the window, 365 days after its start at most"
            )
        if self.antecedent is not None and self.detach_at is not None:
            yield violation("COMMIT-5", "detach_at", "needs either an antecedent or detach_at")
        if self.antecedent is not None and time_ms(self.antecedent.window.end) >= end:
            yield violation("COMMIT-5", "antecedent.window.end", "needs a time before the consequent's end")
        if self.detach_at is not None and time_ms(self.detach_at) >= end:
            yield violation("COMMIT-5", "detach_at", "needs a time before the consequent's end")


def _check_alone(clause: Clause, field: str, envelope: Envelope) -> Iterator[RuleViolation]:
    """A clause of a commitment stands by itself: no number among others, no notice of its own."""
    for name, given in (
        ("depends_on", bool(clause.depends_on)),
        ("notice_hours", clause.notice_hours is not None),
    ):
        if given:
            yield violation("COMMIT-6", f"{field}.{name}", "is not given in a commitment's clause")
    if (clause.no, clause.version) != (1, 1):
        yield violation("COMMIT-6", f"{field}.no", "needs number 1 in version 1")
    if clause.place is not None and clause.area is not None:
        yield violation("COMMIT-6", f"{field}.area", "needs a place or an area, not both")
    if clause.throughout and clause.modal != "MUST":
        yield violation("COMMIT-6", f"{field}.throughout", "goes only with MUST")
    languages = {item.lang for item in clause.texts} - {envelope.lang}
    yield from check_languages(clause.texts, languages, "COMMIT-7", f"{field}.texts")
    yield from check_machine(clause.texts, "COMMIT-7", f"{field}.texts")


class CommitEvent(Model):
    """A claim, confirmation, dispute or change of a commitment; what is illegal changes nothing."""

    commitment: Annotated[CommitmentId, Field(description="the commitment")]
    event: Annotated[EventName, Field(description="what happens to it")]
    at: Annotated[Time, Field(description="when it happened")]
    version: Annotated[
        int,
        Field(
            ge=1,
            le=2**31,
            description="the commitment's version that it acts on; each DELAY raises it",
        ),
    ] = 1
    evidence: Annotated[
        tuple[Hash, ...], Field(max_length=32, description="SHA-256 of evidence; with CLAIM")
    ] = ()
    reason: Annotated[str | None, text(500), Field(description="why; with WITHDRAW, DISPUTE and DELAY")] = (
        None
    )
    new_party: Annotated[ParticipantId | None, Field(description="to whom; with ASSIGN and DELEGATE")] = None
    new_time: Annotated[Time | None, Field(description="the new end; with DELAY")] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of COMMIT-EVENT refuse without looking at the commitment."""
        if time_ms(self.at) > time_ms(envelope.sent):
            yield violation("COMMIT-EVENT-3", "at", "needs a time not after the message is sent")
        if bool(self.evidence) != (self.event == "CLAIM"):
            yield violation("COMMIT-EVENT-4", "evidence")
        if self.reason is None and self.event in EVENTS_WITH_REASON:
            yield violation("COMMIT-EVENT-5", "reason", "needs why")
        if (self.new_party is not None) != (self.event in EVENTS_WITH_NEW_PARTY):
            yield violation("COMMIT-EVENT-6", "new_party")
        if (self.new_time is not None) != (self.event == "DELAY"):
            yield violation("COMMIT-EVENT-6", "new_time")
        elif self.new_time is not None and time_ms(self.new_time) <= time_ms(envelope.sent):
            yield violation("COMMIT-EVENT-10", "new_time")
