"""Each type's purpose, who may send it, and what closes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocols.messages.catalogue.answers import ANSWERS
from protocols.messages.catalogue.due import DUE
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import critical_fields
from protocols.messages.message import CONTENT_MODELS
from protocols.messages.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What a message type is.

    Attributes:
        type: the type.
        row: its number in MESSAGES.md section 2.
        purpose: what it does, a sentence without a subject.
        senders: the roles that may send it at all; rules may narrow this.
        closed_by: what closes it, for people.
    """

    type: MessageType
    row: int
    purpose: str
    senders: tuple[Role, ...]
    closed_by: str

    @property
    def attribute(self) -> str:
        """Its response attributes for people, from the table of answers: `A/N with form YES_NO; Y`."""
        shown = []
        for row in ANSWERS:
            if row.type is self.type:
                which = "" if row.when is None else f" with {row.when[0]} {', '.join(row.when[1])}"
                shown.append(f"{row.attribute}{which}")
        return "; ".join(shown)

    @property
    def due(self) -> str:
        """By when it closes, for people."""
        return DUE[self.type].text

    @property
    def due_ms(self) -> int | None:
        """By when it closes, in milliseconds from its entry; None where something else decides."""
        return DUE[self.type].ms

    @property
    def critical(self) -> tuple[str, ...]:
        """The critical fields: read back at IMMEDIATE and above, or on request."""
        return critical_fields(CONTENT_MODELS[self.type])


_ALL: Final = tuple(Role)
_SPEAKERS: Final = (Role.PARTY, Role.MEDIATOR, Role.LIAISON, Role.MONITOR)
_WITHOUT_MONITOR: Final = (Role.PARTY, Role.MEDIATOR, Role.LIAISON)
_GOVERNING: Final = (Role.PARTY, Role.MEDIATOR)
_PARTY: Final = (Role.PARTY,)

