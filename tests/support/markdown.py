"""What a Markdown document says about the program: commands, flags, targets, links, variables, modules."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_INDENTED = re.compile(r"^(?: {4}|\t)(.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PROGRAM = re.compile(r"(?<![\w./-])(parley-relay|parley)(?![\w./-])")
_WORD = re.compile(r"[a-z][a-z0-9]*")


@dataclass(frozen=True, slots=True)
class Mention:
    """A command as a document shows it: program, then words up to the first that can be no command name."""

    program: str
    words: tuple[str, ...]
    flags: tuple[str, ...]


def code(text: str) -> tuple[str, ...]:
    """Return every line of code: of blocks with lines that go on joined, then every span in running text."""
    blocks = _FENCE.findall(text)
    rest = _FENCE.sub("", text)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return (*lines, *_INDENTED.findall(rest), *_SPAN.findall(rest))


def mentions(text: str) -> tuple[Mention, ...]:
    """Return every use of our two programs in the code of a document."""
    return tuple(mention for line in code(text) for mention in _in_line(line.split(" # ")[0]))


def _in_line(line: str) -> Iterator[Mention]:
    for part in re.split(r"\|(?!\w)|&&|;", line):
        found = _PROGRAM.match(part.strip())
        if found is None:
            continue
        tokens = shlex.split(part.strip()[found.end() :], posix=True)
        words: list[str] = []
        for token in tokens:
            if not _WORD.fullmatch(token):
                break
            words.append(token)
        flags = tuple(token.split("=")[0] for token in tokens if re.match(r"--?[a-z]", token))
        yield Mention(found[1], tuple(words), flags)


def make_targets(text: str) -> tuple[str, ...]:
    """Return every `make target` in the code of a document."""
    return tuple(
        target for line in code(text) for target in re.findall(r"^(?:\$ )?make ([a-z]+)", line.strip())
    )


def links(text: str) -> tuple[str, ...]:
    """Return the targets of all links outside code, without those to other sites."""
    prose = _SPAN.sub("", _FENCE.sub("", text))
    return tuple(target for target in _LINK.findall(prose) if not re.match(r"[a-z]+:", target))


def variables(text: str) -> tuple[str, ...]:
    """Return every environment variable of ours that is named."""
    return tuple(dict.fromkeys(re.findall(r"\bPARLEY_[A-Z_]+\b", text)))


def modules(text: str) -> tuple[str, ...]:
    """Return every module that is run with `python -m` or named in dots in a code span."""
    return tuple(
        dict.fromkeys(
            name
            for line in code(text)
            for name in re.findall(
                r"python (?:-P )?-m ((?:channel|client|protocols|server|tests|bench)[\w.]*)", line
            )
        )
    )


def headings(text: str) -> tuple[str, ...]:
    """Return the anchors of all headings."""
    found = re.findall(r"^#+ +(.+)$", _FENCE.sub("", text), re.MULTILINE)
    return tuple(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found)


def block_after(text: str, marker: str) -> str:
    """Return the code block that follows `<!-- marker -->`.

    Raises:
        ValueError: there is none.
    """
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"no block {marker}")
    return found[1]
