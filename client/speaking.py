"""Who speaks for whom: the mandate to cite, and what a reader is told (MESSAGES.md section 6). Pure."""

from collections.abc import Collection

from protocols.messages import Message
from protocols.messages.mandates import EVERY_TOPIC, Power
from protocols.messages.message import Content
from protocols.messages.powers import covers
from protocols.messages.values import format_time
from protocols.negotiation import HeldMandate, Negotiation
from protocols.negotiation.entitlement import about

__all__ = ["mandate_to_cite", "speaks_for"]


def mandate_to_cite(negotiation: Negotiation, message: Message, now_ms: int) -> str | None:
    """Return the id of the smallest of its sender's mandates that covers a message by itself.

    Args:
        negotiation: the channel's.
        message: whose sender may speak for a principal.
        now_ms: our clock, UTC milliseconds.

    Returns:
        64 hexadecimal digits; None for who speaks for themselves, and where no single mandate is enough.
    """
    held = negotiation.mandates(message.envelope.sender, now_ms)
    if not held:
        return None
    topics, target = {message.envelope.topic}, None
    answered = _acted_upon(negotiation, message)
    found = None if answered is None else negotiation.message(answered)
    if found is not None:
        topics.add(found.envelope.topic)
        target = found.content
    fitting = [one for one in held if _covers(one, message.content, target, topics)]
    return min(fitting, key=_breadth).id if fitting else None


def _acted_upon(negotiation: Negotiation, message: Message) -> str | None:
    named = getattr(message.content, "commitment", None)
    if named is None:
        return message.target
    commitment = negotiation.commitment(named)
    return None if commitment is None else commitment.source


def _covers(held: HeldMandate, content: Content, target: Content | None, topics: Collection[str]) -> bool:
    return all(about(held, topic) for topic in topics) and covers(held.mandate.powers, content, target)


def _breadth(held: HeldMandate) -> tuple[int, bool, int, int, str]:
    mandate = held.mandate
    return len(mandate.powers), EVERY_TOPIC in mandate.topics, len(mandate.topics), held.end_ms, held.id


def speaks_for(negotiation: Negotiation, participant: str, now_ms: int, *, topic: str | None = None) -> str:
    """Say in one line for whom somebody speaks, how far, and until when.

    Args:
        negotiation: the channel's.
        participant: their id.
        now_ms: our clock, UTC milliseconds; or the time of the entry that the line is about.
        topic: what it is about; None for all that they may.

    Returns:
        Such as `for X, may inform, may negotiate, may not accept, may not commit, expires
        2026-12-31T00:00:00Z`, each mandate after a semicolon; that they are suspended; or empty for who
        speaks for themselves, or is not on the roster. Names and limits in it are peers' text.
    """
    person = negotiation.roster.participant(participant)
    if person is not None and participant in negotiation.suspended:
        return "suspended: nothing they say counts"
    if person is None or person.principal is None:
        return ""
    who = f"for {person.principal_name}"
    held = [one for one in negotiation.mandates(participant, now_ms) if topic is None or about(one, topic)]
    if not held:
        where = "" if topic is None else f" about {topic}"
        return f"{who}, no mandate in force{where}: may bind nobody"
    return f"{who}, {'; '.join(_extent(one) for one in held)}"


def _extent(held: HeldMandate) -> str:
    mandate = held.mandate
    parts = [] if EVERY_TOPIC in mandate.topics else [f"about {' and '.join(mandate.topics)}"]
    parts += _may(mandate.powers)
    parts += [] if mandate.limits is None else [f"limits: {mandate.limits}"]
    return ", ".join((*parts, f"expires {format_time(held.end_ms)}"))


def _may(powers: Collection[Power]) -> tuple[str, ...]:
    can = [
        f"may {word}" for power, word in (("INFORM", "inform"), ("NEGOTIATE", "negotiate")) if power in powers
    ]
    cannot = []
    if "ACCEPT_FINAL" in powers:
        can.append("may accept")
    elif "ACCEPT_AD_REF" in powers:
        can.append("may accept ad referendum only")
    else:
        cannot.append("may not accept")
    (can if "COMMIT" in powers else cannot).append("may commit" if "COMMIT" in powers else "may not commit")
    if "NEGOTIATE" not in powers:
        cannot.insert(0, "may not negotiate")
    return (*can, *cannot)
