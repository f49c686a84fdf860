"""Where pre-shared keys come from, and what may name them (RFC 9420, sections 8.4 and 12.1.4).

A group finds the resumption PSKs of its own epochs itself, as far back as it was asked to keep them; all
others are the caller's to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from channel.mls.crypto import CipherSuite
from channel.mls.errors import ValidationError
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage

MAX_PSKS = 0xFFFF
"""As many as one commit or Welcome can name: their number is a uint16 of the PSKLabel."""

PSKs: TypeAlias = Mapping[Any, bytes] | Callable[[PreSharedKeyID], bytes | None]
"""The keys a caller knows: by `ExternalPSK` or `ResumptionPSK`, or a function that gives None if unknown."""

FindPSK: TypeAlias = Callable[[PreSharedKeyID], bytes]
"""Gives the value of a pre-shared key, or raises `ValidationError` if it is unknown."""

NO_PSKS: Mapping[ExternalPSK | ResumptionPSK, bytes] = {}


def finder(psks: PSKs, own: Mapping[tuple[bytes, int], bytes]) -> FindPSK:
    """Look among our own resumption PSKs first, then among the caller's keys.

    Args:
        psks: What the caller knows.
        own: Resumption PSKs by group id and epoch.
    """

    def find(psk_id: PreSharedKeyID) -> bytes:
        psk = psk_id.psk
        found = own.get((psk.psk_group_id, psk.psk_epoch)) if isinstance(psk, ResumptionPSK) else None
        if found is None:
            found = psks(psk_id) if callable(psks) else psks.get(psk)
        if found is None:
            raise ValidationError("8.4-1", "a pre-shared key is named that we do not know")
        return found

    return find


def find_no_psk(psk_id: PreSharedKeyID) -> bytes:
    """For where nobody knows any pre-shared key.

    Raises:
        ValidationError: Always.
    """
    return finder(NO_PSKS, {})(psk_id)


def find_psks(
    suite: CipherSuite, psk_ids: Iterable[PreSharedKeyID], *, find: FindPSK
) -> tuple[tuple[PreSharedKeyID, bytes], ...]:
    """Check the names of pre-shared keys of one commit or Welcome, and find their values.

    Args:
        suite: The group's cipher suite.
        psk_ids: In their order.
        find: Gives the values.

    Raises:
        ValidationError: There are too many, a nonce has the wrong length, a name comes twice, or a key is
            unknown.
    """
    found: dict[PreSharedKeyID, bytes] = {}
    psk_ids = tuple(psk_ids)
    if len(psk_ids) > MAX_PSKS:
        raise ValidationError("8.4-2", "more pre-shared keys are named than can be counted")
    for psk_id in psk_ids:
        if len(psk_id.psk_nonce) != suite.hash_size:
            raise ValidationError("12.1.4-2", "the nonce of a pre-shared key has the wrong length")
        if psk_id in found:
            raise ValidationError("12.2-7", "a pre-shared key is named twice")
        found[psk_id] = find(psk_id)
    return tuple(found.items())


def usage_of(psk_id: PreSharedKeyID) -> ResumptionPSKUsage | None:
    """What a resumption PSK is injected for; None for an external one."""
    return psk_id.psk.usage if isinstance(psk_id.psk, ResumptionPSK) else None
