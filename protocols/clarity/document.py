"""docs/clarity.md, written from the checks and what two corpora measured, so that they cannot disagree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from protocols.clarity.catalogue import CHECKS, Check
from protocols.clarity.marks import ENGLISH_MARKS, MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a check did on a corpus.

    Attributes:
        bad: sentences that a careful reader would ask about.
        good: sentences that are clear.
        found: how many of the bad ones the check found.
        false: how many of the good ones it found as well.
        languages: languages of the sentences.
    """

    bad: int
    good: int
    found: int
    false: int
    languages: tuple[str, ...]

    @property
    def recall(self) -> float:
        """The share of the unclear sentences that it finds."""
        return self.found / self.bad

    @property
    def precision(self) -> float:
        """The share of its findings that are right; 1 where it finds nothing."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """A public text that held-out sentences are paraphrased from.

    Attributes:
        title: its name and date.
        read: which part of it was read, or what was read in its stead.
        link: where.
    """

    title: str
    read: str
    link: str


def document(
    measured: Mapping[str, Measured], held_out: Mapping[str, Measured], sources: Iterable[Source]
) -> str:
    """Return docs/clarity.md.

    Args:
        measured: on the corpus written with the checks, by the check's id.
        held_out: on the held-out corpus, by the check's id.
        sources: the public texts of the held-out corpus.
    """
    return "\n".join(_lines(measured, held_out, sources)) + "\n"


def overall(measured: Iterable[Measured]) -> Measured:
    """Add up what all the checks did, each sentence counting once."""
    figures = tuple(measured)
    return Measured(
        bad=sum(each.bad for each in figures),
        good=sum(each.good for each in figures),
        found=sum(each.found for each in figures),
        false=sum(each.false for each in figures),
        languages=tuple(sorted({language for each in figures for language in each.languages})),
    )


_INTRODUCTION = """\
# Clarity checks

Generated from the code and its two corpora by `python -m tests.protocols.clarity.regenerate`; a test keeps
them equal.

Before a message is sent, these checks say what its reader may take otherwise than its author means it. What
**blocks** must be put right. What **asks** its author answers: change the words, or send them all the same.
Rules (see [messages.md](messages.md)) are another thing: what they refuse is never sent.

The checks read English. For text in other languages only those marked *any* run, and the report says so. None
is run on an ALERT, or on anything sent at FLASH: nothing here may delay a warning.

**What not to conclude.** No finding does not mean that a text is clear, true, complete or fair; it means that
none of these patterns is in it. A finding does not mean that a text is wrong. They replace neither a second
reader nor a read-back.

**What the figures are.** The first pair is of the corpus that was written beside the checks, by the same
hand, at least 10 clear and 10 unclear sentences a check, with cases among them that the check gets wrong: it
flatters, and serves to notice when a check gets worse. The second pair, *held out*, is of sentences
paraphrased from [public texts](#public-texts-of-the-held-out-sentences) by another hand of this project, who
knew what each check is for, by the examples below, and not how it looks, and labelled all of them before any
check was run on them. Neither labels nor checks were changed afterwards; one label is known to be wrong
(CLARITY-3) and counts as it stands. Where the two pairs differ, believe the second: most of what it shows is
recall lost to wordings that nobody had thought of.

**What they do not say.** The held-out set is small: one sentence more or less moves a figure by 10 to 20
points. Its sentences are short, most of them are English, and they are paraphrases, made to show one thing
each. Half of them are unclear, which in real text is the exception, so in use more of the findings are false
than here. Each is measured with its own check alone, while every check reads every sentence, so that false
findings add up. Automatic checks of this kind reached about 59 % precision at 82 % recall in practice (Femmer
et al., arXiv 1611.08847); expect no better.
"""


def _lines(
    measured: Mapping[str, Measured], held_out: Mapping[str, Measured], sources: Iterable[Source]
) -> Iterator[str]:
    yield _INTRODUCTION
    yield (
        "| Check | Looks for | Finding | Language | Precision | Recall | Corpus "
        "| Held out: precision | Held out: recall | Held-out sentences |"
    )
    yield f"|{'---|' * 10}"
    for check in CHECKS.values():
        cells = (
            f"`{check.id}`",
            check.looks_for,
            check.severity.value.lower() + "s",
            "English" if check.english else "any",
            *_cells(measured[check.id]),
            *_cells(held_out[check.id]),
        )
        yield f"| {' | '.join(cells)} |"
    total = (*_cells(overall(measured.values())), *_cells(overall(held_out.values())))
    yield f"| all | | | | {' | '.join(total)} |"
    yield ""
    for check in CHECKS.values():
        yield from _check(check, measured[check.id], held_out[check.id])
    yield "## Warnings about fields"
    yield ""
    yield "What MESSAGES.md marks with `!` in its table of types. They ask, and are measured by no corpus."
    yield ""
    for name, about in MARKS.items():
        yield f"- `{name}`: {about}{' (English)' if name in ENGLISH_MARKS else ''}"
    yield ""
    yield "## Public texts of the held-out sentences"
    yield ""
    yield "What was read of each. The sentences are in our own words, with other names; none is quoted."
    yield ""
    for source in sources:
        yield f"- [{source.title}]({source.link}): {source.read}"


def _cells(figures: Measured) -> tuple[str, str, str]:
    return (
        f"{100 * figures.precision:.0f} %",
        f"{100 * figures.recall:.0f} %",
        f"{figures.bad} unclear, {figures.good} clear ({', '.join(figures.languages)})",
    )


def _check(check: Check, figures: Measured, held_out: Measured) -> Iterator[str]:
    uses = ", ".join(sorted(use.value for use in check.uses))
    yield f"## {check.id}: {check.looks_for}"
    yield ""
    yield f"- Unclear: {check.bad}"
    yield f"- Clear: {check.good}"
    yield f"- Why: {check.motive}"
    yield f"- Looks at: {uses}"
    yield f"- In its corpus it finds {figures.found} of {figures.bad} unclear sentences,"
    yield f"  and {figures.false} of {figures.good} clear ones"
    yield f"- Held out it finds {held_out.found} of {held_out.bad} unclear sentences,"
    yield f"  and {held_out.false} of {held_out.good} clear ones"
    yield f"- Do not conclude too much: {check.beware}"
    yield ""
