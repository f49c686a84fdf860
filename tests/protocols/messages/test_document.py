from protocols.messages.document import document
from protocols.messages.envelope import MessageType
from protocols.messages.rules import RULES

from .examples import GOLDEN


def test_the_document_is_the_codes_own() -> None:
    """`python -m protocols.messages.document > docs/messages.md` brings it up to date."""
    committed = GOLDEN.parents[3] / "docs" / "messages.md"
    assert committed.read_text(encoding="utf-8") == document()
    assert all(f"`{rule}`" in document() for rule in RULES)


def test_the_document_has_a_chapter_for_each_type() -> None:
    chapters = [line.removeprefix("## ") for line in document().splitlines() if line.startswith("## ")]
    assert [chapter for chapter in chapters if chapter in set(MessageType)] == list(MessageType)
    assert {"RECEIPT", "ESCALATION", "Powers", "Answers", "Roles"} <= set(chapters)
