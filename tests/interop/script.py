"""Random scripts: what members of both sides might do to each other, from a seed.

The choices and our own side's keys come from the seed and the cipher suite's number alone; the other side
draws its own keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from channel.mls.types import ContentType
from tests.interop.changes import Change
from tests.interop.member import Member, Outsider
from tests.interop.ours import OurMember, OurOutsider
from tests.interop.room import Handshake, MakeMember, Room, adds

MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the other implementation can do by way of its interface.

    Attributes:
        aad: It can send authenticated data.
        beside: It can hand over and take the ratchet tree beside a Welcome or GroupInfo.
        burst: How many messages of one sender may come in any order.
        changes_extensions: It can change the GroupContext's extensions itself.
        extensions: Its groups and leaves can be given an extension type of somebody else's.
        loses: It waits to see whose commit is ordered.
        mixes: It can put adds and removes into one commit, and proposals by value beside others by reference.
        outsiders: How many external senders a group of its founding may have at most.
        outsiders_change: It takes more from an external sender than the proposal to remove somebody.
        private: It takes handshakes as PrivateMessage.
        proposes: It can propose without committing.
        psks: It can be given pre-shared keys, and mix them in.
        publishes: It hands out a GroupInfo when asked, not only with a commit of its own.
        regrows: It copes with a tree that shrinks and grows again by one commit.
        speaks_outside: It can speak for external senders and newcomers.
    """

    aad: bool = True
    beside: bool = True
    burst: int = 6
    changes_extensions: bool = True
    extensions: bool = True
    loses: bool = True
    mixes: bool = True
    outsiders: int = 3
    outsiders_change: bool = True
    private: bool = True
    proposes: bool = True
    psks: bool = True
    publishes: bool = True
    regrows: bool = True
    speaks_outside: bool = True


