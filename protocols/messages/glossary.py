"""Agreeing what a word means: TERM, and the glossary it goes into (MESSAGES.md section 2, row 14)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.parallel import Parallel, check_languages, check_machine
from protocols.messages.rules import violation
from protocols.messages.values import Language, MessageId, Model, has_word, text

TermName = Annotated[str, text(100, lines=False)]
Definition = Annotated[str, text(600)]
Examples = Annotated[tuple[Annotated[str, text(200, lines=False)], ...], Field(max_length=20)]


class TermText(Parallel):
    """The term and its definition in another language."""

    term: Annotated[TermName, Field(description="the term")]
    definition: Annotated[Definition, Field(description="what it means")]


class Term(Model):
    """A definition that holds once every party has affirmed it."""

    term: Annotated[TermName, Field(description="the term")]
    definition: Annotated[Definition, Field(description="what it means")]
    includes: Annotated[Examples, Field(description="what is meant by it")] = ()
    excludes: Annotated[Examples, Field(description="what is not meant by it")] = ()
    texts: Annotated[
        tuple[TermText, ...], Field(max_length=8, description="the same in other languages")
    ] = ()

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of TERM refuse without looking at the glossary."""
        if has_word(self.definition, self.term):
            yield violation("TERM-1", "definition", "needs other words than the term itself")
        for index, item in enumerate(self.texts):
            if has_word(item.definition, item.term):
                yield violation(
                    "TERM-1", f"texts.{index}.definition", "needs other words than the term itself"
                )
        languages = {item.lang for item in self.texts} - {envelope.lang}
        yield from check_languages(self.texts, languages, "TERM-4", "texts")
        yield from check_machine(self.texts, "TERM-5", "texts")


class GlossaryTerm(Model):
    """A term as the charter's glossary holds it."""

    term: Annotated[TermName, Field(description="the term")]
    definition: Annotated[Definition, Field(description="what it means")]
    includes: Annotated[Examples, Field(description="what is meant by it")] = ()
    excludes: Annotated[Examples, Field(description="what is not meant by it")] = ()
    lang: Annotated[Language, Field(description="its language")]
    version: Annotated[int, Field(ge=1, le=2**31, description="1, and one more with each change of it")]
    source: Annotated[MessageId, Field(description="the TERM that was agreed")]