_ENTRIES: Final = (
    CatalogueEntry(
        type=MessageType.LINE_CHECK,
        row=1,
        purpose="asks whether a person is on watch, with a neutral word at an agreed time",
        senders=_ALL,
        closed_by="RESPONSE ROGER by a person; a missed check has no known cause",
    ),
    CatalogueEntry(
        type=MessageType.MANDATE,
        row=2,
        purpose="shows who speaks for whom, about what, how far and until when, signed by the principal",
        senders=_PARTY,
        closed_by="RESPONSE ROGER, or NEGATIVE with a reason, which challenges it",
    ),
    CatalogueEntry(
        type=MessageType.SEAT,
        row=3,
        purpose="admits, removes or suspends somebody, or changes a role or a key",
        senders=_GOVERNING,
        closed_by="RESPONSE AFFIRM or NEGATIVE from every party",
    ),
    CatalogueEntry(
        type=MessageType.RESPONSE,
        row=4,
        purpose="closes a message with one word of fixed meaning, or says when the answer will come",
        senders=_ALL,
        closed_by="nothing; it is itself an answer",
    ),
    CatalogueEntry(
        type=MessageType.READBACK,
        row=5,
        purpose="restates every critical field of a message, so that its author can check it",
        senders=_SPEAKERS,
        closed_by="RESPONSE CORRECT or WRONG by the author of what was read back",
    ),
    CatalogueEntry(
        type=MessageType.CORRECTION,
        row=6,
        purpose="corrects or cancels one's own message; nothing is deleted",
        senders=_SPEAKERS,
        closed_by="RESPONSE ROGER from everyone who had the original",
    ),
    CatalogueEntry(
        type=MessageType.INFORM,
        row=7,
        purpose="states facts and how they are known; as a reply, it answers a question",
        senders=_SPEAKERS,
        closed_by="RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.QUESTION,
        row=8,
        purpose="asks one thing",
        senders=_ALL,
        closed_by="RESPONSE AFFIRM or NEGATIVE for YES_NO, else INFORM as a reply; or RESPONSE UNABLE",
    ),
    CatalogueEntry(
        type=MessageType.CONVEY,
        row=9,
        purpose="carries words from one side to another, with the source's consent; it binds nobody",
        senders=(Role.MEDIATOR,),
        closed_by="RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.NOTIFY,
        row=10,
        purpose="makes a protected site, a humanitarian movement or an own planned activity known",
        senders=_WITHOUT_MONITOR,
        closed_by="RESPONSE ROGER that says to whom it was passed",
    ),
    CatalogueEntry(
        type=MessageType.REQUEST,
        row=11,
        purpose="asks one participant for one act by a deadline",
        senders=_SPEAKERS,
        closed_by="RESPONSE WILCO, which commits, or UNABLE",
    ),
    CatalogueEntry(
        type=MessageType.PROPOSAL,
        row=12,
        purpose="offers text clause by clause; silence never agrees to it",
        senders=_GOVERNING,
        closed_by="CLAUSE-REPLY on every clause, withdrawal (CORRECTION CANCEL), lapse, or a counter",
    ),
    CatalogueEntry(
        type=MessageType.CLAUSE_REPLY,
        row=13,
        purpose="answers a proposal clause by clause",
        senders=_PARTY,
        closed_by="nothing; it is itself an answer",
    ),
    CatalogueEntry(
        type=MessageType.TERM,
        row=14,
        purpose="proposes what a word means here; once affirmed, it goes into the glossary",
        senders=_GOVERNING,
        closed_by="RESPONSE AFFIRM or NEGATIVE from every party",
    ),
    CatalogueEntry(
        type=MessageType.ADOPT,
        row=15,
        purpose="fixes agreed text, or puts it in force; FINAL by every required party creates commitments",
        senders=_GOVERNING,
        closed_by="a matching ADOPT from every required party",
    ),
    CatalogueEntry(
        type=MessageType.COMMIT,
        row=16,
        purpose="undertakes something on one's own account, without asking anything in return",
        senders=_WITHOUT_MONITOR,
        closed_by="RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.COMMIT_EVENT,
        row=17,
        purpose="moves a commitment from one state to the next",
        senders=_SPEAKERS,
        closed_by="RESPONSE ROGER; AFFIRM or NEGATIVE for changes; "
        "COMMIT-EVENT CONFIRM or DISPUTE, or FINDING, for CLAIM",
    ),
    CatalogueEntry(
        type=MessageType.FINDING,
        row=18,
        purpose="gives the named verifier's result on a commitment, or a monitor's on an incident",
        senders=_SPEAKERS,
        closed_by="RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.ALERT,
        row=19,
        purpose="warns of immediate danger and asks for one action",
        senders=_SPEAKERS,
        closed_by="RESPONSE WILCO, which commits, or UNABLE; ROGER with passed_to if nothing is asked",
    ),
    CatalogueEntry(
        type=MessageType.INCIDENT,
        row=20,
        purpose="reports what happened, in nine lines; it finds and accuses nobody",
        senders=_SPEAKERS,
        closed_by="EXPLANATION if one is asked for, else RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.EXPLANATION,
        row=21,
        purpose="answers an incident for the party concerned",
        senders=_PARTY,
        closed_by="RESPONSE ROGER",
    ),
    CatalogueEntry(
        type=MessageType.PERSONS,
        row=22,
        purpose="asks about detained, missing, wounded or dead persons, or answers person by person",
        senders=_WITHOUT_MONITOR,
        closed_by="PERSONS STATUS, not PENDING, for every entry of a LIST; RESPONSE ROGER for a STATUS",
    ),
    CatalogueEntry(
        type=MessageType.MEETING,
        row=23,
        purpose="proposes, changes, cancels or records a meeting; its record binds nobody",
        senders=_GOVERNING,
        closed_by="RESPONSE AFFIRM or NEGATIVE",
    ),
)

CATALOGUE: Final[Mapping[MessageType, CatalogueEntry]] = {entry.type: entry for entry in _ENTRIES}
"""Every type once, in the order of `MessageType`."""
