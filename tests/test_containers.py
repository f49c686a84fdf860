"""Dockerfile and docker-compose.yml: there may be no engine here, so every name in them is held to what exists."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from server import config
from server.cli import app

ROOT = Path(__file__).resolve().parent.parent
PORT = config.DEFAULT_PORT
ROUTES = re.findall(r'add_get\("([^"]+)"', (ROOT / "server" / "app.py").read_text())


def instructions(text: str) -> list[tuple[str, str]]:
    """Every instruction of a Dockerfile with its arguments, lines that go on joined."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


DOCKERFILE = instructions((ROOT / "Dockerfile").read_text())
FINAL = DOCKERFILE[max(index for index, (word, _) in enumerate(DOCKERFILE) if word == "FROM") :]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
RELAY: dict[str, Any] = COMPOSE["services"]["relay"]


def last(word: str) -> str:
    """The arguments of the last instruction of a kind in the final stage."""
    return [rest for name, rest in FINAL if name == word][-1]


def options(arguments: list[str]) -> dict[str, str | None]:
    """A `parley-relay` command line as options and values, parsed by the command itself."""
    commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands", {})
    command = commands[arguments[0]]
    context = command.make_context(arguments[0], list(arguments[1:]))  # raises on a flag that is not there
    return {name: value for name, value in context.params.items() if value is not None}


COMMANDS = [
    pytest.param(json.loads(last("CMD")), id="Dockerfile"),
    pytest.param(RELAY["command"], id="docker-compose.yml"),
]
CHECKS = [
    pytest.param(json.loads(last("HEALTHCHECK").partition("CMD")[2]), id="Dockerfile"),
    pytest.param(RELAY["healthcheck"]["test"][1:], id="docker-compose.yml"),
]


def test_an_empty_file_has_no_instructions() -> None:
    assert instructions("") == []
    assert instructions("# FROM nothing\n\n") == []


def test_instructions_are_joined_and_split() -> None:
    assert instructions("FROM a AS b\nRUN x \\\n    && y\n") == [("FROM", "a AS b"), ("RUN", "x && y")]


def test_every_file_that_is_copied_exists() -> None:
    copied = [shlex.split(rest) for word, rest in DOCKERFILE if word == "COPY"]
    sources = [name for names in copied if not names[0].startswith("--from") for name in names[:-1]]
    assert {"channel", "client", "protocols", "server", "pyproject.toml"} <= set(sources)
    assert [name for name in sources if not (ROOT / name).exists()] == []
    stages = {rest.split()[-1] for word, rest in DOCKERFILE if word == "FROM" and " AS " in rest}
    assert {names[0].removeprefix("--from=") for names in copied if names[0].startswith("--from")} <= stages


def test_the_image_is_slim_and_of_a_python_we_support() -> None:
    images = {rest.split()[0] for word, rest in DOCKERFILE if word == "FROM"}
    (image,) = images
    found = re.fullmatch(r"python:3\.([0-9]+)-slim", image)
    assert found is not None
    assert int(found[1]) >= 11


def test_what_is_installed_is_pinned() -> None:
    installs = [
        part for word, rest in DOCKERFILE if word == "RUN" for part in rest.split("&&") if "install" in part
    ]
    pips = [part for part in installs if "pip install" in part]
    assert len(pips) == 2
    assert all("--require-hashes" in part or "--no-deps" in part for part in pips)
    locked = (ROOT / "requirements" / "run.txt").read_text()
    assert "\nhatchling==" in locked, "built without isolation, so the builder is in the lock"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_is_one_the_relay_takes(command: list[str]) -> None:
    assert command[0] == "serve"
    found = options(command)
    settings: dict[str, object] = {
        "open" if name == "open_mode" else name: value for name, value in found.items()
    }
    chosen = config.make(settings)  # raises on what would be unsafe or could not work
    assert (chosen.host, chosen.port) == ("0.0.0.0", PORT)
    assert not chosen.open
    assert str(chosen.data) in last("VOLUME").split()


def test_an_unknown_flag_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option: --no-such-flag"):
        options(["serve", "--no-such-flag"])


def test_the_entry_point_is_a_script_of_the_project() -> None:
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (entry,) = json.loads(last("ENTRYPOINT"))
    folder, _, script = entry.rpartition("/")
    assert script in scripts
    venv = folder.removesuffix("/bin")
    assert any(word == "RUN" and f"python -m venv {venv}" in rest for word, rest in DOCKERFILE)
    assert f"{venv} {venv}" in last("COPY")


@pytest.mark.parametrize("check", CHECKS)
def test_the_health_check_asks_the_path_and_port_that_answer(check: list[str]) -> None:
    assert check[0] == json.loads(last("ENTRYPOINT"))[0].replace("parley-relay", "python")
    assert "/livez" in ROUTES
    assert f"http://127.0.0.1:{PORT}/livez'" in check[-1]
    compile(check[-1], "healthcheck", "exec")


def test_the_relay_is_an_unprivileged_user_that_owns_its_data() -> None:
    user = last("USER")
    (made,) = (rest for word, rest in FINAL if word == "RUN")
    found = re.search(r"useradd .*--uid ([0-9]+) .*\b(\w+) &&", made)
    assert found is not None
    assert int(found[1]) >= 10_000
    assert user == found[2] != "root"
    assert re.search(rf"install -d -o {user} -g {user} -m 0700 {last('VOLUME')}", made)
    words = [word for word, _ in FINAL]
    assert words.index("USER") > max(index for index, word in enumerate(words) if word == "RUN")


def test_compose_publishes_the_exposed_port_on_loopback_only() -> None:
    assert last("EXPOSE") == str(PORT)
    assert RELAY["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]


def test_compose_takes_from_the_container_what_it_does_not_need() -> None:
    assert RELAY["read_only"] is True
    assert RELAY["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in RELAY["security_opt"]
    assert RELAY["build"] == "."
    assert "privileged" not in RELAY


def test_compose_keeps_the_data_in_a_volume() -> None:
    (mount,) = RELAY["volumes"]
    volume, _, target = mount.partition(":")
    assert volume in COMPOSE["volumes"]
    assert target == last("VOLUME")


def test_the_relay_has_time_to_stop() -> None:
    assert int(RELAY["stop_grace_period"].removesuffix("s")) > 5, "a graceful stop takes up to 5 s"
