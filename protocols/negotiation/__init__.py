"""The negotiation as a fold over the log: dialogues, acknowledgements, proposals, commitments."""

from protocols.negotiation.acknowledgement import Acknowledgement, Level
from protocols.negotiation.commitment import Commitment, CommitmentState
from protocols.negotiation.fold import Negotiation
from protocols.negotiation.proposal import ClauseStatus, PackageStatus, TabledClause, TabledProposal
from protocols.negotiation.record import AnswerState, FoldedMessage, ResponseState
from protocols.negotiation.roster import Participant, Reason, Received, RosterChange, Verdict
from protocols.negotiation.view import Board, OpenDialogue, RejectedEntry

__all__ = [
    "Acknowledgement",
    "AnswerState",
    "Board",
    "ClauseStatus",
    "Commitment",
    "CommitmentState",
    "FoldedMessage",
    "Level",
    "Negotiation",
    "OpenDialogue",
    "PackageStatus",
    "Participant",
    "Reason",
    "Received",
    "RejectedEntry",
    "ResponseState",
    "RosterChange",
    "TabledClause",
    "TabledProposal",
    "Verdict",
]
