"""Forms with everything in place that the client can know, so that people type what only they can know."""

from collections.abc import Iterator

from client.display import sanitise_line
from client.tui import wording
from client.tui.form import Form
from client.tui.wording import Names
from protocols.messages.administrative import CODES_WITH_REASON
from protocols.messages.alert import Alert
from protocols.messages.catalogue import Answer
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.information import Notify
from protocols.messages.leaves import content_leaves, critical_leaves, flatten, leaf_text
from protocols.messages.roles import Role
from protocols.negotiation import ClauseStatus, FoldedMessage, PackageStatus
from protocols.negotiation.proposal import TabledProposal

_ANSWERED = frozenset({ClauseStatus.AGREED, ClauseStatus.REJECTED})


def new_form(kind: MessageType, selected: FoldedMessage | None, names: Names) -> Form:
    """A form for a new message of a type; `selected` is what it may be about."""
    form = Form(kind)
    parties = [person.id for person in names.negotiation.roster.participants if person.role is Role.PARTY]
    people = tuple(
        (names.with_role(person.id), person.id) for person in names.negotiation.roster.participants
    )
    for path in ("contact", "new_party", "clauses.*.actor", "clauses.*.verifier"):
        form.options[path] = people
    match kind:
        case MessageType.PROPOSAL:
            form.options["required"] = people
            form.values["required"] = ",".join(parties)
        case MessageType.COMMIT_EVENT:
            form.options["commitment"] = tuple(_commitments(names))
        case MessageType.CORRECTION if selected is not None and selected.sender == names.me:
            form.fixed["target"] = selected.id
            form.options["changes.*.field"] = tuple(
                (sanitise_line(f"{path}: {leaf_text(leaf)}"), path)
                for path, leaf in content_leaves(selected.content).items()
            )
            form.values["topic"] = sanitise_line(selected.message.envelope.topic)
        case MessageType.RESPONSE if selected is not None:
            form.values["target"] = names.message(selected.id)
            form.values["topic"] = sanitise_line(selected.message.envelope.topic)
        case MessageType.ALERT:
            form.values |= {"precedence": "FLASH", "persons_at_risk.unit": "persons"}
        case MessageType.NOTIFY:
            form.values |= {"persons.unit": "persons", "vehicles.unit": "vehicles"}
            form.counts["route"] = 0
    return form


def response_form(target: FoldedMessage, code: str) -> Form:
    """A form for what a closing word needs besides the word; it asks for nothing where nothing is needed."""
    only: tuple[str, ...] = ()
    if code in CODES_WITH_REASON:
        only = ("reason",)
    elif code == "STANDBY":
        only = ("by",)
    elif code == "ROGER" and isinstance(target.content, Notify | Alert):
        only = ("passed_to",)
    form = Form(MessageType.RESPONSE, only=only)
    form.fixed |= {"target": target.id, "code": code, **_reply_envelope(target)}
    return form


def wrong_form(readback: FoldedMessage, fields: tuple[str, ...]) -> Form:
    """A form for WRONG: the fields are known, nothing is asked."""
    form = response_form(readback, "WRONG")
    form.fixed["fields"] = ",".join(fields)
    return form


def readback_form(target: FoldedMessage) -> Form:
    """A form with one empty field for each critical field of a message."""
    form = Form(MessageType.READBACK, only=("readings.*",))
    form.fixed |= {"target": target.id, **_reply_envelope(target)}
    leaves = critical_leaves(target.content)
    form.counts["readings"] = len(leaves)
    form.closed = frozenset({"readings"})
    for index, path in enumerate(leaves):
        form.fixed[f"readings.{index}.field"] = path
        form.headings[f"readings.{index}"] = ""
        form.labels[f"readings.{index}.value"] = (
            f"{path.replace('_', ' ').replace('.', ' · ')}: {_help(target.type, path)}"
        )
    return form


def _help(kind: MessageType, path: str) -> str:
    """What the model says about a field, by its path in a message."""
    pattern = ".".join("*" if step.isdigit() else step for step in path.split("."))
    return next((spec.help for spec in describe_fields(kind) if spec.path == pattern), "")


