"""What the documents say exists: commands, flags, targets, links, codes. And what the README shows is what happens."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from client.cli.app import app as client_app
from client.cli.reference import command_names, command_table
from protocols.relay.frames import RefusalCode
from server.cli import app as relay_app
from tests.support import markdown, readme
from tests.support.markdown import Mention

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = ROOT / "README.md"
PROGRAMS = {"parley": typer.main.get_command(client_app), "parley-relay": typer.main.get_command(relay_app)}
document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

SAMPLE = """\
# A title, with words

Run `parley audit verify FILE --json` or [read](docs/a.md#part), not [elsewhere](https://example.org).

    make demo     # a comment

```sh
export PARLEY_PROFILE=x
parley send "North bridge" QUESTION --to Amal \\
    --field "question=Is it open?" | parley join - --name=Amal
parley-relay token create label --days 3
python -m client.cli.app
```
"""


def test_an_empty_document_says_nothing() -> None:
    for extract in (
        markdown.code,
        markdown.mentions,
        markdown.make_targets,
        markdown.links,
        markdown.variables,
        markdown.modules,
        markdown.headings,
    ):
        assert extract("") == ()
    with pytest.raises(ValueError, match="no block relay"):
        markdown.block_after("", "relay")
    with pytest.raises(ValueError, match="0 blocks demo"):
        readme.block("", "demo")


def test_everything_is_extracted_from_a_document_that_has_it() -> None:
    assert markdown.mentions(SAMPLE) == (
        Mention("parley", ("send",), ("--to", "--field")),
        Mention("parley", ("join",), ("--name",)),
        Mention("parley-relay", ("token", "create", "label"), ("--days",)),
        Mention("parley", ("audit", "verify"), ("--json",)),
    )
    assert markdown.make_targets(SAMPLE) == ("demo",)
    assert markdown.links(SAMPLE) == ("docs/a.md#part",)
    assert markdown.variables(SAMPLE) == ("PARLEY_PROFILE",)
    assert markdown.modules(SAMPLE) == ("client.cli.app",)
    assert markdown.headings(SAMPLE) == ("a-title-with-words",)


def wrong_with(mention: Mention) -> str | None:
    """Say what does not exist about a command; None where all of it does."""
    command = PROGRAMS[mention.program]
    for word in mention.words:
        commands = getattr(command, "commands", None)
        if commands is None:
            break  # an argument
        if word not in commands:
            return f"{mention.program} has no command {' '.join(mention.words)}"
        command = commands[word]
    known = {
        "--help",
        *(opt for parameter in command.params for opt in (*parameter.opts, *parameter.secondary_opts)),
    }
    unknown = set(mention.flags) - known
    return f"{mention.program} {' '.join(mention.words)} has no {sorted(unknown)}" if unknown else None


@pytest.mark.parametrize(
    ("mention", "wrong"),
    [
        (Mention("parley", ("audit", "verify"), ("--json",)), None),
        (Mention("parley", (), ()), None),
        (Mention("parley-relay", ("token", "revoke", "label"), ("--data",)), None),
        (Mention("parley", ("audit", "forge"), ()), "parley has no command audit forge"),
        (Mention("parley", ("demo",), ("--fast",)), "parley demo has no ['--fast']"),
        (Mention("parley-relay", ("demo",), ()), "parley-relay has no command demo"),
    ],
)
def test_what_does_not_exist_is_noticed(mention: Mention, wrong: str | None) -> None:
    assert wrong_with(mention) == wrong


@document
def test_commands_and_flags_exist(path: Path) -> None:
    found = markdown.mentions(path.read_text())
    assert [problem for mention in found if (problem := wrong_with(mention))] == []


def test_the_documents_do_name_commands() -> None:
    assert sum(len(markdown.mentions(path.read_text())) for path in DOCUMENTS) > 30


@document
def test_targets_of_make_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert set(markdown.make_targets(path.read_text())) <= targets


def test_what_ci_makes_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = set(re.findall(r"^\s*make ([a-z]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    assert {"check", "test"} <= made <= targets


@document
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in markdown.links(path.read_text()):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in markdown.headings(target.read_text())):
            broken.append(link)
    assert broken == []


@document
def test_variables_are_read_somewhere(path: Path) -> None:
    sources = [p for folder in ("client", "server", "tests", "bench") for p in (ROOT / folder).rglob("*.py")]
    code = "\n".join(source.read_text() for source in sources if source.name != "test_docs.py")
    assert [name for name in markdown.variables(path.read_text()) if name not in code] == []


@document
def test_modules_exist(path: Path) -> None:
    assert [
        name for name in markdown.modules(path.read_text()) if importlib.util.find_spec(name) is None
    ] == []


def test_the_relays_error_codes_are_those_in_its_specification() -> None:
    spec = (ROOT / "docs" / "spec-relay.md").read_text()
    missing = [code.name for code in RefusalCode if not re.search(rf"\b{code.name}\b", spec)]
    assert missing == []


def test_the_readme_lists_every_command() -> None:
    text = README.read_text()
    assert readme.block(text, "commands").strip() == command_table().strip()
    assert all(f"`parley {name}" in readme.block(text, "commands") for name in command_names())


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints() -> None:
    shown = readme.block(README.read_text(), "demo")
    assert shown.count("\n") > 30
    assert readme.normalised(shown) == readme.normalised(readme.excerpt(readme.demo_output()))


def test_a_demo_that_prints_something_else_is_noticed() -> None:
    shown = readme.block(README.read_text(), "demo")
    assert readme.normalised(shown) != readme.normalised(shown.replace("none found", "2 found"))
    assert readme.normalised("No. 12 at 221830Z NOV 26\n  wrapped") == readme.normalised(
        "No. 7 at 010203Z JAN 27 wrapped"
    )


@pytest.mark.slow
def test_the_first_steps_work_as_they_are_written(tmp_path: Path) -> None:
    text = README.read_text()
    serve = markdown.block_after(text, "relay").strip()
    steps = markdown.block_after(text, "first steps")
    assert "127.0.0.1:8701" in serve
    assert "ws://127.0.0.1:8701" in steps
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    home = {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    with subprocess.Popen(
        f"exec {serve.replace('127.0.0.1:8701', '127.0.0.1:0')}",
        shell=True,
        cwd=tmp_path,
        env=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as relay:
        try:
            assert relay.stdout is not None
            url = relay.stdout.readline().removeprefix("listening on ").strip()
            done = subprocess.run(
                ["sh", "-e", "-c", steps.replace("ws://127.0.0.1:8701", url)],
                cwd=tmp_path,
                env=home,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        finally:
            relay.kill()
    assert done.returncode == 0, done.stderr
    assert "Is route 7 open?" in done.stdout
    assert "verified: " in done.stdout
    assert (tmp_path / "bridge.parley").stat().st_size > 1000
