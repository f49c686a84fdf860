"""What goes wrong in ordinary life: one clear line, exit status 1, and nothing half done."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from channel.invitation import Invitation
from client.errors import DiskFull, InvitationRefused
from client.events import ChannelInfo
from client.parley import Parley, utc_milliseconds
from protocols.messages import Role
from protocols.relay.frames import Receipts
from tests.support.clients import (
    PASSPHRASE,
    admit,
    level,
    make_profile,
    open_again,
    opened,
    parley_of,
    silent,
    talk,
)
from tests.support.raw_client import raw_log
from tests.support.relay_process import PROJECT, RelayProcess, running_relay
from tests.support.waiting import eventually


async def run_parley(profile: Path, *arguments: str, passphrase: str = PASSPHRASE) -> tuple[int, str, str]:
    """Run the command; return exit status, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "client",
        *arguments,
        "--profile",
        str(profile),
        cwd=PROJECT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PARLEY_PASSPHRASE": passphrase},
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def assert_one_line(result: tuple[int, str, str], *words: str) -> None:
    """Require exit status 1, nothing on standard output, and as last words one line that holds `words`."""
    status, output, errors = result
    assert status == 1, errors
    assert output == ""
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    assert last.startswith("parley: ")
    for word in words:
        assert word in last
    assert sum(line.startswith("parley: ") for line in errors.splitlines()) == 1


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def content_of(directory: Path) -> dict[str, bytes]:
    """Every file of a profile, to see that nothing of it has changed."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


async def test_a_wrong_passphrase(tmp_path: Path) -> None:
    make_profile(tmp_path / "Mira", "Mira").close()
    before = content_of(tmp_path / "Mira")
    result = await run_parley(tmp_path / "Mira", "channel", "list", passphrase="something else")
    assert_one_line(result, "wrong passphrase")
    assert content_of(tmp_path / "Mira") == before


async def test_a_relay_that_nobody_can_reach(tmp_path: Path) -> None:
    make_profile(tmp_path / "Mira", "Mira").close()
    url = f"ws://127.0.0.1:{closed_port()}"
    result = await run_parley(
        tmp_path / "Mira", "channel", "new", "North bridge", "--relay", url, "--role", "mediator"
    )
    assert_one_line(result, "cannot reach the relay", "check the address")
    with open_again(tmp_path / "Mira") as profile:
        assert parley_of(profile).channels() == ()


async def test_an_invitation_that_is_mistyped(relay: RelayProcess, tmp_path: Path) -> None:
    make_profile(tmp_path / "Amal", "Amal").close()
    code = Invitation(relay.url, bytes(32)).code
    mistyped = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert_one_line(await run_parley(tmp_path / "Amal", "join", mistyped), "invitation")
    assert_one_line(await run_parley(tmp_path / "Amal", "join", "nonsense"), "invitation")
    with open_again(tmp_path / "Amal") as profile:
        assert parley_of(profile).channels() == ()


async def test_an_invitation_that_was_never_given(relay: RelayProcess, tmp_path: Path) -> None:
    make_profile(tmp_path / "Amal", "Amal").close()
    result = await run_parley(tmp_path / "Amal", "join", Invitation(relay.url, os.urandom(32)).code)
    assert_one_line(result, "does not know this invitation")


async def test_an_invitation_is_good_for_one_person_once(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira") as (mira,):
        code = (await mira.session.invite("Amal", Role.PARTY)).code
        make_profile(tmp_path / "Amal", "Amal").close()
        make_profile(tmp_path / "Eve", "Eve").close()
        status, output, errors = await run_parley(tmp_path / "Amal", "join", code)
        assert status == 0, errors
        assert "North bridge" in output
        assert_one_line(await run_parley(tmp_path / "Eve", "join", code), "invitation")
        assert_one_line(await run_parley(tmp_path / "Amal", "join", code), "used already")
        assert [entry.name for entry in mira.session.charter.roster] == ["Mira", "Amal"]
    with open_again(tmp_path / "Eve") as profile:
        assert parley_of(profile).channels() == ()


async def test_two_people_with_one_code(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira") as (mira,):
        code = (await mira.session.invite("", Role.PARTY)).code
        with make_profile(tmp_path / "Amal", "Amal") as one, make_profile(tmp_path / "Eve", "Eve") as two:
            results = await asyncio.gather(
                parley_of(one).join(code, progress=silent),
                parley_of(two).join(code, progress=silent),
                return_exceptions=True,
            )
        refused = [result for result in results if isinstance(result, BaseException)]
        assert [type(error) for error in refused] == [InvitationRefused]
        assert len(mira.session.charter.roster) == 2


async def test_an_invitation_whose_time_is_over(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira") as (mira,):
        invited = await mira.session.invite("Amal", Role.PARTY, 1)
        make_profile(tmp_path / "Amal", "Amal").close()
        await eventually(lambda: utc_milliseconds() > invited.expires_ms + 50, "a second passes")
        assert_one_line(await run_parley(tmp_path / "Amal", "join", invited.code), "invitation")
        # Not even a new connection of the inviter's gives the code a second life.
        await relay.stop()
        await relay.start()
        await mira.session.caught_up(10)
        assert_one_line(await run_parley(tmp_path / "Amal", "join", invited.code), "invitation")
        assert len(mira.session.charter.roster) == 1


# A disk that is full: a real one, very small.


@contextlib.contextmanager
def small_disk(directory: Path, size_kib: int) -> Iterator[None]:
    """Mount a file system of this size, where this process may."""
    directory.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(directory)]
    try:
        _run(mounting)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(
            "a full disk needs a small file system, which only an administrator may mount: run as root"
        )
    try:
        yield
    finally:
        _run(["umount", "-l", str(directory)])


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def grow(directory: Path, size_kib: int) -> None:
    """Make room on a small disk."""
    _run(["mount", "-o", f"remount,size={size_kib}k", str(directory)])


def fill(directory: Path) -> None:
    """Use up every byte that is left."""
    with contextlib.suppress(OSError), (directory / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(512))


async def talk_on(parley: Parley, info: ChannelInfo) -> None:
    """Say more than a small disk holds."""
    async with opened(parley, info) as person:
        for number in range(200):
            await person.ask(f"{parley.name} {number}" + " and more" * 50)


async def test_a_full_disk_under_a_client(relay: RelayProcess, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096):
        home = tmp_path / "disk" / "Amal"
        async with talk(tmp_path, relay.url, "Mira") as (mira,):
            with make_profile(home, "Amal") as profile:
                info = await admit(mira, parley_of(profile))
                fill(tmp_path / "disk")
                with pytest.raises(DiskFull):
                    await talk_on(parley_of(profile), info)
            (tmp_path / "disk" / "ballast").unlink()
            with open_again(home) as profile:
                async with opened(parley_of(profile), info) as amal:
                    await amal.ask("there is room again")
                    await mira.has("there is room again")
                    await level((mira, amal))
                    assert sorted(mira.questions) == sorted(amal.questions)
                    assert len(mira.questions) == len(set(mira.questions))
                    assert mira.session.negotiation.digest() == amal.session.negotiation.digest()


async def test_a_full_disk_is_said_in_one_line(relay: RelayProcess, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024):
        home = tmp_path / "disk" / "Mira"
        make_profile(home, "Mira").close()
        fill(tmp_path / "disk")
        result = await run_parley(
            home, "channel", "new", "North bridge", "--relay", relay.url, "--role", "mediator"
        )
        # Without room for its write-ahead index SQLite says that the disk failed, not that it is full.
        assert_one_line(result, "disk")
        (tmp_path / "disk" / "ballast").unlink()
        with open_again(home) as profile:
            assert parley_of(profile).channels() == ()
        fill(tmp_path / "disk")
        assert_one_line(
            await run_parley(tmp_path / "disk" / "Amal", "init", "--name", "Amal"), "disk is full"
        )


async def test_a_full_disk_under_the_relay(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096):
        async with running_relay(tmp_path / "disk" / "relay") as relay:
            receipts: dict[bytes, int] = {}
            async with raw_log(relay.url) as (connection, log):
                with contextlib.suppress(Exception):
                    for number in range(1000):
                        message = log.message(number.to_bytes(2) * 20_000)
                        answer = await log.append(connection, message)
                        assert isinstance(answer, Receipts)
                        receipts[message] = answer.items[0].position
            async with asyncio.timeout(10):
                assert await relay.process.wait() == 1  # it cannot promise anything any more
            assert 5 < len(receipts) < 1000
            assert b"Traceback" not in relay.output
            grow(tmp_path / "disk", 32_768)
            await relay.start()
            async with raw_log(relay.url) as (connection, log):
                for message, position in receipts.items():
                    answer = await log.append(connection, message)
                    assert isinstance(answer, Receipts)
                    assert answer.items[0].position == position