class Script:
    """One run: a room, and dice.

    Attributes:
        dialect: What the other side can do.
        random: The dice.
        room: The group.
        counts: How often each operation has been done.
    """

    def __init__(
        self,
        suite_number: int,
        *,
        seed: int,
        dialect: Dialect,
        operations: Mapping[str, Operation],
        make_theirs: MakeMember,
        make_their_outsider: Callable[[str], Outsider] | None = None,
    ) -> None:
        self.dialect = dialect
        self.random = Random(f"{seed}, {suite_number}")
        self.counts: Counter[str] = Counter()
        self.room = Room(
            suite_number,
            make_ours=lambda name: OurMember(name, suite_number, random=self.random.randbytes),
            make_theirs=make_theirs,
        )
        self._seed = seed
        self._operations = operations
        self._make_their_outsider = make_their_outsider

    def run(self, operations: int) -> None:
        """Found a group, then do so many operations, and on until nothing of what can be is missing.

        A failure names the seed and the operations.
        """
        trace = ["found"]
        try:
            self._found()
            while self.counts.total() < operations or self._is_something_missing():
                label = self._next()
                trace.append(label)
                commits = self.room.commits
                if self._operations[label].run(self):
                    self.counts[label] += 1
                if self.room.commits == commits:
                    self.room.compare()
        except BaseException as error:
            error.add_note(f"seed {self._seed}, suite {self.room.suite.number}: {'; '.join(trace)}")
            raise
        done = "; ".join(f"{label} {count}" for label, count in sorted(self.counts.items()))
        print(
            f"seed {self._seed}, suite {self.room.suite.number}: {self.counts.total()} operations,"
            f" {self.room.commits} commits ({done})"
        )

    def _is_something_missing(self) -> bool:
        wanted = {
            Handshake(ours, content_type, public)
            for ours in SIDES
            for content_type in (ContentType.PROPOSAL, ContentType.COMMIT)
            if ours or content_type is ContentType.COMMIT or self.dialect.proposes
            for public in (False, True)
            if public or self.dialect.private
        }
        return not (self.counts.keys() >= self._operations.keys() and self.room.handshakes.keys() >= wanted)

    def _found(self) -> None:
        ours_first = self.random.random() < 0.5
        founder = self.room.newcomer(ours=ours_first)
        self.room.found(
            founder,
            group_id=self.some_bytes(1, 40),
            content=self.content(),
            outsiders=self.outsiders()[: None if ours_first else self.dialect.outsiders],
        )
        second = self.room.newcomer(ours=not ours_first)
        self.room.commit(founder, adds([second]), newcomers=[second], public=self.public())

    def _next(self) -> str:
        """Draw an operation; what has not been done yet comes sooner, so that short runs miss little."""
        weights = [
            operation.weight * (1 if self.counts[label] else 10)
            for label, operation in self._operations.items()
        ]
        (label,) = self.random.choices(list(self._operations), weights=weights)
        return label

    # dice

    def some_bytes(self, least: int, most: int) -> bytes:
        """Between so many and so many."""
        return self.random.randbytes(self.random.randint(least, most))

    def anybody(self, *, ours: bool | None = None, besides: Sequence[Member] = ()) -> Member | None:
        """A member of the side that is asked for; None if there is none."""
        able = [member for member in self.room.others(*besides) if ours is None or member.is_ours is ours]
        return self.random.choice(able) if able else None

    def somebody(self, *, ours: bool | None = None) -> Member:
        """A member of the side that is asked for; there is always one."""
        member = self.anybody(ours=ours)
        assert member is not None
        return member

    def aad(self, sender: Member | Outsider, most: int) -> bytes:
        """What to say in the clear."""
        return self.some_bytes(0, most) if sender.is_ours or self.dialect.aad else b""

    def public(self) -> bool:
        """Whether the next handshake travels as PublicMessage."""
        return not self.dialect.private or self.random.random() < 0.5

    def forged(self, message: bytes) -> bytes:
        """The same but for one bit near the end, where the tags are."""
        forged = bytearray(message)
        forged[self.random.randrange(len(message) - 40, len(message))] ^= 1 << self.random.randrange(8)
        return bytes(forged)

    def inside(self) -> bool:
        """Whether the tree goes inside of the next Welcome or GroupInfo, or beside it."""
        return not self.dialect.beside or self.random.random() < 0.5

    def content(self) -> bytes | None:
        """Of the extension that means nothing."""
        return self.some_bytes(0, 500) if self.dialect.extensions else None

    def outsiders(self) -> tuple[Outsider, ...]:
        """New external senders, at least one of each side that has any."""
        ours: list[Outsider] = [
            OurOutsider(self.room.next_name(ours=True), self.room.suite.number, random=self.random.randbytes)
            for _ in range(self.random.randint(1, 2))
        ]
        theirs = (
            [self._make_their_outsider(self.room.next_name(ours=False))] if self._make_their_outsider else []
        )
        return tuple(self.random.sample([*ours, *theirs], len(ours) + len(theirs)))

    def newcomers(self, count: int, *, ours: bool | None = None) -> list[Member]:
        """So many, or as many as there is room for."""
        count = min(count, MOST_MEMBERS - len(self.room.members))
        return [
            self.room.newcomer(ours=self.random.random() < 0.5 if ours is None else ours)
            for _ in range(count)
        ]

    def leavers(self, committer: Member, count: int) -> list[Member]:
        """Some who are not the committer; one of each side always stays."""
        leavers: list[Member] = []
        for member in self.random.sample(self.room.others(committer), len(self.room.members) - 1):
            staying = self.room.others(member, *leavers)
            if len(leavers) < count and {True, False} == {other.is_ours for other in staying}:
                leavers.append(member)
        return leavers

    def copes(self, leavers: Sequence[Member], newcomers: int) -> bool:
        """Whether the other side can follow a commit by which some go and so many come."""
        return self.dialect.regrows or not self.room.regrows(leavers, newcomers)

    def commit(
        self,
        committer: Member,
        changes: Sequence[Change] = (),
        *,
        newcomers: Sequence[Member] = (),
        leavers: Sequence[Member] = (),
        losers: Sequence[Member] = (),
    ) -> bool:
        """As `Room.commit`, with dice for the rest; always True."""
        self.room.commit(
            committer,
            changes,
            aad=self.aad(committer, 50),
            public=self.public(),
            tree_in_welcome=self.inside(),
            newcomers=newcomers,
            leavers=leavers,
            losers=losers,
        )
        return True


Run: TypeAlias = Callable[[Script], bool]
"""Does something, or finds that it cannot be done now and returns False."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of thing to do, and how often."""

    run: Run
    weight: int = 1


SIDES = {True: "ours", False: "theirs"}
