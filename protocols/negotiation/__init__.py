"""The negotiation as a fold over the log: dialogues, acknowledgements, proposals, commitments."""

from protocols.negotiation.acknowledgement import Acknowledgement, Level
from protocols.negotiation.agreed import AgreedChanges, AgreedMandate, AgreedSeat, AgreedTerm
from protocols.negotiation.commitment import Commitment, CommitmentState
from protocols.negotiation.fold import Negotiation
from protocols.negotiation.incidents import IncidentRecord
from protocols.negotiation.meetings import MeetingRecord
from protocols.negotiation.persons import PersonsList
from protocols.negotiation.proposal import ClauseStatus, PackageStatus, TabledClause, TabledProposal
from protocols.negotiation.record import AnswerState, FoldedMessage, ResponseState
from protocols.negotiation.roster import (
    HeldMandate,
    Participant,
    Reason,
    Received,
    Roster,
    RosterChange,
    Verdict,
)
from protocols.negotiation.terms import ACKNOWLEDGEMENT_DUE, AdoptedText, ChannelTerms
from protocols.negotiation.view import Board, OpenDialogue, RejectedEntry

__all__ = [
    "ACKNOWLEDGEMENT_DUE",
    "Acknowledgement",
    "AdoptedText",
    "AgreedChanges",
    "AgreedMandate",
    "AgreedSeat",
    "AgreedTerm",
    "AnswerState",
    "Board",
    "ChannelTerms",
    "ClauseStatus",
    "Commitment",
    "CommitmentState",
    "FoldedMessage",
    "HeldMandate",
    "IncidentRecord",
    "Level",
    "MeetingRecord",
    "Negotiation",
    "OpenDialogue",
    "PackageStatus",
    "Participant",
    "PersonsList",
    "Reason",
    "Received",
    "RejectedEntry",
    "ResponseState",
    "Roster",
    "RosterChange",
    "TabledClause",
    "TabledProposal",
    "Verdict",
]
