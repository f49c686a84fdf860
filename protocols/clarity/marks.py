"""The warnings of MESSAGES.md section 2, the rows' marks `!`: what the fields of a message say together.

Two of those marks are checks of section 5: undefined terms are CLARITY-15, words of intent CLARITY-21.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel

from protocols.clarity.passage import Passage, Use, passages
from protocols.clarity.patterns import listed, phrases
from protocols.clarity.report import Finding, Severity
from protocols.clarity.scripts import look_alike_words
from protocols.clarity.terms import find_terms
from protocols.confusables import caseless
from protocols.messages.findings import NOT_ATTRIBUTED
from protocols.messages.findings import Finding as MonitorFinding
from protocols.messages.glossary import GlossaryTerm, Term
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.meetings import Meeting
from protocols.messages.message import Message
from protocols.messages.persons import Persons
from protocols.messages.values import Place, time_ms

_HOUR_MS: Final = 3_600_000
MOVEMENT_LEAD_MS: Final = 48 * _HOUR_MS
ACTIVITY_LEAD_MS: Final = 72 * _HOUR_MS

MARKS: Final[Mapping[str, str]] = {
    "W-1": "an INFORM that speaks of duties",
    "W-2": "a negative question",
    "W-3": "a MOVEMENT notified less than 48 hours ahead",
    "W-4": "an ACTIVITY notified less than 72 hours ahead",
    "W-5": "a TERM that stands in text already adopted",
    "W-6": "an attribution by a FINDING whose Grade is below C or 3",
    "W-7": "health or a family's address in PERSONS",
    "W-8": "travel to a MEETING without a commitment to safe passage",
    "W-9": "one place name on two spots",
    "W-10": "a word in another script that looks like the script around it",
}
"""What each warning is about; W-9 and W-10 belong to checks 9 and 24, which see less of a message."""
ENGLISH_MARKS: Final = frozenset({"W-1", "W-2", "W-7"})

_PROMISING: Final = listed("""
    undertakes?, commits?, promises?, guarantees?, pledges?, agrees? to, will withdraw, will release
    will stop, will allow, will open, will hand over, will not fire, will refrain
""")
_DUTY: Final = phrases(
    "must(?: not)?",
    "shall(?: not)?",
    "(?:is|are|was|were) (?:obliged|required|expected|bound|forbidden|prohibited|not allowed) (?:to|from)",
    "(?:has|have|need|needs|had) to",
    "(?:you|they|party \\w{1,20}|your side|the other side) (?:should|ought to|will)(?! be able)",
    f"(?:we|i|our side|this party|party \\w{{1,20}}) {_PROMISING}",
    "please",
    "(?:we )?(?:demand|insist|require|request) that",
)
_ASKING: Final = listed("""
    is, are, was, were, do, does, did, has, have, had, will, would, can, could, should, must
""")
_NEGATIVE_QUESTION: Final = phrases(
    f"{_ASKING}n['\u2019]t",
    "won['\u2019]t",
    "can['\u2019]t",
    f"(?:{_ASKING}|why|who)(?: \\w{{1,20}}){{0,3}} (?:not|never|no longer|nobody|nothing)",
    "unable",
    "unwilling",
    "(?:fail|refuse)(?:e?d)? to",
    "deny",
    "denied",
)
_HEALTH: Final = listed("""
    wounds?, wounded in, injur(?:y|ies|ed), diabet(?:es|ic), epilep(?:sy|tic), asthma(?:tic)?, cancer, hiv
    aids, hepatitis, tuberculosis, pregnan(?:t|cy), disab(?:led|ility), amput\\w{2,6}, paraly[sz]\\w{1,4}
    blind, deaf, medication, insulin, surgery, operation on, fracture[ds]?, blood (?:type|group)
    diagnos\\w{2,4}, mental(?:ly)?, depress\\w{2,4}, trauma\\w{0,6}, ill, illness, sick, disease, patient
    treatment
""")
_KIN: Final = listed("""
    wife, husband, mother, father, son, daughter, brother, sister, parents?, famil(?:y|ies), children
    cousin, relatives?
""")
_HOME: Final = listed("""
    lives?, living, resid\\w{2,6}, address, home, house, flat, apartment, street, phone, number
