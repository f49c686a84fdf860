"""What MLS raises, sorted by fault.

A peer's fault: `DecodeError` (not well-formed), `ValidationError` (broke a numbered rule of RFC 9420),
`VerificationError` (a signature, MAC, key or tag is not what it must be), `DecryptionError` (does not open).
Ours: `StateError` (the group, as we hold it, cannot do that), `UnsupportedError` (well-formed, but beyond
what this library implements). A programmer's mistake is `ValueError` and is never caught.
"""

from __future__ import annotations

from collections.abc import Callable


class MLSError(Exception):
    """Everything `channel.mls` raises on purpose: a rule broken (RFC 9420, sections 5 to 16), or misuse."""


class PeerError(MLSError):
    """A peer, or whoever carried its bytes, is at fault."""


class DecodeError(PeerError):
    """The bytes are not a well-formed encoding of what was expected."""


class ValidationError(PeerError):
    """A well-formed object breaks a rule of RFC 9420.

    Attributes:
        rule: The rule's number, as listed in `docs/rfc9420.md`, for example "7.3-2".
        message: What is wrong, without the number.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message} (rule {rule})")
        self.rule = rule
        self.message = message

    def __reduce__(self) -> tuple[type[ValidationError], tuple[str, str]]:
        return type(self), (self.rule, self.message)


class VerificationError(PeerError):
    """A signature, MAC, tag or public key from a peer does not hold."""


class DecryptionError(PeerError):
    """A ciphertext does not open with the keys it names."""


class GenerationError(DecryptionError):
    """A message's generation cannot be served: already used, dropped, or too far ahead.

    Attributes:
        generation: The generation the message claims.
        expected: The next generation of that ratchet.
    """

    def __init__(self, message: str, *, generation: int, expected: int) -> None:
        super().__init__(message)
        self.generation = generation
        self.expected = expected

    def __reduce__(self) -> tuple[Callable[..., GenerationError], tuple[str], dict[str, int]]:
        return _generation_error, (str(self),), {"generation": self.generation, "expected": self.expected}


def _generation_error(message: str) -> GenerationError:
    return GenerationError(message, generation=0, expected=0)


class LocalError(MLSError):
    """We asked for something that cannot be done; no peer is at fault."""


class StateError(LocalError):
    """The group, as we hold it, does not allow this operation now."""


class UnsupportedError(LocalError):
    """Well-formed and perhaps legal, but not implemented here, for example an unknown cipher suite."""
