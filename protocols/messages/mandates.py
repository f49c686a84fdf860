"""Who speaks for whom: MANDATE (MESSAGES.md section 2, row 2).

A mandate is a statement signed by the principal's own key, so that anybody who has it can check it, inside
the channel or out of it. Its id names it whatever message carried it.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols import canonical, ed25519
from protocols.errors import RuleViolation, VerificationError
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import (
    Hash,
    Model,
    Needed,
    ParticipantId,
    PublicKey,
    Signature,
    Window,
    text,
    time_ms,
)
from protocols.participants import participant_id

MAX_MANDATE_MS: Final = 365 * 86_400_000
EVERY_TOPIC: Final = "*"
_LABEL: Final = "parley mandate v1"

Power = Literal["INFORM", "NEGOTIATE", "ACCEPT_AD_REF", "ACCEPT_FINAL", "COMMIT"]


class Mandate(Model):
    """A principal's signed word on who may speak for it, about what, how far, and until when."""

    principal_name: Annotated[str, text(100, lines=False), Field(description="who is spoken for")]
    principal: Annotated[PublicKey, Field(description="the principal's Ed25519 public key")]
    holder: Annotated[ParticipantId, Field(description="who speaks")]
    topics: Annotated[
        tuple[Annotated[str, text(120, lines=False)], ...],
        Field(
            min_length=1,
            max_length=16,
            description="about what; * is every topic, and a topic includes those below it (a, a/b)",
        ),
    ]
    powers: Annotated[
        tuple[Power, ...], Field(max_length=5, description="how far; none in a mandate that only revokes")
    ] = ()
    window: Annotated[Window, Needed("MANDATE-1"), Field(description="from when until when")]
    limits: Annotated[str | None, text(500, lines=False), Field(description="what it does not cover")] = None
    replaces: Annotated[Hash | None, Field(description="the mandate it takes the place of")] = None
    revokes: Annotated[Hash | None, Field(description="the mandate it ends")] = None
    signature: Annotated[
        Signature, Needed("MANDATE-3"), Field(description="by the principal's key, over all of the above")
    ]

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of MANDATE refuse without looking at the roster."""
        return check_mandate(self)


def check_mandate(mandate: Mandate) -> Iterator[RuleViolation]:
    """Yield what is wrong with a mandate by itself, wherever it stands: in a message or in a charter."""
    if time_ms(mandate.window.end) - time_ms(mandate.window.start) > MAX_MANDATE_MS:
        yield violation("MANDATE-1", "window.end", "needs an end at most 365 days after its start")
    if participant_id(bytes.fromhex(mandate.principal)) == mandate.holder:
        yield violation("MANDATE-2", "holder", "needs a holder other than the principal")
    if bool(mandate.powers) != (mandate.revokes is None):
        hint = "needs powers" if mandate.revokes is None else "needs no powers in a mandate that revokes"
        yield violation("MANDATE-4", "powers", hint)
    if mandate.replaces is not None and mandate.revokes is not None:
        yield violation("MANDATE-4", "replaces", "needs either replaces or revokes")
    for name, items in (("topics", mandate.topics), ("powers", mandate.powers)):
        if len(set(items)) != len(items):
            yield violation("MANDATE-9", name)
    if not signed_by_principal(mandate):
        yield violation("MANDATE-3", "signature", "needs the principal's signature over these very fields")


def mandate_bytes(mandate: Mandate) -> bytes:
    """Return what the principal signs: a label and every field but the signature, in canonical encoding."""
    return canonical.encode([_LABEL, mandate.model_dump(exclude_none=True, exclude={"signature"})])


def mandate_id(mandate: Mandate) -> str:
    """Return the SHA-256, in hex, of `mandate_bytes`; messages, replacements and revocations name it."""
    return sha256(mandate_bytes(mandate)).hexdigest()


def signed_by_principal(mandate: Mandate) -> bool:
    """Say whether the signature is the principal's, over this mandate."""
    try:
        ed25519.verify(
            bytes.fromhex(mandate.principal), bytes.fromhex(mandate.signature), mandate_bytes(mandate)
        )
    except VerificationError:
        return False
    return True
