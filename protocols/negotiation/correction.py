"""Corrections: what a message says after its author changed it (MESSAGES.md section 2, row 6)."""

from pydantic import JsonValue

from protocols.errors import RuleViolation
from protocols.messages.administrative import Correction
from protocols.messages.catalogue import attribute_of
from protocols.messages.codec import validated
from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.fields import coerce
from protocols.messages.leaves import content_leaves, leaf_text, unflatten
from protocols.messages.message import Content
from protocols.messages.rules import violation
from protocols.negotiation.proposal import PackageStatus
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.state import State

_CORRECTABLE = frozenset({MessageType.INFORM, MessageType.QUESTION, MessageType.NOTIFY, MessageType.ALERT})


def check_correction(
    state: State, target: FoldedMessage, sender: str, envelope: Envelope, correction: Correction, now_ms: int
) -> Content:
    """Hold a correction against its target and return the target's content after it.

    Raises:
        RuleViolation: a rule of CORRECTION. The sender's fault.
    """
    if target.sender != sender:
        raise violation("CORRECTION-3", "target")
    if target.cancelled:
        raise violation("CORRECTION-9", "target")
    had_it = {reader for reader in target.addressees if reader in state.roster}
    if not had_it <= set(envelope.to):
        raise violation("CORRECTION-8", "to")
    if target.type is MessageType.PROPOSAL:
        proposal = state.proposals[target.id]
        if proposal.ended is PackageStatus.ADOPTED:
            raise violation("CORRECTION-4", "target")
        if not proposal.is_open(now_ms):
            raise violation("CORRECTION-9", "target", f"the proposal is {proposal.status(now_ms)}")
        if correction.action == "CORRECT":
            raise violation("CORRECTION-7", "action", "needs CANCEL, or amend the clauses")
        return target.content
    if target.type not in _CORRECTABLE:
        raise violation("CORRECTION-7", "target")
    return target.content if correction.action == "CANCEL" else _corrected(target, envelope, correction)


def _corrected(target: FoldedMessage, envelope: Envelope, correction: Correction) -> Content:
    leaves: dict[str, JsonValue] = dict(content_leaves(target.content))
    for index, change in enumerate(correction.changes):
        present = leaves.pop(change.field, None)
        old = None if present is None else leaf_text(_leaf(present))
        if old != change.old:
            raise violation("CORRECTION-5", f"changes.{index}.old", "needs what the message says now")
        if change.new is not None:
            leaves[change.field] = change.new
    model = type(target.content)
    # Times are judged by when the correction was sent: it is what people will act on.
    sent = target.message.envelope.model_copy(update={"sent": envelope.sent})
    try:
        content = validated(model, coerce(model, unflatten(leaves)))
        for problem in content.check(sent):
            raise problem
    except RuleViolation as error:
        raise violation("CORRECTION-6", error.field, f"{error.rule}: {error.hint}") from None
    except ValueError:
        raise violation("CORRECTION-6", None, "the changes name a field and a part of it") from None
    if attribute_of(content) is not attribute_of(target.content):
        raise violation(
            "CORRECTION-6", None, "it would ask for another kind of answer; cancel it and send a new one"
        )
    return content


def _leaf(value: JsonValue) -> str | int | bool:
    if not isinstance(value, str | int):
        raise TypeError(type(value).__name__)
    return value
