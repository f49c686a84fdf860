"""Detainees, missing, wounded, remains: PERSONS (MESSAGES.md section 2, row 22).

Such a list can kill if it leaks: no field asks for health, family or an address, and every list is TLP:RED.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import MessageId, Model, ParticipantId, Place, Time, text

PersonReference = Annotated[str, text(40, lines=False)]
PersonStatusValue = Literal["HELD", "NOT_HELD", "DECEASED", "TRANSFERRED", "RELEASED", "UNKNOWN", "PENDING"]


class PersonEntry(Model):
    """One person somebody asks about."""

    ref: Annotated[PersonReference, Field(description="a reference that says nothing about the person")]
    name: Annotated[str | None, text(100, lines=False), Field(description="name in its own script")] = None
    transliteration: Annotated[
        str | None, text(100, lines=False), Field(description="the name in Latin letters")
    ] = None
    birth_year: Annotated[int | None, Field(ge=1900, le=2099, description="year of birth")] = None
    category: Annotated[
        Literal["DETAINEE", "MISSING", "WOUNDED", "REMAINS"], Field(description="in what situation")
    ]
    holder: Annotated[ParticipantId | None, Field(description="who is said to hold the person")] = None
    last_place: Annotated[Place | None, Field(description="last known place")] = None
    last_date: Annotated[Time | None, Field(description="when that was")] = None


class PersonStatus(Model):
    """What is said about one person of a list."""

    ref: Annotated[PersonReference, Field(description="the reference in the list")]
    status: Annotated[PersonStatusValue, Field(description="what is known")]
    as_of: Annotated[Time, Field(description="information as of")]


class Persons(Model):
    """A list of persons, or what is known about those on a list, person by person."""

    operation: Annotated[Literal["LIST", "STATUS"], Field(description="asking, or answering")]
    list: Annotated[MessageId | None, Field(description="the list it answers; with STATUS")] = None
    entries: Annotated[
        tuple[PersonEntry, ...], Field(max_length=120, description="the persons; with LIST")
    ] = ()
    statuses: Annotated[
        tuple[PersonStatus, ...], Field(max_length=120, description="what is known; with STATUS")
    ] = ()

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of PERSONS refuse without looking at the roster or the list."""
        if envelope.tlp != "RED":
            yield violation("PERSONS-1", "tlp", "needs RED")
        for name, given, operation in (
            ("list", self.list is not None, "STATUS"),
            ("entries", bool(self.entries), "LIST"),
            ("statuses", bool(self.statuses), "STATUS"),
        ):
            if given != (self.operation == operation):
                verb = "goes only with" if given else "is needed with"
                yield violation("PERSONS-2", name, f"{verb} {operation}")
        for name, references in (
            ("entries", [entry.ref for entry in self.entries]),
            ("statuses", [status.ref for status in self.statuses]),
        ):
            if len(set(references)) != len(references):
                yield violation("PERSONS-3", name, "needs each reference once")
