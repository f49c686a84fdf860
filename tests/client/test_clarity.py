"""What a channel knows goes into its clarity checks: its glossary, and the texts in force."""

from dataclasses import replace
from unittest import mock

from client.clarity import blocked, clarity_lines, clarity_of, clarity_value
from protocols.messages import Message, Role, compose
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.proposals import Clause, Proposal
from protocols.negotiation import ChannelTerms, Negotiation, Participant
from protocols.negotiation.proposal import TabledProposal
from tests.protocols.messages.examples import AMAL, BORIS, example

PEOPLE = (Participant(AMAL, "Amal", Role.PARTY), Participant(BORIS, "Boris", Role.PARTY))
SENT = "2026-11-22T14:30:00Z"


def term(name: str) -> Message:
    fields = {"term": name, "definition": "The land within 1 km of the river.", "topic": "glossary"}
    return compose("TERM", fields, sender=AMAL, to=(BORIS,), sent=SENT)


def adopted(*clauses: Clause) -> TabledProposal:
    content = example("PROPOSAL").content
    assert isinstance(content, Proposal)
    return TabledProposal(
        id="1" * 32, proposer=AMAL, content=content, valid_until_ms=0, clauses=(), adopted=clauses
    )


def test_the_channels_glossary_counts() -> None:
    heavy = GlossaryTerm(term="heavy weapons", definition="as agreed", lang="en", version=4, source="0" * 32)
    fields = {
        "topic": "x",
        "actor": BORIS,
        "action": "store heavy arms",
        "reason": "x",
        "deadline": "2026-12-01T00:00:00Z",
    }
    request = compose("REQUEST", fields, sender=AMAL, to=(BORIS,), sent=SENT)
    known = Negotiation(PEOPLE, terms=replace(ChannelTerms(), glossary=(heavy,)))
    for negotiation, sentence in (
        (Negotiation(PEOPLE), '"heavy arms" is not defined in the glossary'),
        (known, '"heavy arms" is not in the glossary, which has "heavy weapons" (version 4)'),
    ):
        assert [f.sentence for f in clarity_of(negotiation, request).findings if f.id == "CLARITY-15"] == [
            sentence
        ]


def test_texts_in_force_count() -> None:
    content = example("PROPOSAL").content
    assert isinstance(content, Proposal)
    negotiation = Negotiation(PEOPLE)
    board = replace(negotiation.board(), proposals=(adopted(content.clauses[0]),))
    with mock.patch.object(Negotiation, "board", return_value=board):
        assert [f.id for f in clarity_of(negotiation, term("north bridge")).findings] == ["W-5"]
        assert clarity_of(negotiation, term("south bridge")).findings == ()
        arabic = content.clauses[0].texts[0].object
        assert [f.id for f in clarity_of(negotiation, term(arabic)).findings] == ["W-5"], "in every language"
    assert clarity_of(negotiation, term("north bridge")).findings == (), (
        "what is only proposed is not in force"
    )


def test_nothing_is_left_unchecked_for_want_of_texts() -> None:
    report = clarity_of(Negotiation(PEOPLE), term("zone"))
    assert (report.findings, report.not_run) == ((), ())
    assert (blocked(report), clarity_lines(report)) == ((), ())
    assert clarity_value(report) == {"findings": [], "not_run": []}


def test_what_blocks_is_told_like_a_rule() -> None:
    (violation,) = blocked(clarity_of(Negotiation(PEOPLE), term("z\u043ene")))
    assert (violation.rule, violation.field) == ("CLARITY-24", "term")
    assert violation.hint == (
        "this word mixes Cyrillic and Latin letters, so it is not the word it looks like; "
        "write the whole word in one script"
    )
