"""Which power of a mandate each act takes, in one table (MESSAGES.md section 6).

A seat that speaks for a principal may do what the principal's mandates give it. What binds is refused
outside of them (strict, rule MANDATE-8); what only talks is let through and marked, because a warning that
was not mandated is still a warning.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.messages.administrative import Response
from protocols.messages.adoption import Adopt
from protocols.messages.envelope import MessageType
from protocols.messages.mandates import Power
from protocols.messages.message import TYPE_OF, Content
from protocols.messages.proposals import ClauseReply

__all__ = ["POWERS", "Power", "PowerRow", "covers", "power_needed", "powers_needed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRow:
    """One row of the table.

    Attributes:
        type: the type of message.
        choices: for which codes, answers or modes of it; empty for all that no other row names.
        targets: for answers to which types; empty for all that no other row names.
        power: what it takes; None for what everybody may say.
        strict: whether it is refused without the power; otherwise it is only marked.
    """

    type: MessageType
    choices: tuple[str, ...] = ()
    targets: tuple[MessageType, ...] = ()
    power: Power | None
    strict: bool = False


_T = MessageType

POWERS: Final[tuple[PowerRow, ...]] = (
    PowerRow(type=_T.LINE_CHECK, power=None),
    PowerRow(type=_T.MANDATE, power=None),
    PowerRow(type=_T.SEAT, power="NEGOTIATE"),
    PowerRow(type=_T.RESPONSE, choices=("WILCO",), power="COMMIT", strict=True),
    PowerRow(
        type=_T.RESPONSE,
        choices=("AFFIRM",),
        targets=(_T.SEAT, _T.TERM),
        power="ACCEPT_FINAL",
        strict=True,
    ),
    PowerRow(type=_T.RESPONSE, choices=("AFFIRM",), targets=(_T.COMMIT_EVENT,), power="COMMIT", strict=True),
    PowerRow(type=_T.RESPONSE, choices=("AFFIRM",), targets=(_T.MEETING,), power="NEGOTIATE", strict=True),
    PowerRow(type=_T.RESPONSE, choices=("AFFIRM",), power="INFORM", strict=True),
    PowerRow(type=_T.RESPONSE, power=None),
    PowerRow(type=_T.READBACK, power=None),
    PowerRow(type=_T.CORRECTION, power=None),
    PowerRow(type=_T.INFORM, power="INFORM"),
    PowerRow(type=_T.QUESTION, power="INFORM"),
    PowerRow(type=_T.CONVEY, power="INFORM"),
    PowerRow(type=_T.NOTIFY, power="INFORM"),
    PowerRow(type=_T.REQUEST, power="NEGOTIATE"),
    PowerRow(type=_T.PROPOSAL, power="NEGOTIATE"),
    PowerRow(type=_T.CLAUSE_REPLY, choices=("ACCEPT",), power="ACCEPT_FINAL", strict=True),
    PowerRow(type=_T.CLAUSE_REPLY, choices=("ACCEPT ad_ref",), power="ACCEPT_AD_REF", strict=True),
    PowerRow(type=_T.CLAUSE_REPLY, power="NEGOTIATE", strict=True),
    PowerRow(type=_T.TERM, power="NEGOTIATE"),
    PowerRow(type=_T.ADOPT, choices=("INITIAL",), power="NEGOTIATE", strict=True),
    PowerRow(type=_T.ADOPT, choices=("AD_REFERENDUM",), power="ACCEPT_AD_REF", strict=True),
    PowerRow(type=_T.ADOPT, choices=("FINAL",), power="ACCEPT_FINAL", strict=True),
    PowerRow(type=_T.COMMIT, power="COMMIT", strict=True),
    PowerRow(type=_T.COMMIT_EVENT, power="COMMIT", strict=True),
    PowerRow(type=_T.FINDING, power="INFORM"),
    PowerRow(type=_T.ALERT, power=None),
    PowerRow(type=_T.INCIDENT, power="INFORM"),
    PowerRow(type=_T.EXPLANATION, power="INFORM"),
    PowerRow(type=_T.PERSONS, power="INFORM"),
    PowerRow(type=_T.MEETING, power="NEGOTIATE"),
)
"""The first row that fits an act is its row."""

_ORDER: Final[tuple[Power, ...]] = ("COMMIT", "ACCEPT_FINAL", "ACCEPT_AD_REF", "NEGOTIATE", "INFORM")
Needed: TypeAlias = tuple[Power | None, bool]


def power_needed(content: Content, target: Content | None) -> Needed:
    """Return the strongest power an act takes, and whether it is refused without it.

    Args:
        content: what is said.
        target: the content of the message it answers; None where it answers none.

    Returns:
        The power, None where it takes none; and True where rule MANDATE-8 refuses the act without the power,
        False where the act is let through and marked. A CLAUSE-REPLY can take several: judge by `covers`.
    """
    powers, strict = powers_needed(content, target)
    return next((power for power in _ORDER if power in powers), None), strict


def powers_needed(content: Content, target: Content | None) -> tuple[frozenset[Power], bool]:
    """Return every power an act takes, and whether it is refused without; arguments as `power_needed`."""
    kind = TYPE_OF[type(content)]
    answered = None if target is None else TYPE_OF[type(target)]
    rows = [_row(kind, choice, answered) for choice in _choices(content)]
    return frozenset(row.power for row in rows if row.power is not None), any(row.strict for row in rows)


def covers(powers: Collection[Power], content: Content, target: Content | None) -> bool:
    """Say whether these powers suffice for an act; ACCEPT_FINAL includes ACCEPT_AD_REF."""
    held = {*powers, *(("ACCEPT_AD_REF",) if "ACCEPT_FINAL" in powers else ())}
    return powers_needed(content, target)[0] <= held


def _choices(content: Content) -> tuple[str, ...]:
    match content:
        case Response(code=code):
            return (code,)
        case ClauseReply(replies=replies, ad_ref=ad_ref):
            accepted = "ACCEPT ad_ref" if ad_ref else "ACCEPT"
            return tuple(accepted if reply.answer == "ACCEPT" else reply.answer for reply in replies)
        case Adopt(mode=mode):
            return (mode,)
        case _:
            return ("",)


def _row(kind: MessageType, choice: str, answered: MessageType | None) -> PowerRow:
    return next(
        row
        for row in POWERS
        if row.type is kind
        and (not row.choices or choice in row.choices)
        and (not row.targets or answered in row.targets)
    )
