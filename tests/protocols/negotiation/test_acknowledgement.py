from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.messages.receipt import ReceiptLevel
from protocols.negotiation.acknowledgement import RELAYED, Acknowledgement, Level, from_receipt, summary

from .talks import AMAL, BORIS, INFORM, MIRA, OTTO, QUESTION, VERA, Talks

LEVELS: list[ReceiptLevel] = ["DELIVERED", "DELIVERY_ERROR", "DISPLAYED", "ACKNOWLEDGED"]
ACKNOWLEDGEMENTS = st.builds(Acknowledgement, st.sampled_from(Level), st.booleans())


@settings(deadline=None)
@given(ACKNOWLEDGEMENTS, ACKNOWLEDGEMENTS, ACKNOWLEDGEMENTS)
def test_merging_is_a_semilattice(a: Acknowledgement, b: Acknowledgement, c: Acknowledgement) -> None:
    assert a.merge(a) == a
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b).level >= max(a.level, b.level)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(LEVELS), max_size=8).flatmap(
        lambda said: st.tuples(st.just(said), st.permutations(said))
    )
)
def test_receipts_commute_and_a_second_copy_changes_nothing(
    orders: tuple[list[ReceiptLevel], list[ReceiptLevel]],
) -> None:
    first, second = orders
    one = reduce(Acknowledgement.merge, map(from_receipt, first), RELAYED)
    assert one == reduce(Acknowledgement.merge, map(from_receipt, [*second, *first]), RELAYED)


def test_an_error_shows_only_until_something_better_is_known() -> None:
    failed = from_receipt("DELIVERY_ERROR")
    assert failed.label == "L2-ERROR"
    assert failed.merge(from_receipt("DELIVERED")).label == "L2"
    assert RELAYED.label == "L1"


@pytest.mark.parametrize(
    ("levels", "said"),
    [([], "nobody"), ([4, 4, 2], "2 of 3 at L4"), ([2, 2], "2 of 2 at L2"), ([1, 6, 2], "2 of 3 at L2")],
)
def test_the_summary_shows_who_is_behind(levels: list[int], said: str) -> None:
    assert summary(Acknowledgement(Level(level)) for level in levels) == said


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(LEVELS), st.sampled_from([BORIS, MIRA, VERA, OTTO])), max_size=6
    ).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said)))
)
def test_the_fold_of_receipts_does_not_depend_on_their_order(
    orders: tuple[list[tuple[ReceiptLevel, str]], list[tuple[ReceiptLevel, str]]],
) -> None:
    ladders = []
    for order in orders:
        talks = Talks()
        target = talks.say("QUESTION", AMAL, BORIS, QUESTION, info=[MIRA])
        before = talks.message(target).acknowledgements
        for level, reader in order:
            assert talks.receipt(level, reader, target).accepted
            after = talks.message(target).acknowledgements
            assert all(after[name].level >= before[name].level for name in before)
            before = after
        ladders.append(dict(talks.message(target).acknowledgements))
        assert talks.message(target).is_open
    assert ladders[0] == ladders[1]


def test_the_ladder_from_relayed_to_confirmed() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, [BORIS, MIRA], INFORM)

    def rungs() -> list[int]:
        return [talks.message(target).acknowledgements[reader].level.value for reader in (BORIS, MIRA)]

    assert rungs() == [1, 1]
    talks.receipt("DELIVERED", BORIS, target)
    assert rungs() == [2, 1]
    talks.receipt("ACKNOWLEDGED", BORIS, target)
    assert rungs() == [4, 1]
    readings = [
        {"field": "window.start", "value": "230600Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    said = talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": readings})
    assert rungs() == [5, 1]
    talks.receipt("DISPLAYED", BORIS, target)
    assert rungs() == [5, 1]
    talks.answer("CORRECT", AMAL, BORIS, said)
    assert rungs() == [6, 1]
    assert talks.message(target).answers[BORIS].state == "OPEN"
    talks.answer("ROGER", MIRA, AMAL, target)
    assert rungs() == [6, 1]


def test_a_wrong_read_back_confirms_nothing() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    readings = [
        {"field": "window.start", "value": "230700Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    said = talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": readings})
    talks.answer("WRONG", AMAL, BORIS, said, fields=["window.start"])
    assert talks.message(target).acknowledgements[BORIS].level is Level.READ_BACK


def test_an_unreadable_entry_is_reported_by_position() -> None:
    talks = Talks()
    target = talks.say("QUESTION", AMAL, BORIS, QUESTION)
    position = talks.message(target).position
    assert talks.receipt("DELIVERY_ERROR", BORIS, positions=[position, 0]).accepted
    assert talks.message(target).acknowledgements[BORIS].label == "L2-ERROR"
    assert talks.negotiation.summary()["unreadable"] == [
        {"position": 0, "readers": [BORIS]},
        {"position": position, "readers": [BORIS]},
    ]
