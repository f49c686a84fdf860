"""Checks 10, 11, 14, 17 and 22: who must do what, once and without a way out that only one side sees."""

import re
from collections.abc import Iterator
from typing import Final

from protocols.clarity.passage import Passage, Use
from protocols.clarity.patterns import listed, phrases, sentence_at
from protocols.clarity.report import Hit

_IRREGULAR: Final = listed("""
    withdrawn, held, kept, left, built, taken, given, shown, sent, brought, put, set, met, made, done, paid
    told, laid, cut, shut, let, drawn, driven, flown, begun, broken, chosen, found, handed, hidden, lost
    read, seen, sold, stood down, sought, understood, withheld, dealt
""")
_PASSIVE: Final = re.compile(
    r"(?<![\w-])(?:will|shall|must|should|would|(?:is|are|has|have|needs?|ought) to|to)\s{1,3}"
    r"(?:not\s{1,3}|never\s{1,3})?(?:be|get|have been)\s{1,3}(?:\w{2,20}ly\s{1,3})?"
    rf"(?:(?!(?:indeed|need|speed|agreed|red|hundred)\b)\w{{2,20}}ed|{_IRREGULAR})(?![\w-])",
    re.IGNORECASE,
)
_NO_AGENT: Final = listed("""
    end, morning, noon, midnight, evening, deadline, time, date, then, means, way, road, air, sea, land
    convoy, bus, train, truck, foot, [A-Z]{3}\\b
    (?:January|February|March|April|May|June|July|August|September|October|November|December)
""")
_AGENT: Final = re.compile(rf"\bby\s{{1,3}}(?!\d|\w{{3,6}}day\b|(?:the\s{{1,3}})?{_NO_AGENT}\b)\w")
"""What names the actor of a passive: `by` and somebody, rather than a time or a means."""


def passive_duty(passage: Passage) -> Iterator[Hit]:
    """CLARITY-10: something must be done, and nobody must do it."""
    text = passage.text
    for found in _PASSIVE.finditer(text):
        _, end = sentence_at(text, found.start())
        if _AGENT.search(text, found.end(), end) is None:
            yield Hit(
                *found.span(),
                f'"{found[0]}" does not say who does it',
                "name the actor: Party A must withdraw ...",
            )


_INTENDING: Final = """
    undertakes?, agrees?, commits?, promises?, pledges?, intends?, aims?, plans?, endeavou?rs?, seeks?
    strives?, tries, try, attempts?, hopes?
"""
_MODAL: Final = phrases(
    "shall",
    "should(?! (?:the|a|an|any|it|this|that|one|either|they|there)\\b)",
    "(?<!free )(?<!good )(?<!at )will",
    "would",
    "ought to",
    "(?:has|have|had|needs?) to",
    "(?:is|are) to(?! the\\b| it\\b)",
    "(?:is|are) (?:expected|required|obliged|bound|supposed|committed) to",
    f"{listed(_INTENDING)} (?:not )?to",
)


def other_modal(passage: Passage) -> Iterator[Hit]:
    """CLARITY-11: in a clause, a modal other than MUST, MUST NOT and MAY."""
    for found in _MODAL.finditer(passage.text):
        yield Hit(
            *found.span(),
            f'"{found[0]}" is a duty for some readers and a wish for others',
            "use MUST, MUST NOT or MAY, and nothing beside it",
        )


_POSSIBLE: Final = listed("""
    possible, practicable, feasible, practical, reasonable, appropriate, necessary, needed, convenient
    circumstances permit
""")
_CONDITIONS: Final = "(?:the )?(?:security )?(?:situation|conditions|circumstances|security|weather)"
_ESCAPE: Final = phrases(
    "(?:if|where|when|wherever|whenever|as far as|to the (?:maximum |greatest )?extent|insofar as|so far as|"
    f"as soon as|as much as) (?:it is )?{_POSSIBLE}",
    f"as {listed('appropriate, applicable, necessary, needed, required, convenient, practicable')}",
    "in principle",
    f"{listed('best, reasonable, all reasonable, all possible, every, good[ -]faith, utmost')} "
    "(?:efforts?|endeavou?rs?)",
    f"(?:(?:all|any|the) )?{listed('necessary, appropriate, reasonable, adequate, suitable, all possible')} "
    f"{listed('steps, measures, precautions, means, action')}",
    listed("normally, usually, generally, in general, ordinarily, typically, preferably, ideally"),
    "unless otherwise (?:agreed|needed|necessary|decided)",
    "subject to (?:availability|conditions|circumstances|the situation|operational \\w{1,20})",
    f"{_CONDITIONS} permitting",
    "(?:except|save) (?:in exceptional circumstances|where necessary)",
    "(?:except|save) for (?:operational|security|military) reasons",
    "at (?:its|their|his|her|our) (?:own )?discretion",
    "as (?:it|they) sees? fit",
    "in (?:its|their) judge?ment",
    f"(?:where|if|when) {_CONDITIONS}(?: \\w{{1,12}})? (?:allows?|permits?|requires?)",
    "and(?: the)? like",
    "etc\\.?",
    "and so (?:on|forth)",
)


