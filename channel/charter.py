"""The charter: what the members of a channel agreed on, inside the MLS GroupContext.

It is a canonical map in GroupContext extension 0xF0A1 (private range), so every member holds the same one,
the key schedule binds it, and only a commit that everybody sees can change it.

Rules of change, judged alike by every member (`check_change`, `channel.epoch`):

    CHARTER-1   the relay's key never changes
    CHARTER-2   the mode never changes: an exercise cannot turn real
    CHARTER-3   a commit that adds or removes somebody changes nothing but the roster
    CHARTER-4   whoever is added is on the new roster, and was not on the old one
    CHARTER-5   whoever is removed is not on the new roster
    CHARTER-6   everybody else's entry stays as it is, and nobody else comes or goes
    CHARTER-7   who is neither a party nor a mediator commits nothing but a new key of its own
    CHARTER-8   a leaf that stays keeps its identity: a new certificate on it is the same person's

Whoever may govern and commits stays a member, by MLS and CHARTER-8, so a channel that begins with somebody
who may govern it always has one.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from channel.errors import BadCharter, CharterRuleBroken
from channel.identity import participant_id
from channel.names import MAX_NAME, check_name, check_text, fold_name
from protocols import canonical, ed25519
from protocols.errors import DecodeError, LocalProtocolError, VerificationError
from protocols.log.note import Verifier
from protocols.messages.roles import Role
from protocols.shape import as_bytes, as_list, as_map, as_str, as_uint

__all__ = [
    "CHARTER_EXTENSION",
    "DEFAULT_TIMERS",
    "GOVERNING",
    "MAX_CHARTER_SIZE",
    "Charter",
    "History",
    "Mode",
    "RosterEntry",
    "check_change",
    "check_governing",
]

CHARTER_EXTENSION: Final = 0xF0A1
MAX_CHARTER_SIZE: Final = 32_768  # a commit that carries it has to fit one log entry

#: The roles that may change who is in a channel, and its charter (MESSAGES.md section 2, SEAT).
GOVERNING: Final = frozenset({Role.PARTY, Role.MEDIATOR})

DEFAULT_TIMERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "FLASH L1": 30,
        "FLASH L2": 180,
        "FLASH L4": 300,
        "FLASH L6": 600,
        "IMMEDIATE L1": 30,
        "IMMEDIATE L2": 600,
        "IMMEDIATE L4": 1_800,
        "IMMEDIATE L6": 3_600,
        "PRIORITY L1": 60,
        "PRIORITY L2": 7_200,
        "PRIORITY L4": 21_600,
        "PRIORITY L6": 43_200,
        "ROUTINE L1": 300,
        "ROUTINE L2": 43_200,
        "ROUTINE L4": 86_400,
    }
)
"""Seconds until each acknowledgement level is overdue, by precedence (MESSAGES.md section 3)."""

_VERSION: Final = 1
_MAX_TITLE: Final = 200
_MAX_MANDATE: Final = 500
_MAX_ROSTER: Final = 256
_MAX_LANGUAGES: Final = 16
_MAX_TAG: Final = 64
_MAX_GLOSSARY: Final = 256
_MAX_TERM: Final = 100
_MAX_MEANING: Final = 500
_MAX_TIMER_S: Final = 366 * 86_400
_MAX_RETENTION_DAYS: Final = 36_525
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_KEYS: Final = (
    "v",
    "title",
    "mode",
    "relay_vkey",
    "roster",
    "timers",
    "languages",
    "glossary",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """A seat at the table.

    Attributes:
        key: the person's identity key, 32 bytes.
        name: the display name, 1 to 64 characters, NFC, on one line.
        role: what they are here.
        mandate: for whom they speak and what they may do, up to 500 characters; may be empty.

    Raises:
        BadCharter: a field is not as described.
    """

    key: bytes
    name: str
    role: Role
    mandate: str = ""

    def __post_init__(self) -> None:
        try:
            ed25519.check_public_key(self.key)
        except VerificationError as error:
            raise BadCharter(f"roster refused: {error}") from None
        check_name(self.name)
        check_text(self.mandate, _MAX_MANDATE, "mandate", lines=True)

    @property
    def id(self) -> str:
        """The participant id, 32 hex digits; it follows from the key."""
        return participant_id(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """A channel's agreed rules.

    Attributes:
        title: what the channel is called, 1 to 200 characters on one line.
        relay_vkey: name and key of the relay that orders the channel, as in its genesis.
        roster: everybody, at least one, in the order they came.
        mode: LIVE or EXERCISE.
        timers: seconds until overdue, by the keys of DEFAULT_TIMERS; what is missing has the default.
        languages: BCP 47 tags, at least one.
        glossary: agreed meanings of terms.
        retention_days: how long content is kept after the process ends.
        history: what a newcomer is shown; ALL in this release.

    Raises:
        BadCharter: a field is not as described, or two names on the roster look alike.
    """

    title: str
    relay_vkey: str
    roster: tuple[RosterEntry, ...]
    mode: Mode = Mode.LIVE
    timers: Mapping[str, int] = field(default_factory=dict, hash=False)
    languages: tuple[str, ...] = ("en",)
    glossary: Mapping[str, str] = field(default_factory=dict, hash=False)
    retention_days: int = 3_652
    history: History = History.ALL

    def __post_init__(self) -> None:
        object.__setattr__(self, "timers", MappingProxyType(dict(self.timers)))
        object.__setattr__(self, "glossary", MappingProxyType(dict(self.glossary)))
        check_text(self.title, _MAX_TITLE, "title")
        try:
            Verifier.from_vkey(self.relay_vkey)
        except (DecodeError, VerificationError) as error:
            raise BadCharter(f"relay key refused: {error}") from None
        if not 0 < len(self.roster) <= _MAX_ROSTER:
            raise BadCharter(f"a roster has 1 to {_MAX_ROSTER} people")
        if len({entry.key for entry in self.roster}) != len(self.roster):
            raise BadCharter("somebody is on the roster twice")
        if len({fold_name(entry.name) for entry in self.roster}) != len(self.roster):
            raise BadCharter("two names on the roster look alike: choose another")
        for timer, seconds in self.timers.items():
            if timer not in DEFAULT_TIMERS or not 1 <= seconds <= _MAX_TIMER_S:
                raise BadCharter("an unknown timer, or one that is not 1 second to 366 days")
        if not 0 < len(self.languages) <= _MAX_LANGUAGES:
            raise BadCharter(f"a charter names 1 to {_MAX_LANGUAGES} languages")
        if not all(_LANGUAGE.fullmatch(tag) and len(tag) <= _MAX_TAG for tag in self.languages):
            raise BadCharter("a language is a BCP 47 tag such as en or pt-BR")
        if len(self.glossary) > _MAX_GLOSSARY:
            raise BadCharter(f"a glossary has at most {_MAX_GLOSSARY} terms")
        for term, meaning in self.glossary.items():
            check_text(term, _MAX_TERM, "glossary term")
            check_text(meaning, _MAX_MEANING, "glossary meaning", lines=True)
        if not 0 <= self.retention_days <= _MAX_RETENTION_DAYS:
            raise BadCharter(f"retention is 0 to {_MAX_RETENTION_DAYS} days")

    def timer_s(self, precedence: str, level: str) -> int | None:
        """Return the seconds until an acknowledgement level is overdue, or None where none is set.

        Args:
            precedence: such as "ROUTINE".
            level: such as "L2".
        """
        key = f"{precedence} {level}"
        return self.timers.get(key, DEFAULT_TIMERS.get(key))

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
                    "roster": [_encode_entry(entry) for entry in self.roster],
                    "timers": self.timers,
                    "languages": self.languages,
                    "glossary": self.glossary,
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
            glossary = as_map(fields["glossary"], keys=None, max_length=_MAX_GLOSSARY, what="glossary")
            return cls(
                title=as_str(fields["title"], max_length=4 * _MAX_TITLE, what="title"),
                mode=Mode(as_str(fields["mode"], max_length=16, what="mode")),
                relay_vkey=as_str(fields["relay_vkey"], max_length=512, what="relay key"),
                roster=tuple(_decode_entry(entry) for entry in roster),
                timers={name: as_uint(value, what="timer") for name, value in timers.items()},
                languages=tuple(as_str(tag, max_length=_MAX_TAG, what="language") for tag in languages),
                glossary={
                    term: as_str(meaning, max_length=4 * _MAX_MEANING, what="meaning")
                    for term, meaning in glossary.items()
                },
                retention_days=as_uint(fields["retention"], what="retention"),
                history=History(as_str(fields["history"], max_length=16, what="history")),
            )
        except (DecodeError, ValueError) as error:
            raise BadCharter(f"charter refused: {error}") from None


def check_governing(charter: Charter, participant: str) -> None:
    """Refuse a change by somebody who may not make any.

    Args:
        charter: before the change.
        participant: the id of who would make it.

    Raises:
        CharterRuleBroken: they are neither a party nor a mediator there.
    """
    seat = charter.entry(participant)
    if seat is None or seat.role not in GOVERNING:
        raise CharterRuleBroken("CHARTER-7", "only a party or a mediator may change members or charter")


def check_change(
    old: Charter, new: Charter, *, added_ids: Collection[str], removed_ids: Collection[str]
) -> None:
    """Judge a commit's change of the charter by the numbered rules above.

    Args:
        old: the charter of the epoch the commit closes.
        new: the charter of the epoch it opens.
        added_ids: participant ids with a leaf after the commit and none before.
        removed_ids: participant ids with a leaf before the commit and none after.

    Raises:
        CharterRuleBroken: the first rule that is broken. The committer is at fault.
    """
    if new.relay_vkey != old.relay_vkey:
        raise CharterRuleBroken("CHARTER-1", "the relay's key cannot change")
    if new.mode is not old.mode:
        raise CharterRuleBroken("CHARTER-2", "the mode cannot change")
    if (added_ids or removed_ids) and replace(new, roster=old.roster) != old:
        raise CharterRuleBroken("CHARTER-3", "who adds or removes somebody changes only the roster")
    before = {entry.id: entry for entry in old.roster}
    after = {entry.id: entry for entry in new.roster}
    if not all(added in after and added not in before for added in added_ids):
        raise CharterRuleBroken("CHARTER-4", "whoever is added comes onto the roster")
    if any(removed in after for removed in removed_ids):
        raise CharterRuleBroken("CHARTER-5", "whoever is removed leaves the roster")
    staying = {who: entry for who, entry in before.items() if who not in removed_ids}
    if staying != {who: entry for who, entry in after.items() if who not in added_ids}:
        raise CharterRuleBroken("CHARTER-6", "nobody else's entry changes")


def _encode_entry(entry: RosterEntry) -> dict[str, str | bytes]:
    return {
        "id": bytes.fromhex(entry.id),
        "key": entry.key,
        "name": entry.name,
        "role": entry.role.value,
        "mandate": entry.mandate,
    }


def _decode_entry(value: canonical.Value) -> RosterEntry:
    fields = as_map(value, keys=("id", "key", "name", "role", "mandate"), what="roster entry")
    entry = RosterEntry(
        key=as_bytes(fields["key"], length=ed25519.PUBLIC_KEY_SIZE, what="identity key"),
        name=as_str(fields["name"], max_length=4 * MAX_NAME, what="name"),
        role=Role(as_str(fields["role"], max_length=16, what="role")),
        mandate=as_str(fields["mandate"], max_length=4 * _MAX_MANDATE, what="mandate"),
    )
    if bytes.fromhex(entry.id) != as_bytes(fields["id"], length=16, what="participant id"):
        raise DecodeError("a roster id does not belong to its key")
    return entry
