import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server import logs


@pytest.fixture(autouse=True)
def _leave_no_configuration() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.getLogger("aiohttp").setLevel(logging.NOTSET)


def test_only_what_is_allowed_leaves_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.get().info("draining", connections=3, remote="192.0.2.1", token="secret", log="a1b2c3")
    line = capsys.readouterr().err
    record = json.loads(line)
    assert record["event"] == "draining"
    assert record["connections"] == 3
    assert set(record) == {"event", "connections", "level", "timestamp"}
    for hidden in ("192.0.2.1", "secret", "a1b2c3"):
        assert hidden not in line


async def test_the_event_loop_reports_what_failed_but_not_for_whom(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure()
    context: dict[str, object] = {"message": "lost 192.0.2.1", "exception": OSError("to 192.0.2.1")}
    logs.loop_exception(asyncio.get_running_loop(), context)
    record = json.loads(capsys.readouterr().err)
    assert (record["event"], record["error"]) == ("unhandled", "OSError")
    assert "192.0.2.1" not in str(record)
