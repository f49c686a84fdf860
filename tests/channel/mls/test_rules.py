"""The list of rules in `docs/rfc9420.md` and the code know the same numbers; `test_attacks` breaks each of them."""

import re
from pathlib import Path

import channel.mls

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(Path(channel.mls.__file__).parent.glob("*.py"))
NUMBER = r"\d+(?:\.\d+)*-\d+"


def in_code() -> list[str]:
    """Every rule number that the code raises."""
    found = []
    for path in SOURCES:
        found += re.findall(rf'ValidationError\(\s*"({NUMBER})"', path.read_text("utf-8"))
    return found


def in_docs() -> list[tuple[str, str]]:
    """Every rule of the table, with its section."""
    text = (ROOT / "docs" / "rfc9420.md").read_text("utf-8")
    return re.findall(rf"^\| ({NUMBER}) \| ([\d., ]+?) \| \S", text, flags=re.MULTILINE)


def test_every_validation_error_has_a_rule() -> None:
    assert len(SOURCES) > 20, "a guard that finds nothing passes everything"
    for path in SOURCES:
        text = path.read_text("utf-8")
        raised = len(re.findall(r"raise ValidationError\(", text))
        numbered = len(re.findall(rf'raise ValidationError\(\s*"{NUMBER}"', text))
        assert raised == numbered, path.name


def test_docs_list_the_rules_of_the_code() -> None:
    listed = [rule for rule, _ in in_docs()]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(in_code())
    assert len(listed) > 50


def test_rules_are_in_order_and_of_their_section() -> None:
    rules = in_docs()
    keys = [[int(part) for part in re.split(r"[.-]", rule)] for rule, _ in rules]
    assert keys == sorted(keys, key=lambda key: (key[:-1], key[-1]))
    for rule, sections in rules:
        assert rule.rsplit("-", 1)[0] == sections.split(",")[0]
