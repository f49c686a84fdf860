"""Groups of ours and of ts-mls that follow on another: reinitialised, also under another suite, and branched."""

import os
from collections.abc import Iterator

import pytest

from channel.mls.proposals import ReInit
from tests.interop.changes import StartAnew
from tests.interop.ours import OurMember
from tests.interop.peer import Peer
from tests.interop.room import Room, adds, extensions
from tests.interop.script import SIDES
from tests.interop.suites import TS_MLS_X_WING
from tests.interop.ts_mls import TsMlsMember

CLASSICAL = 1
NEW_ID = b"what comes after"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("ts_mls_peer.mjs", fixes="ts_mls_fixes.mjs") as running:
        yield running


def empty_room(suite: int, peer: Peer) -> Room:
    return Room(
        suite,
        make_ours=lambda name: OurMember(name, suite, random=os.urandom),
        make_theirs=lambda name: TsMlsMember(name, suite, peer=peer),
    )


def room_of_four(suite: int, peer: Peer) -> Room:
    """Two of ours and two of theirs."""
    room = empty_room(suite, peer)
    founder = room.newcomer(ours=True)
    room.found(founder, group_id=b"what was before", content=b"agreed")
    newcomers = [room.newcomer(ours=ours) for ours in (False, True, False)]
    room.commit(founder, adds(newcomers), newcomers=newcomers)
    room.commit(newcomers[0])
    return room


def succeed(old: Room, start: ReInit | bytes, suite: int, peer: Peer, *, by_ours: bool, size: int) -> Room:
    """Found the group that follows on an old one, with so many of its members, and have them talk."""
    founder, *others = (
        member.renewed(suite)
        for member in sorted(old.members.values(), key=lambda member: member.is_ours is not by_ours)[:size]
        if isinstance(member, OurMember | TsMlsMember)
    )
    made = founder.succeed(start, [other.key_package for other in others])
    assert made.welcome is not None
    assert made.ratchet_tree is not None
    founder.adopt()
    for other in others:
        other.join_successor(made.welcome, made.ratchet_tree)
    room = empty_room(suite, peer)
    room.follow(NEW_ID, [founder, *others])
    for member in list(room.members.values()):
        room.commit(member)
        room.say(member, b"here we are again")
    return room


@pytest.mark.parametrize("by_ours", SIDES, ids=SIDES.values())
@pytest.mark.parametrize("ended_by_ours", SIDES, ids=[f"ended-by-{side}" for side in SIDES.values()])
@pytest.mark.parametrize(
    "suites", [(CLASSICAL, TS_MLS_X_WING), (TS_MLS_X_WING, CLASSICAL)], ids=["up", "down"]
)
def test_reinitialised(peer: Peer, suites: tuple[int, int], ended_by_ours: bool, by_ours: bool) -> None:
    before, after = suites
    old = room_of_four(before, peer)
    reinit = ReInit(group_id=NEW_ID, cipher_suite=after, extensions=extensions(b"agreed anew", ()))
    committer = next(member for member in old.members.values() if member.is_ours is ended_by_ours)
    old.commit(committer, [StartAnew(reinit)])
    new = succeed(old, reinit, after, peer, by_ours=by_ours, size=4)
    assert new.members.keys() == old.members.keys()


@pytest.mark.parametrize("by_ours", SIDES, ids=SIDES.values())
@pytest.mark.parametrize("suite", [CLASSICAL, TS_MLS_X_WING])
def test_branched(peer: Peer, suite: int, by_ours: bool) -> None:
    old = room_of_four(suite, peer)
    new = succeed(old, NEW_ID, suite, peer, by_ours=by_ours, size=3)
    assert {member.is_ours for member in new.members.values()} == {True, False}
    for member in list(old.members.values()):
        old.say(member, b"and the group goes on")
