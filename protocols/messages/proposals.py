"""Text on the table, clause by clause: PROPOSAL and CLAUSE-REPLY (MESSAGES.md section 2, rows 12 and 13)."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from protocols import canonical
from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.parallel import ParallelText, check_languages, check_machine
from protocols.messages.rules import violation
from protocols.messages.values import (
    Area,
    Hash,
    Language,
    MessageId,
    Model,
    Needed,
    ParticipantId,
    Place,
    Window,
    text,
)

ClauseNumber = Annotated[int, Field(ge=1, le=40)]


class Clause(Model):
    """One duty, ban or permission: who, whether must, what, where, when."""

    no: Annotated[ClauseNumber, Field(description="its number in the proposal")]
    version: Annotated[int, Field(ge=1, le=10_000, description="1, and one more with each amendment")]
    actor: Annotated[ParticipantId, Needed("PROPOSAL-1"), Field(description="who")]
    modal: Annotated[
        Literal["MUST", "MUST NOT", "MAY"], Needed("PROPOSAL-1"), Field(description="duty, ban, leave")
    ]
    action: Annotated[str, text(300, lines=False), Field(description="does what")]
    object: Annotated[str, text(300, lines=False), Field(description="to or with what")]
    place: Annotated[Place | None, Field(description="where")] = None
    area: Annotated[Area | None, Field(description="where, as corners of an area")] = None
    window: Annotated[Window, Needed("PROPOSAL-1"), Field(description="when; a MUST is due by its end")]
    throughout: Annotated[bool, Field(description="MUST all through the window, not once by its end")] = False
    verifier: Annotated[ParticipantId | None, Field(description="who finds whether it was kept")] = None
    depends_on: Annotated[
        tuple[ClauseNumber, ...], Field(max_length=40, description="clauses without which it does not stand")
    ] = ()
    notice_hours: Annotated[
        int | None,
        Field(ge=0, le=8760, description="notice of withdrawal, in hours; 24 where it is not said"),
    ] = None
    suspension: Annotated[
        Literal["DEBTOR", "CREDITOR", "EITHER"] | None,
        Field(description="who may suspend and resume it alone; where it is not said, both sides agree"),
    ] = None
    texts: Annotated[
        tuple[ParallelText, ...], Field(max_length=8, description="the same in other languages")
    ] = ()


def clause_hash(clause: Clause) -> str:
    """Return the SHA-256, in hex, of the clause in its authentic languages; acceptance names it.

    Translations are left out: a better one changes nothing that anybody accepted.
    """
    authentic = tuple(item for item in clause.texts if item.status == "AUTHENTIC")
    words = clause.model_copy(update={"texts": authentic})
    return hashlib.sha256(canonical.encode(words.model_dump(exclude_none=True))).hexdigest()


def package_hash(proposal: str, glossary_version: int, clauses: Sequence[Clause]) -> str:
    """Return the SHA-256, in hex, of what is adopted together: clauses in order, glossary's version."""
    hashes: list[canonical.Value] = [clause_hash(clause) for clause in clauses]
    package: list[canonical.Value] = ["parley package v1", proposal, glossary_version, hashes]
    return hashlib.sha256(canonical.encode(package)).hexdigest()


def check_clause(
    clause: Clause, numbers: Collection[int], required: Collection[str], languages: Collection[str] = ()
) -> Iterator[RuleViolation]:
    """Yield what PROPOSAL's rules refuse about one clause of a proposal.

    Args:
        clause: the clause, as tabled or amended.
        numbers: of all clauses of the proposal.
        required: its required parties.
        languages: its languages but the prevailing one (`Proposal.other_languages`).
    """
    field = f"clauses.{clause.no - 1}"
    unique = len(set(clause.depends_on)) == len(clause.depends_on)
    if not unique or clause.no in clause.depends_on or not set(clause.depends_on) <= set(numbers):
        yield violation("PROPOSAL-3", f"{field}.depends_on")
    if clause.modal != "MAY" and clause.actor not in required:
        yield violation("PROPOSAL-6", f"{field}.actor")
    if (clause.place is not None and clause.area is not None) or (
        clause.throughout and clause.modal != "MUST"
    ):
        yield violation("PROPOSAL-8", field)
    yield from check_languages(clause.texts, languages, "PROPOSAL-13", f"{field}.texts")
    yield from check_machine(clause.texts, "PROPOSAL-14", f"{field}.texts")


