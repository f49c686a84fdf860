"""The value types every message is built from (MESSAGES.md section 2).

On the wire each is text, a whole number, a flag, or a map of those: no floats anywhere, so coordinates are
decimal text with exactly five decimals. A value is refused with the rule's name and the way out, never
silently repaired.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_TIME: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DTG: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})Z ([A-Z]{3}) ([0-9]{2})")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_COORDINATE: Final = re.compile(r"-?(0|[1-9][0-9]{0,2})\.[0-9]{5}")
_HEX: Final = frozenset("0123456789abcdef")
_DIRECTION: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""The explicit formatting classes of Unicode's bidirectional algorithm (UAX #9); the set is closed."""
_BIDI_CONTROLS: Final = frozenset(
    c for c in map(chr, range(0x10000)) if unicodedata.bidirectional(c) in _DIRECTION
)
_SEPARATORS: Final = "\u2028\u2029"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Normalisation must come out the same on every member and in ten years, whatever Unicode version its Python
# carries; the 3.2 database is the one that all of them carry.
_UNICODE: Final = unicodedata.ucd_3_2_0


class Model(BaseModel):
    """What all wire models share: exact types, no changes, no unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A named check over text, carried in a field's annotation.

    Forms, JSON Schema and error texts all read it from there.
    """

    kind: str
    check: Callable[[str], str]
    schema: Callable[[], dict[str, JsonValue]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Run the check after pydantic has seen that the value is text."""

        def check(value: str | None) -> str | None:
            return None if value is None else self.check(value)

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, JsonValue]:
        """Describe the value in JSON Schema 2020-12."""
        return {"type": "string", **self.schema()}


@dataclass(frozen=True, slots=True)
class Critical:
    """Marks a critical field: read back at IMMEDIATE and above, or on request."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Names the numbered rule that is broken when the field is missing."""

    rule: str


CRITICAL: Final = Critical()


ValueT = TypeVar("ValueT")


def given(value: ValueT | None) -> ValueT:
    """Return a field that a rule, checked when the message was decoded, says is there.

    Raises:
        ValueError: it is not; a bug in the caller.
    """
    if value is None:
        raise ValueError("a field that the rules require is missing")
    return value


# --- text -----------------------------------------------------------------------------------------


def normalise(value: str) -> str:
    """Bring text into the normal form that messages use (NFC); never changes what it shows."""
    return _UNICODE.normalize("NFC", value)


def fold_case(value: str) -> str:
    """Return text for comparing without regard to letter case; the same on every member and in ten years.

    Characters that Unicode 3.2 did not know stay as they are: what they fold to depends on Python's version.
    """
    return "".join(
        character.casefold() if _UNICODE.category(character) != "Cn" else character for character in value
    )


def has_word(value: str, word: str) -> bool:
    """Say whether text contains a word or phrase as a whole, without regard to letter case."""
    where, sought = fold_case(normalise(value)), fold_case(normalise(word))
    at = where.find(sought)
    while at >= 0:
        before, after = where[at - 1 : at] if at else "", where[at + len(sought) : at + len(sought) + 1]
        if not _in_word(before) and not _in_word(after):
            return True
        at = where.find(sought, at + 1)
    return False


def _in_word(character: str) -> bool:
    return character != "" and _UNICODE.category(character)[0] in "LMN"


def text(limit: int, *, lines: bool = True) -> Shape:
    """Text of 1 to `limit` characters: NFC, no bidi controls, no control characters but newline and tab."""

    def check(value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("VALUE-TEXT", "needs some text")
        if len(value) > limit:
            raise PydanticCustomError(
                "VALUE-TEXT",
                "needs at most {limit} characters, has {size}",
                {"limit": limit, "size": len(value)},
            )
        for character in value:
            if character in _BIDI_CONTROLS:
                raise PydanticCustomError("VALUE-TEXT", "needs text without invisible direction controls")
            code = ord(character)
            if (
                (code < 0x20 and not (lines and character in "\n\t"))
                or 0x7F <= code < 0xA0
                or character in _SEPARATORS
            ):
                raise PydanticCustomError("VALUE-TEXT", "needs text without control characters")
            if 0xD800 <= code < 0xE000:
                raise PydanticCustomError("VALUE-TEXT", "needs text that is valid Unicode")
        if not _UNICODE.is_normalized("NFC", value):
            raise PydanticCustomError("VALUE-TEXT", "needs composed characters (Unicode NFC)")
        return value

    return Shape(f"text({limit})", check, lambda: {"minLength": 1, "maxLength": limit})


# --- identifiers ----------------------------------------------------------------------------------


def _hex(digits: int, kind: str) -> Shape:
    def check(value: str) -> str:
        if len(value) != digits or not _HEX.issuperset(value):
            raise PydanticCustomError(
                "VALUE-ID", "needs {digits} lower-case hexadecimal digits", {"digits": digits}
            )
        return value

    return Shape(kind, check, lambda: {"pattern": f"^[0-9a-f]{{{digits}}}$"})


MessageId = Annotated[str, _hex(32, "message")]
ParticipantId = Annotated[str, _hex(32, "participant")]
CommitmentId = Annotated[str, _hex(32, "commitment")]
Subject = Annotated[str, _hex(32, "commitment or message")]
Hash = Annotated[str, _hex(64, "hash")]
PublicKey = Annotated[str, _hex(64, "public key")]
Signature = Annotated[str, _hex(128, "signature")]


_CHECK: Final = re.compile("(CLARITY|W)-[1-9][0-9]?")


def _check_id(value: str) -> str:
    if not _CHECK.fullmatch(value):
        raise PydanticCustomError("VALUE-ID", "needs the id of a clarity check, such as CLARITY-1")
    return value


CheckId = Annotated[str, Shape("clarity check", _check_id, lambda: {"pattern": f"^{_CHECK.pattern}$"})]


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", value):
        raise PydanticCustomError("VALUE-LANGUAGE", "needs a language tag, such as en or ar")
    return value


Language = Annotated[
    str, Shape("language", _language, lambda: {"pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"})
]


# --- time -----------------------------------------------------------------------------------------


def _check_time(value: str) -> str:
    if _TIME.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise PydanticCustomError("VALUE-TIME", "needs a time in UTC, such as 2026-11-22T14:30:00Z")


Time = Annotated[
    str,
    Shape("time", _check_time, lambda: {"format": "date-time", "pattern": f"^{_TIME.pattern}$"}),
]
"""RFC 3339, UTC `Z` only, whole seconds, years 2000 to 2099 (so that a two-digit year is never ambiguous)."""


def time_ms(value: str) -> int:
    """Return UTC milliseconds since 1970 of a checked `Time`."""
    return int((datetime.fromisoformat(value) - _EPOCH) / timedelta(milliseconds=1))


def format_time(ms: int) -> str:
    """Return the `Time` of a clock reading in UTC milliseconds, cut to whole seconds."""
    return (_EPOCH + timedelta(seconds=ms // 1000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_time_group(value: str) -> str:
    """Return a checked `Time` as people in the field write it, to the minute: `221430Z NOV 26`."""
    moment = datetime.fromisoformat(value)
    return f"{moment:%d%H%M}Z {_MONTHS[moment.month - 1]} {moment.year % 100:02d}"


def parse_time(value: str) -> str | None:
    """Read what a person typed, a `Time` or a date-time group, as a `Time`; None where it is neither."""
    if group := _DTG.fullmatch(value.strip().upper()):
        day, hour, minute, month, year = group.groups()
        if month not in _MONTHS:
            return None
        value = f"20{year}-{_MONTHS.index(month) + 1:02d}-{day}T{hour}:{minute}:00Z"
    try:
        return _check_time(value.strip().upper())
    except PydanticCustomError:
        return None


class Window(Model):
    """A span of time: from `start` up to, and not including, `end`."""

    start: Annotated[Time, Field(description="when it begins")]
    end: Annotated[Time, Field(description="when it is over")]

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if time_ms(self.end) <= time_ms(self.start):
            raise PydanticCustomError("VALUE-WINDOW", "needs an end after its start")
        return self


# --- place ----------------------------------------------------------------------------------------


def _coordinate(limit: int, kind: str, example: str) -> Shape:
    def check(value: str) -> str:
        if _COORDINATE.fullmatch(value) and value != "-0.00000":
            whole, _, fraction = value.removeprefix("-").partition(".")
            if int(whole) * 100_000 + int(fraction) <= limit * 100_000:
                return value
        raise PydanticCustomError(
            "VALUE-PLACE",
            "needs WGS84 degrees from -{limit} to {limit} with exactly five decimals, such as {example}",
            {"limit": limit, "example": example},
        )

    return Shape(kind, check, lambda: {"pattern": f"^{_COORDINATE.pattern}$"})


class Place(Model):
    """A circle on the ground (WGS84); the name helps people, the numbers decide."""

    lat: Annotated[str, _coordinate(90, "latitude", "36.20000"), Field(description="degrees north, WGS84")]
    lon: Annotated[str, _coordinate(180, "longitude", "37.10000"), Field(description="degrees east, WGS84")]
    radius_m: Annotated[int, Field(ge=1, le=1_000_000, description="radius in metres")]
    name: Annotated[str, text(100, lines=False), Field(description="what people call it")]
    name_source: Annotated[str, text(100, lines=False), Field(description="map or gazetteer of the name")]


Line = Annotated[tuple[Place, ...], Field(min_length=2, max_length=40)]
Area = Annotated[tuple[Place, ...], Field(min_length=3, max_length=40)]


class Waypoint(Model):
    """A place on a route, and when it will be passed."""

    place: Annotated[Place, Field(description="where")]
    at: Annotated[Time, Field(description="when it is passed")]


Route = Annotated[tuple[Waypoint, ...], Field(min_length=2, max_length=20)]


# --- quantity and grade ---------------------------------------------------------------------------

Unit = Literal["persons", "vehicles", "m", "km", "m2", "km2", "m3", "kg", "t", "l", "s", "min", "h", "d"]


class Qty(Model):
    """How many or how much: `n`, or a range from `minimum` to `maximum`."""

    n: Annotated[int | None, Field(ge=0, le=10**12, description="the number")] = None
    minimum: Annotated[int | None, Field(ge=0, le=10**12, description="at least")] = None
    maximum: Annotated[int | None, Field(ge=0, le=10**12, description="at most")] = None
    unit: Annotated[Unit, Field(description="of what")]
    basis: Annotated[Literal["COUNTED", "ESTIMATED"], Field(description="how the number is known")]

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        ranged = self.minimum is not None and self.maximum is not None and self.minimum <= self.maximum
        single = self.n is not None and self.minimum is None and self.maximum is None
        if not single and not (ranged and self.n is None):
            raise PydanticCustomError(
                "VALUE-QTY", "needs n, or minimum and maximum with minimum not above maximum"
            )
        return self


def _grade(value: str) -> str:
    if re.fullmatch("[A-F][1-6]", value):
        return value
    raise PydanticCustomError("VALUE-GRADE", "needs reliability A to F and credibility 1 to 6, such as B2")


Grade = Annotated[str, Shape("grade", _grade, lambda: {"pattern": "^[A-F][1-6]$"})]
