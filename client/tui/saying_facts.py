"""What INFORM, NOTIFY, CONVEY, INCIDENT, EXPLANATION, FINDING, PERSONS and MEETING say."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from client.tui.wording import Names, dtg, plain, time, window
from protocols.messages.conveying import Convey
from protocols.messages.findings import NOT_ATTRIBUTED, Finding
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.information import Inform, Notify
from protocols.messages.meetings import Meeting
from protocols.messages.persons import Persons
from protocols.messages.render import show_place, show_quantity

PERSONS_COVER: Final = "RED: names stay covered here. v opens them; look first who can see your screen."
"""Such a list can kill if somebody reads it over a shoulder."""


def inform(content: Inform) -> Iterator[str]:
    """The facts, and how they are known."""
    yield content.statement
    yield f"known by {plain(content.basis)}, as of {time(content.as_of)}" + (
        f", grade {content.grade}" if content.grade else ""
    )
    if content.window is not None:
        yield f"when: {window(content.window)}"
    if content.place is not None:
        yield f"where: {show_place(content.place)}"
    if content.qty is not None:
        yield f"how many: {show_quantity(content.qty)}"


def notify(content: Notify, names: Names) -> Iterator[str]:
    """What is made known."""
    yield f"{plain(content.kind)}: {content.purpose}"
    if content.place is not None:
        yield f"where: {show_place(content.place)}"
    for point in content.route or ():
        yield f"   {time(point.at)} at {show_place(point.place)}"
    yield f"when: {window(content.window)}"
    yield f"persons: {show_quantity(content.persons)}; contact {names.person(content.contact)}"
    if content.vehicles is not None:
        yield f"vehicles: {show_quantity(content.vehicles)}" + (
            f", marked {content.markings}" if content.markings else ""
        )
    if content.site_function:
        yield f"site: {content.site_function}" + (f", until {time(content.expiry)}" if content.expiry else "")
    if content.activity:
        yield f"activity: {plain(content.activity)}"
    if content.cargo:
        yield f"cargo: {content.cargo}"
    if content.emergency:
        yield "EMERGENCY: less than 24 hours ahead"


def convey(content: Convey, names: Names) -> Iterator[str]:
    """Whose words they are, how true to the original, and the words."""
    whose = "somebody whose name is withheld" if content.source is None else names.person(content.source)
    match content.fidelity:
        case "VERBATIM":
            yield f"the very words of {whose}, who signed them:"
        case "PARAPHRASE":
            yield f"the words of {whose}, as the mediator puts them:"
        case "MEDIATOR_VIEW":
            yield "the mediator's own view:"
    yield f"   {content.content}"
    yield f"consent: {content.consent}"


def incident(content: Incident, names: Names, message_id: str) -> Iterator[str]:
    """The nine lines, and what was said to them since."""
    yield f"1 when: {window(content.window)}"
    yield f"2 where: {show_place(content.place)}"
    yield f"3 what: {plain(content.category)}"
    yield f"4 known: {plain(content.known)}"
    effects = [
        f"{name} {show_quantity(count)}"
        for name, count in (
            ("civilian", content.civilian),
            ("combatant", content.combatant),
            ("unknown", content.unknown),
        )
        if count is not None
    ]
    yield f"5 effects: {'; '.join(effects) or 'not said'}"
    yield f"6 by whom: {_attributed(content.attribution)}" + (
        f", on the grounds: {content.attribution_basis}" if content.attribution_basis else ""
    )
    yield f"7 grade: {content.grade}"
    yield f"8 status: {plain(content.status)}"
    yield f"9 asked: {plain(content.asked)}"
    if content.notification is not None:
        yield f"it had been notified: {names.message(content.notification)}"
    record = names.negotiation.incident(message_id) if message_id else None
    if record is None:
        return
    for party, said in record.explanations.items():
        more = "" if said.next_update_ms is None else f", more by {dtg(said.next_update_ms)}"
        yield f"explained by {names.person(party)}: {said.position}{more} ({names.message(said.message)})"
    for found in record.findings:
        yield f"found by {names.person(found.finder)}: {plain(found.result)} ({names.message(found.message)})"


def _attributed(attribution: str) -> str:
    return "not attributed" if attribution == NOT_ATTRIBUTED else attribution


def explanation(content: Explanation, names: Names) -> Iterator[str]:
    """What the concerned party says."""
    yield f"{content.position} to {names.message(content.incident)}"
    yield content.account
    yield from (f"   measure: {measure}" for measure in content.measures)
    if content.next_update is not None:
        yield f"more will be said by {time(content.next_update)}"


def finding(content: Finding, names: Names) -> Iterator[str]:
    """The result, how it was reached, and what could not be seen."""
    subject = (
        names.commitment(content.subject) if content.kind == "COMMITMENT" else names.message(content.subject)
    )
    yield f"RESULT {content.result.replace('_', ' ')}: {subject}"
    yield f"as of {time(content.as_of)}, grade {content.grade}"
    yield from (f"   how: {step}" for step in content.method)
    yield f"what could not be seen: {content.access_limits}"
    yield f"by whom: {_attributed(content.attribution)}"


def persons(content: Persons, names: Names, message_id: str) -> Iterator[str]:
    """How many, of which kind; never who."""
    if content.operation == "LIST":
        kinds = Counter[str](entry.category for entry in content.entries)
        yield f"asks about {_persons(len(content.entries))}: {_counted(kinds)}"
        found = names.negotiation.persons_list(message_id) if message_id else None
        for party, said in found.statuses.items() if found is not None else ():
            counts = Counter(record.status for record in said.values())
            left = len(found.missing(party)) if found is not None else 0
            yield f"answered by {names.person(party)}: {_counted(counts)}; still wanted: {left}"
    else:
        counts = Counter[str](status.status for status in content.statuses)
        listed = names.message(content.list) if content.list is not None else "no list"
        yield f"answers {listed} about {_persons(len(content.statuses))}: {_counted(counts)}"
    yield PERSONS_COVER


def _persons(count: int) -> str:
    return "1 person" if count == 1 else f"{count} persons"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {plain(what)}" for what, count in sorted(counts.items())) or "none"


def meeting(content: Meeting, names: Names, message_id: str) -> Iterator[str]:
    """When, where and with whom; of a record, its points."""
    about = "" if content.meeting is None else f" of {names.message(content.meeting)}"
    yield f"{content.operation}{about}"
    if content.window is not None:
        yield f"when: {window(content.window)}"
    if content.place is not None:
        yield f"where: {show_place(content.place)}"
    if content.medium is not None:
        yield f"by: {content.medium}"
    if content.seats:
        yield f"who: {names.people(content.seats)}"
    yield from (f"   agenda: {item}" for item in content.agenda)
    yield from (f"   {point.outcome}: {point.text}" for point in content.points)
    for passage in content.safe_passage:
        yield f"safe passage: {names.commitment(passage)}"
    record = names.negotiation.meeting(message_id) if message_id else None
    if record is not None and record.cancelled:
        yield f"CALLED OFF by {names.message(record.message)}"
    elif record is not None and record.message != message_id:
        yield f"CHANGED by {names.message(record.message)}"
