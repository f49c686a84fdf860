"""A mediator carries words from one side to another: CONVEY (MESSAGES.md section 2, row 9).

Verbatim words are carried with their speaker's own signature over the words and their language, so that
whoever receives them need not trust the messenger. What a mediator carries binds nobody.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols import canonical, ed25519
from protocols.errors import RuleViolation, VerificationError
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import Model, ParticipantId, PublicKey, Signature, text
from protocols.participants import participant_id

_LABEL: Final = "parley conveyed words v1"


class Convey(Model):
    """Words that are not the mediator's own, or a view that is, marked as what they are."""

    source: Annotated[
        ParticipantId | None, Field(description="whose words they are; none where that is withheld")
    ] = None
    fidelity: Annotated[
        Literal["VERBATIM", "PARAPHRASE", "MEDIATOR_VIEW"], Field(description="how true to the original")
    ]
    consent: Annotated[str, text(200, lines=False), Field(description="who consented to carrying it, when")]
    content: Annotated[str, text(4000), Field(description="the words")]
    original_key: Annotated[
        PublicKey | None, Field(description="the speaker's Ed25519 identity key; with VERBATIM")
    ] = None
    original_signature: Annotated[
        Signature | None,
        Field(description="the speaker's signature over the words and the language; with VERBATIM"),
    ] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of CONVEY refuse without looking at what it answers."""
        verbatim = self.fidelity == "VERBATIM"
        for name, value in (
            ("original_key", self.original_key),
            ("original_signature", self.original_signature),
        ):
            if (value is not None) != verbatim:
                yield violation("CONVEY-1", name, "goes with VERBATIM, always and only")
        if verbatim and self.original_key is not None and self.original_signature is not None:
            key = bytes.fromhex(self.original_key)
            if participant_id(key) != self.source:
                yield violation("CONVEY-1", "source", "needs the participant whose key it is")
            elif not _signed(key, self.original_signature, conveyed_bytes(self.content, envelope.lang)):
                yield violation(
                    "CONVEY-1", "original_signature", "needs the source's signature over these very words"
                )
        if self.fidelity == "MEDIATOR_VIEW" and self.source is not None:
            yield violation("CONVEY-2", "source", "needs no source: the view is the mediator's own")


def conveyed_bytes(content: str, lang: str) -> bytes:
    """Return what a speaker signs so that a mediator can carry the words verbatim.

    Args:
        content: the words, as they will stand in CONVEY.
        lang: their language, as it will stand in the envelope.
    """
    return canonical.encode([_LABEL, lang, content])


def _signed(key: bytes, signature: str, message: bytes) -> bool:
    try:
        ed25519.verify(key, bytes.fromhex(signature), message)
    except VerificationError:
        return False
    return True
