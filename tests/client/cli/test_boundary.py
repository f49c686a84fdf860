"""Every failure becomes one line and status 1; what is a bug keeps its traceback."""

import errno

import pytest
import typer

from channel.audit import BadExport
from client.cli import boundary
from client.cli.boundary import explain
from client.errors import RelayUnreachable, WrongPassphrase
from protocols.errors import DecodeError, LocalProtocolError, RuleViolation
from protocols.messages import MessageRefused

REFUSED = MessageRefused(
    [RuleViolation("A-1", "to", "needs somebody"), RuleViolation("A-2", None, "needs less")]
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (WrongPassphrase(), "wrong passphrase: try again, it is case-sensitive"),
        (BadExport(7, "altered"), "entry 7: altered"),
        (DecodeError("not canonical"), "not canonical"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: free some space"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "the disk is full: free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x: permission denied"),
        (TimeoutError(), "no answer in time"),
        (RuleViolation("A-1", "to", "needs somebody"), "message refused: to: needs somebody (A-1)"),
        (ExceptionGroup("", [ExceptionGroup("", [RelayUnreachable("gone")])]), "gone"),
    ],
)
def test_expected_failures_are_one_line(error: Exception, expected: str) -> None:
    lines = explain(error)
    assert lines is not None
    (line,) = lines
    assert line.startswith(expected)


def test_a_refused_message_lists_everything_that_is_wrong() -> None:
    assert explain(REFUSED) == (
        "message refused: 2 things to put right, nothing was sent",
        "  to: needs somebody (A-1)",
        "  needs less (A-2)",
    )


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        LocalProtocolError("a bug"),
        ExceptionGroup("", [RelayUnreachable("gone"), KeyError("a bug")]),
    ],
)
def test_bugs_are_not_explained_away(error: Exception) -> None:
    assert explain(error) is None


def app_raising(error: BaseException) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        raise error

    return app


def test_a_failure_goes_to_standard_error_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.run(app_raising(RelayUnreachable("gone")), []) == 1
    assert capsys.readouterr() == ("", "parley: gone\n")


def test_a_bug_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.run(app_raising(ValueError("a bug")), []) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert shown.endswith("ValueError: a bug\n")


def test_ctrl_c_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.run(app_raising(KeyboardInterrupt()), []) == 1
    assert capsys.readouterr().err.splitlines() == [
        "parley: interrupted: what was said is kept and goes on next time"
    ]


def test_what_a_peer_wrote_cannot_reach_the_terminal_through_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    boundary.run(app_raising(RelayUnreachable("\x1b]0;pwned\x07\nparley: all is well \u202e")), [])
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(err)
