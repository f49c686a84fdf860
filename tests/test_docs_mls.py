"""docs/mls.md is true: its example runs and prints what it shows, and what its tables name is what there is."""

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

import channel.mls
from channel.mls import crypto, errors
from channel.mls.validation import Leniency
from tests.support import vectors

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "mls.md"
TEXT = DOCUMENT.read_text("utf-8")
TESTS = ROOT / "tests" / "channel" / "mls"

SAMPLE = """\
```python
a = 6
print(a * 7)
```

```text
42
```

Nothing is printed here:

```python
b = a + 1
```

```text
not what the block above prints
```

```sh
make test
```
"""


@dataclass(frozen=True)
class Example:
    line: int
    code: str
    shown: str


def examples(text: str) -> Iterator[Example]:
    """Every python block, and the text block right below it, if there is one."""
    for found in re.finditer(
        r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", text, re.DOTALL | re.MULTILINE
    ):
        yield Example(text.count("\n", 0, found.start(1)), found[1], found[2] or "")


def run(text: str) -> list[tuple[int, str, str]]:
    """Run all examples in one namespace; return line, shown and printed where the two differ."""
    namespace: dict[str, object] = {"__name__": "docs"}
    wrong = []
    for example in examples(text):
        printed = io.StringIO()
        code = compile("\n" * example.line + example.code, str(DOCUMENT), "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        if printed.getvalue() != example.shown:
            wrong.append((example.line, example.shown, printed.getvalue()))
    return wrong


def table(heading: str) -> list[list[str]]:
    """The cells of the one table of a section, its head left out."""
    section = re.split(r"^#+ ", TEXT.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert rows, f"no table under {heading}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_a_document_that_shows_something_else_is_noticed() -> None:
    assert run("") == []
    assert run(SAMPLE) == [(12, "not what the block above prints\n", "")]
    assert run(SAMPLE.replace("42", "43")) == [
        (1, "43\n", "42\n"),
        (12, "not what the block above prints\n", ""),
    ]


def test_the_example_prints_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    # The example registers a cipher suite, which other tests must not find.
    monkeypatch.setattr(crypto, "_suites", dict(crypto._suites))
    assert len(list(examples(TEXT))) > 15
    assert TEXT.count("```text\n") == sum(1 for example in examples(TEXT) if example.shown)
    assert run(TEXT) == []


def test_every_name_of_the_public_face_is_shown() -> None:
    assert [name for name in channel.mls.__all__ if not re.search(rf"\b{name}\b", TEXT)] == []


def test_the_leniencies_are_all_there_are() -> None:
    assert [names(row[0]) for row in table("Leniencies")] == [[field.name] for field in fields(Leniency)]


def test_the_errors_are_all_there_are_and_fit_together() -> None:
    rows = [(names(row[0])[0], names(row[1])[0]) for row in table("Errors, and whose fault they are")]
    assert rows == [
        (name, thing.__bases__[0].__name__)
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, Exception)
    ]


PROVEN = table("What is implemented, and how it is proven")


def test_every_module_has_its_place() -> None:
    listed = [name for row in PROVEN for name in names(row[2])]
    modules = [path.stem for path in Path(channel.mls.__file__).parent.glob("*.py")]
    assert sorted(listed) == sorted(set(modules) - {"__init__"})


def test_the_vectors_are_those_that_the_tests_run() -> None:
    listed = {name for row in PROVEN for name in names(row[3])}
    tests = "".join(path.read_text("utf-8") for path in TESTS.glob("test_vectors*.py"))
    assert listed == set(re.findall(r'entries\("([\w-]+)"\)', tests))


def test_the_vectors_are_all_that_are_published() -> None:
    listed = {name for row in PROVEN for name in names(row[3])}
    published = vectors.path("mls", "welcome.json").parent.glob("*.json")
    assert listed == {path.stem for path in published}


def test_the_tests_it_names_exist_and_every_row_is_proven() -> None:
    for row in PROVEN:
        named = names(row[4])
        assert named, row[1]
        assert [name for name in named if not (TESTS / f"{name}.py").is_file()] == []


def test_the_rules_it_names_are_listed() -> None:
    rules = set(re.findall(r"\(rule ([\d.]+-\d+)\)", TEXT))
    listed = (ROOT / "docs" / "rfc9420.md").read_text("utf-8")
    assert len(rules) > 3
    assert [rule for rule in rules if f"| {rule} |" not in listed] == []