def reply_form(target: FoldedMessage, choice: Answer, names: Names) -> Form:
    """A form for an answer that is a message: INFORM, CLAUSE-REPLY, a counter-proposal, COMMIT-EVENT."""
    tabled = names.negotiation.proposal(target.id)
    if choice.type is MessageType.CLAUSE_REPLY and tabled is not None:
        return _clause_reply_form(target, tabled, names)
    form = new_form(choice.type, target, names)
    form.values["topic"] = sanitise_line(target.message.envelope.topic)
    match choice.type, target.content:
        case MessageType.COMMIT_EVENT, _:
            content = target.message.content
            form.fixed |= {"event": choice.choice or "", "commitment": getattr(content, "commitment", "")}
        case _:
            form.fixed |= {"refs.0.rel": choice.choice or "reply_to", "refs.0.id": target.id}
    return form


def _clause_reply_form(target: FoldedMessage, tabled: TabledProposal, names: Names) -> Form:
    form = Form(MessageType.CLAUSE_REPLY)
    form.fixed |= {"proposal": target.id, "topic": target.message.envelope.topic}
    form.closed = frozenset({"replies"})
    people = tuple(
        (names.with_role(person.id), person.id) for person in names.negotiation.roster.participants
    )
    form.options["replies.*.clause.actor"] = form.options["replies.*.clause.verifier"] = people
    waiting = [clause for clause in tabled.clauses if tabled.clause_status(clause) not in _ANSWERED]
    form.counts["replies"] = len(waiting)
    for index, clause in enumerate(waiting):
        item = f"replies.{index}"
        form.fixed[f"{item}.hash"] = clause.hash
        form.headings[item] = "\n".join(wording.clause(clause.clause, names))
        form.labels |= {f"{item}.answer": f"answer to clause {clause.clause.no}", f"{item}.reason": "reason"}
        leaves = _clause_texts(clause.clause.model_dump(exclude_none=True))
        # A peer's words come into an editor here; what a terminal would obey is made visible first.
        form.values |= {f"{item}.clause.{path}": sanitise_line(value) for path, value in leaves.items()}
        form.counts |= {f"{item}.clause.area": len(clause.clause.area or ())}
    if tabled.status(names.negotiation.relay_time_ms) is PackageStatus.AGREED:
        form.values["final"] = "true"
    return form


def _clause_texts(dumped: dict[str, object]) -> dict[str, str]:
    """A dumped clause as the texts of a form; lists of numbers are separated by commas."""
    texts: dict[str, str] = {}
    for path, leaf in flatten(dumped).items():
        if path.startswith("depends_on."):
            texts["depends_on"] = ",".join(filter(None, (texts.get("depends_on"), leaf_text(leaf))))
        elif path not in ("no", "version"):
            texts[path] = leaf_text(leaf)
    return texts


def _reply_envelope(target: FoldedMessage) -> dict[str, str]:
    """An answer is about the same thing and as urgent as what it answers."""
    envelope = target.message.envelope
    return {"topic": envelope.topic, "precedence": envelope.precedence}


def _commitments(names: Names) -> Iterator[tuple[str, str]]:
    for commitment in names.negotiation.board().commitments:
        text = sanitise_line(commitment.text)
        yield f"{names.person(commitment.debtor)} {text} [{commitment.state}]", commitment.id


def addressees(kind: MessageType, target: FoldedMessage | None, names: Names) -> tuple[str, ...]:
    """Return who is chosen as ACTION addressee to begin with; people can change it."""
    others = [person for person in names.negotiation.roster.participants if person.id != names.me]
    here = {person.id for person in others}
    if target is not None and kind in (
        MessageType.CORRECTION,
        MessageType.CLAUSE_REPLY,
        MessageType.PROPOSAL,
    ):
        everybody = dict.fromkeys((target.sender, *target.addressees))
        return tuple(person for person in everybody if person in here)
    if target is not None:
        return (target.sender,) if target.sender in here else ()
    return tuple(person.id for person in others if person.role is not Role.OBSERVER)
