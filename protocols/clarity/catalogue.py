"""The one table of the 24 checks of MESSAGES.md section 5: what each looks for, why, what it cannot tell."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.clarity.claims import judging_words, unsourced_claim
from protocols.clarity.duties import conditional_acceptance, escape_words, other_modal, passive_duty, two_acts
from protocols.clarity.passage import Passage, Use
from protocols.clarity.places import coordinates, place_alone
from protocols.clarity.quantities import figures, units, vague_quantity
from protocols.clarity.report import Hit, Severity
from protocols.clarity.scripts import misleading_characters
from protocols.clarity.terms import terms
from protocols.clarity.times import ambiguous_date, midnight, missing_zone, relative_time, unbounded_span
from protocols.clarity.wording import (
    ambiguous_permission,
    double_negative,
    long_sentence,
    probability,
    pronoun,
)

Detector: TypeAlias = Callable[[Passage], Iterator[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        number: its row in MESSAGES.md section 5.
        looks_for: what it looks for, in a phrase.
        bad: an example that it finds.
        good: the same, said clearly.
        motive: whose experience it comes from.
        beware: what must not be concluded from its silence, or from what it says.
        find: the check itself.
        uses: the texts it looks at.
        english: whether it reads English only.
        severity: whether a finding blocks the message.
    """

    number: int
    looks_for: str
    bad: str
    good: str
    motive: str
    beware: str
    find: Detector
    uses: frozenset[Use]
    english: bool = True
    severity: Severity = Severity.ASK

    @property
    def id(self) -> str:
        """Its fixed name, such as CLARITY-7."""
        return f"CLARITY-{self.number}"


_TALK: Final = frozenset({Use.DUTY, Use.STATEMENT, Use.QUESTION, Use.REMARK, Use.DEFINITION})
_SAID: Final = frozenset({Use.STATEMENT, Use.REMARK})
_OWED: Final = frozenset({Use.DUTY})

