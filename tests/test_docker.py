"""There may be no container engine here, so the two files are read and everything they name is looked up."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from server.cli import app
from server.config import DEFAULT_PORT, make

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
RELAY: dict[str, Any] = COMPOSE["services"]["relay"]


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The values the real command line makes of these arguments."""
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]
    parameters: dict[str, Any] = command.make_context("serve", arguments[1:], resilient_parsing=True).params
    unknown = [
        a
        for a in arguments[1:]
        if a.startswith("--") and a not in {o for p in command.params for o in p.opts}
    ]
    assert unknown == []
    return parameters


@pytest.mark.parametrize(
    "command", [json.loads(instructions("CMD")[0]), RELAY["command"]], ids=["image", "compose"]
)
def test_the_command_is_one_the_relay_takes(command: list[str]) -> None:
    values = parsed(command)
    config = make(
        {
            "listen": values["listen"],
            "data": str(values["data"]),
            "insecure_behind_proxy": values["insecure_behind_proxy"],
        }
    )
    assert config.port == DEFAULT_PORT
    assert str(config.data) == instructions("VOLUME")[0]


def test_every_copied_path_exists() -> None:
    copied = [line.split()[:-1] for line in instructions("COPY") if not line.startswith("--from")]
    assert copied
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists(), source


def test_the_program_is_the_one_that_is_installed() -> None:
    (program,) = json.loads(instructions("ENTRYPOINT")[0])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts[Path(program).name] == "server.__main__:main"
    assert (ROOT / "server" / "__main__.py").exists()


def test_ports_agree() -> None:
    assert instructions("EXPOSE") == [str(DEFAULT_PORT)]
    assert RELAY["ports"] == [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]
    assert f":{DEFAULT_PORT}/livez" in RELAY["healthcheck"]["test"][-1]


def test_the_container_is_locked_down() -> None:
    (user,) = instructions("USER")
    assert f"--shell /usr/sbin/nologin {user}" in DOCKERFILE
    assert RELAY["read_only"] is True
    assert RELAY["cap_drop"] == ["ALL"]
    assert RELAY["volumes"] == ["relay-data:/data"]
    assert "relay-data" in COMPOSE["volumes"]
    assert all("slim" in line for line in instructions("FROM"))


def test_the_health_check_is_python_that_compiles() -> None:
    kind, program, flag, code = RELAY["healthcheck"]["test"]
    assert (kind, flag) == ("CMD", "-c")
    assert Path(program).name == "python"
    compile(code, "healthcheck", "exec")
