"""Forms with everything in place that the client can know, so that people type what only they can know."""

from client.display import sanitise_line
from client.tui import wording
from client.tui.choices import options_of
from client.tui.form import Form
from client.tui.wording import Names
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import content_leaves, leaf_text
from protocols.messages.meetings import Meeting
from protocols.messages.proposals import Proposal
from protocols.messages.roles import Role
from protocols.messages.seats import OPERATIONS_WITH_NEW_KEY
from protocols.messages.watch import TOPIC
from protocols.negotiation import FoldedMessage

_T = MessageType
_TO_ALL_OF_THE_DIALOGUE = frozenset(
    {_T.CORRECTION, _T.CLAUSE_REPLY, _T.PROPOSAL, _T.ADOPT, _T.FINDING, _T.COMMIT_EVENT, _T.MEETING}
)
_PERSONS_COUNTED = {
    _T.ALERT: ("persons_at_risk",),
    _T.NOTIFY: ("persons",),
    _T.INCIDENT: ("civilian", "combatant", "unknown"),
}


def new_form(kind: MessageType, selected: FoldedMessage | None, names: Names, now_ms: int) -> Form:
    """A form for a new message of a type.

    Args:
        kind: the type.
        selected: what it may be about; None for nothing.
        names: for whatever can be chosen.
        now_ms: our clock, UTC milliseconds.
    """
    form = Form(kind)
    form.options |= options_of(kind, names)
    for group in _PERSONS_COUNTED.get(kind, ()):
        form.values[f"{group}.unit"] = "persons"
        form.presets.add(f"{group}.unit")
    now = wording.dtg(now_ms)
    match kind:
        case _T.LINE_CHECK:
            form.fixed["topic"] = TOPIC
            form.values["slot"] = now
        case _T.SEAT:
            form.labels["seat"] = "seat (its name; empty: as on the roster)"
            form.values["effective"] = now
            form.typed_while = {"fingerprint": ("operation", OPERATIONS_WITH_NEW_KEY | {""})}
        case _T.PROPOSAL:
            _proposal(form, names)
        case _T.COMMIT:
            form.values |= {"debtor": names.me, "notice_hours": "24"}
        case _T.PERSONS:
            form.fixed["tlp"] = "RED"
        case _T.ALERT:
            form.values["precedence"] = "FLASH"
        case _T.NOTIFY:
            form.values["vehicles.unit"] = "vehicles"
            form.presets.add("vehicles.unit")
            form.counts["route"] = 0
        case _:
            pass
    if selected is not None:
        _about(form, selected, names)
    return form


def _proposal(form: Form, names: Names) -> None:
    people = names.negotiation.roster.participants
    form.values["required"] = ",".join(person.id for person in people if person.role is Role.PARTY)
    languages = names.negotiation.terms.languages
    form.values |= {"languages": ",".join(languages), "prevailing": languages[0], "lang": languages[0]}
    form.in_parallel()


def _about(form: Form, selected: FoldedMessage, names: Names) -> None:
    """Take from the selected message what a new one of this type says again."""
    about = True
    match form.kind, selected.content:
        case _T.CORRECTION, content if selected.sender == names.me:
            form.fixed["target"] = selected.id
            form.options["changes.*.field"] = tuple(
                (sanitise_line(f"{path}: {leaf_text(leaf)}"), path)
                for path, leaf in content_leaves(content).items()
            )
        case _T.RESPONSE, _:
            form.values["target"] = names.message(selected.id)
        case _T.ADOPT, Proposal():
            form.values["proposal"] = selected.id
        case _T.FINDING, _ if selected.type is _T.INCIDENT:
            form.values |= {"subject": selected.id, "kind": "INCIDENT"}
        case _T.INCIDENT, _ if selected.type is _T.NOTIFY:
            form.values["notification"] = selected.id
        case _T.MEETING, Meeting(operation="PROPOSE"):
            form.values["meeting"] = selected.id
        case _:
            about = False
    if about:
        form.values["topic"] = sanitise_line(selected.envelope.topic)


def addressees(kind: MessageType, target: FoldedMessage | None, names: Names) -> tuple[str, ...]:
    """Return who is chosen as ACTION addressee to begin with; people can change it."""
    people = names.negotiation.roster.participants
    here = {person.id for person in people if person.id != names.me}
    if target is None:
        return tuple(person.id for person in people if person.id in here and person.role is not Role.OBSERVER)
    if kind not in _TO_ALL_OF_THE_DIALOGUE:
        return (target.sender,) if target.sender in here else ()
    everybody = dict.fromkeys((target.sender, *target.addressees))
    commitment = names.negotiation.commitment(getattr(target.content, "commitment", ""))
    if commitment is not None:
        everybody |= dict.fromkeys(sorted(commitment.concerned))
    tabled = names.negotiation.proposal(getattr(target.content, "proposal", target.id))
    if tabled is not None:
        everybody |= dict.fromkeys((tabled.proposer, *tabled.content.required))
    return tuple(person for person in everybody if person in here)
