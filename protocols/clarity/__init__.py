"""Clarity checks: what a reader may take otherwise than its author means it (MESSAGES.md section 5)."""

from protocols.clarity.catalogue import CHECKS, Check
from protocols.clarity.checking import check, check_passage
from protocols.clarity.marks import MARKS
from protocols.clarity.passage import Passage, Use, passages
from protocols.clarity.report import ClarityReport, Finding, Hit, NotRun, Severity
from protocols.clarity.terms import TermUse, find_terms

__all__ = [
    "CHECKS",
    "MARKS",
    "Check",
    "ClarityReport",
    "Finding",
    "Hit",
    "NotRun",
    "Passage",
    "Severity",
    "TermUse",
    "Use",
    "check",
    "check_passage",
    "find_terms",
    "passages",
]
