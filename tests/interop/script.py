"""Random scripts: what members of both sides might do to each other, from a seed.

The choices and our own side's keys come from the seed alone; the other side draws its own keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from channel.mls import PeerError
from tests.interop.members import Change, Member, OurMember, SetExtensions
from tests.interop.peer import PeerRefusedError
from tests.interop.room import MakeMember, Room, adds, removes

MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the other implementation can do by way of its interface.

    Attributes:
        aad: It can send authenticated data.
        burst: How many messages of one sender may come in any order.
        beside: It can hand over and take the ratchet tree beside a Welcome.
        extensions: Its groups and leaves can be given an extension type.
        loses: It waits to see whose commit is ordered.
        mixes: It can put adds and removes into one commit.
        proposes: It can propose without committing.
    """

    aad: bool = True
    burst: int = 6
    beside: bool = True
    extensions: bool = True
    loses: bool = True
    mixes: bool = True
    proposes: bool = True


class Script:
    """One run: a room, and dice."""

    def __init__(
        self,
        suite_number: int,
        *,
        seed: int,
        dialect: Dialect,
        make_ours: type[OurMember],
        make_theirs: MakeMember,
    ) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.dialect = dialect
        self.counts: Counter[str] = Counter()
        self.room = Room(
            suite_number,
            make_ours=lambda name: make_ours(name, suite_number, random=self.random.randbytes),
            make_theirs=make_theirs,
        )
        self._operations: dict[Callable[[], bool], int] = {
            self.say: 6,
            self.talk_out_of_order: 3,
            self.forge: 2,
            self.restart: 2,
            self.commit_nothing: 2,
            self.add: 5,
            self.remove: 3,
            self.swap: 2,
            self.race: 3,
        }
        if dialect.proposes:
            self._operations[self.commit_by_reference] = 4
        if dialect.extensions:
            self._operations[self.change_extensions] = 1

    def run(self, operations: int) -> None:
        """Found a group, then do so many operations; a failure names the seed and the operation."""
        trace = ["found"]
        try:
            self._found()
            while self.counts.total() < operations:
                operation = self._next()
                trace.append(operation.__name__)
                if operation():
                    self.counts[operation.__name__] += 1
        except Exception as error:
            error.add_note(f"seed {self.seed}, suite {self.room.suite.number}, operations: {' '.join(trace)}")
            raise

    def _found(self) -> None:
        ours_first = self.random.random() < 0.5
        founder = self.room.newcomer(ours=ours_first)
        content = self._bytes(0, 90) if self.dialect.extensions else None
        self.room.found(founder, group_id=self._bytes(1, 40), content=content)
        second = self.room.newcomer(ours=not ours_first)
        self.room.commit(founder, adds([second]), newcomers=[second])

    def _next(self) -> Callable[[], bool]:
        """Draw an operation; what has not been done yet comes sooner, so that short runs miss little."""
        weights = [
            weight * (1 if self.counts[operation.__name__] else 10)
            for operation, weight in self._operations.items()
        ]
        (operation,) = self.random.choices(list(self._operations), weights=weights)
        return operation

    # operations; each returns whether it did anything

    def say(self) -> bool:
        sender = self._anybody()
        self.room.say(sender, self._bytes(0, 3000), aad=self._aad(sender, 300))
        return True

    def talk_out_of_order(self) -> bool:
        """Several messages of several members, each receiver in an order of its own."""
        said = []
        for _ in range(self.random.randint(2, self.dialect.burst)):
            sender = self._anybody()
            data = self._bytes(0, 200)
            said.append((sender, data, sender.seal(data, aad=b"")))
        for receiver in self.room.members.values():
            for sender, data, message in self.random.sample(said, len(said)):
                if sender is not receiver:
                    heard = receiver.receive(message)
                    assert heard is not None
                    assert heard.data == data
        return True

    def forge(self) -> bool:
        """A message with one bit turned is refused, costs the receivers nothing, and the true one is heard."""
        sender = self._anybody()
        data = self._bytes(1, 200)
        message = sender.seal(data, aad=self._aad(sender, 20))
        forged = bytearray(message)
        forged[self.random.randrange(len(message) - 40, len(message))] ^= 1 << self.random.randrange(8)
        for receiver in self.room.others(sender):
            with pytest.raises((PeerError, PeerRefusedError)):
                receiver.receive(bytes(forged))
            heard = receiver.receive(message)
            assert heard is not None
            assert heard.data == data
        return True

    def restart(self) -> bool:
        """One of ours goes on from what it had stored."""
        self._anybody_of_ours().restart()
        self.room.compare()
        return True

    def commit_nothing(self) -> bool:
        committer = self._anybody()
        self.room.commit(committer, aad=self._aad(committer, 50))
        return True

    def add(self) -> bool:
        newcomers = self._newcomers(self.random.randint(1, 3))
        return bool(newcomers) and self._commit(adds(newcomers), newcomers=newcomers)

    def remove(self) -> bool:
        committer = self._anybody()
        leavers = self._leavers(committer, self.random.randint(1, 2))
        if not leavers:
            return False
        return self._commit(removes(self.room, leavers), committer=committer, leavers=leavers)

    def swap(self) -> bool:
        """Somebody goes and somebody comes in one commit."""
        committer = self._anybody() if self.dialect.mixes else self._anybody_of_ours()
        leavers = self._leavers(committer, 1)
        newcomers = self._newcomers(1)
        changes = [*removes(self.room, leavers), *adds(newcomers)]
        return bool(leavers and newcomers) and self._commit(
            changes, committer=committer, newcomers=newcomers, leavers=leavers
        )

    def commit_by_reference(self) -> bool:
        """Members propose, somebody else commits what they proposed and something of its own."""
        committer = self._anybody()
        leavers = self._leavers(committer, 1)
        proposed, by_value = self._newcomers(2)[:1], self._newcomers(1)
        proposers = [member for member in self.room.members.values() if member not in leavers]
        for change in [*removes(self.room, leavers), *adds(proposed)]:
            proposer = self.random.choice(proposers)
            self._spread(proposer, proposer.propose(change, aad=b"a proposal"))
        for member in proposers:
            if isinstance(member, OurMember) and member is not committer and self.random.random() < 0.5:
                self._spread(member, member.propose_update(aad=b""))
        return self._commit(
            adds(by_value), committer=committer, newcomers=[*proposed, *by_value], leavers=leavers
        )

    def race(self) -> bool:
        """Two or three commit at once; the relay orders one of them, and the others give theirs up."""
        winner = self._anybody()
        able = [member for member in self.room.others(winner) if self.dialect.loses or member.is_ours]
        losers = self.random.sample(able, min(2, len(able)))
        if not losers:
            return False
        for loser in losers:
            loser.commit(adds(self._newcomers(1)), aad=self._aad(loser, 9), tree_in_welcome=True)
        self.room.commit(winner, losers=losers)
        for loser in losers:
            self.room.say(loser, b"still here")
        return True

    def change_extensions(self) -> bool:
        """One of ours does; ts-mls would leave the path out, which section 12.4 does not allow."""
        self.room.commit(self._anybody_of_ours(), [SetExtensions(self._bytes(0, 500))])
        return True

    # dice

    def _bytes(self, least: int, most: int) -> bytes:
        return self.random.randbytes(self.random.randint(least, most))

    def _anybody(self) -> Member:
        return self.random.choice(list(self.room.members.values()))

    def _anybody_of_ours(self) -> OurMember:
        ours = [member for member in self.room.members.values() if isinstance(member, OurMember)]
        return self.random.choice(ours)

    def _aad(self, sender: Member, most: int) -> bytes:
        return self._bytes(0, most) if sender.is_ours or self.dialect.aad else b""

    def _newcomers(self, count: int) -> list[Member]:
        count = min(count, MOST_MEMBERS - len(self.room.members))
        return [self.room.newcomer(ours=self.random.random() < 0.5) for _ in range(count)]

    def _leavers(self, committer: Member, count: int) -> list[Member]:
        """Some who are not the committer; one of each side always stays."""
        leavers: list[Member] = []
        for member in self.random.sample(self.room.others(committer), len(self.room.members) - 1):
            staying = self.room.others(member, *leavers)
            if len(leavers) < count and {True, False} == {other.is_ours for other in staying}:
                leavers.append(member)
        return leavers

    def _spread(self, sender: Member, message: bytes) -> None:
        for member in self.room.others(sender):
            assert member.receive(message) is None

    def _commit(
        self,
        changes: list[Change],
        *,
        committer: Member | None = None,
        newcomers: list[Member] | None = None,
        leavers: list[Member] | None = None,
    ) -> bool:
        committer = committer or self._anybody()
        tree_in_welcome = not self.dialect.beside or self.random.random() < 0.5
        self.room.commit(
            committer,
            changes,
            aad=self._aad(committer, 50),
            tree_in_welcome=tree_in_welcome,
            newcomers=newcomers or (),
            leavers=leavers or (),
        )
        return True
