"""Forms for answers: what is answered is known, and so is all that its author would only have to copy."""

from client.display import sanitise_line
from client.tui import wording
from client.tui.choices import people
from client.tui.form import Form
from client.tui.prefill import new_form
from client.tui.wording import Names
from protocols.messages.administrative import CODES_WITH_REASON
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.catalogue import Answer
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.findings import RESULTS
from protocols.messages.information import Notify
from protocols.messages.leaves import content_leaves, critical_leaves, flatten, leaf_text
from protocols.messages.meetings import Meeting
from protocols.messages.persons import Persons
from protocols.negotiation import ClauseStatus, FoldedMessage
from protocols.negotiation.proposal import TabledProposal

_T = MessageType
_ANSWERED = frozenset({ClauseStatus.AGREED, ClauseStatus.REJECTED})
STATUSES_AT_ONCE = 20
"""A list of persons is answered in portions: a form of 120 persons nobody fills in without a slip."""


def response_form(target: FoldedMessage, code: str) -> Form:
    """A form for what a closing word needs besides the word; it asks for nothing where nothing is needed."""
    only: tuple[str, ...] = ()
    if code in CODES_WITH_REASON:
        only = ("reason",)
    elif code == "STANDBY":
        only = ("by",)
    elif code == "ROGER" and isinstance(target.content, Notify | Alert):
        only = ("passed_to",)
    form = Form(_T.RESPONSE, only=only)
    form.fixed |= {"target": target.id, "code": code, **_reply_envelope(target)}
    return form


def wrong_form(readback: FoldedMessage, fields: tuple[str, ...]) -> Form:
    """A form for WRONG: the fields are known, nothing is asked."""
    form = response_form(readback, "WRONG")
    form.fixed["fields"] = ",".join(fields)
    return form


def readback_form(target: FoldedMessage) -> Form:
    """A form with one empty field for each critical field of a message."""
    form = Form(_T.READBACK, only=("readings.*",))
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


def reply_form(target: FoldedMessage, choice: Answer, names: Names, now_ms: int) -> Form:
    """A form for an answer, or an act upon a message, that is a message of its own.

    Args:
        target: what is answered.
        choice: with what.
        names: for whatever can be chosen.
        now_ms: our clock, UTC milliseconds.
    """
    tabled = names.negotiation.proposal(getattr(target.content, "proposal", target.id))
    if choice.type is _T.CLAUSE_REPLY and tabled is not None:
        return _clause_reply_form(target, tabled, names)
    form = new_form(choice.type, None, names, now_ms)
    form.values["topic"] = sanitise_line(target.envelope.topic)
    match choice.type, target.content:
        case _T.COMMIT_EVENT, CommitEvent(commitment=commitment):
            form.fixed |= {"event": choice.choice or "", "commitment": commitment}
            form.values["at"] = wording.dtg(now_ms)
        case _T.FINDING, CommitEvent(commitment=commitment):
            _finding(form, "COMMITMENT", commitment)
        case _T.FINDING, _:
            _finding(form, "INCIDENT", target.id)
        case _T.ADOPT, _ if tabled is not None:
            _adopt(form, tabled, target, names)
        case _T.EXPLANATION, _:
            form.fixed["incident"] = target.id
        case _T.PERSONS, Persons() as listed:
            _statuses(form, target, listed, names, now_ms)
        case _T.MEETING, Meeting() as meeting:
            _meeting(form, target, meeting, choice, names)
        case _:
            form.fixed |= {"refs.0.rel": choice.choice or "reply_to", "refs.0.id": target.id}
    return form


def _finding(form: Form, kind: str, subject: str) -> None:
    form.fixed |= {"kind": kind, "subject": subject}
    form.options["result"] = tuple((result.replace("_", " ").lower(), result) for result in RESULTS[kind])


def _adopt(form: Form, tabled: TabledProposal, target: FoldedMessage, names: Names) -> None:
    """The hash is that of the text as it stands now, which the person can see; a later one is refused."""
    digest = tabled.package_hash()
    form.fixed |= {"proposal": tabled.id, "package_hash": digest or ""}
    if digest is not None and tabled.adoptions.get(digest):
        form.fixed["effective"] = tabled.effective[digest]
    if isinstance(target.content, Adopt):
        content = target.content
        if digest == content.package_hash and content.custodian is not None:
            form.values["custodian"] = content.custodian


