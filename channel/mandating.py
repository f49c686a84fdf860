"""Signing a mandate: a principal's word on who may speak for it, made with the principal's identity key.

Whoever has the mandate can check it (`protocols.messages.mandates`), inside of a channel or out of it.
"""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import JsonValue

from channel.identity import Identity
from protocols.messages.codec import validated
from protocols.messages.fields import coerce
from protocols.messages.mandates import Mandate, check_mandate, mandate_bytes

__all__ = ["sign_mandate"]

_UNSIGNED = "0" * 128


def sign_mandate(principal: Identity, fields: Mapping[str, JsonValue]) -> Mandate:
    """Sign a mandate, or with `revokes` and no powers the end of one.

    Args:
        principal: who is spoken for.
        fields: of `Mandate`, nested, as text or JSON values; `principal` and `signature` are set here.

    Returns:
        The mandate; its id is `mandate_id`.

    Raises:
        RuleViolation: the first field or rule that is wrong. Whoever asked for it is at fault.
    """
    given = {**fields, "principal": principal.public_key.hex(), "signature": _UNSIGNED}
    unsigned = validated(Mandate, coerce(Mandate, given))
    key = Ed25519PrivateKey.from_private_bytes(principal.private_key)
    mandate = unsigned.model_copy(update={"signature": key.sign(mandate_bytes(unsigned)).hex()})
    for problem in check_mandate(mandate):
        raise problem
    return mandate
