"""What messages say, line by line. Nothing here is safe to show yet: `cards` makes it so, once.

One `match` over all types; what takes more than a few lines is in `saying_texts` and `saying_facts`.
"""

from collections.abc import Iterator
from typing import assert_never

from client.tui import saying_facts as facts
from client.tui import saying_texts as texts
from client.tui.wording import CODE_MEANING, Names, plain, text_status, time, window
from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.conveying import Convey
from protocols.messages.envelope import MessageType
from protocols.messages.findings import Finding
from protocols.messages.glossary import Term
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.mandates import EVERY_TOPIC, Mandate
from protocols.messages.meetings import Meeting
from protocols.messages.message import TYPE_OF, Content
from protocols.messages.persons import Persons
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.render import BANNERS, show_place, show_quantity
from protocols.messages.requests import Request
from protocols.messages.seats import Seat
from protocols.messages.watch import LineCheck

__all__ = ["banner", "summary"]


def banner(content: Content) -> str | None:
    """The fixed words that go with a message of this type; None where there are none."""
    if isinstance(content, Meeting) and content.operation != "RECORD":
        return None
    if isinstance(content, Alert) and content.asked == "NONE":
        return None
    return BANNERS.get(TYPE_OF[type(content)])


def summary(content: Content, names: Names, *, message_id: str = "") -> Iterator[str]:
    """What a message says, line by line.

    Args:
        content: as it stands.
        names: for everything that is named by id.
        message_id: of the message, so that it can show where the matter stands; empty for one not sent yet.
    """
    match content:
        case Inform():
            yield from facts.inform(content)
        case Question():
            yield content.question
            yield f"answer wanted: {'yes or no' if content.form == 'YES_NO' else plain(content.form)}"
            if content.purpose:
                yield f"asked because: {content.purpose}"
        case Notify():
            yield from facts.notify(content, names)
        case Convey():
            yield from facts.convey(content, names)
        case Request():
            yield f"ASKED of {names.person(content.actor)}: {content.action}"
            yield f"by {time(content.deadline)}"
            if content.place is not None:
                yield f"where: {show_place(content.place)}"
            yield f"because: {content.reason}"
        case Alert():
            yield f"{plain(content.phase)}: {plain(content.danger)}"
            yield f"where: {show_place(content.place)}"
            yield f"seen at {time(content.observed)}"
            yield f"ASKED: {plain(content.asked)}, until {time(content.until)}"
            yield f"at risk: {show_quantity(content.persons_at_risk)}"
        case Incident():
            yield from facts.incident(content, names, message_id)
        case Explanation():
            yield from facts.explanation(content, names)
        case Finding():
            yield from facts.finding(content, names)
        case Persons():
            yield from facts.persons(content, names, message_id)
        case Meeting():
            yield from facts.meeting(content, names, message_id)
        case Proposal():
            yield from texts.proposal(content, names, message_id)
        case ClauseReply():
            yield from texts.clause_reply(content, names)
        case Term():
            yield from _term(content)
        case Adopt():
            yield from texts.adopt(content, names)
        case Commit():
            yield from texts.commit(content, names, message_id)
        case CommitEvent():
            yield from texts.commit_event(content, names)
        case Response():
            yield from _response(content, names)
        case Readback():
            yield f"reads back {names.message(content.target)}:"
            for reading in content.readings:
                yield f"   {reading.field}: {reading.value}"
        case Correction():
            yield from _correction(content, names)
        case LineCheck():
            yield f"on watch at {time(content.slot)}? word {content.word}"
            yield "ROGER by a person answers it, within 15 minutes. It says nothing else."
        case Mandate():
            yield from _mandate(content, names)
        case Seat():
            yield from _seat(content, names)
        case _:
            assert_never(content)


def _response(content: Response, names: Names) -> Iterator[str]:
    yield f"{content.code} to {names.message(content.target)}. {CODE_MEANING[content.code]}"
    if content.reason:
        yield f"reason: {content.reason}"
    if content.fields:
        yield f"fields that are wrong: {', '.join(content.fields)}"
    if content.by:
        yield f"answer comes by {time(content.by)}"
    if content.passed_to:
        yield f"passed to: {content.passed_to}"


def _correction(content: Correction, names: Names) -> Iterator[str]:
    verb = "CANCELS" if content.action == "CANCEL" else "CORRECTS"
    yield f"{verb} {names.message(content.target)}; the original stays in the log"
    target = names.negotiation.message(content.target)
    covered = target is not None and target.type is MessageType.PERSONS
    for change in content.changes:
        if covered:
            yield f"   {change.field}: TLP:RED, v opens it"
        else:
            yield f"   {change.field}: {change.old or 'nothing'} -> {change.new or 'nothing'}"
    yield f"reason: {content.reason}"


def _term(content: Term) -> Iterator[str]:
    yield f"{content.term}: {content.definition}"
    yield from (f"   is meant: {item}" for item in content.includes)
    yield from (f"   is not meant: {item}" for item in content.excludes)
    for text in content.texts:
        status = text_status(text.status, machine=text.machine)
        yield f"   {text.lang} ({status}): {text.term}: {text.definition}"
    yield "In the glossary only once every party has said AFFIRM."


def _mandate(content: Mandate, names: Names) -> Iterator[str]:
    holder = names.person(content.holder)
    if content.revokes is not None:
        yield f"{content.principal_name} TAKES BACK a mandate of {holder}, at once"
        yield f"   mandate {content.revokes[:16]}"
        return
    yield f"{content.principal_name} lets {holder} speak for it, to: {', '.join(map(plain, content.powers))}"
    topics = "every topic" if EVERY_TOPIC in content.topics else ", ".join(content.topics)
    yield f"about: {topics}"
    yield f"from {window(content.window)}"
    if content.limits:
        yield f"NOT: {content.limits}"
    if content.replaces is not None:
        yield f"in the place of mandate {content.replaces[:16]}"
    yield "The principal's signature is good."


def _seat(content: Seat, names: Names) -> Iterator[str]:
    role = f" as {content.role}" if content.role is not None else ""
    yield f"{content.operation} {content.seat}{role}, from {time(content.effective)} on"
    if content.principal_name is not None:
        yield f"speaks for {content.principal_name}"
    yield f"key: participant {content.fingerprint}"
    if content.replaces is not None:
        yield f"in the place of key {content.replaces}"
    if content.history is not None:
        start = f" {time(content.history_from)}" if content.history_from is not None else ""
        yield f"may read of the past: {plain(content.history)}{start}"
    if content.reason:
        yield f"reason: {content.reason}"
    match content.operation:
        case "SUSPEND":
            if content.fingerprint in names.negotiation.suspended:
                yield "SUSPENDED now: nothing this seat says counts."
            else:
                yield "Not suspended now. Where it does not work at once, every party must AFFIRM."
        case "ADMIT" | "KEY":
            yield "Compare the key by voice before you AFFIRM. Every party must."
        case _:
            yield "It takes effect once every party has said AFFIRM."
