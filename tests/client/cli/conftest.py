"""Running the command line inside the test's process, and profiles that open fast."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.cli.app import run
from client.profiles import create_profile
from client.store import KeyDerivation

WEAK = KeyDerivation(memory_kib=128, iterations=1, lanes=1)
PASSPHRASE = "correct horse"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def complaint(self) -> str:
        """The one line on standard error that a failure has."""
        (line,) = self.err.splitlines()
        assert line.startswith("parley: "), self.err
        return line.removeprefix("parley: ")


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs `parley` with arguments, in this process, with the passphrase in the environment."""
    monkeypatch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
    monkeypatch.delenv("PARLEY_PROFILE", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(status, out, err)

    return call


def make_profile(directory: Path, name: str) -> Path:
    create_profile(
        directory, PASSPHRASE, name=name, device="", now_ms=1_790_000_000_000, derivation=WEAK
    ).close()
    return directory


@pytest.fixture
def mira(tmp_path: Path) -> Path:
    return make_profile(tmp_path / "mira", "Mira")