def _statuses(form: Form, target: FoldedMessage, listed: Persons, names: Names, now_ms: int) -> None:
    """One row for each person that we have not answered for yet, the first ones of a long list."""
    form.fixed |= {"operation": "STATUS", "list": target.id}
    found = names.negotiation.persons_list(target.id)
    missing = found.missing(names.me) if found is not None else tuple(one.ref for one in listed.entries)
    entries = {entry.ref: entry for entry in listed.entries}
    form.counts |= {"statuses": min(len(missing), STATUSES_AT_ONCE), "entries": 0}
    form.closed = frozenset({"statuses", "entries"})
    for index, ref in enumerate(missing[:STATUSES_AT_ONCE]):
        entry = entries[ref]
        name = " / ".join(filter(None, (entry.name, entry.transliteration))) or "no name"
        born = f", born {entry.birth_year}" if entry.birth_year is not None else ""
        form.fixed[f"statuses.{index}.ref"] = ref
        form.values[f"statuses.{index}.as_of"] = wording.dtg(now_ms)
        form.presets.add(f"statuses.{index}.as_of")
        form.headings[f"statuses.{index}"] = f"{ref}: {name}{born}, {wording.plain(entry.category)}"


def _meeting(form: Form, target: FoldedMessage, meeting: Meeting, choice: Answer, names: Names) -> None:
    """Change, cancel or record what stands now."""
    record = names.negotiation.meeting(target.id)
    latest = None if record is None else names.negotiation.message(record.message)
    form.fixed |= {"operation": choice.choice or "", "meeting": target.id if record is not None else ""}
    if choice.choice == "CANCEL":
        return
    standing = latest.content if latest is not None and isinstance(latest.content, Meeting) else meeting
    leaves = content_leaves(standing)
    for name in ("window", "place", "medium"):
        form.values |= {
            path: sanitise_line(leaf_text(leaf))
            for path, leaf in leaves.items()
            if path == name or path.startswith(f"{name}.")
        }
    form.values |= {
        "seats": ",".join(standing.seats),
        "agenda": "; ".join(map(sanitise_line, standing.agenda)),
        "safe_passage": ",".join(standing.safe_passage),
    }


def _clause_reply_form(target: FoldedMessage, tabled: TabledProposal, names: Names) -> Form:
    form = Form(_T.CLAUSE_REPLY)
    form.fixed |= {"proposal": tabled.id, "topic": target.envelope.topic}
    form.closed = frozenset({"replies"})
    form.options["replies.*.clause.actor"] = form.options["replies.*.clause.verifier"] = people(names)
    waiting = [clause for clause in tabled.clauses if _can_answer(tabled, clause.clause.no, names)]
    form.counts["replies"] = len(waiting)
    for index, clause in enumerate(waiting):
        item = f"replies.{index}"
        form.fixed[f"{item}.hash"] = clause.hash
        form.headings[item] = "\n".join(wording.clause(clause.clause, names))
        form.labels |= {f"{item}.answer": f"answer to clause {clause.clause.no}", f"{item}.reason": "reason"}
        leaves = _clause_texts(clause.clause.model_dump(exclude_none=True))
        # A peer's words come into an editor here; what a terminal would obey is made visible first.
        form.values |= {f"{item}.clause.{path}": sanitise_line(value) for path, value in leaves.items()}
        form.counts |= {
            f"{item}.clause.area": len(clause.clause.area or ()),
            f"{item}.clause.texts": len(clause.clause.texts),
        }
    return form


def _can_answer(tabled: TabledProposal, number: int, names: Names) -> bool:
    """A clause that is not settled; or that we accepted ad referendum, to confirm it."""
    clause = tabled.clauses[number - 1]
    return tabled.clause_status(clause) not in _ANSWERED or clause.accepted.get(names.me) is True


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
    envelope = target.envelope
    return {"topic": envelope.topic, "precedence": envelope.precedence}