def escape_words(passage: Passage) -> Iterator[Hit]:
    """CLARITY-14: words that leave the duty to the judgement of who owes it."""
    for found in _ESCAPE.finditer(passage.text):
        yield Hit(
            *found.span(),
            f'"{found[0]}" leaves open when the duty holds, and who decides that',
            "say the exception and who certifies it: withdraw unless Monitor V certifies mines",
        )


_VERB: Final = listed("""
    stop, cease, halt, suspend, resume, withdraw, pull back, move, remove, release, hand over, transfer
    deliver, return, open, close, allow, permit, let, grant, provide, send, give, supply, repair, restore
    clear, mark, map, dismantle, destroy, store, secure, protect, guard, escort, evacuate, register, list
    report, notify, inform, publish, share, exchange, inspect, verify, monitor, investigate, refrain
    respect, ensure, guarantee, facilitate, stand down, disarm, demobili[sz]e, disengage, leave, vacate
    enter, cross, fire, deploy, build, collect, bury, identify, treat, free, keep, maintain, establish
    set up, appoint, pay, search, detain, use, ask, tell, meet, sign, submit
""")
_AND_OR: Final = re.compile(r"(?<!\w)and\s?/\s?or(?!\w)", re.IGNORECASE)
_SLASH: Final = re.compile(r"(?<![\w/])[^\W\d_]{2,30}\s?/\s?[^\W\d_]{2,30}(?![\w/])")
_TWO_VERBS: Final = re.compile(
    rf"(?<![\w-])(?:and|or|then|and then|as well as|while also)\s{{1,3}}"
    rf"(?:(?:must|shall|will|may|not|to|also)\s{{1,3}}){{0,2}}{_VERB}(?![\w-])",
    re.IGNORECASE,
)
_STARTS: Final = re.compile(rf"\s{{0,3}}(?:to\s{{1,3}}|not\s{{1,3}})?{_VERB}(?![\w-])", re.IGNORECASE)
_SEMICOLON: Final = re.compile(r";\s{1,3}\w")
_RATES: Final = frozenset(["km/h", "km/hr", "m/s", "l/min", "persons/day", "and/or", "w/o", "n/a", "a/c"])


def two_acts(passage: Passage) -> Iterator[Hit]:
    """CLARITY-17: two acts in one clause, which can be half kept."""
    text, taken = passage.text, -1
    for found in _AND_OR.finditer(text):
        taken = found.end()
        yield _two(found, f'"{found[0]}" lets each reader choose: one act, the other, or both')
    for found in _SLASH.finditer(text):
        if found[0].casefold().replace(" ", "") not in _RATES:
            yield _two(found, f'"{found[0]}" does not say whether it is both or one of them')
    for found in _TWO_VERBS.finditer(text):
        start, _ = sentence_at(text, found.start())
        if found.start() > taken and (_STARTS.match(text, start) or _has_modal(text, start, found.start())):
            yield _two(found, f'"{found[0]}" adds a second act, so the clause can be half kept')
    for found in _SEMICOLON.finditer(text):
        yield _two(found, "the semicolon adds a second act, so the clause can be half kept")


def _has_modal(text: str, start: int, end: int) -> bool:
    return re.search(r"\b(?:must|shall|will|may|should)\b", text[start:end], re.IGNORECASE) is not None


def _two(found: re.Match[str], sentence: str) -> Hit:
    return Hit(*found.span(), sentence, "make two clauses, one act in each")


_ACCEPTING: Final = listed("""
    yes, we (?:can )?(?:accept|agree|consent|confirm)
    (?:i|party \\w{1,20}|\\w{2,20} side) (?:accepts?|agrees?|consents?), accept(?:ed|able)?
    agree(?:d|able)?, affirm(?:ed)?, ok(?:ay)?, fine, approved, welcome, support(?:ed)?, wilco
""")
_TURN: Final = listed("""
    but, however, provided(?: that)?, providing, only if, only when, only after, if
    on (?:the )?condition(?: that)?, subject to, as long as, so long as, assuming(?: that)?, except, unless
    pending, once, in return, in exchange
    with the (?:exception|reservation|proviso|understanding)(?: of| that)?, although, though, apart from
    with(?: the following)? (?:changes|reservations|one change)
""")
_CONDITION: Final = re.compile(
    rf"(?<![\w-]){_ACCEPTING}(?![\w-])[^.!?\n]{{0,80}}?(?<![\w-])(?P<turn>{_TURN})(?![\w-])", re.IGNORECASE
)
_NEGATED: Final = re.compile(r"(?:\bnot|n't|\bcannot|\bnever|\bno)\s{1,3}(?:yet\s{1,3})?$", re.IGNORECASE)


def conditional_acceptance(passage: Passage) -> Iterator[Hit]:
    """CLARITY-22: an acceptance that takes back what it gives; in law it is a new offer."""
    if passage.use in (Use.DUTY, Use.QUESTION):
        return
    for found in _CONDITION.finditer(passage.text):
        if _NEGATED.search(passage.text, max(0, found.start() - 12), found.start()):
            continue
        yield Hit(
            *found.span(),
            f'"{found["turn"]}" makes the acceptance a new offer, which nobody has accepted',
            "accept without a condition, or AMEND the clause",
        )
