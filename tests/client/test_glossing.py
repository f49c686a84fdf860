"""Terms in a text are tied to their definition and version."""

from client.glossing import term_lines, terms_of, terms_value
from protocols.messages import GlossaryTerm, Message, Role, compose
from protocols.negotiation import ChannelTerms, Negotiation, Participant

AMAL, BORIS = "2" * 32, "3" * 32
PEOPLE = (Participant(AMAL, "Amal", Role.PARTY), Participant(BORIS, "Boris", Role.PARTY))
HEAVY = GlossaryTerm(
    term="heavy weapons",
    definition="Artillery of 100 mm and more.",
    includes=("tanks",),
    lang="en",
    version=2,
    source="0" * 32,
)
LIGHT = GlossaryTerm(term="light weapons", definition="All others.", lang="en", version=1, source="0" * 32)


def inform(statement: str) -> Message:
    fields = {"statement": statement, "basis": "OWN_OBSERVATION", "as_of": "221425Z NOV 26", "topic": "guns"}
    return compose("INFORM", fields, sender=AMAL, to=[BORIS], sent="2026-11-22T14:30:00Z")


def test_each_term_once_in_order() -> None:
    negotiation = Negotiation(PEOPLE, terms=ChannelTerms(glossary=(LIGHT, HEAVY)))
    message = inform("Heavy  weapons and light weapons, then heavy weapons again.")
    assert terms_of(negotiation, message) == (HEAVY, LIGHT)
    assert term_lines(negotiation, message)[0] == (
        "heavy weapons [v2]: Artillery of 100 mm and more. (is meant: tanks)"
    )
    uses = terms_value(negotiation, message)
    assert [(use["field"], use["span"], use["term"], use["version"]) for use in uses] == [
        ("statement", [0, 14], "heavy weapons", 2),
        ("statement", [19, 32], "light weapons", 1),
        ("statement", [39, 52], "heavy weapons", 2),
    ]
    assert uses[1]["definition"] == "All others."


def test_no_glossary_no_terms() -> None:
    message = inform("Heavy weapons.")
    assert terms_of(Negotiation(PEOPLE), message) == ()
    assert terms_value(Negotiation(PEOPLE), message) == []
