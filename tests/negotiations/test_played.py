"""The scripts are played again: real clients, real stores, a relay; it goes as it is kept."""

from pathlib import Path

import pytest

from channel.audit import parse_export
from tests.negotiations import golden, kept
from tests.negotiations.minutes import course


@pytest.mark.slow
@pytest.mark.parametrize("name", kept.NAMES)
async def test_played_today_it_takes_the_same_course(name: str, tmp_path: Path) -> None:
    """`played` asserts that everybody comes to one state, and that each export verifies and replays to it."""
    export = await golden.played(name, tmp_path)
    assert course(parse_export(export)) == course(kept.log(name))
