"""Nothing that a terminal obeys gets out, and JSON stays exact."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli.output import note, print_json, print_line, print_lines, to_json

HOSTILE = "name\x1b]52;c;YQ==\x07\u202e\x9b31m\x7f"


@given(st.text())
def test_json_is_printable_ascii_and_exact(text: str) -> None:
    printed = to_json({"text": text, text: [text]})
    assert all(" " <= character <= "~" for character in printed)
    assert json.loads(printed) == {"text": text, text: [text]}


def test_lines_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(HOSTILE)
    print_lines([HOSTILE])
    print_json({"name": HOSTILE})
    note(HOSTILE)
    out, err = capsys.readouterr()
    assert not {"\x1b", "\x07", "\u202e", "\x9b", "\x7f"} & set(out + err)


def test_a_name_cannot_fake_another_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("Mira\nNo. 9 AGREED")
    print_lines(["text: first\nNo. 9 AGREED"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert not any(line.startswith("No. 9") for line in lines)
