"""Who may say what for whom: mandates in force, and the power that a message needs (MESSAGES.md section 6).

A seat that speaks for itself has every power of its role. One that speaks for a principal has what the
principal signed: of the roster's mandates those whose window contains the relay time, whose topic is the
message's, and which the principal has not taken back.
"""

from collections.abc import Iterable, Iterator

from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import MessageType
from protocols.messages.mandates import EVERY_TOPIC
from protocols.messages.message import Content, Message
from protocols.messages.powers import Power, covers, power_needed
from protocols.messages.rules import violation
from protocols.messages.values import fold_case
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.roster import HeldMandate
from protocols.negotiation.state import State


def mandates_in_force(state: State, participant: str, now_ms: int) -> tuple[HeldMandate, ...]:
    """Return a participant's mandates that hold at this relay time."""
    return tuple(
        held
        for held in state.roster.mandates(participant)
        if held.start_ms <= now_ms < held.end_ms and held.id not in state.mandates_revoked
    )


def about(held: HeldMandate, topic: str) -> bool:
    """Say whether a mandate is about a topic: about every topic, this one, or one that this is a part of."""
    said = fold_case(topic)
    names = [fold_case(name) for name in held.mandate.topics]
    return EVERY_TOPIC in names or any(said == name or said.startswith(f"{name}/") for name in names)


def powers_about(state: State, participant: str, topic: str, now_ms: int) -> frozenset[Power]:
    """Return what a participant that speaks for a principal may do about a topic now."""
    return frozenset(
        power
        for held in mandates_in_force(state, participant, now_ms)
        if about(held, topic)
        for power in held.mandate.powers
    )


def has_power(state: State, participant: str, power: Power, topic: str, now_ms: int) -> bool:
    """Say whether a participant may do this about a topic now, for its principal or for itself."""
    return state.roster.principal(participant) is None or power in powers_about(
        state, participant, topic, now_ms
    )


def may(
    state: State,
    participant: str,
    content: Content,
    target: Content | None,
    topics: Iterable[str],
    now_ms: int,
) -> bool:
    """Say whether a participant has the powers that a content needs, about each of these topics."""
    if state.roster.principal(participant) is None:
        return True
    return all(covers(powers_about(state, participant, topic, now_ms), content, target) for topic in topics)


def check_mandate_cited(state: State, sender: str, message: Message, now_ms: int) -> None:
    """Refuse a message that cites a mandate which is not its sender's, or not in force.

    Raises:
        RuleViolation: ENVELOPE-7. The sender's fault.
    """
    cited = message.envelope.mandate
    if message.type is MessageType.ALERT:
        return  # a warning whose mandate ended on the way is still a warning
    if cited is not None and all(held.id != cited for held in mandates_in_force(state, sender, now_ms)):
        raise violation("ENVELOPE-7", "mandate")


def check_power(state: State, sender: str, message: Message, now_ms: int) -> bool:
    """Say whether a message goes beyond its sender's mandate.

    The topic counts as the message gives it, and as what it answers or acts upon gives it: who may speak
    about roads does not accept a text about prisoners by calling it roads.

    Raises:
        RuleViolation: MANDATE-8, where such a message would bind somebody. The sender's fault.
    """
    if state.roster.principal(sender) is None:
        return False
    target = state.messages.get(message.target) if message.target is not None else None
    content = target.content if target is not None else None
    topics = {message.envelope.topic, *topics_of(state, message.content, target)}
    if may(state, sender, message.content, content, topics, now_ms):
        return False
    power, strict = power_needed(message.content, content)
    if strict:
        raise violation(
            "MANDATE-8", "mandate", f"needs a mandate in force that gives {power} about this topic"
        )
    return True


def topics_of(state: State, content: Content, target: FoldedMessage | None) -> Iterator[str]:
    """Yield the topics of what is answered, and of what created a commitment that is acted upon."""
    if target is not None:
        yield target.envelope.topic
    for said in (content, target.content if target is not None else None):
        if isinstance(said, CommitEvent) and (commitment := state.commitments.get(said.commitment)):
            yield state.messages[commitment.source].envelope.topic
