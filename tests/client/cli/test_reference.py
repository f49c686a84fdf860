"""Every command that the design names for this release is there, and teaches what it does."""

import subprocess
import sys
from pathlib import Path

import pytest

from client.cli.reference import command_names, command_table, commands, purpose
from tests.client.cli.conftest import Cli

ROOT = Path(__file__).resolve().parents[3]

#: DESIGN.md, section 6, as far as this release goes; scripts rely on these names.
NAMES = {
    "init",
    "card",
    "channel new",
    "channel list",
    "channel show",
    "channel settle",
    "channel remove",
    "channel enact",
    "seat suspend",
    "seat restore",
    "seat role",
    "mandate sign",
    "mandate show",
    "invite",
    "join",
    "verify",
    "chat",
    "send",
    "tail",
    "ack",
    "answer",
    "readback",
    "board",
    "overdue",
    "types",
    "check",
    "audit export",
    "audit verify",
    "audit replay",
    "demo",
}
WITHOUT_JSON = {"chat"}  # it prints nothing for programs


def test_the_commands_are_those_of_the_design() -> None:
    assert set(command_names()) == NAMES
    assert len(command_names()) == len(NAMES)


def test_the_table_has_a_line_for_each_command() -> None:
    lines = command_table().splitlines()
    assert lines[:2] == ["| Command | What it does |", "|---|---|"]
    assert len(lines) == 2 + len(NAMES)
    assert (
        "| `parley verify CHANNEL [PERSON]` | Compare safety numbers with somebody, and record it. |" in lines
    )


@pytest.mark.parametrize(("name", "text"), [(name, purpose(info)) for name, info in commands()])
def test_the_purpose_fits_the_list_of_commands(name: str, text: str) -> None:
    assert text.endswith(".")
    assert len(text) <= 66


@pytest.mark.parametrize("name", sorted(NAMES))
def test_help_teaches(cli: Cli, name: str) -> None:
    outcome = cli(*name.split(), "--help")
    assert (outcome.status, outcome.err) == (0, "")
    words = " ".join(outcome.out.split())
    assert f"Example: parley {name}" in words
    assert "Exit status" in words
    assert "--profile" in words
    assert ("--json" in words) == (name not in WITHOUT_JSON)


@pytest.mark.parametrize("arguments", [(), ("channel",), ("seat",), ("mandate",), ("audit",)])
def test_without_a_command_the_list_is_printed_as_wrong_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert "Commands:" in outcome.out + outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("init", "--nonsense"),
        ("channel", "new"),
        ("channel", "new", "Title", "--relay", "ws://localhost", "--role", "king"),
        ("invite", "North"),
        ("invite", "North", "--role", "party", "--lifetime", "soon"),
        ("invite", "North", "--role", "party", "--replaces", "Amal"),
        ("invite", "North", "--role", "party", "--principal", "ab"),
        ("seat", "suspend", "North", "Amal"),
        ("seat", "role", "North", "Amal", "--role", "king"),
        ("mandate", "sign", "--holder", "ab", "--principal-name", "X", "--end", "2027-01-01T00:00:00Z"),
        ("join",),
        ("send", "North"),
        ("send", "North", "TREATY"),
        ("send", "North", "INFORM", "--field", "oops"),
        ("answer", "North", "7"),
        ("tail", "North", "--from", "-1"),
        ("verify", "North", "Amal", "--matches"),
        ("types", "TREATY"),
        ("types", "--schema"),
        ("check", "TREATY"),
        ("audit", "export", "North"),
        ("audit", "verify"),
    ],
)
def test_wrong_usage_is_status_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("Usage: parley")


def test_help_loads_neither_the_library_nor_the_interface() -> None:
    heavy = ("aiohttp", "pydantic", "sqlcipher3", "textual", "cryptography", "asyncio", "rich")
    code = (
        "import sys\nfrom client.cli.app import run\nrun(['--help'])\n"
        f"sys.exit(','.join(name for name in {heavy} if name in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_python_m_client_is_parley() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "client", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: parley")


def test_a_terminal_without_utf_8_gets_escapes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "client", "card", "--profile", "/nowhere/\u0628"],
        cwd=ROOT,
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PARLEY_PASSPHRASE": "x"},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.isascii()
    assert done.stderr.startswith(b"parley: no profile in")
