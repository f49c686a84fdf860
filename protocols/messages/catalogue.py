"""The one table of message types: what each is for, who sends it, what answers it, and by when.

Composing, receiving, the interface, `parley types` and docs/messages.md all read it from here (MESSAGES.md
section 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocols.messages.administrative import Code, Correction, Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.commitments import EVENTS_NEEDING_AFFIRM, CommitEvent
from protocols.messages.envelope import MessageType, Precedence
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.message import CONTENT_MODELS, TYPE_OF, Content
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.roles import Role
from protocols.messages.values import Critical

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


class ResponseAttribute(StrEnum):
    """What kind of answer closes a message; the words are CPDLC's (ICAO Doc 4444)."""

    WILCO_UNABLE = "W/U"
    AFFIRM_NEGATIVE = "A/N"
    ROGER = "R"
    TYPED_REPLY = "Y"
    NONE = "N"


@dataclass(frozen=True, slots=True)
class Answer:
    """One legal answer to a message.

    Attributes:
        type: the message type that carries it.
        choice: the code, event or relation in that type, such as ROGER; None where the type says all.
        closes: whether it closes the matter for whoever sends it.
    """

    type: MessageType
    choice: str | None
    closes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What a message type is."""

    type: MessageType
    row: int
    purpose: str
    senders: tuple[Role, ...]
    attribute: str
    closed_by: str
    due: str
    due_ms: int | None

    @property
    def critical(self) -> tuple[str, ...]:
        """The critical fields: read back at IMMEDIATE and above, or on request."""
        model = CONTENT_MODELS[self.type]
        return tuple(
            name
            for name, field in model.model_fields.items()
            if any(isinstance(m, Critical) for m in field.metadata)
        )


_ALL: Final = tuple(Role)
_SPEAKERS: Final = (Role.PARTY, Role.MEDIATOR, Role.LIAISON, Role.MONITOR)

_ENTRIES: Final = (
    CatalogueEntry(
        type=MessageType.RESPONSE,
        row=4,
        purpose="closes a message with one word of fixed meaning, or says when the answer will come",
        senders=_ALL,
        attribute="N",
        closed_by="nothing; it is itself an answer",
        due="none",
        due_ms=None,
    ),
    CatalogueEntry(
        type=MessageType.READBACK,
        row=5,
        purpose="restates every critical field of a message, so that its author can check it",
        senders=_SPEAKERS,
        attribute="Y",
        closed_by="RESPONSE CORRECT or WRONG by the author of what was read back",
        due="by precedence: FLASH 10 min, IMMEDIATE 60 min, PRIORITY 12 h, ROUTINE on request",
        due_ms=None,
    ),
    CatalogueEntry(
        type=MessageType.CORRECTION,
        row=6,
        purpose="corrects or cancels one's own message; nothing is deleted",
        senders=_SPEAKERS,
        attribute="R",
        closed_by="RESPONSE ROGER from everyone who had the original",
        due="half the original's",
        due_ms=None,
    ),
    CatalogueEntry(
        type=MessageType.INFORM,
        row=7,
        purpose="states facts and how they are known; as a reply, it answers a question",
        senders=_SPEAKERS,
        attribute="R",
        closed_by="RESPONSE ROGER",
        due="24 h",
        due_ms=24 * HOUR_MS,
    ),
    CatalogueEntry(
        type=MessageType.QUESTION,
        row=8,
        purpose="asks one thing",
        senders=_ALL,
        attribute="A/N for YES_NO, else Y",
        closed_by="RESPONSE AFFIRM or NEGATIVE for YES_NO, else INFORM as a reply; or RESPONSE UNABLE",
        due="24 h",
        due_ms=24 * HOUR_MS,
    ),
    CatalogueEntry(
        type=MessageType.NOTIFY,
        row=10,
        purpose="makes a protected site, a humanitarian movement or an own planned activity known",
        senders=(Role.PARTY, Role.MEDIATOR, Role.LIAISON),
        attribute="R",
        closed_by="RESPONSE ROGER that says to whom it was passed",
        due="24 h, or 12 h before the window starts, whichever comes first",
        due_ms=24 * HOUR_MS,
    ),
    CatalogueEntry(
        type=MessageType.PROPOSAL,
        row=12,
        purpose="offers text clause by clause; silence never agrees to it",
        senders=(Role.PARTY, Role.MEDIATOR),
        attribute="Y",
        closed_by="CLAUSE-REPLY on every clause, withdrawal (CORRECTION CANCEL), lapse, or a counter",
        due="valid_until",
        due_ms=72 * HOUR_MS,
    ),
    CatalogueEntry(
        type=MessageType.CLAUSE_REPLY,
        row=13,
        purpose="answers a proposal clause by clause; marked final, adopts what was agreed",
        senders=(Role.PARTY,),
        attribute="N",
        closed_by="nothing; it is itself an answer",
        due="none",
        due_ms=None,
    ),
    CatalogueEntry(
        type=MessageType.COMMIT_EVENT,
        row=17,
        purpose="moves a commitment from one state to the next",
        senders=_SPEAKERS,
        attribute="R; A/N for DELAY, SUSPEND, RESUME, ASSIGN and DELEGATE; Y for CLAIM",
        closed_by="RESPONSE ROGER; AFFIRM or NEGATIVE for changes; COMMIT-EVENT CONFIRM or DISPUTE for CLAIM",
        due="24 h; CLAIM 72 h",
        due_ms=24 * HOUR_MS,
    ),
    CatalogueEntry(
        type=MessageType.ALERT,
        row=19,
        purpose="warns of immediate danger and asks for one action",
        senders=_SPEAKERS,
        attribute="W/U; R if nothing is asked",
        closed_by="RESPONSE WILCO, which commits, or UNABLE; ROGER with passed_to if nothing is asked",
        due="5 min",
        due_ms=5 * MINUTE_MS,
    ),
)

CATALOGUE: Final[Mapping[MessageType, CatalogueEntry]] = {entry.type: entry for entry in _ENTRIES}

ACKNOWLEDGEMENT_DUE_MS: Final[Mapping[Precedence, Mapping[int, int]]] = {
    "FLASH": {1: 30_000, 2: 3 * MINUTE_MS, 4: 5 * MINUTE_MS, 6: 10 * MINUTE_MS},
    "IMMEDIATE": {1: 30_000, 2: 10 * MINUTE_MS, 4: 30 * MINUTE_MS, 6: 60 * MINUTE_MS},
    "PRIORITY": {1: MINUTE_MS, 2: 2 * HOUR_MS, 4: 6 * HOUR_MS, 6: 12 * HOUR_MS},
    "ROUTINE": {1: 5 * MINUTE_MS, 2: 12 * HOUR_MS, 4: 24 * HOUR_MS},
}
"""By precedence, how long each rung may take (MESSAGES.md section 3); ROUTINE is confirmed on request."""
CLAIM_DUE_MS: Final = 72 * HOUR_MS
OBSERVER_CODES: Final[tuple[Code, ...]] = ("ROGER", "NOT-UNDERSTOOD")


def attribute_of(content: Content) -> ResponseAttribute:
    """Return what kind of answer this very message asks for."""
    match content:
        case Response() | ClauseReply():
            return ResponseAttribute.NONE
        case Alert(asked=asked) if asked != "NONE":
            return ResponseAttribute.WILCO_UNABLE
        case Question(form="YES_NO"):
            return ResponseAttribute.AFFIRM_NEGATIVE
        case CommitEvent(event=event) if event in EVENTS_NEEDING_AFFIRM:
            return ResponseAttribute.AFFIRM_NEGATIVE
        case Readback() | Question() | Proposal() | CommitEvent(event="CLAIM"):
            return ResponseAttribute.TYPED_REPLY
        case Correction() | Inform() | Notify() | Alert() | CommitEvent():
            return ResponseAttribute.ROGER


def closing_codes(content: Content) -> tuple[Code, ...]:
    """Return the RESPONSE codes that close this message for whoever sends them."""
    match attribute_of(content):
        case ResponseAttribute.WILCO_UNABLE:
            return ("WILCO", "UNABLE")
        case ResponseAttribute.AFFIRM_NEGATIVE:
            return (
                ("AFFIRM", "NEGATIVE", "UNABLE") if isinstance(content, Question) else ("AFFIRM", "NEGATIVE")
            )
        case ResponseAttribute.ROGER:
            return ("ROGER",)
        case ResponseAttribute.TYPED_REPLY:
            match content:
                case Readback():
                    return ("CORRECT", "WRONG")
                case Question():
                    return ("UNABLE",)
                case _:
                    return ()
        case ResponseAttribute.NONE:
            return ()


def legal_answers(content: Content) -> tuple[Answer, ...]:
    """Return every answer this message may get, whoever sends it.

    STANDBY and NOT-UNDERSTOOD are always allowed and never close: a message that was not understood is not
    settled.
    """
    if attribute_of(content) is ResponseAttribute.NONE:
        return ()
    answers = [Answer(MessageType.RESPONSE, code, True) for code in closing_codes(content)]
    match content:
        case Question(form=form) if form != "YES_NO":
            answers.append(Answer(MessageType.INFORM, "reply_to", True))
        case Proposal():
            answers.append(Answer(MessageType.CLAUSE_REPLY, None, True))
            answers.append(Answer(MessageType.PROPOSAL, "counter_to", True))
        case CommitEvent(event="CLAIM"):
            answers.append(Answer(MessageType.COMMIT_EVENT, "CONFIRM", True))
            answers.append(Answer(MessageType.COMMIT_EVENT, "DISPUTE", True))
        case _:
            pass
    if CATALOGUE[TYPE_OF[type(content)]].critical:
        answers.append(Answer(MessageType.READBACK, None, False))
    answers.append(Answer(MessageType.RESPONSE, "STANDBY", False))
    answers.append(Answer(MessageType.RESPONSE, "NOT-UNDERSTOOD", False))
    return tuple(answers)
