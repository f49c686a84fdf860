"""All that a random script may do."""

from __future__ import annotations

from tests.interop.committing import committing
from tests.interop.outside import from_outside
from tests.interop.psks import mixing_in
from tests.interop.script import Dialect, Operation
from tests.interop.talking import talking


def operations(dialect: Dialect) -> dict[str, Operation]:
    """What a dialect allows, by label."""
    return {
        label: operation
        for family in (talking, committing, mixing_in, from_outside)
        for label, operation in family(dialect)
    }
