"""How things stand at the table, and how the script calls people, clauses and duties."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from protocols.negotiation import FoldedMessage, TabledProposal
from protocols.negotiation.commitment import Commitment, commitment_id
from tests.negotiations.room import Room
from tests.support.waiting import eventually

Names: TypeAlias = str | Iterable[str]


class Standing(Room):
    """A room, and what there is to look at.

    Attributes:
        topic: what is talked about now.
    """

    topic = "the talks"

    def item(self, topic: str) -> None:
        """Turn to another item of the agenda: what is said from here on is about this topic."""
        self.topic = topic

    def of_clause(self, proposal: str, number: int) -> str:
        """The commitment that a clause became."""
        clause = self.proposal(proposal).clauses[number - 1].clause
        return commitment_id(proposal, clause.no, clause.version)

    def of_message(self, message: str, debtor: str) -> str:
        """The commitment of who said WILCO to a message, or of who sent the COMMIT."""
        return commitment_id(message, self.id(debtor))

    # --- how things stand -------------------------------------------------------------------------

    def message(self, message: str) -> FoldedMessage:
        """A message as it stands."""
        folded = self.log.session.negotiation.message(message)
        assert folded is not None, self.log.session.negotiation.rejected[-1:]
        return folded

    def proposal(self, proposal: str) -> TabledProposal:
        """A proposal as it stands."""
        tabled = self.log.session.negotiation.proposal(proposal)
        assert tabled is not None
        return tabled

    def owed(self, commitment: str) -> Commitment:
        """A commitment as it stands."""
        found = self.log.session.negotiation.commitment(commitment)
        assert found is not None
        return found

    def package_is(self, proposal: str, status: str, *clauses: str) -> None:
        """Require where a proposal stands, and its clauses in order."""
        tabled = self.proposal(proposal)
        now_ms = self.log.session.negotiation.relay_time_ms
        found = [tabled.clause_status(clause).value for clause in tabled.clauses]
        assert (tabled.status(now_ms).value, *found) == (status, *(clauses or found))

    def is_owed(self, commitment: str, state: str) -> None:
        """Require where a commitment stands."""
        assert self.owed(commitment).state.value == state, self.owed(commitment)

    def stands(self, message: str, who: str, state: str, answer: str | None = None) -> None:
        """Require where somebody stands with a message: OPEN, STANDBY or CLOSED, and by which answer."""
        found = self.message(message).answers[self.id(who)]
        assert (found.state.value, found.answer) == (state, answer)

    async def reaches(self, message: str, who: str, label: str) -> None:
        """Wait until a message is at this rung of the ladder with somebody, no lower and no higher."""
        reader = self.id(who)
        await eventually(
            lambda: self.message(message).acknowledgements[reader].label == label,
            f"{label} with {who}, not {self.message(message).acknowledgements[reader].label}",
        )

    def name_of(self, participant: str) -> str:
        """Whose id it is."""
        return next(name for name, known in self._ids.items() if known == participant)

    def escalated(self, message: str) -> list[str]:
        """The steps that devices have logged about a message: level and step."""
        return [f"{one.level} {one.step}" for one in self.log.session.negotiation.logged_escalations(message)]

    # --- inside -----------------------------------------------------------------------------------

    def _ids_of(self, names: Names) -> tuple[str, ...]:
        return tuple(self.id(name) for name in each(names))

    def _named(self, value: Any) -> Any:
        match value:
            case str() if value.startswith("@"):
                return self.id(value[1:])
            case Mapping():
                return {name: self._named(item) for name, item in value.items()}
            case list() | tuple():
                return [self._named(item) for item in value]
            case _:
                return value


def each(names: Names) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else tuple(names)
