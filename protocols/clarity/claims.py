"""Checks 20 and 21: what is said of others: whence it is known, and how it sounds on the other side."""

import re
from collections.abc import Iterator
from typing import Final

from protocols.clarity.passage import Passage
from protocols.clarity.patterns import listed, phrases, sentence_at
from protocols.clarity.report import Hit

_UNNAMED: Final = listed("""
    our, local, some, various, reliable, several, unnamed, certain, military, field, open, social
""")
_TALKERS: Final = "(?:sources|reports|rumou?rs|witnesses|people|residents|locals|social media|media)"
_SAYING: Final = listed("""
    says?, said, claim(?:ed)?, indicate, suggest, report(?:ed)?, tell, told, confirm(?:ed)?, speak, state
    show
""")
_PASSIVELY: Final = listed(
    "said, reported, rumou?red, alleged, believed, claimed, understood, known, suspected"
)
_HEARSAY: Final = phrases(
    "we (?:have )?(?:hear|heard|understand|believe|know|learned|suspect)",
    "we (?:are|were) (?:told|aware)",
    f"it (?:is|was|has been) {_PASSIVELY}",
    "it is widely \\w{4,12}",
    listed("reportedly, allegedly, supposedly, purportedly, evidently, obviously, clearly"),
    f"(?:according to |from )?(?:{_UNNAMED} ){{0,4}}{_TALKERS}(?: on the ground)? {_SAYING}",
    f"according to (?:{_UNNAMED} ){{0,4}}(?:{_TALKERS}|information|intelligence)",
    f"(?:there (?:are|have been)|we have|we received|we are receiving) (?:\\w{{2,12}} )?"
    f"{listed('reports, rumou?rs, indications, claims, allegations, information')}",
    "everyone knows",
    "as is (?:well )?known",
    "(?:is|are|was|were) said to",
    "sources",
    "rumou?rs?",
)
_SOURCED: Final = re.compile(
    r"(?<![\w-])(?:grade )?[A-F][1-6](?![\w-])|\b(?:Monitor|Observer|Liaison|Mediator|Party|UNMO|OSCE|ICRC|"
    r"Team|Patrol|Camera)\s{1,2}[A-Z0-9]\w{0,20}"
    r"|\b(?:own observation|third party|own reports)\b"
)


def unsourced_claim(passage: Passage) -> Iterator[Hit]:
    """CLARITY-20: hearsay that stands as a fact, without a Grade or a named source."""
    if passage.graded:
        return
    last = -1
    for found in _HEARSAY.finditer(passage.text):
        start, end = sentence_at(passage.text, found.start())
        if start == last or _SOURCED.search(passage.text, start, end):
            continue
        last = start
        yield Hit(
            *found.span(),
            f'"{found[0]}" does not say whose word it is, nor how far it can be trusted',
            "name the source and give a Grade: third party, C3",
        )


_ANIMALS: Final = listed("""
    dogs?, pigs?, rats?, snakes?, vermin, cockroach(?:es)?, wol(?:f|ves), jackals?, hyenas?, vultures?
    sheep, animals?, beasts?, monkeys?, donkeys?, parasites?, insects?, lions?
""")
_INTENT: Final = listed("""
    deliberate(?:ly)?, intentional(?:ly)?, wil?lful(?:ly)?, on purpose, malicious(?:ly)?, knowingly
    in bad faith, cynical(?:ly)?, calculated, premeditated
    in order to (?:provoke|humiliate|terrori[sz]e|mislead|intimidate|weaken)
    (?:you|they|he|she) (?:wanted|meant|intended|planned|tried|chose) to
""")
_BLAME: Final = listed("""
    blatant(?:ly)?, flagrant(?:ly)?, brazen(?:ly)?, reckless(?:ly)?, shameful(?:ly)?, shameless(?:ly)?
    cowardly, treacherous(?:ly)?, barbaric, savage, brutal(?:ly)?, heinous, outrageous, unprovoked
    unacceptable, criminal(?:ly)?, illegal(?:ly)?, hypocritical, ridiculous, absurd, provocations?, provoked
    aggression, aggressors?, treachery, betrayal, massacre, atrocit(?:y|ies), terrorists?, terrorism
    bandits?, thugs?, gangs?, criminals?, cowards?, liars?, lies, lying, lied, puppets?, mercenaries
    traitors?, invaders?, butchers?, fascists?, infidels?, regime, so[- ]called, excuses?, pretexts?
    sabotage, stalling
""")
_THREAT: Final = listed("""
    or else, you will (?:regret|pay), pay(?:ing)? the price, (?:bear|suffer|face) the consequences
    (?:last|final) warning, our patience, will not be forgotten, you have been warned, expect a response
    harsh response, answer with fire, teach (?:you|them) a lesson, all options
""")
_SARCASM: Final = listed("""
    how (?:kind|nice|generous|convenient) of you
    thank you (?:so much )?for (?:nothing|shelling|shooting|firing), bravo, congratulations on, as usual
    of course you, surely you, no surprise
""")
_IDIOM: Final = listed("""
    red lines?, ball is in, play(?:ing)? with fire, tip of the iceberg, on the same page
    kick(?:ing)? the can, carrot, olive branch, smoking gun, last straw, green light, blind eye
    cat and mouse, divide and rule, poison(?:ed|ing)? the well, stab(?:bed)? in the back, sword
    break the ice, window dressing, hands are tied, cross(?:ed)? the line, writing on the wall, wait and see
    bite the hand, open wound, dead letter
""")
_JUDGING: Final = (
    (phrases(_INTENT), "says what somebody meant to do, which nobody can see"),
    (phrases(_BLAME), "judges; the other side will answer the judgement and not the fact"),
    (phrases(_THREAT), "can be taken for a threat"),
    (phrases(_SARCASM), "says the opposite of what it means"),
    (phrases(_IDIOM), "is a figure of speech, and may be taken as it stands in another language"),
    (
        phrases(f"(?:like|as|such|these|those|you|are|pack of|wild) (?:a |an |the )?{_ANIMALS}"),
        "likens people to animals",
    ),
)


def judging_words(passage: Passage) -> Iterator[Hit]:
    """CLARITY-21: intent, blame, threat, sarcasm, idiom or animal imagery."""
    for pattern, why in _JUDGING:
        for found in pattern.finditer(passage.text):
            yield Hit(
                *found.span(), f'"{found[0]}" {why}', "say what was seen, where and when, and leave out why"
            )
