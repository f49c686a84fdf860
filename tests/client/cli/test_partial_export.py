"""`parley audit verify` of a file that ends before the relay's log did: it verifies, and says so."""

import json
from pathlib import Path

import pytest

from channel.audit import format_export
from tests.client.cli.conftest import Cli
from tests.support.members import Member, channel


@pytest.fixture
def reader() -> Member:
    """Amal, who has read all but the last two entries."""
    mira, amal = channel("Mira", "Amal")
    for _ in range(4):
        mira.say()
        mira.read()
    amal.read(upto=mira.log.size - 2)
    return amal


def test_what_covers_the_last_entries_is_said(cli: Cli, reader: Member, tmp_path: Path) -> None:
    path = tmp_path / "part.parley"
    path.write_bytes(format_export(reader.export()))
    verified = cli("audit", "verify", path)
    assert (verified.status, verified.err) == (0, "")
    size = reader.log.size
    assert (
        f"covered by a checkpoint of {size} entries: the relay had 2 more, which this file does not hold"
        in verified.lines
    )
    assert json.loads(cli("audit", "verify", path, "--json").out)["covered_by"] == size
    reader.read()
    path.write_bytes(format_export(reader.export()))
    assert "covered by" not in cli("audit", "verify", path).out
    assert json.loads(cli("audit", "verify", path, "--json").out)["covered_by"] is None


def test_without_the_proof_the_first_uncovered_entry_is_named(
    cli: Cli, reader: Member, tmp_path: Path
) -> None:
    reader.proven.clear()
    path = tmp_path / "part.parley"
    path.write_bytes(format_export(reader.export()))
    refused = cli("audit", "verify", path)
    assert (refused.status, refused.out) == (1, "")
    assert "no checkpoint of the relay covers it" in refused.complaint
