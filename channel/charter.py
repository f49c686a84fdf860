"""The charter: what the members of a channel agreed on, inside the MLS GroupContext.

It is a canonical map in GroupContext extension 0xF0A1 (private range), so every member holds the same one,
the key schedule binds it, and only a commit that everybody sees can change it. What such a commit may change
is judged by `channel.charter_change`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from channel.charter_texts import (
    MAX_ADOPTED,
    MAX_GLOSSARY,
    decode_adopted,
    decode_term,
    encode_adopted,
    encode_term,
)
from channel.errors import BadCharter
from channel.names import check_text, first_look_alike, fold_name
from channel.roster import RosterEntry, decode_entry, encode_entry
from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError, VerificationError
from protocols.log.note import Verifier
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.roles import Role
from protocols.negotiation.terms import ACKNOWLEDGEMENT_DUE, AdoptedText
from protocols.shape import as_bool, as_list, as_map, as_str, as_uint

__all__ = [
    "CHARTER_EXTENSION",
    "DEFAULT_TIMERS",
    "GOVERNING",
    "MAX_CHARTER_SIZE",
    "Charter",
    "History",
    "Mode",
    "RosterEntry",
    "Seats",
]

CHARTER_EXTENSION: Final = 0xF0A1
MAX_CHARTER_SIZE: Final = 32_768  # a commit that carries it has to fit one log entry

#: The roles that may change who is in a channel, and its charter (MESSAGES.md section 2, SEAT).
GOVERNING: Final = frozenset({Role.PARTY, Role.MEDIATOR})

DEFAULT_TIMERS: Final[Mapping[str, int]] = MappingProxyType(
    {f"{precedence} L{level}": seconds for (precedence, level), seconds in ACKNOWLEDGEMENT_DUE.items()}
)
"""Seconds until each acknowledgement level is overdue, by precedence (MESSAGES.md section 3)."""

_VERSION: Final = 1
_MAX_TITLE: Final = 200
_MAX_ROSTER: Final = 256
_MAX_LANGUAGES: Final = 16
_MAX_TAG: Final = 64
_MAX_TIMER_S: Final = 366 * 86_400
_MAX_RETENTION_DAYS: Final = 36_525
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_KEYS: Final = (
    "v",
    "title",
    "mode",
    "relay_vkey",
    "roster",
    "seats",
    "timers",
    "displayed",
    "languages",
    "glossary",
    "glossary_version",
    "adopted",
    "retention",
    "history",
)


class Mode(StrEnum):
    """Whether what is said here is meant."""

    LIVE = "LIVE"
    EXERCISE = "EXERCISE"


class History(StrEnum):
    """What somebody who joins is shown of what was said before."""

    ALL = "ALL"


class Seats(StrEnum):
    """Who decides who sits at the table."""

    OPEN = "OPEN"
    """The channel is being set up: any party or mediator admits and removes, and writes its rules."""
    AGREED = "AGREED"
    """Nobody comes, goes or changes role unless every party has affirmed a SEAT; the rules stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """A channel's agreed rules.

    Attributes:
        title: what the channel is called, 1 to 200 characters on one line.
        relay_vkey: name and key of the relay that orders the channel, as in its genesis.
        roster: everybody, at least one, in the order they came.
        mode: LIVE or EXERCISE.
        seats: whether any party or mediator decides who sits here, or every party must agree.
        timers: seconds until overdue, by the keys of DEFAULT_TIMERS; what is missing has the default.
        displayed: whether devices report what they have shown (L3 of the ladder).
        languages: BCP 47 tags, at least one.
        glossary: agreed meanings of terms, each term once, at most 256.
        glossary_version: how often the glossary was changed; proposals name it.
        adopted: the texts that were put in force, oldest first, at most 128.
        retention_days: how long content is kept after the process ends.
        history: what a newcomer is shown; ALL in this release.

    Raises:
        BadCharter: a field is not as described, or two names on the roster, or of two principals, look alike.
    """

    title: str
    relay_vkey: str
    roster: tuple[RosterEntry, ...]
    mode: Mode = Mode.LIVE
    seats: Seats = Seats.OPEN
    timers: Mapping[str, int] = field(default_factory=dict, hash=False)
    displayed: bool = False
    languages: tuple[str, ...] = ("en",)
    glossary: tuple[GlossaryTerm, ...] = ()
    glossary_version: int = 0
    adopted: tuple[AdoptedText, ...] = ()
    retention_days: int = 3_652
    history: History = History.ALL

    def __post_init__(self) -> None:
        object.__setattr__(self, "timers", MappingProxyType(dict(self.timers)))
        check_text(self.title, _MAX_TITLE, "title")
        try:
            Verifier.from_vkey(self.relay_vkey)
        except (DecodeError, VerificationError) as error:
            raise BadCharter(f"relay key refused: {error}") from None
        if not 0 < len(self.roster) <= _MAX_ROSTER:
            raise BadCharter(f"a roster has 1 to {_MAX_ROSTER} people")
        if len({entry.key for entry in self.roster}) != len(self.roster):
            raise BadCharter("somebody is on the roster twice")
        if first_look_alike([entry.name for entry in self.roster]) is not None:
            raise BadCharter("two names on the roster look alike: choose another")
        principals = {one.principal: one.principal_name for one in self.roster if one.principal is not None}
        if first_look_alike([*principals.values()]) is not None:
            raise BadCharter("two principals have names that look alike: choose another")
        for timer, seconds in self.timers.items():
            if timer not in DEFAULT_TIMERS or not 1 <= seconds <= _MAX_TIMER_S:
                known = ", ".join(DEFAULT_TIMERS)
                raise BadCharter(f"a timer is one of {known}, from 1 second to 366 days")
        if not 0 < len(self.languages) <= _MAX_LANGUAGES:
            raise BadCharter(f"a charter names 1 to {_MAX_LANGUAGES} languages")
        if not all(_LANGUAGE.fullmatch(tag) and len(tag) <= _MAX_TAG for tag in self.languages):
            raise BadCharter("a language is a BCP 47 tag such as en or pt-BR")
        if len(self.glossary) > MAX_GLOSSARY:
            raise BadCharter(f"a glossary has at most {MAX_GLOSSARY} terms")
        if len({fold_name(term.term) for term in self.glossary}) != len(self.glossary):
            raise BadCharter("a term is in the glossary twice")
        if len(self.adopted) > MAX_ADOPTED:
            raise BadCharter(f"a charter keeps at most {MAX_ADOPTED} adopted texts: begin a new channel")
        if not 0 <= self.retention_days <= _MAX_RETENTION_DAYS:
            raise BadCharter(f"retention is 0 to {_MAX_RETENTION_DAYS} days")

    def entry(self, participant: str) -> RosterEntry | None:
        """Return the seat of a participant id, or None."""
        return next((entry for entry in self.roster if entry.id == participant), None)

    def with_entry(self, entry: RosterEntry) -> "Charter":
        """Return this charter with one more person.

        Raises:
            BadCharter: they are on the roster already, or the name looks like another's.
        """
        return replace(self, roster=(*self.roster, entry))

    def without(self, participant: str) -> "Charter":
        """Return this charter without a participant id; the last person cannot go."""
        return replace(self, roster=tuple(entry for entry in self.roster if entry.id != participant))

    def encode(self) -> bytes:
        """Return the canonical bytes: the extension_data of CHARTER_EXTENSION.

        Raises:
            BadCharter: larger than MAX_CHARTER_SIZE.
        """
        try:
            data = canonical.encode(
                {
                    "v": _VERSION,
                    "title": self.title,
                    "mode": self.mode.value,
                    "relay_vkey": self.relay_vkey,
                    "roster": [encode_entry(entry) for entry in self.roster],
                    "seats": self.seats.value,
                    "timers": self.timers,
                    "displayed": self.displayed,
                    "languages": self.languages,
                    "glossary": [encode_term(term) for term in self.glossary],
                    "glossary_version": self.glossary_version,
                    "adopted": [encode_adopted(text) for text in self.adopted],
                    "retention": self.retention_days,
                    "history": self.history.value,
                }
            )
        except LocalProtocolError as error:
            raise BadCharter(f"charter refused: {error}") from None
        if len(data) > MAX_CHARTER_SIZE:
            raise BadCharter(f"a charter has at most {MAX_CHARTER_SIZE} bytes")
        return data

    @classmethod
    def decode(cls, data: bytes) -> "Charter":
        """Read a charter of the GroupContext; `Charter.decode(data).encode() == data`.

        Raises:
            BadCharter: malformed, or a field that the rules do not allow. The committer is at fault.
        """
        try:
            fields = as_map(canonical.decode(data, max_size=MAX_CHARTER_SIZE), keys=_KEYS, what="charter")
            as_uint(fields["v"], minimum=_VERSION, maximum=_VERSION, what="charter version")
            roster = as_list(fields["roster"], max_length=_MAX_ROSTER, what="roster")
            languages = as_list(fields["languages"], max_length=_MAX_LANGUAGES, what="languages")
            timers = as_map(fields["timers"], keys=None, max_length=len(DEFAULT_TIMERS), what="timers")
            glossary = as_list(fields["glossary"], max_length=MAX_GLOSSARY, what="glossary")
            adopted = as_list(fields["adopted"], max_length=MAX_ADOPTED, what="adopted texts")
            return cls(
                title=as_str(fields["title"], max_length=4 * _MAX_TITLE, what="title"),
                mode=Mode(as_str(fields["mode"], max_length=16, what="mode")),
                relay_vkey=as_str(fields["relay_vkey"], max_length=512, what="relay key"),
                roster=tuple(decode_entry(entry) for entry in roster),
                seats=Seats(as_str(fields["seats"], max_length=16, what="seats")),
                timers={name: as_uint(value, what="timer") for name, value in timers.items()},
                languages=tuple(as_str(tag, max_length=_MAX_TAG, what="language") for tag in languages),
                displayed=as_bool(fields["displayed"], what="displayed"),
                glossary=tuple(decode_term(term) for term in glossary),
                glossary_version=as_uint(fields["glossary_version"], maximum=2**31, what="glossary version"),
                adopted=tuple(decode_adopted(text) for text in adopted),
                retention_days=as_uint(fields["retention"], what="retention"),
                history=History(as_str(fields["history"], max_length=16, what="history")),
            )
        except (DecodeError, ValueError) as error:
            raise BadCharter(f"charter refused: {error}") from None
