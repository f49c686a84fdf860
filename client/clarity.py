"""The clarity checks as the client runs them: with the channel's glossary, and in words for people."""

from protocols.clarity import ClarityReport, Finding, check
from protocols.errors import RuleViolation
from protocols.messages import Message
from protocols.negotiation import Negotiation

__all__ = ["blocked", "clarity_lines", "clarity_of", "clarity_value", "explain"]


def clarity_of(negotiation: Negotiation, message: Message) -> ClarityReport:
    """Check a message that keeps its rules, knowing the channel's glossary and the texts in force there."""
    clauses = [clause for proposal in negotiation.board().proposals for clause in proposal.adopted]
    adopted = [f"{clause.action} {clause.object}" for clause in clauses]
    adopted += [f"{words.action} {words.object}" for clause in clauses for words in clause.texts]
    return check(message, glossary=negotiation.terms.glossary, adopted=adopted)


def blocked(report: ClarityReport) -> tuple[RuleViolation, ...]:
    """What must be put right before the message can leave, in the form that rules are told in."""
    return tuple(
        RuleViolation(finding.id, finding.field, f"{finding.sentence}; {finding.suggestion}")
        for finding in report.blocking
    )


def clarity_value(report: ClarityReport) -> dict[str, object]:
    """A report as values, for JSON."""
    return {
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity.value,
                "field": finding.field,
                "span": finding.span,
                "words": finding.words,
                "sentence": finding.sentence,
                "suggestion": finding.suggestion,
            }
            for finding in report.findings
        ],
        "not_run": [{"id": item.id, "why": item.why} for item in report.not_run],
    }


def explain(finding: Finding) -> str:
    """One finding in one line, with the words of the message as they stand; not yet safe for a terminal."""
    where = "" if finding.field is None else f"{finding.field}: "
    if finding.field is not None and finding.span is not None:
        where = f"{finding.field}, from character {finding.span[0] + 1}: "
    return f"{finding.id}: {where}{finding.sentence}; {finding.suggestion}"


def clarity_lines(report: ClarityReport) -> tuple[str, ...]:
    """A report in lines for people: what is asked about, then what was not looked for, each reason once."""
    reasons: dict[str, list[str]] = {}
    for item in report.not_run:
        reasons.setdefault(item.why, []).append(item.id)
    return (
        *(f"unclear: {explain(finding)}" for finding in report.asking),
        *(f"not checked ({why}): {', '.join(names)}" for why, names in reasons.items()),
    )
