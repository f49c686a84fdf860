"""Each act x each power: allowed, marked or refused, written out beside the table of `powers`."""

from itertools import combinations
from typing import Any

import pytest

from protocols.messages.codec import validated
from protocols.messages.envelope import MessageType
from protocols.messages.mandates import Power
from protocols.messages.message import CONTENT_MODELS, Content
from protocols.messages.powers import POWERS, covers, power_needed, powers_needed

from .examples import spoiled
from .test_catalogue import content

ALL: tuple[Power, ...] = ("INFORM", "NEGOTIATE", "ACCEPT_AD_REF", "ACCEPT_FINAL", "COMMIT")
TARGETS = [*map(str, MessageType)]


def response(code: str) -> Content:
    return content("RESPONSE", code=code)


def replies(*answers: str, ad_ref: bool = False) -> Content:
    fields: dict[str, Any] = spoiled("CLAUSE-REPLY", {"content.ad_ref": ad_ref})["content"]
    fields["replies"] = [{"hash": f"{n:064x}", "answer": answer} for n, answer in enumerate(answers)]
    return validated(CONTENT_MODELS[MessageType.CLAUSE_REPLY], fields)


FREE = [
    *[(response(c), t) for c in ("ROGER", "STANDBY", "NOT-UNDERSTOOD", "CORRECT", "WRONG") for t in TARGETS],
    *[(response(c), t) for c in ("NEGATIVE", "UNABLE") for t in TARGETS],
    *[(content(kind), None) for kind in ("READBACK", "LINE-CHECK", "ALERT", "CORRECTION", "MANDATE")],
]


@pytest.mark.parametrize(("act", "target"), FREE)
def test_everybody_may_say_it(act: Content, target: str | None) -> None:
    answered = None if target is None else content(target)
    assert power_needed(act, answered) == (None, False)
    assert covers((), act, answered)


MARKED = {
    "INFORM": "INFORM QUESTION NOTIFY INCIDENT EXPLANATION PERSONS CONVEY FINDING",
    "NEGOTIATE": "PROPOSAL REQUEST TERM SEAT MEETING",
}


@pytest.mark.parametrize("held", ALL)
@pytest.mark.parametrize(
    ("power", "kind"), [(power, kind) for power, kinds in MARKED.items() for kind in kinds.split()]
)
def test_it_is_marked_without_the_power(power: str, kind: str, held: Power) -> None:
    assert power_needed(content(kind), None) == (power, False)
    assert covers((held,), content(kind), None) is (held == power)


STRICT: list[tuple[str, Content, str | None, tuple[str, ...]]] = [
    ("WILCO", response("WILCO"), "REQUEST", ("COMMIT",)),
    ("WILCO", response("WILCO"), "ALERT", ("COMMIT",)),
    ("AFFIRM", response("AFFIRM"), "SEAT", ("ACCEPT_FINAL",)),
    ("AFFIRM", response("AFFIRM"), "TERM", ("ACCEPT_FINAL",)),
    ("AFFIRM", response("AFFIRM"), "COMMIT-EVENT", ("COMMIT",)),
    ("AFFIRM", response("AFFIRM"), "MEETING", ("NEGOTIATE",)),
    ("AFFIRM", response("AFFIRM"), "QUESTION", ("INFORM",)),
    *[(answer, replies(answer), "PROPOSAL", ("NEGOTIATE",)) for answer in ("REJECT", "AMEND", "RESERVE")],
    ("ACCEPT", replies("ACCEPT"), "PROPOSAL", ("ACCEPT_FINAL",)),
    ("AD_REF", replies("ACCEPT", ad_ref=True), "PROPOSAL", ("ACCEPT_AD_REF", "ACCEPT_FINAL")),
    ("INITIAL", content("ADOPT", mode="INITIAL"), "PROPOSAL", ("NEGOTIATE",)),
    (
        "AD_REFERENDUM",
        content("ADOPT", mode="AD_REFERENDUM"),
        "PROPOSAL",
        ("ACCEPT_AD_REF", "ACCEPT_FINAL"),
    ),
    ("FINAL", content("ADOPT", mode="FINAL"), "PROPOSAL", ("ACCEPT_FINAL",)),
    ("COMMIT", content("COMMIT"), None, ("COMMIT",)),
    *[
        (event, content("COMMIT-EVENT", event=event), None, ("COMMIT",))
        for event in ("CLAIM", "CONFIRM", "RELEASE", "WITHDRAW", "DELAY")
    ],
]


@pytest.mark.parametrize("held", ALL)
@pytest.mark.parametrize(
    ("act", "target", "sufficient"),
    [row[1:] for row in STRICT],
    ids=[f"{name}-{target}" for name, _, target, _ in STRICT],
)
def test_it_is_refused_without_the_power(
    act: Content, target: str | None, sufficient: tuple[str, ...], held: Power
) -> None:
    answered = None if target is None else content(target)
    assert power_needed(act, answered) == (sufficient[0], True)
    assert covers((held,), act, answered) is (held in sufficient)


def test_a_reply_that_does_several_things_takes_each_power() -> None:
    mixed = replies("ACCEPT", "AMEND")
    assert powers_needed(mixed, None) == (frozenset({"ACCEPT_FINAL", "NEGOTIATE"}), True)
    assert power_needed(mixed, None) == ("ACCEPT_FINAL", True)
    sufficient = {
        frozenset(held)
        for size in range(len(ALL) + 1)
        for held in combinations(ALL, size)
        if covers(held, mixed, None)
    }
    assert all({"ACCEPT_FINAL", "NEGOTIATE"} <= held for held in sufficient)
    assert len(sufficient) == 8


def test_every_type_is_in_the_table_and_its_last_row_fits_everything() -> None:
    for kind in MessageType:
        rows = [row for row in POWERS if row.type is kind]
        assert rows, kind
        if kind is not MessageType.ADOPT:
            assert (rows[-1].choices, rows[-1].targets) == ((), ())
    assert {row.choices for row in POWERS if row.type is MessageType.ADOPT} == {
        ("INITIAL",),
        ("AD_REFERENDUM",),
        ("FINAL",),
    }
