"""Running the checks over a message (MESSAGES.md section 5).

Nothing here delays an ALERT: for one, and for anything sent at FLASH, no check is run at all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from protocols.clarity.catalogue import CHECKS, Check
from protocols.clarity.marks import ENGLISH_MARKS, MARKS, marks
from protocols.clarity.passage import Passage, passages
from protocols.clarity.report import ClarityReport, Finding, NotRun
from protocols.messages.envelope import MessageType
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.message import Message

NEVER_DELAYED: Final = "an ALERT is never delayed"


def check(
    message: Message, *, glossary: Sequence[GlossaryTerm] = (), adopted: Sequence[str] | None = None
) -> ClarityReport:
    """Say what a reader may take otherwise than its author means it.

    Args:
        message: one that keeps the rules of its type; it need not be sent.
        glossary: the charter's terms.
        adopted: texts in force in the channel, for TERM; None where they are not known.

    Returns:
        All findings, and which checks did not look, with why. It never raises for what people write.
    """
    everything = (*CHECKS, *MARKS)
    if message.type is MessageType.ALERT or message.envelope.precedence == "FLASH":
        return ClarityReport((), tuple(NotRun(name, NEVER_DELAYED) for name in everything))
    texts = tuple(passages(message, glossary))
    found = [finding for passage in texts for finding in check_passage(passage)]
    found += marks(message, glossary, adopted or ())
    return ClarityReport(tuple(found), tuple(_not_run(message, texts, adopted is not None)))


def check_passage(passage: Passage) -> Iterator[Finding]:
    """Yield what the checks of section 5 find in one text, from left to right."""
    found = [_finding(check, passage, *span) for check in CHECKS.values() for span in _spans(check, passage)]
    yield from sorted(found, key=lambda finding: (finding.span or (0, 0), finding.id))


def _spans(check: Check, passage: Passage) -> Iterator[tuple[int, int, str, str]]:
    if passage.use not in check.uses or (check.english and not passage.english):
        return
    seen: set[tuple[int, int]] = set()
    for hit in check.find(passage):
        if (hit.start, hit.end) not in seen:
            seen.add((hit.start, hit.end))
            yield hit.start, hit.end, hit.sentence, hit.suggestion


def _finding(check: Check, passage: Passage, start: int, end: int, sentence: str, suggestion: str) -> Finding:
    return Finding(
        id=check.id,
        severity=check.severity,
        field=passage.path,
        span=(start, end),
        words=passage.text[start:end],
        sentence=sentence,
        suggestion=suggestion,
    )


def _not_run(message: Message, texts: Sequence[Passage], knows_adopted: bool) -> Iterator[NotRun]:
    foreign = sorted({passage.lang for passage in texts if not passage.english})
    if foreign:
        why = f"there is no language pack for {', '.join(foreign)}"
        yield from (NotRun(check.id, why) for check in CHECKS.values() if check.english)
        yield from (NotRun(name, why) for name in MARKS if name in ENGLISH_MARKS)
    if message.type is MessageType.TERM and not knows_adopted:
        yield NotRun("W-5", "the adopted texts are not known here")