_CHECKS: Final = (
    Check(
        number=1,
        looks_for="relative time",
        bad="Party A withdraws its trucks tomorrow morning.",
        good="Party A withdraws its trucks before 230600Z NOV 26.",
        motive="SMCP and date-time groups; a message can be read a day late",
        beware="an hour that both sides do take from the same day is asked about all the same",
        find=relative_time,
        uses=_TALK,
    ),
    Check(
        number=2,
        looks_for="missing time zone",
        bad="The convoy leaves at 18:00.",
        good="The convoy leaves at 1500Z (18:00 Damascus).",
        motive="RFC 3339; two sides of a line may keep two times",
        beware="a zone that it does not know counts as none; hours in words are found in English only",
        find=missing_zone,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=3,
        looks_for="ambiguous date",
        bad="The list is of 03/04/2026.",
        good="The list is of 2026-04-03.",
        motive="ISO 8601",
        beware="dates with the month in letters are left alone, also where the year is missing",
        find=ambiguous_date,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=4,
        looks_for="midnight, 24:00, 00:00",
        bad="The ceasefire starts at midnight on 15 February.",
        good="The ceasefire starts at 142200Z FEB 15.",
        motive='the Minsk package of 2015 said "00.00 AM (Kiev time)"',
        beware="it knows the word in English, French, Spanish, German, Russian, Ukrainian and Arabic",
        find=midnight,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=5,
        looks_for="until, by, within N days without a bound",
        bad="Party A returns the vehicles within 3 days.",
        good="Party A returns the vehicles before 251200Z NOV 26.",
        motive="Do's and Don'ts of Sustainable Ceasefire Agreements",
        beware="a date elsewhere in the sentence silences it, even where it bounds something else",
        find=unbounded_span,
        uses=_TALK,
    ),
    Check(
        number=6,
        looks_for="vague quantity",
        bad="Several trucks will pass.",
        good="6 vehicles, counted, will pass.",
        motive="requirement smells (ISO 29148)",
        beware="it cannot tell where a number is not known and not needed",
        find=vague_quantity,
        uses=_TALK,
    ),
    Check(
        number=7,
        looks_for="missing or mixed units",
        bad="Party B moves its guns 5 back.",
        good="Party B moves its guns 5 km back.",
        motive="SMCP",
        beware="a number counts as a measure only beside a word that says so",
        find=units,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=8,
        looks_for="coordinates without datum, or swapped",
        bad="The depot is at 36.2, 37.1.",
        good="The depot is at WGS84 36.20000 N 037.10000 E.",
        motive="ISO 6709",
        beware="grid references are not checked; a swap within the possible range cannot be seen",
        find=coordinates,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=9,
        looks_for="place name alone or duplicated",
        bad="Both sides leave the bridge.",
        good="Both sides leave the place given: coordinates, name and the source of the name.",
        motive="Minsk II left Debaltseve undelimited",
        beware="it has no gazetteer: that a name exists twice is seen only where the message itself has two",
        find=place_alone,
        uses=frozenset({Use.DUTY, Use.STATEMENT, Use.QUESTION, Use.REMARK}),
    ),
    Check(
        number=10,
        looks_for="passive duty without an agent",
        bad="Weapons will be withdrawn.",
        good="Party A must withdraw its weapons.",
        motive="Federal plain-language guidance",
        beware="a `by` that names no person can silence it",
        find=passive_duty,
        uses=frozenset({Use.DUTY, Use.REMARK, Use.STATEMENT}),
    ),
    Check(
        number=11,
        looks_for="a modal other than MUST, MUST NOT, MAY in a clause",
        bad="Party A shall allow the convoy to pass.",
        good="Party A must allow the convoy to pass.",
        motive="Federal plain-language guidance; SMCP",
        beware="it reads clauses and requested acts, not what is said about them",
        find=other_modal,
        uses=_OWED,
    ),
    Check(
        number=12,
        looks_for="may, might, could, can as ambiguous permission",
        bad="You may pass.",
        good="Passage is permitted from 230600Z NOV 26 to 231200Z NOV 26.",
        motive="SMCP",
        beware="it asks about every `can`, also where only ability can be meant",
        find=ambiguous_permission,
        uses=_TALK - {Use.QUESTION},
    ),
    Check(
        number=13,
        looks_for="double negative, exception to an exception",
        bad="There is no passage unless it is not notified.",
        good="If notified, passage is permitted.",
        motive="Federal plain-language guidance",
        beware="negations far apart in one sentence are not taken together",
        find=double_negative,
        uses=_TALK,
    ),
    Check(
        number=14,
        looks_for="escape words",
        bad="Party A withdraws if possible.",
        good="Party A withdraws unless Monitor V certifies mines.",
        motive="requirement smells (ISO 29148)",
        beware="a list of phrases: a new way out is not found",
        find=escape_words,
        uses=frozenset({Use.DUTY, Use.REMARK, Use.STATEMENT, Use.DEFINITION}),
    ),
    Check(
        number=15,
        looks_for="undefined or variant term",
        bad="remove heavy arms",
        good="remove heavy weapons (once the glossary has that term)",
        motive="commentary of the Mediation Support Network",
        beware="it knows words that security texts have been fought over, quoted words and titles; no others",
        find=terms,
        uses=frozenset({Use.DUTY, Use.DEFINITION}),
    ),
    Check(
        number=16,
        looks_for="pronoun across sentences",
        bad="They will leave at 230600Z NOV 26.",
        good="Party B, unit X, will leave at 230600Z NOV 26.",
        motive="requirement smells (ISO 29148)",
        beware="a noun earlier in the sentence silences it, even where it is the wrong one",
        find=pronoun,
        uses=frozenset({Use.DUTY, Use.STATEMENT, Use.QUESTION, Use.REMARK}),
    ),
    Check(
        number=17,
        looks_for="two acts in a clause",
        bad="stop and/or withdraw",
        good="withdraw (and another clause: stop)",
        motive="ASD-STE100 (Simplified Technical English)",
        beware="two acts joined by a verb that is not on its list are not seen",
        find=two_acts,
        uses=_OWED,
    ),
    Check(
        number=18,
        looks_for="sentence over 20 words in a duty, over 25 elsewhere",
        bad="Party A withdraws all guns of 100 mm and more from the zone of annex 1 to the depot of annex 2.",
        good="Party A withdraws all guns of 100 mm and more. Annex 2 names the depot.",
        motive="ASD-STE100 (Simplified Technical English)",
        beware="short sentences can be obscure",
        find=long_sentence,
        uses=_TALK,
    ),
    Check(
        number=19,
        looks_for="probability word",
        bad="Fire from the hill is likely.",
        good="Fire from the hill is likely (55-80 %).",
        motive="ICD 203",
        beware="a range beside the word does not make the estimate right",
        find=probability,
        uses=_SAID,
    ),
    Check(
        number=20,
        looks_for="claim without source or Grade",
        bad="We hear that the road is mined.",
        good="Third party, C3: the road is mined.",
        motive="Admiralty code",
        beware="a plain false statement has no mark that it could find",
        find=unsourced_claim,
        uses=_SAID,
    ),
    Check(
        number=21,
        looks_for="intent, blame, threat, sarcasm, idiom, animal imagery",
        bad="This was a deliberate provocation.",
        good="3 shells fell at the place given at 221400Z NOV 26.",
        motive="hotline staff avoid innuendo",
        beware="a list of words: it does not hear tone, and it does not know when a word is meant literally",
        find=judging_words,
        uses=_TALK,
    ),
    Check(
        number=22,
        looks_for="conditional acceptance",
        bad="Yes, but only after the exchange.",
        good="AMEND clause 3.",
        motive="CISG 1980, article 19",
        beware="acceptance and condition in two sentences are not taken together",
        find=conditional_acceptance,
        uses=_SAID,
    ),
    Check(
        number=23,
        looks_for="number word beside other digits; 1,000 beside 1.000",
        bad="fifteen (50) persons",
        good="15 persons",
        motive="read-back studies",
        beware="number words are read in English only; a true decimal with three places is asked about",
        find=figures,
        uses=_TALK,
        english=False,
    ),
    Check(
        number=24,
        looks_for="confusable letters, mixed scripts, controls of writing direction",
        bad="Party \u0410mal has the list (the A is Cyrillic).",
        good="Party Amal has the list.",
        motive="UTS #39; CVE-2021-42574",
        beware="a word wholly in another script passes here; W-10 asks about it",
        find=misleading_characters,
        uses=frozenset(Use),
        english=False,
        severity=Severity.BLOCK,
    ),
)

CHECKS: Final[Mapping[str, Check]] = {check.id: check for check in _CHECKS}
