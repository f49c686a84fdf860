"""docs/messages.md, written from the models, the catalogue and the rules, so that they cannot disagree."""

from collections.abc import Iterator

from protocols.messages.catalogue import ANSWERS, CATALOGUE, Answer, ResponseAttribute
from protocols.messages.envelope import MessageType
from protocols.messages.escalation import Escalation
from protocols.messages.fields import FieldSpec, describe_fields, describe_model
from protocols.messages.powers import POWERS
from protocols.messages.receipt import MAX_MESSAGES_PER_RECEIPT
from protocols.messages.render import ACKNOWLEDGEMENT_BANNER, BANNERS, NO_ACKNOWLEDGEMENT
from protocols.messages.roles import ROLE_PURPOSE
from protocols.messages.rules import RULES

_ATTRIBUTES = {
    ResponseAttribute.WILCO_UNABLE: "will do it, or cannot",
    ResponseAttribute.AFFIRM_NEGATIVE: "yes, or no",
    ResponseAttribute.ROGER: "received, nothing more",
    ResponseAttribute.TYPED_REPLY: "a message of another type",
    ResponseAttribute.NONE: "no answer",
}


def document() -> str:
    """Return docs/messages.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Messages"
    yield ""
    yield "Generated from the code by `protocols.messages.document`; a test keeps the two equal."
    yield ""
    yield "Times are UTC (`2026-11-22T14:30:00Z`, or a date-time group such as `221430Z NOV 26` when typed)."
    yield "Fields are named by path; `*` stands for a number in a list, counted from 0. A field marked"
    yield "*critical* is read back at IMMEDIATE and above, or on request."
    yield ""
    yield f"{ACKNOWLEDGEMENT_BANNER} STANDBY and NOT-UNDERSTOOD are always allowed and never close a message."
    yield ""
    yield "## Roles"
    yield ""
    yield from (f"- **{role.value}**: {purpose}" for role, purpose in ROLE_PURPOSE.items())
    yield ""
    yield "## Answers"
    yield ""
    yield from (f"- **{attribute.value}**: {meaning}" for attribute, meaning in _ATTRIBUTES.items())
    yield ""
    yield from _answers()
    yield from _powers()
    yield "## Types"
    yield ""
    yield "| Type | What it does | From | Answer | Closed by | Due |"
    yield "|---|---|---|---|---|---|"
    for entry in CATALOGUE.values():
        senders = ", ".join(role.value for role in entry.senders)
        cells = (entry.type, entry.purpose, senders, entry.attribute, entry.closed_by, entry.due)
        yield f"| {' | '.join(cells)} |"
    yield ""
    for kind in MessageType:
        yield from _type(kind)
    yield "## RECEIPT"
    yield ""
    yield "Not a message, and never answered: DELIVERED, DISPLAYED, ACKNOWLEDGED or DELIVERY_ERROR for"
    yield f"1 to {MAX_MESSAGES_PER_RECEIPT} messages, one by one."
    yield ""
    yield from _rules("RECEIPT")
    yield "## ESCALATION"
    yield ""
    yield "Not a message, and never answered: a device's note that one addressee's acknowledgement is"
    yield "overdue, and who was told: 1x the sender, 1.5x the addressee's alternates, 2x a mediator. It says"
    yield f"*{NO_ACKNOWLEDGEMENT}*, and nothing else."
    yield ""
    yield from _table(describe_model(Escalation))
    yield ""
    yield from _rules("ESCALATION")
    yield "## Every message"
    yield ""
    yield from _table(spec for spec in describe_fields(MessageType.INFORM) if spec.part == "envelope")
    yield ""
    for group in ("ENVELOPE", "FIELD", "VALUE"):
        yield from _rules(group)


def _type(kind: MessageType) -> Iterator[str]:
    yield f"## {kind}"
    yield ""
    if kind in BANNERS:
        yield BANNERS[kind]
        yield ""
    yield from _table(spec for spec in describe_fields(kind) if spec.part == "content")
    yield ""
    yield from _rules(kind.value)


def _answers() -> Iterator[str]:
    yield "| Type | With | Answer | RESPONSE codes that close it | Messages that close it |"
    yield "|---|---|---|---|---|"
    for row in ANSWERS:
        when = "" if row.when is None else f"{row.when[0]} {', '.join(row.when[1])}"
        replies = ", ".join(map(_reply, row.replies))
        yield f"| {row.type} | {when} | {row.attribute} | {', '.join(row.codes)} | {replies} |"
    yield ""


def _reply(answer: Answer) -> str:
    return answer.type.value if answer.choice is None else f"{answer.type} {answer.choice}"


def _powers() -> Iterator[str]:
    yield "## Powers"
    yield ""
    yield "Who speaks for a principal needs these powers of a mandate in force; the first row that fits"
    yield "counts. ACCEPT_FINAL includes ACCEPT_AD_REF. *Refused* is rule `MANDATE-8`; *marked* messages are"
    yield "shown as beyond the mandate."
    yield ""
    yield "| Type | With | Answering | Power | Without it |"
    yield "|---|---|---|---|---|"
    for row in POWERS:
        without = "" if row.power is None else "refused" if row.strict else "marked"
        choices, targets = ", ".join(row.choices), ", ".join(row.targets)
        yield f"| {row.type} | {choices} | {targets} | {row.power or 'none'} | {without} |"
    yield ""


def _table(specs: Iterator[FieldSpec]) -> Iterator[str]:
    yield "| Field | Kind | Needed | Meaning |"
    yield "|---|---|---|---|"
    for spec in specs:
        kind = " ".join(spec.choices) if spec.choices else spec.kind
        if spec.required:
            needed = "yes"
        elif spec.needed_with is not None:
            needed = f"with `{spec.needed_with}`"
        else:
            needed = "no" if spec.default is None else f"no; {spec.default}"
        meaning = f"{spec.help} (*critical*)" if spec.critical else spec.help
        yield f"| `{spec.path}` | {kind} | {needed} | {meaning} |"


def _rules(group: str) -> Iterator[str]:
    yield from (f"- `{name}`: {rule}" for name, rule in RULES.items() if name.rpartition("-")[0] == group)
    yield ""


if __name__ == "__main__":
    print(document(), end="")
