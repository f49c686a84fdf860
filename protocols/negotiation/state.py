"""What the rules read, and what an entry would change: the two sides of judging before applying."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from protocols.messages.codec import Body
from protocols.messages.envelope import Mode
from protocols.negotiation.agreed import AgreedChanges
from protocols.negotiation.commitment import Commitment, settle
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage, Reader, body_reader
from protocols.negotiation.roster import Reason, Refusal, Roster
from protocols.negotiation.terms import ChannelTerms

if TYPE_CHECKING:  # those rooms build on this one
    from protocols.negotiation.escalating import LoggedEscalation
    from protocols.negotiation.incidents import IncidentRecord
    from protocols.negotiation.meetings import MeetingRecord
    from protocols.negotiation.persons import PersonsList

SharedT = TypeVar("SharedT", bound=Hashable)


@dataclass(slots=True)
class State:
    """The negotiation so far; only `Negotiation` changes it.

    Every mapping is in the order in which its keys came into the log.

    Attributes:
        roster: as the last accepted commit left it.
        mode: the channel's.
        terms: the charter's, as the last accepted commit left them.
        now_ms: the latest relay time of any entry.
        messages: accepted messages by id.
        proposals: by the PROPOSAL's id.
        commitments: by their own id.
        incidents: by the INCIDENT's id.
        persons: lists of persons by the id of their PERSONS LIST.
        meetings: by the id of their MEETING PROPOSE.
        adopts: ids of the ADOPTs of each proposal, by the PROPOSAL's id.
        escalations: logged escalations by the id of the message that they are about.
        mandates_revoked: ids of mandates that their principal took back; they never come into force again.
        suspended: participant ids of seats whose word does not count.
        agreed: what messages have agreed and no commit has enacted.
        by_position: ids of accepted messages by log position.
        used: ids (16 bytes) of accepted receipts and escalations; they are used up like those of messages.
        open: ids of messages that somebody's answer is still wanted to.
        unacknowledged: ids of messages that somebody who must act on them has not acknowledged, or confirmed
            where that is expected.
        notifies: ids of NOTIFY messages.
        line_checks: ids of LINE-CHECK messages.
        read: reads bodies, and remembers the latest.
    """

    roster: Roster
    mode: Mode
    terms: ChannelTerms = field(default_factory=ChannelTerms)
    now_ms: int = 0
    messages: dict[str, FoldedMessage] = field(default_factory=dict)
    proposals: dict[str, TabledProposal] = field(default_factory=dict)
    commitments: dict[str, Commitment] = field(default_factory=dict)
    incidents: dict[str, "IncidentRecord"] = field(default_factory=dict)
    persons: dict[str, "PersonsList"] = field(default_factory=dict)
    meetings: dict[str, "MeetingRecord"] = field(default_factory=dict)
    adopts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    escalations: dict[str, tuple["LoggedEscalation", ...]] = field(default_factory=dict)
    mandates_revoked: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    agreed: AgreedChanges = field(default_factory=AgreedChanges)
    by_position: dict[int, str] = field(default_factory=dict)
    used: set[bytes] = field(default_factory=set)
    open: dict[str, None] = field(default_factory=dict)
    unacknowledged: dict[str, None] = field(default_factory=dict)
    notifies: dict[str, None] = field(default_factory=dict)
    line_checks: dict[str, None] = field(default_factory=dict)
    read: Reader = field(default_factory=body_reader)
    _shared: dict[object, object] = field(default_factory=dict)

    def target(self, message_id: str) -> FoldedMessage:
        """Return the message that another one acts upon, or refuse the other one."""
        found = self.messages.get(message_id)
        if found is None:
            raise Refusal(Reason.UNKNOWN_TARGET, "needs a message that is in the log")
        return found

    def commitment(self, commitment_id: str, now_ms: int) -> Commitment:
        """Return a commitment as it stands at this relay time, or refuse the message that names it."""
        found = self.commitments.get(commitment_id)
        if found is None:
            raise Refusal(Reason.UNKNOWN_TARGET, "needs a commitment that exists")
        return settle(found, now_ms)

    def share(self, value: SharedT) -> SharedT:
        """Return an equal value that other records hold already, so that many records cost little."""
        kept = self._shared.setdefault((type(value), value), value)
        return kept  # type: ignore[return-value]  # it was put in under its own type


@dataclass(slots=True)
class Changes:
    """What an accepted entry puts in the place of what was there.

    Attributes:
        body: what the entry says.
        messages, proposals, commitments, incidents, persons, meetings: new or changed, by id.
        adopts: ids of all ADOPTs of a proposal, by the PROPOSAL's id.
        escalations: all logged escalations of a message, by its id.
        mandates_revoked: ids of mandates that are revoked from now on.
        suspended: participant ids that are suspended from now on (True), or no longer (False).
        agreed: all that waits for a commit now; None where that has not changed.
        delivered: ids of messages that the receipt's sender has told about.
    """

    body: Body
    messages: dict[str, FoldedMessage] = field(default_factory=dict)
    proposals: dict[str, TabledProposal] = field(default_factory=dict)
    commitments: dict[str, Commitment] = field(default_factory=dict)
    incidents: dict[str, "IncidentRecord"] = field(default_factory=dict)
    persons: dict[str, "PersonsList"] = field(default_factory=dict)
    meetings: dict[str, "MeetingRecord"] = field(default_factory=dict)
    adopts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    escalations: dict[str, tuple["LoggedEscalation", ...]] = field(default_factory=dict)
    mandates_revoked: frozenset[str] = frozenset()
    suspended: dict[str, bool] = field(default_factory=dict)
    agreed: AgreedChanges | None = None
    delivered: tuple[str, ...] = ()
