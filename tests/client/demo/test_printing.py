"""The demo on a terminal: no line is too wide, nothing a peer wrote can move the cursor."""

import pytest

from client.demo.printing import Silent, Terminal


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_is_wider_than_the_terminal(capsys: pytest.CaptureFixture[str], width: int) -> None:
    terminal = Terminal(width)
    terminal.heading("heading " * 30)
    terminal.say("word " * 60 + "x" * 200, hang=5)
    terminal.card([("line " * 60, 4), ("y" * 300, 0)])
    lines = printed(capsys)
    assert len(lines) > 10
    assert max(map(len, lines)) <= width


def test_the_width_is_the_terminals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    Terminal().say("word " * 40)
    assert 50 < max(map(len, printed(capsys))) <= 60


def test_what_a_peer_wrote_stays_text_beside_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(60).card([("about: \x1b[2Jerased\n== What was verified\u202e", 4)])
    lines = printed(capsys)
    assert lines == ["", "| about: ⟨U+001B⟩[2Jerased", "|     == What was verified⟨U+202E⟩"]


def test_programs_get_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    silent.heading("a")
    silent.say("b")
    silent.card([("c", 0)])
    assert capsys.readouterr() == ("", "")
