"""Two corpora: for each check sentences that are clear and sentences that are not, and how the check does on them.

The main one was written beside the checks, from the examples of MESSAGES.md section 5; it holds sentences that a
check gets wrong, on purpose. The held-out one is paraphrased from the public texts of `held_out/sources.toml`, and
was written and labelled by somebody else, before any check was run on it and without a look at the patterns.
Neither its labels nor the checks are changed for its figures: a held-out set that is tuned to holds nothing out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from protocols.clarity import CHECKS, Passage, Use, check_passage
from protocols.clarity.document import Measured, Source
from protocols.messages.glossary import GlossaryTerm

FOLDER = Path(__file__).parent / "corpus"
HELD_OUT = Path(__file__).parent / "held_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of a corpus, and whether a careful reader would ask about it.

    Attributes:
        check: the check's id.
        passage: the sentence, as the checks read it.
        unclear: whether a careful reader would ask.
        source: the public text it is paraphrased from, a key of `sources.toml`; empty in the main corpus.
    """

    check: str
    passage: Passage
    unclear: bool
    source: str

    @property
    def flagged(self) -> bool:
        """Whether its check finds something in it."""
        return any(finding.id == self.check for finding in check_passage(self.passage))


@cache
def sentences(check: str, folder: Path = FOLDER) -> tuple[Sentence, ...]:
    """The sentences for a check, in the order of its file in a corpus."""
    number = CHECKS[check].number
    data = tomllib.loads((folder / f"{number:02}.toml").read_text("utf-8"))
    return tuple(
        Sentence(
            check=check,
            passage=_passage(item, data),
            unclear=unclear,
            source="" if isinstance(item, str) else item.get("source", ""),
        )
        for name, unclear in (("bad", True), ("good", False))
        for item in data[name]
    )


def _passage(item: str | Mapping[str, Any], file: Mapping[str, Any]) -> Passage:
    given: dict[str, Any] = {"text": item} if isinstance(item, str) else dict(item)
    given.pop("source", None)
    use = Use(given.pop("use", file.get("use", "statement")))
    glossary = tuple(
        GlossaryTerm(term=term, definition="as agreed", lang="en", version=1, source="0" * 32)
        for term in file.get("glossary", ())
    )
    return Passage(path="text", use=use, glossary=glossary, **given)


def measured(check: str, folder: Path = FOLDER) -> Measured:
    """Count what a check finds and misses in a corpus."""
    everything = [(sentence.unclear, sentence.flagged) for sentence in sentences(check, folder)]
    return Measured(
        bad=sum(unclear for unclear, _ in everything),
        good=sum(not unclear for unclear, _ in everything),
        found=sum(unclear and flagged for unclear, flagged in everything),
        false=sum(not unclear and flagged for unclear, flagged in everything),
        languages=tuple(sorted({sentence.passage.lang for sentence in sentences(check, folder)})),
    )


@cache
def sources() -> Mapping[str, Source]:
    """The public texts of the held-out corpus, by key, in the order of `sources.toml`."""
    data = tomllib.loads((HELD_OUT / "sources.toml").read_text("utf-8"))
    return {key: Source(**text) for key, text in data.items()}
