"""What answers what: the response attribute of each type, in one table (MESSAGES.md sections 1 and 2).

The attributes are CPDLC's (ICAO Doc 4444): each message says by its type, and in some types by one field,
which answers close it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from protocols.messages.administrative import Code
from protocols.messages.commitments import EVENTS_NEEDING_AFFIRM
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import critical_fields
from protocols.messages.message import TYPE_OF, Content

OBSERVER_CODES: Final[tuple[Code, ...]] = ("ROGER", "NOT-UNDERSTOOD")


class ResponseAttribute(StrEnum):
    """What kind of answer closes a message."""

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
        choice: the code, event, operation or relation in it, such as ROGER; None where the type says all.
        closes: whether it closes the matter for whoever sends it.
    """

    type: MessageType
    choice: str | None
    closes: bool


Condition: TypeAlias = tuple[str, tuple[str, ...]]
"""A field of the content, and the values of it that a row is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One row of the table.

    Attributes:
        type: the type that is answered.
        when: the row is for messages with one of these values in this field; None for all others of the type.
        attribute: the kind of answer.
        codes: the RESPONSE codes that close it.
        replies: the messages of other types that close it.
    """

    type: MessageType
    when: Condition | None = None
    attribute: ResponseAttribute
    codes: tuple[Code, ...] = ()
    replies: tuple[Answer, ...] = ()


_T = MessageType
_WU, _AN = ResponseAttribute.WILCO_UNABLE, ResponseAttribute.AFFIRM_NEGATIVE
_R, _Y, _N = ResponseAttribute.ROGER, ResponseAttribute.TYPED_REPLY, ResponseAttribute.NONE
_WILCO: Final[tuple[Code, ...]] = ("WILCO", "UNABLE")
_AFFIRM: Final[tuple[Code, ...]] = ("AFFIRM", "NEGATIVE")
_ROGER: Final[tuple[Code, ...]] = ("ROGER",)
_CHANGES: Final = tuple(sorted(EVENTS_NEEDING_AFFIRM))


def _reply(kind: MessageType, choice: str | None = None) -> Answer:
    return Answer(kind, choice, closes=True)


ANSWERS: Final[tuple[AnswerRow, ...]] = (
    AnswerRow(type=_T.LINE_CHECK, attribute=_R, codes=_ROGER),
    # NEGATIVE to a mandate is a challenge: the mandate stands, and everybody sees that it is disputed.
    AnswerRow(type=_T.MANDATE, attribute=_R, codes=("ROGER", "NEGATIVE")),
    AnswerRow(type=_T.SEAT, attribute=_AN, codes=_AFFIRM),
    AnswerRow(type=_T.RESPONSE, attribute=_N),
    AnswerRow(type=_T.READBACK, attribute=_Y, codes=("CORRECT", "WRONG")),
    AnswerRow(type=_T.CORRECTION, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.INFORM, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.QUESTION, when=("form", ("YES_NO",)), attribute=_AN, codes=(*_AFFIRM, "UNABLE")),
    AnswerRow(type=_T.QUESTION, attribute=_Y, codes=("UNABLE",), replies=(_reply(_T.INFORM, "reply_to"),)),
    AnswerRow(type=_T.CONVEY, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.NOTIFY, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.REQUEST, attribute=_WU, codes=_WILCO),
    AnswerRow(
        type=_T.PROPOSAL,
        attribute=_Y,
        replies=(_reply(_T.CLAUSE_REPLY), _reply(_T.PROPOSAL, "counter_to")),
    ),
    AnswerRow(type=_T.CLAUSE_REPLY, attribute=_N),
    AnswerRow(type=_T.TERM, attribute=_AN, codes=_AFFIRM),
    AnswerRow(type=_T.ADOPT, attribute=_Y, replies=(_reply(_T.ADOPT),)),
    AnswerRow(type=_T.COMMIT, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.COMMIT_EVENT, when=("event", _CHANGES), attribute=_AN, codes=_AFFIRM),
    AnswerRow(
        type=_T.COMMIT_EVENT,
        when=("event", ("CLAIM",)),
        attribute=_Y,
        replies=(
            _reply(_T.COMMIT_EVENT, "CONFIRM"),
            _reply(_T.COMMIT_EVENT, "DISPUTE"),
            _reply(_T.FINDING),
        ),
    ),
    AnswerRow(type=_T.COMMIT_EVENT, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.FINDING, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.ALERT, when=("asked", ("NONE",)), attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.ALERT, attribute=_WU, codes=_WILCO),
    AnswerRow(
        type=_T.INCIDENT,
        when=("asked", ("EXPLAIN",)),
        attribute=_Y,
        replies=(_reply(_T.EXPLANATION),),
    ),
    AnswerRow(type=_T.INCIDENT, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.EXPLANATION, attribute=_R, codes=_ROGER),
    AnswerRow(
        type=_T.PERSONS,
        when=("operation", ("LIST",)),
        attribute=_Y,
        replies=(_reply(_T.PERSONS, "STATUS"),),
    ),
    AnswerRow(type=_T.PERSONS, attribute=_R, codes=_ROGER),
    AnswerRow(type=_T.MEETING, attribute=_AN, codes=_AFFIRM),
)
"""The first row that fits a message is its row; a type's last row fits all that is left of it."""

_ROWS: Final = {kind: tuple(row for row in ANSWERS if row.type is kind) for kind in MessageType}


def answer_row(content: Content) -> AnswerRow:
    """Return the row of the table that this very message falls under."""
    *special, last = _ROWS[TYPE_OF[type(content)]]
    for row in special:
        if row.when is not None and getattr(content, row.when[0]) in row.when[1]:
            return row
    return last


def attribute_of(content: Content) -> ResponseAttribute:
    """Return what kind of answer this very message asks for."""
    return answer_row(content).attribute


def closing_codes(content: Content) -> tuple[Code, ...]:
    """Return the RESPONSE codes that close this message for whoever sends them."""
    return answer_row(content).codes


def legal_answers(content: Content) -> tuple[Answer, ...]:
    """Return every answer this message may get, whoever sends it.

    STANDBY and NOT-UNDERSTOOD are always allowed and never close: a message that was not understood is not
    settled.
    """
    row = answer_row(content)
    if row.attribute is ResponseAttribute.NONE:
        return ()
    answers = [Answer(MessageType.RESPONSE, code, True) for code in row.codes]
    answers += row.replies
    if critical_fields(type(content)):
        answers.append(Answer(MessageType.READBACK, None, False))
    answers.append(Answer(MessageType.RESPONSE, "STANDBY", False))
    answers.append(Answer(MessageType.RESPONSE, "NOT-UNDERSTOOD", False))
    return tuple(answers)
