"""From a filled-in form to the fields that `compose` takes, and from what it refuses back to the form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from client.tui.form import Form
from client.tui.wording import Names
from protocols.errors import RuleViolation
from protocols.messages.build import MessageRefused
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import content_leaves, leaf_text

_NUMBER: Final = re.compile(r"(?:no\.?\s*)?([0-9]{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Submission:
    """What goes to `compose`, and how its list items were numbered in the form."""

    fields: Mapping[str, JsonValue]
    renumbered: Mapping[str, str]

    def in_form(self, path: str) -> str:
        """Return the form's path of a field that `compose` names."""
        for now, before in self.renumbered.items():
            if path == now or path.startswith(f"{now}."):
                return before + path[len(now) :]
        return path


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where in the form (None for the message as a whole), and the way out."""

    field: str | None
    text: str


def prepare(form: Form, names: Names) -> Submission:
    """Turn what was typed into fields: numbers into ids, hidden fields filled in, empty items dropped.

    Args:
        form: as it stands.
        names: to find messages by number.

    Raises:
        RuleViolation: a message number that does not exist. The person's to put right.
    """
    typed = form.typed()
    fields: dict[str, str] = {**typed}
    for entry in form.entries():
        if "message" in entry.spec.kind and entry.path in typed:
            fields[entry.path] = _message_id(typed[entry.path], entry.path, names)
    match form.kind:
        case MessageType.CLAUSE_REPLY:
            fields |= {path: value for path, value in form.fixed.items() if "." not in path}
            fields = _clause_reply(form, fields, names)
        case MessageType.PROPOSAL | MessageType.PERSONS:
            fields |= {path: value for path, value in form.fixed.items() if _is_given(path, typed)}
        case _:
            fields |= form.fixed
    fields, renumbered = _renumber(fields)
    fields |= _known(form.kind, fields, names)
    return Submission(dict(fields), renumbered)


def _is_given(path: str, typed: Mapping[str, str]) -> bool:
    """Whether a value that the client knows belongs to an item in which the person gave something."""
    steps = path.split(".")
    if len(steps) < 2 or not steps[1].isdigit() or steps[0] == "refs":
        return True
    return any(given.startswith(f"{steps[0]}.{steps[1]}.") for given in typed)


def _known(kind: MessageType, fields: Mapping[str, str], names: Names) -> dict[str, str]:
    """What follows from what was given: numbers, versions, hashes and names that nobody should copy."""
    negotiation = names.negotiation
    match kind:
        case MessageType.PROPOSAL:
            items = {path.split(".")[1] for path in fields if path.startswith("clauses.")}
            known = {f"clauses.{item}.no": str(int(item) + 1) for item in items}
            return known | {f"clauses.{item}.version": "1" for item in items}
        case MessageType.ADOPT if "package_hash" not in fields:
            tabled = negotiation.proposal(fields.get("proposal", ""))
            digest = None if tabled is None else tabled.package_hash()
            return {} if digest is None else {"package_hash": digest}
        case MessageType.COMMIT_EVENT:
            commitment = negotiation.commitment(fields.get("commitment", ""))
            return {} if commitment is None else {"version": str(commitment.version)}
        case MessageType.SEAT if "seat" not in fields:
            changed = fields.get("replaces", fields.get("fingerprint", ""))
            person = negotiation.roster.participant(changed)
            return {} if person is None else {"seat": person.name}
        case MessageType.CORRECTION:
            return _old_values(fields, names)
        case _:
            return {}


def problems(error: RuleViolation, submission: Submission | None) -> tuple[Problem, ...]:
    """Say everything that was refused, in the words of the rules, each with its field in the form."""
    found = error.violations if isinstance(error, MessageRefused) else (error,)
    listed: list[Problem] = []
    for violation in found:
        field = violation.field
        if field is not None and submission is not None:
            field = submission.in_form(field)
        listed.append(Problem(field, f"{violation.hint} [{violation.rule}]"))
    return tuple(listed)


def _message_id(typed: str, path: str, names: Names) -> str:
    number = _NUMBER.fullmatch(typed.strip())
    if number is None:
        return typed.strip()
    found = names.negotiation.by_position(int(number[1]))
    if found is None:
        raise RuleViolation(
            "VALUE-ID", path, f"there is no message No. {number[1]}; give the number on its card"
        )
    return found.id


def _clause_reply(form: Form, fields: dict[str, str], names: Names) -> dict[str, str]:
    """Keep the clauses that are answered; new text goes along with AMEND only."""
    tabled = names.negotiation.proposal(form.fixed["proposal"])
    kept = {path: value for path, value in fields.items() if not path.startswith("replies.")}
    for path, value in fields.items():
        if not path.startswith("replies."):
            continue
        item = ".".join(path.split(".")[:2])
        answer = fields.get(f"{item}.answer")
        if answer is None or (".clause." in path and answer != "AMEND"):
            continue
        kept[path] = value
        kept[f"{item}.hash"] = form.fixed[f"{item}.hash"]
        if answer == "AMEND" and tabled is not None:
            before = next(clause.clause for clause in tabled.clauses if clause.hash == kept[f"{item}.hash"])
            kept[f"{item}.clause.no"] = str(before.no)
            kept[f"{item}.clause.version"] = str(before.version + 1)
    return kept


def _old_values(fields: Mapping[str, str], names: Names) -> dict[str, str]:
    target = names.negotiation.message(fields.get("target", ""))
    if target is None:
        return {}
    leaves = content_leaves(target.content)
    return {
        path.removesuffix(".field") + ".old": leaf_text(leaves[value])
        for path, value in fields.items()
        if path.startswith("changes.") and path.endswith(".field") and value in leaves
    }


def _renumber(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Close the gaps that empty list items leave; also return new item path -> old item path."""
    moved: dict[str, str] = {}
    counters: dict[str, int] = {}
    result: dict[str, str] = {}
    for path, value in sorted(fields.items(), key=lambda pair: _order(pair[0])):
        new, old = "", ""
        for step in path.split("."):
            old = f"{old}.{step}" if old else step
            if step.isdigit():
                known = next((now for now, before in moved.items() if before == old), None)
                if known is None:
                    known = f"{new}.{counters.get(new, 0)}"
                    counters[new] = counters.get(new, 0) + 1
                    moved[known] = old
                new = known
            else:
                new = f"{new}.{step}" if new else step
        result[new] = value
    # The longest first, so that an item within an item is found before the item around it.
    return result, dict(sorted(moved.items(), key=lambda pair: -len(pair[0])))


def _order(path: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(step), "") if step.isdigit() else (-1, step) for step in path.split("."))