""")
_PRIVATE: Final = phrases(
    _HEALTH,
    f"{_KIN}(?:['\u2019]s?)? (?:[\\w-]{{1,20}} ){{0,4}}{_HOME}",
    "(?:home|family|house) address(?:es)?",
    "(?:street|avenue|apartment|flat|house) (?:no\\.? ?)?\\d{1,5}",
    "\\d{1,5} \\w{2,20} (?:street|avenue|road)",
)


def marks(message: Message, glossary: Sequence[GlossaryTerm], adopted: Sequence[str]) -> Iterator[Finding]:
    """Yield the warnings about a message.

    Args:
        message: it keeps the rules of its type.
        glossary: the charter's terms.
        adopted: texts in force, such as the words of adopted clauses.
    """
    content, sent = message.content, time_ms(message.envelope.sent)
    match content:
        case Inform():
            yield from _inform(message)
        case Question():
            yield from _question(message)
        case Notify(kind="MOVEMENT", window=window) if time_ms(window.start) - sent < MOVEMENT_LEAD_MS:
            yield _field(
                "W-3",
                "window.start",
                "the lead is under 48 hours: word may not reach everybody on the road",
                "start later, or say in remarks why it cannot wait",
            )
        case Notify(kind="ACTIVITY", window=window) if time_ms(window.start) - sent < ACTIVITY_LEAD_MS:
            yield _field(
                "W-4",
                "window.start",
                "the lead is under 72 hours: the activity may be taken for something else",
                "start later, or say in remarks why it cannot wait",
            )
        case Term():
            yield from _term(content, adopted)
        case MonitorFinding() if content.attribution != NOT_ATTRIBUTED and _is_weak(content.grade):
            yield _field(
                "W-6",
                "attribution",
                f"grade {content.grade} is weak ground to name somebody",
                f"use {NOT_ATTRIBUTED}, or give the better source",
            )
        case Persons():
            yield from _persons(message)
        case Meeting(operation="PROPOSE" | "CHANGE", place=Place(), safe_passage=()):
            yield _field(
                "W-8",
                "safe_passage",
                "people travel to this place, and no commitment makes their way safe",
                "get a COMMIT for their passage first, and cite it",
            )
        case _:
            pass
    yield from _places(content)
    for passage in passages(message):
        if passage.use is not Use.QUOTED:
            for hit in look_alike_words(passage.text):
                yield Finding(
                    id="W-10",
                    severity=Severity.ASK,
                    field=passage.path,
                    span=(hit.start, hit.end),
                    words=passage.text[hit.start : hit.end],
                    sentence=hit.sentence,
                    suggestion=hit.suggestion,
                )


def _field(check: str, field: str, sentence: str, suggestion: str) -> Finding:
    return Finding(
        id=check,
        severity=Severity.ASK,
        field=field,
        span=None,
        words="",
        sentence=sentence,
        suggestion=suggestion,
    )


def _words(check: str, passage: Passage, span: tuple[int, int], sentence: str, suggestion: str) -> Finding:
    words = passage.text[span[0] : span[1]]
    return Finding(
        id=check,
        severity=Severity.ASK,
        field=passage.path,
        span=span,
        words=words,
        sentence=f'"{words}" {sentence}',
        suggestion=suggestion,
    )


def _inform(message: Message) -> Iterator[Finding]:
    for passage in passages(message):
        if passage.english and passage.use is Use.STATEMENT:
            for found in _DUTY.finditer(passage.text):
                yield _words(
                    "W-1",
                    passage,
                    found.span(),
                    "speaks of a duty; an INFORM creates none",
                    "send a REQUEST or a COMMIT",
                )


def _question(message: Message) -> Iterator[Finding]:
    for passage in passages(message):
        if passage.english and passage.path == "question":
            found = _NEGATIVE_QUESTION.search(passage.text)
            if found is not None:
                yield _words(
                    "W-2",
                    passage,
                    found.span(),
                    "makes yes and no change places in some languages",
                    "ask it without a negation",
                )


def _term(content: Term, adopted: Sequence[str]) -> Iterator[Finding]:
    probe = GlossaryTerm(
        term=content.term, definition=content.definition, lang="en", version=1, source="0" * 32
    )
    if any(find_terms(text, (probe,)) for text in adopted):
        yield _field(
            "W-5",
            "term",
            "this term stands in text that is in force: a new definition may change what was agreed",
            "say in remarks whether the adopted text keeps its old meaning",
        )


def _is_weak(grade: str) -> bool:
    return grade[0] > "C" or grade[1] > "3"


def _persons(message: Message) -> Iterator[Finding]:
    for passage in passages(message):
        if passage.english:
            for found in _PRIVATE.finditer(passage.text):
                yield _words(
                    "W-7",
                    passage,
                    found.span(),
                    "is about health or a family; if the list leaks, it can be used against them",
                    "take it out: the list needs a reference, a name and the last place",
                )


def _places(content: BaseModel) -> Iterator[Finding]:
    """The same name on different spots, anywhere in a message."""
    seen: dict[str, tuple[str, str]] = {}
    for path, place in _all_places(content, ""):
        spot = (place.lat, place.lon)
        if seen.setdefault(caseless(place.name), spot) != spot:
            yield _field(
                "W-9",
                f"{path}.name",
                "this name stands for two different spots in this message",
                "give each place a name of its own, such as North and South",
            )


def _all_places(model: BaseModel, prefix: str) -> Iterator[tuple[str, Place]]:
    """Yield every place by its path, but for the corners of an area: they may share the area's name."""
    for name in type(model).model_fields:
        if name == "area":
            continue
        value = getattr(model, name)
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in items:
            path = f"{prefix}{name}" if index is None else f"{prefix}{name}.{index}"
            if isinstance(item, Place):
                yield path, item
            elif isinstance(item, BaseModel):
                yield from _all_places(item, f"{path}.")
