"""The same text in several languages (MESSAGES.md section 6; VCLT 1969, article 33).

An AUTHENTIC text counts as much as the original; a TRANSLATION only helps to read it. What a machine
translated is never authentic.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.rules import violation
from protocols.messages.values import Language, Model, text

TextStatus = Literal["AUTHENTIC", "TRANSLATION"]


class Parallel(Model):
    """What every parallel text says about itself."""

    lang: Annotated[Language, Field(description="its language")]
    status: Annotated[TextStatus, Field(description="whether it counts as the original does")]
    machine: Annotated[bool, Field(description="translated by a machine")] = False


class ParallelText(Parallel):
    """The words of a clause in another language."""

    action: Annotated[str, text(300, lines=False), Field(description="does what")]
    object: Annotated[str, text(300, lines=False), Field(description="to or with what")]


def check_languages(
    texts: Sequence[Parallel], languages: Collection[str], rule: str, field: str
) -> Iterator[RuleViolation]:
    """Yield `rule` where texts are not in each of these languages exactly once, and in none else."""
    found = [item.lang for item in texts]
    if missing := [lang for lang in languages if lang not in found]:
        yield violation(rule, field, f"needs a text in {', '.join(missing)}")
    elif sorted(found) != sorted(languages):
        yield violation(rule, field, "needs each other language of the text once, and none else")


def check_machine(texts: Sequence[Parallel], rule: str, field: str) -> Iterator[RuleViolation]:
    """Yield `rule` where a machine's translation is called authentic."""
    for index, item in enumerate(texts):
        if item.machine and item.status == "AUTHENTIC":
            yield violation(rule, f"{field}.{index}.status", "needs TRANSLATION: a machine made it")
