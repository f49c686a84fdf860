"""A relay process for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.relay_process import RelayProcess, running_relay


@pytest_asyncio.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    """A running relay with its data in the test's directory."""
    async with running_relay(tmp_path / "relay") as running:
        yield running
