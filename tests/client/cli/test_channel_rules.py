"""What a founder chooses for a channel's charter: timers, languages, cipher suite."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.cli.conftest import PASSPHRASE, make_profile
from tests.client.cli.scene import parley, relay


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with relay(tmp_path_factory.mktemp("relay")) as url:
        yield url


def test_timers_languages_and_suite_are_the_founders_choice(url: str, tmp_path: Path) -> None:
    mira = make_profile(tmp_path / "mira", "Mira")
    chosen = (
        "--timer",
        "priority l4=1h",
        "--timer",
        "ROUTINE L2=30m",
        "--language",
        "ar",
        "--language",
        "en",
    )
    made = parley("channel", "new", "North", "--relay", url, *chosen, "--cipher-suite", "1", profile=mira)
    assert made.status == 0, made.err
    shown = json.loads(parley("channel", "show", "North", "--json", profile=mira).out)
    assert shown["timers"] == {"PRIORITY L4": 3_600, "ROUTINE L2": 1_800}
    assert shown["languages"] == ["ar", "en"]
    assert shown["cipher_suite"] == "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"


def test_a_channel_is_post_quantum_unless_somebody_says_otherwise(url: str, tmp_path: Path) -> None:
    mira = make_profile(tmp_path / "mira", "Mira")
    assert parley("channel", "new", "North", "--relay", url, profile=mira).status == 0
    shown = json.loads(parley("channel", "show", "North", "--json", profile=mira).out)
    assert "XWING" in shown["cipher_suite"]
    assert shown["timers"] == {}


@pytest.mark.parametrize(
    ("timer", "status", "hint"),
    [
        ("PRIORITY L4", 2, "TIMER=TIME"),
        ("PRIORITY L4=soon", 2, "30m, 24h or 7d"),
        ("SLOW L4=1h", 1, "a timer is one of FLASH L1"),
        ("PRIORITY L3=1h", 1, "a timer is one of FLASH L1"),
    ],
)
def test_a_timer_that_is_none_is_refused_with_the_way_out(
    timer: str, status: int, hint: str, url: str, tmp_path: Path
) -> None:
    mira = make_profile(tmp_path / "mira", "Mira")
    refused = parley("channel", "new", "North", "--relay", url, "--timer", timer, profile=mira)
    assert (refused.status, refused.out) == (status, "")
    assert hint in " ".join(refused.err.split())
    assert parley("channel", "list", profile=mira).out == ""
