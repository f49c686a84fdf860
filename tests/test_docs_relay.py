"""docs/spec-relay.md against the code: a stranger implements from it, so it may not drift."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from protocols.relay.access import LABEL
from protocols.relay.connection import ANSWERS
from protocols.relay.frames import KINDS, SUBPROTOCOL, Frame, Limits, MailboxRead, RefusalCode
from protocols.relay.wire import CEILING, DEFAULT_LIMITS, HANDSHAKE, MAX_TEXT, MAX_VERSIONS
from server.config import Config

SPEC = (Path(__file__).parents[1] / "docs" / "spec-relay.md").read_text()


def rows(first_column: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in SPEC.splitlines()
        if re.match(rf"\| {first_column} \|", line)
    ]


@pytest.mark.parametrize(
    ("kind", "frame"), KINDS.items(), ids=lambda value: getattr(value, "__name__", str(value))
)
def test_every_frame_with_its_fields_in_order(kind: int, frame: type[Frame]) -> None:
    matching = [row for row in rows(r"\d+") if row[1] == frame.__name__]
    assert len(matching) == 1
    number, _, sender, listed = matching[0]
    assert number == str(kind)
    assert sender in ("client", "relay")
    without_items = re.sub(r"\[[^\]]*\]", "", listed)
    assert [part.partition(":")[0].strip() for part in without_items.split(",")] == [
        field.name for field in fields(frame)
    ]


@pytest.mark.parametrize("code", RefusalCode, ids=lambda code: code.name)
def test_every_refusal_code(code: RefusalCode) -> None:
    matching = [row for row in rows(r"\d+") if row[1] == code.name]
    assert len(matching) == 1
    assert matching[0][0] == str(code.value)
    assert all(matching[0])


def test_nothing_that_is_not_in_the_code() -> None:
    assert {row[1] for row in rows(r"\d+")} == {frame.__name__ for frame in KINDS.values()} | set(
        RefusalCode.__members__
    )


def test_every_limit_in_order() -> None:
    names = [field.name for field in fields(Limits)]
    listed = rows(r"max_\w+")
    assert [row[0] for row in listed] == names
    for row in listed:
        assert (int(row[1]), int(row[2])) == (getattr(DEFAULT_LIMITS, row[0]), getattr(CEILING, row[0]))


def test_constants() -> None:
    assert f"`{SUBPROTOCOL}`" in SPEC
    assert f'"{LABEL}"' in SPEC
    assert f"at most {HANDSHAKE.max_batch:,} bytes" in SPEC
    assert f"at most {MAX_TEXT}\ncharacters" in SPEC
    assert f"1 to {MAX_VERSIONS} integers" in SPEC
    assert f"within {Config().send_timeout_s:.0f} s is cut off" in SPEC


def test_answers() -> None:
    named = {
        request.__name__: answer.__name__ for request, answer in ANSWERS.items() if answer.__name__ != "Done"
    }
    assert named == {"Authorise": "Authorised", "Append": "Receipts", MailboxRead.__name__: "MailboxContents"}
