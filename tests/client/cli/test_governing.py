"""Who may not change a channel is told so in a line, before anything is sent."""

from pathlib import Path

import pytest

from channel.audit import format_export, parse_export, verify_export
from channel.charter import GOVERNING
from client.archive import save_import
from client.founding import leaf_keys
from client.profiles import open_profile
from client.store import Side
from protocols.messages import Role
from tests.client.cli.conftest import PASSPHRASE, Cli
from tests.client.cli.scene import relay
from tests.support.members import SUITE, Member
from tests.support.simulator import SimulatedRelay

NOBODY = "ws://127.0.0.1:9"


def seat(profile: Path, role: Role) -> None:
    """Admit the profile's person to a channel in this role, and keep it as `parley join` does."""
    simulated = SimulatedRelay()
    founder, newcomer = (Member(name, clock=simulated.clock) for name in ("Amal", "Mira"))
    founder.found(simulated)
    with open_profile(profile, PASSPHRASE) as opened:
        now_s = simulated.clock.now_ms // 1000
        newcomer.identity = opened.identity
        newcomer.keys = leaf_keys(SUITE, opened.identity, device="", now_s=now_s, random=newcomer.random)
        founder.admit(newcomer, role)
        export = parse_export(format_export(founder.export()))
        verified = verify_export(export)
        with opened.store.transaction() as tx:
            save_import(tx, newcomer.conversation, export, verified.judged, relay_url=NOBODY, now_ms=0)


@pytest.mark.parametrize("role", sorted(set(Role) - GOVERNING))
def test_who_only_watches_cannot_invite(cli: Cli, mira: Path, role: Role) -> None:
    seat(mira, role)
    refused = cli("invite", "North", "--role", "party", "--profile", mira)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint == (
        f"only a party or a mediator may invite, and you are {role.value} here: ask one of them"
    )
    with open_profile(mira, PASSPHRASE) as opened, opened.store.transaction() as tx:
        assert tx.invitations.unfinished(Side.INVITER) == ()


@pytest.mark.parametrize("role", sorted(GOVERNING))
def test_who_governs_gets_as_far_as_the_relay(cli: Cli, mira: Path, role: Role) -> None:
    seat(mira, role)
    refused = cli("invite", "North", "--role", "party", "--timeout", "0.2", "--profile", mira)
    assert refused.status == 1
    assert refused.complaint.startswith("not up to date after 0.2 s")


def test_nobody_makes_a_channel_that_nobody_may_change(cli: Cli, mira: Path, tmp_path: Path) -> None:
    with relay(tmp_path / "relay") as url:
        refused = cli("channel", "new", "North", "--relay", url, "--role", "observer", "--profile", mira)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint == (
        "whoever makes a channel is a party or a mediator of it: nobody else can admit people"
    )
    assert cli("channel", "list", "--json", "--profile", mira).out.strip() == "[]"
