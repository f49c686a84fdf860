"""Agreed words and texts in a charter: the glossary's terms, and what was put in force."""

from typing import Final

from protocols import canonical
from protocols.errors import DecodeError, RuleViolation
from protocols.messages.codec import validated
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.values import Hash, MessageId, Model, Time
from protocols.negotiation.terms import AdoptedText
from protocols.shape import as_map

__all__ = ["MAX_ADOPTED", "MAX_GLOSSARY", "decode_adopted", "decode_term", "encode_adopted", "encode_term"]

MAX_GLOSSARY: Final = 256
MAX_ADOPTED: Final = 128


class _Adopted(Model):
    """The checked form of an adopted text."""

    proposal: MessageId
    package_hash: Hash
    effective: Time


def encode_term(term: GlossaryTerm) -> dict[str, canonical.Encodable]:
    """Return the canonical map of a glossary's term."""
    return term.model_dump(mode="json")


def decode_term(value: canonical.Value) -> GlossaryTerm:
    """Read a glossary's term.

    Raises:
        DecodeError: it is none, or not within its limits. The committer is at fault.
    """
    try:
        return validated(
            GlossaryTerm, as_map(value, keys=tuple(GlossaryTerm.model_fields), what="glossary term")
        )
    except RuleViolation as error:
        raise DecodeError(f"a glossary term that breaks {error.rule}") from None


def encode_adopted(text: AdoptedText) -> dict[str, canonical.Encodable]:
    """Return the canonical map of an adopted text."""
    return {"proposal": text.proposal, "package_hash": text.package_hash, "effective": text.effective}


def decode_adopted(value: canonical.Value) -> AdoptedText:
    """Read an adopted text.

    Raises:
        DecodeError: it is none. The committer is at fault.
    """
    try:
        read = validated(_Adopted, as_map(value, keys=tuple(_Adopted.model_fields), what="adopted text"))
    except RuleViolation as error:
        raise DecodeError(f"an adopted text that breaks {error.rule}") from None
    return AdoptedText(proposal=read.proposal, package_hash=read.package_hash, effective=read.effective)
