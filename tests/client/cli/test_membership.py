"""Coming in later, too late, and having to go."""

import asyncio
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from client.parley import Parley
from client.profiles import open_profile
from tests.client.cli.conftest import PASSPHRASE, Cli, make_profile
from tests.client.cli.scene import DEADLINE_S, Scene, parley, relay, set_up, spawn


@pytest.fixture
def scene(cli: Cli, tmp_path: Path) -> Iterator[Scene]:
    with relay(tmp_path / "relay") as url:
        yield set_up(tmp_path, url)


@pytest.mark.slow
def test_an_invitation_that_nobody_waits_for(scene: Scene, tmp_path: Path) -> None:
    given = parley("invite", "North", "--role", "observer", "--no-wait", profile=scene.mira)
    assert given.status == 0, given.err
    (code,) = given.lines
    following = spawn("tail", "North", "--follow", profile=scene.mira)
    try:
        joined = parley("join", code, "--json", profile=make_profile(tmp_path / "olga", "Olga"))
    finally:
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=DEADLINE_S)
    assert joined.status == 0, joined.err
    assert json.loads(joined.out)["role"] == "observer"
    shown = json.loads(parley("channel", "show", "North", "--json", profile=scene.amal).out)
    assert {member["name"] for member in shown["roster"]} == {"Mira", "Amal", "Olga"}


@pytest.mark.slow
def test_an_invitation_that_nobody_uses_ends(scene: Scene) -> None:
    given = parley("invite", "North", "--role", "observer", "--lifetime", "1s", profile=scene.mira)
    assert given.status == 1
    (code,) = given.lines
    assert given.err.splitlines()[-1].startswith("parley: the invitation is over: it expired;")
    late = parley("join", code, profile=scene.amal)
    assert late.status == 1
    assert "invitation" in late.err.splitlines()[-1]


async def remove(profile: Path, name: str) -> None:
    with open_profile(profile, PASSPHRASE) as opened:
        library = Parley(opened)
        async with library.open(library.find_channel("North")) as session:
            leaving = next(p for p in session.negotiation.roster.participants if p.name == name)
            await session.remove(leaving.id)


@pytest.mark.slow
def test_whoever_was_removed_reads_on_but_says_nothing(scene: Scene, tmp_path: Path) -> None:
    number = scene.ask("Water")
    asyncio.run(remove(scene.mira, "Amal"))
    said = parley("answer", "North", number, "AFFIRM", profile=scene.amal)
    assert said.status == 1
    assert "no longer a member" in said.complaint
    assert list(scene.read(scene.amal)) == [number]
    (listed,) = json.loads(parley("channel", "list", "--json", profile=scene.amal).out)
    assert listed["status"] == "REMOVED"
    path = tmp_path / "until-then.parley"
    assert parley("audit", "export", "North", "-o", path, profile=scene.amal).status == 0
    assert parley("audit", "verify", path, profile=scene.amal).status == 0


@pytest.mark.slow
def test_a_relay_that_goes_back_in_time_stops_the_channel(cli: Cli, tmp_path: Path) -> None:
    with relay(tmp_path / "relay") as url:
        scene = set_up(tmp_path, url)
    shutil.copytree(tmp_path / "relay", tmp_path / "old")
    listen = urlsplit(url).netloc
    with relay(tmp_path / "relay", listen=listen):
        scene.ask("Water")
    with relay(tmp_path / "old", listen=listen):
        stopped = parley("tail", "North", profile=scene.mira)
        again = parley("send", "North", "QUESTION", profile=scene.mira)
    assert (stopped.status, again.status) == (1, 1)
    assert "the channel is stopped" in stopped.complaint
    assert stopped.complaint == again.complaint
    shown = json.loads(parley("channel", "show", "North", "--stored", "--json", profile=scene.mira).out)
    assert shown["status"] == "STOPPED"
    assert shown["alarm"].startswith("ROLLBACK")


@pytest.mark.slow
def test_ctrl_c_leaves_the_code_good(scene: Scene, tmp_path: Path) -> None:
    inviting = spawn("invite", "North", "--name", "Olga", "--role", "observer", profile=scene.mira)
    assert inviting.stdout is not None
    code = inviting.stdout.readline().strip()
    inviting.send_signal(signal.SIGINT)
    _, err = inviting.communicate(timeout=DEADLINE_S)
    assert inviting.returncode == 1
    assert err.splitlines()[-1] == "parley: interrupted: what was said is kept and goes on next time"
    assert "Traceback" not in err

    following = spawn("tail", "North", "--follow", profile=scene.mira)
    try:
        joined = parley("join", code, profile=make_profile(tmp_path / "olga", "Olga"))
    finally:
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=DEADLINE_S)
    assert joined.status == 0, joined.err
