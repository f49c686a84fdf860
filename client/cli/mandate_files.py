"""Mandates and principals' keys as a command line gives them."""

import re
from typing import Final

import typer

from client.cli.bodies import read_fields
from client.errors import Refused
from protocols.errors import RuleViolation
from protocols.messages import Mandate, MessageType
from protocols.messages.codec import validated
from protocols.messages.mandates import check_mandate

__all__ = ["principal_key", "read_mandate"]

_KEY: Final = re.compile(r"[0-9a-f]{64}")


def read_mandate(source: str) -> Mandate:
    """Read a mandate that `parley mandate sign` wrote, and check it.

    Args:
        source: A file, or - for standard input.

    Raises:
        UnusableFile: The file cannot be read.
        Refused: It holds no mandate, or one that its principal did not sign.
    """
    try:
        mandate = validated(Mandate, read_fields(MessageType.MANDATE.value, source, {}))
        for problem in check_mandate(mandate):
            raise problem
    except RuleViolation as error:
        named = "" if error.field is None else f"{error.field}: "
        raise Refused(f"{source} holds no mandate that counts: {named}{error.hint} ({error.rule})") from None
    return mandate


def principal_key(text: str) -> bytes:
    """Read a principal's identity key, 32 bytes in hex.

    Raises:
        typer.BadParameter: It is none.
    """
    text = text.strip().lower()
    if not _KEY.fullmatch(text):
        raise typer.BadParameter("needs 64 hexadecimal digits, `identity_key` of their `parley card --json`")
    return bytes.fromhex(text)
