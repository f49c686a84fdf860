"""What messages have agreed and no commit has enacted yet: seats, mandates, terms and texts.

The charter's rules judge a commit by it. A change drops out when a charter shows it.
"""

from dataclasses import dataclass, replace

from protocols.canonical import Value
from protocols.messages.glossary import Term
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.seats import Seat
from protocols.negotiation.roster import Roster
from protocols.negotiation.terms import AdoptedText, ChannelTerms


@dataclass(frozen=True, slots=True)
class AgreedSeat:
    """An ADMIT, REMOVE, ROLE or KEY that every party affirmed; `message` is the id of its SEAT."""

    message: str
    content: Seat


@dataclass(frozen=True, slots=True)
class AgreedMandate:
    """A mandate that its principal signed, or a revocation; `message` is the id of its MANDATE."""

    message: str
    mandate: Mandate


@dataclass(frozen=True, slots=True)
class AgreedTerm:
    """A definition that every party affirmed; `message` is the id of its TERM, `lang` its language."""

    message: str
    content: Term
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedChanges:
    """All that waits for a commit, each kind in the order in which it was agreed."""

    seats: tuple[AgreedSeat, ...] = ()
    mandates: tuple[AgreedMandate, ...] = ()
    terms: tuple[AgreedTerm, ...] = ()
    adopted: tuple[AdoptedText, ...] = ()

    def with_mandate(self, message: str, mandate: Mandate) -> "AgreedChanges":
        """Return these changes after a MANDATE; what waits and is revoked or replaced, waits no longer."""
        ended = {mandate.revokes, mandate.replaces}
        waiting = tuple(item for item in self.mandates if mandate_id(item.mandate) not in ended)
        return replace(self, mandates=(*waiting, AgreedMandate(message, mandate)))

    def grants(self, mandate: str, principal: str) -> bool:
        """Say whether a principal's mandate, by its id, waits to be granted."""
        return any(
            item.mandate.principal == principal and mandate_id(item.mandate) == mandate
            for item in self.mandates
        )

    def summary(self) -> Value:
        """Return the changes as plain values, for the digest."""
        return {
            "seats": [
                {
                    "message": item.message,
                    "operation": item.content.operation,
                    "fingerprint": item.content.fingerprint,
                }
                for item in self.seats
            ],
            "mandates": [
                {"message": item.message, "id": mandate_id(item.mandate), "revokes": item.mandate.revokes}
                for item in self.mandates
            ],
            "terms": [{"message": item.message, "term": item.content.term} for item in self.terms],
            "adopted": [
                {"proposal": item.proposal, "package_hash": item.package_hash, "effective": item.effective}
                for item in self.adopted
            ],
        }


def outstanding(agreed: AgreedChanges, roster: Roster, terms: ChannelTerms) -> AgreedChanges:
    """Return what of these changes a charter with this roster and these terms does not show yet."""
    held = {held.id for one in roster.participants for held in roster.mandates(one.id)}
    sources = {term.source for term in terms.glossary}
    texts = {text.proposal for text in terms.adopted}
    return AgreedChanges(
        seats=tuple(item for item in agreed.seats if not _seated(item.content, roster)),
        mandates=tuple(item for item in agreed.mandates if not _granted(item.mandate, held)),
        terms=tuple(item for item in agreed.terms if item.message not in sources),
        adopted=tuple(item for item in agreed.adopted if item.proposal not in texts),
    )


def _seated(seat: Seat, roster: Roster) -> bool:
    match seat.operation:
        case "ADMIT":
            return seat.fingerprint in roster
        case "REMOVE":
            return seat.fingerprint not in roster
        case "ROLE":
            return roster.role(seat.fingerprint) == seat.role
        case "KEY":
            return seat.fingerprint in roster and (seat.replaces is None or seat.replaces not in roster)
        case "SUSPEND" | "RESTORE":  # they work through the log alone, and never wait for a commit
            return True


def _granted(mandate: Mandate, held: set[str]) -> bool:
    return mandate.revokes not in held if mandate.revokes is not None else mandate_id(mandate) in held
