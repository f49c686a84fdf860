"""No object shows a secret it holds: reprs end up in tracebacks, logs, bug reports and assertion messages."""

import dataclasses
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from channel.identity import Identity
from channel.invitation import Invitation
from client.conversation import Committing
from client.store import ChannelState, IdentityRow, InvitationRow, InvitationState, Side
from protocols.messages import Role
from protocols.relay.frames import Create
from server.signing import Signer
from server.tokens import new_token
from tests.support.builders import make_bundle, seeded
from tests.support.clients import PASSPHRASE, admit, make_profile, opened, parley_of
from tests.support.relay_process import running_relay

_SECRET_WORDS = ("secret", "private", "seed", "database_key", "passphrase", "bundle")
_SHORTEST = 16


def fields_of(thing: object) -> Iterator[tuple[str, object]]:
    """Everything an object holds, by name."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        yield from ((item.name, getattr(thing, item.name)) for item in dataclasses.fields(thing))
    for cls in type(thing).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, name):
                yield name, getattr(thing, name)
    yield from getattr(thing, "__dict__", {}).items()


def walk(root: object) -> Iterator[tuple[str, object]]:
    """Every object of our own, and every bytes, that hangs on another; with the name it hangs by."""
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", root)]
    while waiting:
        name, thing = waiting.pop()
        if isinstance(thing, bytes | bytearray):
            yield name, bytes(thing)
        if id(thing) in seen or isinstance(thing, bytes | bytearray | str | int | type | None):
            continue
        seen.add(id(thing))
        if isinstance(thing, dict):
            waiting += [(name, value) for value in (*thing.values(), *thing.keys())]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += [(name, item) for item in thing]
        elif type(thing).__module__.split(".")[0] in ("channel", "client", "protocols", "server"):
            yield name, thing
            waiting += list(fields_of(thing))


def secrets_of(root: object) -> set[bytes]:
    """The bytes whose names say that they are secret, under any object below."""
    return {
        thing
        for name, thing in walk(root)
        if isinstance(thing, bytes)
        and len(thing) >= _SHORTEST
        and len(set(thing)) > 1
        and any(word in name for word in _SECRET_WORDS)
    }


def forms(secret: bytes) -> tuple[str, ...]:
    return secret.hex(), b64encode(secret).decode(), repr(secret)[2:-1]


def assert_silent(root: object, *more: bytes) -> None:
    """Require that nothing below `root` shows one of its secrets, however it is printed."""
    secrets = secrets_of(root) | set(more)
    assert secrets, "nothing secret was found: the walk is broken"
    for name, thing in walk(root):
        if isinstance(thing, bytes):
            continue
        for shown in (repr(thing), str(thing), f"{thing}"):
            for secret in secrets:
                assert not any(form in shown for form in forms(secret)), (
                    f"{type(thing)} ({name}) shows a secret"
                )


@pytest.mark.parametrize(
    "thing",
    [
        Identity.from_seed(seeded("identity")(32)),
        Invitation("wss://relay.example.org", seeded("invitation")(32)),
        IdentityRow(
            private_seed=seeded("row")(32), public_key=bytes(32), name="Mira", device="", created_ms=1
        ),
        InvitationRow(
            mailbox=bytes(32),
            invitation_secret=seeded("secret")(32),
            side=Side.INVITEE,
            log_id=None,
            relay_url="wss://relay.example.org",
            role="party",
            name="",
            expires_ms=1,
            state=InvitationState.OPEN,
            key_package_bundle=seeded("bundle")(200),
            created_ms=1,
        ),
        make_bundle("Mira"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_value_with_a_secret_does_not_show_it(thing: object) -> None:
    assert_silent(thing)


def test_what_is_named_otherwise_is_not_shown_either() -> None:
    key = seeded("relay")(32)
    token, record = new_token("mediator", random=seeded("token"), now_ms=1, expires_ms=None)
    create = Create(request=1, genesis=b"g", access_key=bytes(32), admission_token=token)
    shown = repr([Signer.from_private_bytes("localhost", key), record, create])
    assert token not in shown
    assert not any(form in shown for form in forms(key))
    assert not any(form in shown for form in forms(record.token_hash))


def test_the_columns_that_hold_ratchets_are_not_shown() -> None:
    hidden = {item.name for item in dataclasses.fields(ChannelState) if not item.repr}
    assert {"epoch_state", "ratchet_state", "pending_commit"} <= hidden
    assert {"welcome", "pending"} <= {item.name for item in dataclasses.fields(Committing) if not item.repr}


async def test_a_running_channel_shows_no_secret(tmp_path: Path) -> None:
    """Profile, session, journal, group with all its epoch and ratchet secrets, and what an invitation left behind."""
    async with running_relay(tmp_path / "relay") as relay:
        with ExitStack() as stack:
            mira = parley_of(stack.enter_context(make_profile(tmp_path / "mira", "Mira")))
            amal = parley_of(stack.enter_context(make_profile(tmp_path / "amal", "Amal")))
            info = await mira.create_channel(relay.url, title="North bridge", role=Role.MEDIATOR)
            async with opened(mira, info) as host:
                joined = await admit(host, amal)
                async with opened(amal, joined) as guest:
                    await host.ask("Is it open?")
                    await guest.has("Is it open?")
                    for person in (host, guest):
                        private, _ = person.session.conversation.access_key()
                        assert len(secrets_of(person.session.conversation.group)) > 5
                        things: list[Any] = [person.parley, person.session, person.info]
                        for thing in things:
                            assert_silent(
                                [thing, person.parley.profile.identity],
                                private,
                                PASSPHRASE.encode(),
                            )
