"""What is on the table as lines, and as values for JSON. Pure; output cleans the text.

Lists of persons are TLP:RED: a board says how many are on them and how far they are answered, and no more.
"""

from collections.abc import Iterable, Iterator, Mapping

from client.waiting import waiting_changes
from protocols.canonical import Value
from protocols.messages.values import format_time
from protocols.negotiation import (
    Commitment,
    CommitmentState,
    IncidentRecord,
    MeetingRecord,
    Negotiation,
    OpenDialogue,
    PersonsList,
    ResponseState,
    TabledProposal,
)
from protocols.negotiation.notifications import NOTIFICATION_WORDING, NotificationInForce

__all__ = ["board_lines", "board_value", "dialogue_lines"]

Names = Mapping[str, str]
_FROM_SUMMARY = ("open_questions", "proposals", "commitments", "meetings", "agreed")


def board_lines(negotiation: Negotiation, names: Names, now_ms: int | None = None) -> Iterator[str]:
    """Return what is on the table, a line each, under headings that say how many there are.

    Args:
        negotiation: As it stands.
        names: By participant and message id; peers' text.
        now_ms: What deadlines are held against; None for the relay's last word.
    """
    board = negotiation.board()
    yield from _listed("OPEN QUESTIONS", dialogue_lines(board.open_questions, names))
    yield from _listed("OPEN REQUESTS", dialogue_lines(board.open_requests, names))
    yield f"PROPOSALS ({len(board.proposals)})"
    for proposal in board.proposals:
        yield from _proposal(proposal, names, negotiation.relay_time_ms)
    yield f"COMMITMENTS ({len(board.commitments)})"
    for commitment in board.commitments:
        yield from _commitment(commitment, names)
    incidents = _unexplained(negotiation)
    yield from _listed(
        "INCIDENTS WITHOUT EXPLANATION", (_incident(one, negotiation, names) for one in incidents)
    )
    meetings = tuple(meeting for meeting in board.meetings if not meeting.cancelled)
    yield from _listed("MEETINGS", (_meeting(one, negotiation, names) for one in meetings))
    yield from notification_lines(negotiation.notifications(now_ms), negotiation, names)
    yield from _listed("LISTS OF PERSONS", (_persons(one, negotiation, names) for one in negotiation.persons))
    changes = waiting_changes(negotiation)
    yield from _listed("AGREED, WAITS FOR A COMMIT", (change.words for change in changes))


def board_value(negotiation: Negotiation, now_ms: int | None = None) -> dict[str, Value]:
    """Return the same as values; `now_ms` as for `board_lines`."""
    summary = negotiation.summary()
    incidents = {incident.id for incident in _unexplained(negotiation)}
    return {
        **{name: summary[name] for name in _FROM_SUMMARY},
        "open_requests": [
            {
                "message": dialogue.message.id,
                "topic": dialogue.message.envelope.topic,
                "from": dialogue.message.sender,
                "addressee": dialogue.addressee,
                "state": dialogue.state.value,
                "due_ms": dialogue.due_ms,
            }
            for dialogue in negotiation.board().open_requests
        ],
        "incidents_without_explanation": [
            incident.summary() for incident in negotiation.board().incidents if incident.id in incidents
        ],
        "notifications": [one.summary() for one in negotiation.notifications(now_ms)],
        "persons": [
            {
                "id": listed.id,
                "author": listed.author,
                "persons": len(listed.refs),
                "answered": dict(_answered(listed, negotiation)),
            }
            for listed in negotiation.persons
        ],
    }


def dialogue_lines(dialogues: Iterable[OpenDialogue], names: Names) -> Iterator[str]:
    """Say, for each answer that is still wanted, to what, from whom, and by when."""
    for dialogue in dialogues:
        due = "" if dialogue.due_ms is None else f", due {format_time(dialogue.due_ms)}"
        wanted = names.get(dialogue.addressee, dialogue.addressee)
        said = "" if dialogue.answer in (None, dialogue.state.value) else f" ({dialogue.answer})"
        topic = f"No. {dialogue.message.position} {dialogue.message.envelope.topic}"
        yield f"{topic}: from {wanted} {dialogue.state.value}{said}{due}"


def notification_lines(
    found: Iterable[NotificationInForce], negotiation: Negotiation, names: Names
) -> Iterator[str]:
    """Say what is notified and not over, under the banner that says what that means."""
    in_force = tuple(found)
    yield f"NOTIFICATIONS IN FORCE ({len(in_force)})"
    if in_force:
        yield f"  {NOTIFICATION_WORDING}"
    for one in in_force:
        waiting = ", ".join(names.get(who, who) for who in one.waiting)
        passed = f", not passed on by {waiting}" if waiting else ", passed on by everybody"
        sender = names.get(one.sender, one.sender)
        span = f"{format_time(one.start_ms)} to {format_time(one.end_ms)}"
        yield f"  {_number(negotiation, one.message)} {one.kind} by {sender}: {span}{passed}"


