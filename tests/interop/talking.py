"""Operations that say something and change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.ours import OurMember
from tests.interop.room import REFUSALS
from tests.interop.script import Dialect, Operation, Script


def talking(_dialect: Dialect) -> Iterator[tuple[str, Operation]]:
    """Those that a dialect allows, with their labels."""
    yield "say", Operation(say, 6)
    yield "talk out of order", Operation(talk_out_of_order, 3)
    yield "forge", Operation(forge, 2)
    yield "restart", Operation(restart, 2)


def say(script: Script) -> bool:
    """One speaks and all hear."""
    sender = script.somebody()
    script.room.say(sender, script.some_bytes(0, 3000), aad=script.aad(sender, 300))
    return True


def talk_out_of_order(script: Script) -> bool:
    """Several messages of several members, each receiver in an order of its own."""
    said = []
    for _ in range(script.random.randint(2, script.dialect.burst)):
        sender = script.somebody()
        data = script.some_bytes(0, 200)
        said.append((sender, data, sender.seal(data, aad=b"")))
    for receiver in script.room.members.values():
        for sender, data, message in script.random.sample(said, len(said)):
            if sender is not receiver:
                heard = receiver.receive(message)
                assert heard is not None
                assert heard.data == data
    return True


def forge(script: Script) -> bool:
    """A message with one bit turned is refused, costs the receivers nothing, and the true one is heard."""
    sender = script.somebody()
    data = script.some_bytes(1, 200)
    message = sender.seal(data, aad=script.aad(sender, 20))
    forged = script.forged(message)
    for receiver in script.room.others(sender):
        with pytest.raises(REFUSALS):
            receiver.receive(forged)
        heard = receiver.receive(message)
        assert heard is not None
        assert heard.data == data
    return True


def restart(script: Script) -> bool:
    """One of ours goes on from what it had stored."""
    member = script.somebody(ours=True)
    assert isinstance(member, OurMember)
    member.restart()
    return True
