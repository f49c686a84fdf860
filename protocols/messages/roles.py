"""Who takes part: the roles of a charter's roster, and what each may send at all.

The detailed limits (which kind of NOTIFY, which answers) are rules of the message types; see `catalogue`.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a participant is in this channel (MESSAGES.md sections 2 and 6)."""

    PARTY = "party"
    MEDIATOR = "mediator"
    LIAISON = "liaison"
    MONITOR = "monitor"
    OBSERVER = "observer"


ROLE_PURPOSE: Final = {
    Role.PARTY: "speaks for a side; alone can accept, commit and adopt",
    Role.MEDIATOR: "runs the talks; may table a single text; cannot accept or commit for anyone",
    Role.LIAISON: "humanitarian liaison: notifies, informs and asks; commits for itself only",
    Role.MONITOR: "observes what was agreed, reports facts, and finds where it is the named verifier",
    Role.OBSERVER: "reads; may only say ROGER or NOT-UNDERSTOOD, check the line, and ask a mediator",
}