def _listed(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = tuple(lines)
    yield f"{heading} ({len(found)})"
    yield from (f"  {line}" for line in found)


def _number(negotiation: Negotiation, message_id: str) -> str:
    folded = negotiation.message(message_id)
    return message_id if folded is None else f"No. {folded.position}"


def _topic(negotiation: Negotiation, message_id: str) -> str:
    folded = negotiation.message(message_id)
    return "" if folded is None else folded.envelope.topic


def _proposal(proposal: TabledProposal, names: Names, now_ms: int) -> Iterator[str]:
    until = format_time(proposal.valid_until_ms)
    number = names.get(proposal.id, proposal.id)
    proposer = names.get(proposal.proposer, proposal.proposer)
    status = proposal.status(now_ms).value
    yield f"  {number} {proposal.content.title}: {status}, by {proposer}, valid until {until}"
    for tabled in proposal.clauses:
        clause = tabled.clause
        actor = names.get(clause.actor, clause.actor)
        sentence = f"{actor} {clause.modal} {clause.action} {clause.object}"
        yield f"    {clause.no}.{clause.version} {sentence}: {proposal.clause_status(tabled).value}"
        yield f"      hash {tabled.hash}"
    if proposal.is_open(now_ms) and (package := proposal.package_hash()) is not None:
        yield f"    package hash {package}, for ADOPT"


def _commitment(commitment: Commitment, names: Names) -> Iterator[str]:
    debtor = names.get(commitment.debtor, commitment.debtor)
    creditors = ", ".join(names.get(creditor, creditor) for creditor in commitment.creditors)
    yield f"  {commitment.id[:12]} {commitment.text}: {commitment.state.value}"
    yield f"    owed by {debtor} to {creditors}, until {format_time(commitment.end_ms)}"
    if commitment.antecedent is not None and commitment.state is CommitmentState.CONDITIONAL:
        yield f"    binds once: {commitment.antecedent}"
    if commitment.detach_at_ms is not None and commitment.state is CommitmentState.CONDITIONAL:
        yield f"    binds from {format_time(commitment.detach_at_ms)} on"
    if commitment.delegate is not None:
        yield f"    delegated to {names.get(commitment.delegate, commitment.delegate)}; {debtor} stays liable"
    if commitment.withdraw_at_ms is not None:
        yield f"    withdrawn from {format_time(commitment.withdraw_at_ms)} on; it stands until then"


def _unexplained(negotiation: Negotiation) -> tuple[IncidentRecord, ...]:
    """The incidents that ask for an explanation which somebody has not given, or promised for later."""
    return tuple(
        incident
        for incident in negotiation.board().incidents
        if incident.asked == "EXPLAIN"
        and (folded := negotiation.message(incident.id)) is not None
        and folded.is_open
    )


def _incident(incident: IncidentRecord, negotiation: Negotiation, names: Names) -> str:
    folded = negotiation.message(incident.id)
    answers = {} if folded is None else folded.answers
    missing = ", ".join(
        f"{names.get(who, who)} {answer.state.value}"
        + (f" until {format_time(answer.by_ms)}" if answer.by_ms is not None else "")
        for who, answer in answers.items()
        if answer.state is not ResponseState.CLOSED
    )
    found = f", {len(incident.findings)} findings" if incident.findings else ""
    author = names.get(incident.author, incident.author)
    number, topic = _number(negotiation, incident.id), _topic(negotiation, incident.id)
    return f"{number} {topic}: by {author}, from {missing}{found}"


def _meeting(meeting: MeetingRecord, negotiation: Negotiation, names: Names) -> str:
    folded = negotiation.message(meeting.message)
    answers = {} if folded is None else folded.answers
    said = ", ".join(
        f"{names.get(who, who)} {answer.answer or answer.state.value}" for who, answer in answers.items()
    )
    span = f"{format_time(meeting.start_ms)} to {format_time(meeting.end_ms)}"
    recorded = ", recorded in " + ", ".join(_number(negotiation, one) for one in meeting.recorded)
    number, topic = _number(negotiation, meeting.id), _topic(negotiation, meeting.id)
    return f"{number} {topic}: {span}, {said}{recorded if meeting.recorded else ''}"


def _persons(listed: PersonsList, negotiation: Negotiation, names: Names) -> str:
    answered = ", ".join(
        f"{names.get(who, who)} {count} of {len(listed.refs)}"
        for who, count in _answered(listed, negotiation)
    )
    author = names.get(listed.author, listed.author)
    return f"{_number(negotiation, listed.id)} TLP:RED by {author}: {len(listed.refs)} persons; {answered}"


def _answered(listed: PersonsList, negotiation: Negotiation) -> Iterator[tuple[str, int]]:
    folded = negotiation.message(listed.id)
    for addressee in () if folded is None else folded.to:
        yield addressee, len(listed.refs) - len(listed.missing(addressee))
