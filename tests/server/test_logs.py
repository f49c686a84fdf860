import json
from collections.abc import Iterator

import pytest
import structlog

from server import logs


@pytest.fixture(autouse=True)
def _leave_no_configuration() -> Iterator[None]:
    yield
    structlog.reset_defaults()


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
