"""A charter as the fold reads it: who takes part, under which terms."""

from channel.charter import Charter, Seats
from protocols.negotiation import Participant
from protocols.negotiation.terms import ACKNOWLEDGEMENT_DUE, ChannelTerms

__all__ = ["channel_terms", "participants"]


def participants(charter: Charter) -> tuple[Participant, ...]:
    """Everybody on the roster, in its order, with the mandates they hold."""
    return tuple(
        Participant(
            id=entry.id,
            name=entry.name,
            role=entry.role,
            principal=None if entry.principal is None else entry.principal.hex(),
            principal_name=entry.principal_name or None,
            mandates=entry.mandates,
        )
        for entry in charter.roster
    )


def channel_terms(charter: Charter) -> ChannelTerms:
    """What the negotiation's rules need of a charter beside the roster."""
    return ChannelTerms(
        timers={
            (precedence, level): charter.timers.get(f"{precedence} L{level}", seconds)
            for (precedence, level), seconds in ACKNOWLEDGEMENT_DUE.items()
        },
        languages=charter.languages,
        glossary=charter.glossary,
        glossary_version=charter.glossary_version,
        seats_agreed=charter.seats is Seats.AGREED,
        displayed=charter.displayed,
        adopted=charter.adopted,
    )
