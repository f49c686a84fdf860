"""What happens in a log, gathered entry by entry: the words that were said, and the states that were reached."""

import itertools
from collections import defaultdict
from collections.abc import Iterable

from channel.audit import Export
from protocols.messages import Escalation, Message, Receipt
from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.commitments import CommitEvent
from protocols.messages.conveying import Convey
from protocols.messages.findings import Finding
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.information import Notify, Question
from protocols.messages.mandates import Mandate
from protocols.messages.meetings import Meeting
from protocols.messages.message import Content
from protocols.messages.persons import Persons
from protocols.messages.proposals import ClauseReply
from protocols.messages.seats import Seat
from protocols.negotiation import Negotiation, Participant
from protocols.payload import EntryStatus
from tests.negotiations.replay import steps


class Seen(defaultdict[str, set[str]]):
    """What was seen, by what it is a kind of."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        super().__init__(set)


def gather(exports: Iterable[Export]) -> Seen:
    """Everything that happens in these logs."""
    seen = Seen()
    for export in exports:
        for step in steps(export):
            if step.judged.status is EntryStatus.REJECTED:
                seen["refused"].add((step.judged.reason or "").removeprefix("rule:"))
            elif isinstance(step.body, Message):
                role = step.negotiation.roster.role(step.sender)
                seen["types"].add(step.body.type.value)
                seen["flags"].update(["sent although it is unclear"] * bool(step.body.envelope.sent_anyway))
                _words(seen, step.body.content, "" if role is None else role.value)
            elif isinstance(step.body, Receipt):
                seen["receipts"].add(step.body.level)
            elif isinstance(step.body, Escalation):
                seen["escalations"].add(step.body.step)
            _states(seen, step.negotiation)
        for participant in step.negotiation.roster.participants:
            _powers(seen, participant)
    return seen


def _words(seen: Seen, content: Content, role: str) -> None:
    match content:
        case Response(code=code):
            seen["codes"].add(code)
        case Correction(action=action):
            seen["corrections"].add(action)
        case CommitEvent(event=event):
            seen["events"].add(event)
        case ClauseReply(replies=replies, ad_ref=ad_ref):
            seen["answers"].update(f"{reply.answer}{' ad_ref' * ad_ref}" for reply in replies)
        case Adopt(mode=mode, witness=witness, custodian=custodian):
            seen["adoptions"].add(f"{mode} by {role}")
            seen["adoptions"].update(["witness named"] * (witness is not None))
            seen["adoptions"].update(["custodian named"] * (custodian is not None))
        case Mandate(powers=powers, replaces=replaces, revokes=revokes):
            seen["powers"].update(powers)
            seen["mandates"].add("revokes" if revokes else "replaces" if replaces else "grants")
        case Seat(operation=operation):
            seen["seats"].add(operation)
        case Convey(fidelity=fidelity, source=source):
            seen["conveyed"].add(f"{fidelity} {'withheld' if source is None else 'named'}")
        case Finding(kind=kind, result=result):
            seen["findings"].add(f"{kind} {result}")
        case Incident(asked=asked, notification=notification):
            seen["incidents"].add(f"{asked}{' of what was notified' * (notification is not None)}")
        case Explanation(position=position):
            seen["explanations"].add(position)
        case Persons(operation=operation, statuses=statuses):
            seen["persons"].update({operation, *(status.status for status in statuses)})
        case Meeting(operation=operation, points=points):
            seen["meetings"].update({operation, *(point.outcome for point in points)})
        case Notify(kind=kind):
            seen["notified"].add(kind)
        case Question(form=form):
            seen["questions"].add(form)
        case _:
            pass  # its type says all there is to see


def _powers(seen: Seen, participant: Participant) -> None:
    for mandate in participant.mandates:
        seen["powers"].update(mandate.powers)


def _states(seen: Seen, negotiation: Negotiation) -> None:
    now_ms = negotiation.relay_time_ms
    board = negotiation.board()
    for proposal in board.proposals:
        seen["packages"].add(proposal.status(now_ms).value)
        for clause in proposal.clauses:
            seen["clauses"].add(proposal.clause_status(clause).value)
            seen["clauses"].update(["SUPERSEDED"] * bool(clause.superseded))
    for commitment in board.commitments:
        history = [state.value for _, state in commitment.history]
        seen["commitments"].update(history)
        seen["transitions"].update(f"{one} to {other}" for one, other in itertools.pairwise(history))
    read_back = defaultdict[str, list[str]](list)
    for folded in negotiation.messages:
        if isinstance(folded.content, Readback):
            words = [answer.answer for answer in folded.answers.values() if answer.answer is not None]
            read_back[folded.content.target] += words
        seen["ladder"].update(reached.label for reached in folded.acknowledgements.values())
        seen["dialogues"].update(answer.state.value for answer in folded.answers.values())
        seen["flags"].update(["beyond its mandate"] * folded.beyond_mandate)
        seen["flags"].update(["cancelled"] * folded.cancelled)
    seen["read back"].update(" ".join((target, *words)) for target, words in read_back.items())
    seen["watch"].update(slot.state for slot in negotiation.watch())
    seen["flags"].update(["a seat is suspended"] * bool(negotiation.suspended))
    seen["flags"].update(["a term is agreed"] * bool(negotiation.terms.glossary))
    seen["flags"].update(["a text is in force"] * bool(negotiation.terms.adopted))
