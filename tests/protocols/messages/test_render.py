"""What people see of a message."""

import pytest

from protocols.errors import RuleViolation
from protocols.messages.codec import decode_body, to_value
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import flatten
from protocols.messages.render import BANNERS, NO_ACKNOWLEDGEMENT, NOTIFY_BANNER, render
from protocols.messages.roles import Role

from .examples import AMAL, BODIES, BORIS, MIRA, encoded, example, golden, spoiled


@pytest.mark.parametrize("kind", BODIES)
def test_people_see_every_value_and_names_for_ids(kind: str) -> None:
    body = decode_body(encoded(golden(kind)))
    shown = "\n".join(render(body, {AMAL: "Amal", BORIS: "Boris"}))
    assert AMAL not in shown
    assert "221430Z NOV 26 (2026-11-22T14:30:00Z)" in shown
    for path, value in flatten(to_value(body)).items():
        if isinstance(value, bool) or path in ("v", "type", "mode") or value in (AMAL, BORIS):
            continue
        for line in str(value).splitlines():
            assert line.removeprefix("-").lower().replace("_", " ") in shown.lower().replace("_", " "), path


@pytest.mark.parametrize(
    ("attribution", "viewer", "shown"),
    [
        ("NAMED", None, "Mira"),
        ("CHATHAM", None, "a participant"),
        ("CHATHAM", Role.MEDIATOR, "a participant"),
        ("MEDIATOR_ONLY", Role.PARTY, "a participant"),
        ("MEDIATOR_ONLY", Role.MEDIATOR, "Mira"),
    ],
)
def test_the_author_is_shown_as_the_attribution_says(
    attribution: str, viewer: Role | None, shown: str
) -> None:
    body = decode_body(encoded({**golden("QUESTION"), "attribution": attribution}))
    assert f"from {shown} to" in render(body, {MIRA: "Mira"}, viewer)[0]


@pytest.mark.parametrize("kind", [*MessageType])
def test_no_text_passes_for_a_line_of_ours(kind: MessageType) -> None:
    body = golden(kind)
    for path, value in flatten(body).items():
        if not isinstance(value, str) or path in ("v", "type"):
            continue
        try:
            forged = decode_body(encoded(spoiled(kind, {path: f"{value}\nsent: 010000Z JAN 26"})))
        except RuleViolation:
            continue
        lines = render(forged)
        assert not any("\n" in line for line in lines)
        assert next(line for line in lines if "010000Z" in line).lstrip().startswith("| sent:"), path


def test_fixed_wording() -> None:
    assert NOTIFY_BANNER in render(example("NOTIFY"))
    exercise = decode_body(encoded({**golden("QUESTION"), "mode": "EXERCISE"}))
    assert render(exercise)[0] == "EXERCISE EXERCISE EXERCISE"


@pytest.mark.parametrize("kind", MessageType)
def test_a_types_banner_stands_above_its_fields(kind: MessageType) -> None:
    shown = render(example(kind))
    assert [line for line in shown if line in BANNERS.values()] == [BANNERS[k] for k in BANNERS if k is kind]


def test_an_escalation_names_no_cause() -> None:
    shown = render(decode_body(encoded(golden("ESCALATION"))), {BORIS: "Boris"})
    assert shown[1].strip() == NO_ACKNOWLEDGEMENT == "no acknowledgement; cause unknown"
    assert "level L4 of Boris" in shown[2]


def test_a_commitment_shows_what_comes_first_apart_from_what_follows() -> None:
    shown = render(example("COMMIT"), {AMAL: "Amal", BORIS: "Boris"})
    after = shown[shown.index("consequent:") :]
    first = after[: after.index("antecedent:")]
    assert any("Amal MUST NOT lay mines" in line for line in first)
    assert any("ar (authentic): زرع الألغام" in line for line in first)
    assert any("Boris MUST mark the minefields" in line for line in after[len(first) :])


def test_one_persons_field_cannot_pass_for_another() -> None:
    forged = spoiled("PERSONS", {"content.entries.1.ref": "N-18; holder: Amal"})
    shown = render(decode_body(encoded(forged)), {AMAL: "Amal"})
    (line,) = [line for line in shown if "N-18" in line]
    assert line.strip() == "ref: N-18; holder: Amal"
    assert any(line.strip() == "category: MISSING" for line in shown)


def test_one_text_of_a_list_cannot_pass_for_two() -> None:
    forged = spoiled("EXPLANATION", {"content.measures": ["the unit withdrew, the log is secured"]})
    shown = render(decode_body(encoded(forged)))
    assert "measures:" in shown
    assert "  1: the unit withdrew, the log is secured" in shown