def has_cycle(depends_on: Mapping[int, Collection[int]]) -> bool:
    """Say whether clauses depend on each other in a circle."""
    waiting = {number: set(needed) for number, needed in depends_on.items()}
    while waiting:
        free = [number for number, needed in waiting.items() if not needed & waiting.keys()]
        if not free:
            return True
        for number in free:
            del waiting[number]
    return False


class Proposal(Model):
    """An offer of text, answered clause by clause; it lapses, it is never agreed by silence."""

    title: Annotated[str, text(200, lines=False), Field(description="what it is called")]
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1, max_length=40, description="the text")]
    package: Annotated[
        Literal["ALL_OR_NOTHING", "SEVERABLE"], Field(description="whether agreed clauses can stand alone")
    ]
    required: Annotated[
        tuple[ParticipantId, ...], Field(max_length=32, description="parties that must all agree")
    ]
    glossary_version: Annotated[
        int, Field(ge=0, le=2**31, description="version of the charter's glossary")
    ] = 0
    languages: Annotated[
        tuple[Language, ...], Field(min_length=1, max_length=8, description="languages of the text")
    ] = ("en",)
    prevailing: Annotated[Language, Field(description="the language that decides")] = "en"

    @property
    def other_languages(self) -> tuple[str, ...]:
        """The languages of which each clause has a parallel text."""
        return tuple(language for language in self.languages if language != self.prevailing)

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of PROPOSAL refuse."""
        numbers = [clause.no for clause in self.clauses]
        if numbers != list(range(1, len(numbers) + 1)) or any(clause.version != 1 for clause in self.clauses):
            yield violation("PROPOSAL-2", "clauses")
        if self.prevailing not in self.languages or len(set(self.languages)) != len(self.languages):
            yield violation("PROPOSAL-7", "prevailing")
        for clause in self.clauses:
            yield from check_clause(clause, numbers, self.required, self.other_languages)
        if has_cycle({clause.no: clause.depends_on for clause in self.clauses}):
            yield violation("PROPOSAL-3", "clauses")
        if len(self.required) < 2 or len(set(self.required)) != len(self.required):
            yield violation("PROPOSAL-4", "required")
        if envelope.valid_until is None:
            yield violation("PROPOSAL-5", "valid_until", "needs a time until which it can be accepted")
        if not set(self.required) <= {envelope.sender, *envelope.to}:
            yield violation("PROPOSAL-12", "to")


class ClauseAnswer(Model):
    """The answer to one clause, which its hash names."""

    hash: Annotated[Hash, Field(description="SHA-256 of the clause version it answers")]
    answer: Annotated[Literal["ACCEPT", "REJECT", "AMEND", "RESERVE"], Field(description="the answer")]
    reason: Annotated[str | None, text(500), Field(description="why, unless ACCEPT")] = None
    clause: Annotated[Clause | None, Field(description="the new clause, with AMEND")] = None


class ClauseReply(Model):
    """Answers to clauses; what all required parties accept is agreed, but in force only once adopted."""

    proposal: Annotated[MessageId, Field(description="the proposal it answers")]
    replies: Annotated[
        tuple[ClauseAnswer, ...],
        Needed("CLAUSE-REPLY-7"),
        Field(max_length=40, description="clause by clause"),
    ]
    ad_ref: Annotated[bool, Field(description="accepted subject to the principal's confirmation")] = False

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of CLAUSE-REPLY refuse without looking at the proposal."""
        accepts = False
        for index, reply in enumerate(self.replies):
            accepts = accepts or reply.answer == "ACCEPT"
            if reply.answer == "ACCEPT" and reply.reason is not None:
                yield violation("CLAUSE-REPLY-2", f"replies.{index}.reason", "needs AMEND for a condition")
            if reply.answer != "ACCEPT" and reply.reason is None:
                yield violation("CLAUSE-REPLY-3", f"replies.{index}.reason", "needs why")
            if (reply.clause is not None) != (reply.answer == "AMEND"):
                yield violation("CLAUSE-REPLY-4", f"replies.{index}.clause")
        if accepts and envelope.remarks is not None:
            yield violation("CLAUSE-REPLY-2", "remarks", "needs AMEND for a condition, or no remarks")
        if len({reply.hash for reply in self.replies}) != len(self.replies):
            yield violation("CLAUSE-REPLY-6", "replies")
        if not self.replies:
            yield violation("CLAUSE-REPLY-7", "replies")
