"""Who sits, who speaks for whom, and what words mean: MANDATE, SEAT and TERM (MESSAGES.md section 2).

A message agrees, a commit enacts: what is agreed here waits in `AgreedChanges` until a charter shows it. Two
things work at once, because waiting would be dangerous: a suspension by the seat's own side or a mediator,
and a principal's revocation.
"""

from dataclasses import replace
from typing import Final

from protocols.confusables import look_alike
from protocols.errors import RuleViolation
from protocols.messages.glossary import Term
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.seats import Seat
from protocols.messages.values import fold_case, has_word
from protocols.negotiation.agreed import AgreedChanges, AgreedSeat, AgreedTerm
from protocols.negotiation.committing import OVERTAKEN
from protocols.negotiation.entitlement import has_power
from protocols.negotiation.judging import Judgement
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.state import State
from protocols.participants import participant_id

AGREED: Final = "AGREED"
"""What closes a SEAT or TERM that every side has agreed to."""


def judge_mandate(judgement: Judgement, content: Mandate) -> None:
    """Take in a MANDATE: the principal has signed it, so it waits for a commit, or revokes at once.

    A NEGATIVE to it is a challenge that everybody sees. It vetoes nothing: who speaks for a side is for that
    side's principal to say, whose key all parties agreed on with the seat.

    Raises:
        RuleViolation: MANDATE-5 to MANDATE-7. The sender's fault.
    """
    roster, sender = judgement.state.roster, judgement.sender
    concerned = judgement.others(Role.PARTY, Role.MEDIATOR)
    if not concerned <= set(judgement.envelope.to):
        raise violation("MANDATE-5", "to")
    own_key = participant_id(bytes.fromhex(content.principal)) == sender
    if roster.principal(content.holder) != content.principal or not (
        own_key or roster.principal(sender) == content.principal
    ):
        raise violation("MANDATE-6", "holder")
    for name, cited in (("replaces", content.replaces), ("revokes", content.revokes)):
        if cited is not None and not _known_mandate(judgement, content.principal, cited):
            raise violation("MANDATE-7", name)
    this = mandate_id(content)
    if this in judgement.state.mandates_revoked:
        raise violation("MANDATE-7", None, "it was replaced or revoked; the principal has to sign a new one")
    if not _known_mandate(judgement, content.principal, this):
        judgement.changes.agreed = judgement.state.agreed.with_mandate(judgement.id, content)
    if content.revokes is not None:
        judgement.changes.mandates_revoked = frozenset({content.revokes})


def _known_mandate(judgement: Judgement, principal: str, cited: str) -> bool:
    """Say whether a principal's mandate stands, in the charter or waiting for it; expired ones still do."""
    state = judgement.state
    if cited in state.mandates_revoked:
        return False
    held = [held for one in state.roster.participants for held in state.roster.mandates(one.id)]
    seated = any(one.id == cited and one.mandate.principal == principal for one in held)
    return seated or state.agreed.grants(cited, principal)


def judge_seat(judgement: Judgement, content: Seat) -> None:
    """Take in a SEAT; it is agreed once every side has affirmed it.

    A party may withdraw its consent to a mediator alone: a REMOVE of a mediator by a party is agreed at once
    (MESSAGES.md section 6), where that party may accept for its side.

    Raises:
        RuleViolation: SEAT-4 to SEAT-7, or SEAT-10. The sender's fault.
    """
    if not judgement.others(Role.PARTY) <= set(judgement.envelope.to):
        raise violation("SEAT-4", "to")
    _check_seat(judgement.state, content)
    if content.history not in (None, "ALL"):
        raise violation("SEAT-7", "history")
    if content.operation == "SUSPEND" and _suspends_at_once(judgement, content.fingerprint):
        judgement.changes.suspended[content.fingerprint] = True
    if _withdraws_consent(judgement, content):
        _agree(judgement, judgement.id, content)
        judgement.close(judgement.id, AGREED)
    else:
        agree_if_complete(judgement, judgement.target(judgement.id))


def _suspends_at_once(judgement: Judgement, seat: str) -> bool:
    """Say whether the sender's word suspends a seat: its own side's, or a mediator's who leaves a party.

    Somebody must stay who can withdraw the consent to that mediator.
    """
    state = judgement.state
    left = state.roster.with_role(Role.PARTY) - state.suspended - {seat}
    mediates = judgement.role is Role.MEDIATOR and (left or state.roster.role(seat) is not Role.PARTY)
    return bool(mediates) or state.roster.same_side(judgement.sender, seat)


def _withdraws_consent(judgement: Judgement, content: Seat) -> bool:
    """Say whether a party removes a mediator, and may accept for its side."""
    state, sender = judgement.state, judgement.sender
    return (
        content.operation == "REMOVE"
        and state.roster.role(content.fingerprint) is Role.MEDIATOR
        and judgement.role is Role.PARTY
        and has_power(state, sender, "ACCEPT_FINAL", judgement.envelope.topic, judgement.now_ms)
    )


def _check_seat(state: State, content: Seat) -> None:
    roster = state.roster
    if content.role == Role.OBSERVER.value and state.persons:
        # A newcomer is shown what was said before, names included.
        raise violation("SEAT-10", "role", "needs a channel of its own, or another role")
    old = content.fingerprint if content.operation not in ("ADMIT", "KEY") else content.replaces
    if content.operation in ("ADMIT", "KEY") and content.fingerprint in roster:
        raise violation("SEAT-6", "fingerprint", "needs a key that has no seat yet")
    if old is None:
        taken = [one.name for one in roster.participants]
        taken += [item.content.seat for item in state.agreed.seats if item.content.operation == "ADMIT"]
        if any(look_alike(content.seat, name) for name in taken):
            raise violation("SEAT-5", "seat", "needs a name that looks like nobody else's")
        return
    known = roster.participant(old)
    if known is None or known.name != content.seat:
        raise violation("SEAT-6", "seat", "needs a seat of the roster, by its key and its very name")
    if content.operation == "ROLE" and known.role == content.role:
        raise violation("SEAT-6", "role", "needs a role other than the one it has")
    if content.operation == "SUSPEND" and old in state.suspended:
        raise violation("SEAT-6", "operation", "the seat is suspended already")
    if content.operation == "RESTORE" and old not in state.suspended:
        raise violation("SEAT-6", "operation", "the seat is not suspended")


