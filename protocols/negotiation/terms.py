"""What the charter agreed for the fold: timers, languages, glossary, and which of its promises are on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from protocols.messages.catalogue import ACKNOWLEDGEMENT_DUE_MS
from protocols.messages.envelope import Precedence
from protocols.messages.glossary import GlossaryTerm

ACKNOWLEDGEMENT_DUE: Final[Mapping[tuple[Precedence, int], int]] = MappingProxyType(
    {
        (precedence, level): due_ms // 1000
        for precedence, levels in ACKNOWLEDGEMENT_DUE_MS.items()
        for level, due_ms in levels.items()
    }
)
"""Seconds until a rung is overdue, where the charter says nothing else (MESSAGES.md section 3)."""


@dataclass(frozen=True, slots=True)
class AdoptedText:
    """A text that every required party adopted as FINAL.

    Attributes:
        proposal: id of its PROPOSAL, 32 hexadecimal digits.
        package_hash: SHA-256 in hex of the clauses and the glossary's version that were adopted.
        effective: the `Time` from which it binds.
    """

    proposal: str
    package_hash: str
    effective: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTerms:
    """The charter's agreed terms, as far as the negotiation is judged by them.

    Attributes:
        timers: seconds until a rung is overdue, by (precedence, level); a pair that is missing has the
            default of `ACKNOWLEDGEMENT_DUE`, or no timer.
        languages: BCP 47 tags; the first is the channel's own.
        glossary: agreed definitions.
        glossary_version: counts the changes of the glossary; PROPOSAL names it.
        seats_agreed: whether seats, terms and texts change only as messages have agreed; False in the set-up
            phase, where the governing roles decide alone.
        displayed: whether devices tell that a message was shown (level 3).
        adopted: texts in force.
    """

    timers: Mapping[tuple[Precedence, int], int] = field(default_factory=lambda: ACKNOWLEDGEMENT_DUE)
    languages: tuple[str, ...] = ("en",)
    glossary: tuple[GlossaryTerm, ...] = ()
    glossary_version: int = 0
    seats_agreed: bool = False
    displayed: bool = False
    adopted: tuple[AdoptedText, ...] = ()

    def due_ms(self, precedence: Precedence, level: int) -> int | None:
        """Return the milliseconds that a rung may take after the entry; None where no timer runs."""
        seconds = self.timers.get((precedence, level), ACKNOWLEDGEMENT_DUE.get((precedence, level)))
        return None if seconds is None else seconds * 1000
