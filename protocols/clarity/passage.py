"""The texts of a message, each with what a check needs to know: language, use, what stands beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from protocols.messages.envelope import MessageType
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.message import Message
from protocols.messages.parallel import Parallel
from protocols.messages.proposals import Proposal
from protocols.messages.values import Shape


class Use(StrEnum):
    """What a text is for: checks look at the uses they make sense for."""

    DUTY = "duty"  # who must do what: the words of a clause, the act asked for
    STATEMENT = "statement"  # what is said to be so
    QUESTION = "question"
    REMARK = "remark"  # reasons, remarks, points of a record
    DEFINITION = "definition"
    NAME = "name"  # names, titles, topics
    QUOTED = "quoted"  # words that are not the sender's to change


_USES: Final[Mapping[str, Use]] = {
    "action": Use.DUTY,
    "object": Use.DUTY,
    "statement": Use.STATEMENT,
    "account": Use.STATEMENT,
    "attribution_basis": Use.STATEMENT,
    "method": Use.STATEMENT,
    "access_limits": Use.STATEMENT,
    "content": Use.STATEMENT,
    "measures": Use.STATEMENT,
    "question": Use.QUESTION,
    "definition": Use.DEFINITION,
    "includes": Use.DEFINITION,
    "excludes": Use.DEFINITION,
    "name": Use.NAME,
    "name_source": Use.NAME,
    "transliteration": Use.NAME,
    "ref": Use.NAME,
    "topic": Use.NAME,
    "title": Use.NAME,
    "term": Use.NAME,
    "seat": Use.NAME,
    "principal_name": Use.NAME,
    "attribution": Use.NAME,
    "topics": Use.NAME,
    "medium": Use.NAME,
    "old": Use.QUOTED,
    "field": Use.QUOTED,
    "fields": Use.QUOTED,
    "value": Use.QUOTED,
}
"""By the last name of a field's path; every other text is a remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text of a message.

    Attributes:
        path: its field.
        text: what it says.
        lang: its language, a BCP 47 tag.
        use: what it is for.
        type: the message's type.
        placed: whether coordinates stand beside it.
        graded: whether a Grade stands beside it.
        glossary: the charter's terms.
    """

    path: str
    text: str
    lang: str = "en"
    use: Use = Use.STATEMENT
    type: MessageType = MessageType.INFORM
    placed: bool = False
    graded: bool = False
    glossary: Sequence[GlossaryTerm] = ()

    @property
    def english(self) -> bool:
        """Whether the English checks can read it."""
        return self.lang.partition("-")[0] == "en"


def passages(message: Message, glossary: Sequence[GlossaryTerm] = ()) -> Iterator[Passage]:
    """Yield every text of a message, content first, in the order of its fields."""
    content, envelope = message.content, message.envelope
    lang = content.prevailing if isinstance(content, Proposal) else envelope.lang
    quoted = getattr(content, "fidelity", None) == "VERBATIM"
    graded = getattr(content, "grade", None) is not None
    for path, text, language, placed in _texts(content, "", lang, False):
        use = _USES.get(next(name for name in reversed(path.split(".")) if not name.isdecimal()), Use.REMARK)
        yield Passage(
            path=path,
            text=text,
            lang=language,
            use=Use.QUOTED if quoted and path == "content" else use,
            type=message.type,
            placed=placed,
            graded=graded,
            glossary=glossary,
        )
    for name in ("topic", "remarks"):
        text = getattr(envelope, name)
        if text is not None:
            use = _USES.get(name, Use.REMARK)
            yield Passage(
                path=name, text=text, lang=envelope.lang, use=use, type=message.type, glossary=glossary
            )


def _texts(model: BaseModel, prefix: str, lang: str, placed: bool) -> Iterator[tuple[str, str, str, bool]]:
    """Yield path, text, language, and whether there are coordinates, for each text below a model."""
    if isinstance(model, Parallel):
        lang = model.lang
    placed = placed or any(getattr(model, name, None) is not None for name in ("place", "area", "route"))
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in items:
            path = f"{prefix}{name}" if index is None else f"{prefix}{name}.{index}"
            if isinstance(item, BaseModel):
                yield from _texts(item, f"{path}.", lang, placed)
            elif isinstance(item, str) and is_text(info.annotation, info.metadata):
                yield path, item, lang, placed


def is_text(annotation: object, metadata: Sequence[object]) -> bool:
    """Say whether a field holds words, rather than an identifier, a time or a choice."""
    marks = [*metadata]
    waiting = [annotation]
    while waiting:
        inner = waiting.pop()
        marks += getattr(inner, "__metadata__", ())
        waiting += getattr(inner, "__args__", ())
    return any(isinstance(mark, Shape) and mark.kind.startswith("text(") for mark in marks)