def judge_term(judgement: Judgement, content: Term) -> None:
    """Take in a TERM; it is agreed once every side has affirmed it.

    Raises:
        RuleViolation: TERM-2 or TERM-3. The sender's fault.
    """
    if not judgement.others(Role.PARTY) <= set(judgement.envelope.to):
        raise violation("TERM-3", "to")
    _check_term(judgement.state, content)
    agree_if_complete(judgement, judgement.target(judgement.id))


def _check_term(state: State, content: Term) -> None:
    known = {term.term: term.definition for term in state.terms.glossary}
    known |= {item.content.term: item.content.definition for item in state.agreed.terms}
    if is_circular(known, content.term, content.definition):
        raise violation("TERM-2", "definition")


def is_circular(glossary: dict[str, str], term: str, definition: str) -> bool:
    """Say whether a definition uses terms that, by way of their own definitions, use the term itself.

    Args:
        glossary: definitions by term.
        term: the term that is defined.
        definition: what it would mean.
    """
    defined = {name: text for name, text in glossary.items() if fold_case(name) != fold_case(term)}
    waiting, seen = [definition], set[str]()
    while waiting:
        text = waiting.pop()
        if has_word(text, term):
            return True
        used = [name for name in defined if name not in seen and has_word(text, name)]
        seen.update(used)
        waiting += [defined[name] for name in used]
    return False


# --- agreement ----------------------------------------------------------------------------------------


def agree_if_complete(judgement: Judgement, target: FoldedMessage) -> None:
    """Agree on a SEAT or TERM if no side is missing any more.

    Needed is one AFFIRM from every side: from a seat that speaks for itself, or from one of those that speak
    for the same principal and may accept for it. The author's word counts for its own side where it has that
    power. A seat that is suspended has no word, neither now nor by what it said before. A side of which
    nobody is left to speak is waited for all the same, but about its own suspended seat: otherwise whoever
    can suspend could agree in its place. A party that came after the message was not asked, so the message
    has to be sent again. What no longer fits, because of what was agreed meanwhile, is overtaken.

    Args:
        judgement: of the AFFIRM, or of the SEAT or TERM itself.
        target: the SEAT or TERM, with what has been answered so far.
    """
    state, roster, content = judgement.state, judgement.state.roster, target.content
    if target.cancelled or not isinstance(content, Seat | Term):
        return
    parties = roster.with_role(Role.PARTY)
    affirmed = {who for who, answer in target.answers.items() if answer.answer == "AFFIRM"}
    if has_power(state, target.sender, "ACCEPT_FINAL", target.envelope.topic, judgement.now_ms):
        affirmed.add(target.sender)
    affirmed &= parties - state.suspended
    needed = parties - _without_voice(judgement, content)
    if not affirmed or not all(any(roster.same_side(party, one) for one in affirmed) for party in needed):
        return
    try:
        match content:
            case Seat():
                _check_seat(state, content)
            case Term():
                _check_term(state, content)
    except RuleViolation:
        judgement.put(target.closed(OVERTAKEN, judgement.id))
        return
    _agree(judgement, target.id, content)
    judgement.put(target.closed(AGREED, judgement.id))


def _without_voice(judgement: Judgement, content: Seat | Term) -> frozenset[str]:
    """Return the suspended seats that a message is about, and those who would have to speak for them too."""
    state, roster = judgement.state, judgement.state.roster
    about = _keys(content) if isinstance(content, Seat) else frozenset()
    suspended = state.suspended | {seat for seat, now in judgement.changes.suspended.items() if now}
    return frozenset(
        one
        for one in roster.with_role(Role.PARTY) & suspended
        if any(seat in suspended and roster.same_side(seat, one) for seat in about)
    )


def refuse_agreement(judgement: Judgement, target: FoldedMessage) -> None:
    """Close a SEAT or TERM for everybody: one NEGATIVE is enough, and later words would agree to nothing."""
    judgement.put(target.closed("NEGATIVE", judgement.id))


def _agree(judgement: Judgement, message: str, content: Seat | Term) -> None:
    agreed: AgreedChanges = judgement.changes.agreed or judgement.state.agreed
    match content:
        case Seat(operation="SUSPEND"):
            judgement.changes.suspended[content.fingerprint] = True
        case Seat(operation="RESTORE"):
            judgement.changes.suspended[content.fingerprint] = False
        case Seat():
            # What was agreed before about the same key must not be enacted after what was agreed since.
            waiting = tuple(item for item in agreed.seats if not _keys(item.content) & _keys(content))
            judgement.changes.agreed = replace(agreed, seats=(*waiting, AgreedSeat(message, content)))
        case Term():
            lang = judgement.target(message).envelope.lang
            others = tuple(
                item for item in agreed.terms if fold_case(item.content.term) != fold_case(content.term)
            )
            judgement.changes.agreed = replace(agreed, terms=(*others, AgreedTerm(message, content, lang)))


def _keys(seat: Seat) -> frozenset[str]:
    return frozenset(key for key in (seat.fingerprint, seat.replaces) if key is not None)
