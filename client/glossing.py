"""Which glossary terms the words of a message use: what they mean here stands beside them. Pure."""

from protocols.clarity import find_terms, passages
from protocols.messages import GlossaryTerm, Message
from protocols.negotiation import Negotiation

__all__ = ["term_lines", "terms_of", "terms_value"]


def terms_of(negotiation: Negotiation, message: Message) -> tuple[GlossaryTerm, ...]:
    """Return the channel's terms that a message uses, each once, in the order in which they occur.

    They are the terms as the channel's glossary has them now.
    """
    glossary = negotiation.terms.glossary
    if not glossary:
        return ()
    defined = {(item.term, item.version): item for item in glossary}
    used = {
        (use.term, use.version): None
        for passage in passages(message, glossary)
        for use in find_terms(passage.text, glossary)
    }
    return tuple(defined[key] for key in used)


def term_lines(negotiation: Negotiation, message: Message) -> tuple[str, ...]:
    """Return what the terms of a message mean here, in lines for people; peers' text, not yet safe."""
    return tuple(_line(item) for item in terms_of(negotiation, message))


def _line(item: GlossaryTerm) -> str:
    line = f"{item.term} [v{item.version}]: {item.definition}"
    if item.includes:
        line += f" (is meant: {'; '.join(item.includes)})"
    if item.excludes:
        line += f" (is not meant: {'; '.join(item.excludes)})"
    return line


def terms_value(negotiation: Negotiation, message: Message) -> list[dict[str, object]]:
    """Return where a message uses terms, as values for JSON: each use with field, span, term and version."""
    glossary = negotiation.terms.glossary
    definitions = {(item.term, item.version): item.definition for item in glossary}
    return [
        {
            "field": passage.path,
            "span": list(use.span),
            "term": use.term,
            "version": use.version,
            "definition": definitions[use.term, use.version],
        }
        for passage in (passages(message, glossary) if glossary else ())
        for use in find_terms(passage.text, glossary)
    ]
