"""Members as their clients hold them: a `Journal` over a real encrypted store, wired to a log in memory.

A desk does what a running client does, step by step and without a network: `step` sends what the journal
says may leave and takes what the log holds. Everything that leaves is noted, and a test may kill the client
at any store transaction or right before bytes leave.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, cast

from channel.audit import format_export, parse_export, verify_export
from channel.charter import RosterEntry
from channel.epoch import authenticator
from channel.identity import Identity
from channel.mls import Group, cipher_suite, create_key_package
from channel.mls.proposals import Add
from client.archive import export_of, save_import
from client.composing import compose_now
from client.conversation import Committing, Conversation, Page
from client.founding import capabilities, found, leaf_keys
from client.journal import Journal
from client.rows import add_channel, save_epoch
from client.seating import propose_removal
from client.store import ClientStore, Transaction
from protocols.log.follower import LogFollower
from protocols.messages import Role, encode_body
from protocols.relay.frames import Entries
from tests.support.members import SUITE, chartered, informing
from tests.support.simulator import Ordered, Refusal, SimulatedLog, SimulatedRelay

DATABASE_KEY = bytes(range(32))


class Killed(BaseException):
    """The process dies here; no code of the client's may catch it."""


class Killer:
    """Counts the points at which a client can die, and dies at the one it was told."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.points: list[str] = []

    def point(self, name: str) -> None:
        self.points.append(name)
        if self.at is not None and len(self.points) - 1 == self.at:
            raise Killed(name)


class MortalStore(ClientStore):
    """A store whose process may die before or after each commit."""

    killer: Killer | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield tx
            if self.killer is not None:
                self.killer.point("before commit")
        if self.killer is not None:
            self.killer.point("after commit")


class Desk:
    """One member's client."""

    def __init__(self, name: str, relay: SimulatedRelay, folder: Path, *, seed: int | str = 0) -> None:
        self.name = name
        self.relay = relay
        self.path = folder / f"{name}.db"
        self.random: Callable[[int], bytes] = Random(f"desk {seed} {name}").randbytes
        self.identity = Identity.from_seed(self.random(32))
        self.store = cast(MortalStore, MortalStore.create(self.path, DATABASE_KEY))
        self.killer: Killer | None = None
        self.left: list[bytes] = []  # every message that ever left, in order
        self.welcomes: dict[bytes, bytes] = {}
        self.log: SimulatedLog
        self.journal: Journal

    @property
    def id(self) -> str:
        return self.identity.participant_id

    @property
    def conversation(self) -> Conversation:
        return self.journal.conversation

    def _keys(self) -> Any:
        return leaf_keys(
            SUITE,
            self.identity,
            device="",
            now_s=self.relay.clock.now_ms // 1000,
            random=self.random,
        )

    # coming in

    def found(self) -> None:
        conversation = found(
            cipher_suite(1),
            self.identity,
            title="North bridge",
            name=self.name,
            role=Role.MEDIATOR,
            relay_vkey=self.relay.vkey,
            device="",
            now_s=self.relay.clock.now_ms // 1000,
            random=self.random,
        )
        genesis = conversation.transcript.genesis
        self.log = self.relay.create(genesis, conversation.access_key()[1])
        with self.store.transaction() as tx:
            add_channel(tx, conversation, relay_url="ws://127.0.0.1:1", now_ms=0)
            save_epoch(tx, genesis.log_id, conversation.transcript.epoch, first_position=1)
        self.open()

    def open(self) -> None:
        """Take the channel up from disk, as a client that was started does."""
        self.journal = Journal(
            self.store,
            self.log.genesis.log_id,
            clock=self.relay.clock,
            random=self.random,
            on_won=self._won,
        )
        self.journal.reconnected()

    def restart(self) -> None:
        self.store.killer = None
        self.store.close()
        self.store = cast(MortalStore, MortalStore.open(self.path, DATABASE_KEY))
        self.open()

    def close(self) -> None:
        self.store.close()

    def _won(self, tx: Transaction, committing: Committing, after: Conversation, position: int) -> None:
        if committing.welcome is not None:
            self.welcomes[committing.intent] = format_export(
                export_of(tx, self.log.genesis.log_id, size=position + 1)
            )

    def admit(self, newcomer: "Desk", role: Role = Role.PARTY) -> None:
        keys = newcomer._keys()
        bundle = create_key_package(
            SUITE,
            credential=keys.credential,
            signature_key_pair=keys.signature_key_pair,
            lifetime=keys.lifetime,
            capabilities=capabilities(SUITE),
            random=newcomer.random,
        )
        seat = RosterEntry(key=newcomer.identity.public_key, name=newcomer.name, role=role)
        charter = self.conversation.transcript.epoch.charter.with_entry(seat)
        committing = self.journal.commit(
            (Add(bundle.key_package), chartered(charter)), intent=newcomer.id.encode()
        )
        self.settle()
        assert committing.welcome is not None
        newcomer.enter(committing.welcome, bundle, self.welcomes[newcomer.id.encode()], self.log)

    def enter(self, welcome: bytes, bundle: Any, history: bytes, log: SimulatedLog) -> None:
        export = parse_export(history)
        verified = verify_export(export, complete=False)
        group = Group.join(
            welcome, bundle=bundle, authenticate=authenticator(self.relay.clock.now_ms // 1000)
        )
        genesis = verified.transcript.genesis
        conversation = Conversation(
            group=group,
            follower=LogFollower(genesis.origin, genesis.relay_public_key, verified.transcript.frontier),
            transcript=verified.transcript,
        )
        with self.store.transaction() as tx:
            save_import(tx, conversation, export, verified.judged, relay_url="ws://127.0.0.1:1", now_ms=0)
        self.log = log
        self.open()

    # working

    def say(self, statement: str) -> bytes:
        message = compose_now(
            self.conversation,
            self.id,
            "INFORM",
            informing(statement),
            to=(),
            now_ms=self.relay.clock.now_ms,
            envelope={"topic": "bridge"},
        )
        return self.journal.queue(encode_body(message))

    def remove(self, other: "Desk") -> None:
        self.journal.commit(propose_removal(other.id, self.conversation), intent=b"")

    def send(self) -> None:
        """Let leave what the journal says may."""
        committing = self.conversation.committing
        if committing is not None:
            self._post(committing.message, committing.next_access_key)
        for message in self.journal.sealed():
            ordered = self._post(message, None)
            if ordered is None:
                return
            self.journal.receipt(message, position=ordered.position, checkpoint=ordered.checkpoint)

    def _post(self, message: bytes, next_access_key: bytes | None) -> Ordered | None:
        self._point("before bytes leave")
        self.left.append(message)
        try:
            ordered = self.log.append(message, next_access_key, access_key=self.conversation.access_key()[1])
        except Refusal:
            ordered = None
        self._point("after bytes left")
        return ordered

    def _point(self, name: str) -> None:
        if self.killer is not None:
            self.killer.point(name)

    def receive(self, frame: Entries | None = None, *, upto: int | None = None) -> Page:
        if frame is None:
            frame = self.log.page(self.conversation.transcript.size, upto)
        return self.journal.receive(frame)

    def settle(self, rounds: int = 3) -> None:
        """Send and read until there is nothing left to do."""
        for _ in range(rounds):
            self.send()
            if self.conversation.transcript.size < self.log.size:
                self.receive()

    def idle(self) -> bool:
        caught_up = self.conversation.transcript.size == self.log.size
        return caught_up and not self.journal.waiting and self.conversation.committing is None

    # looking

    def statements(self) -> list[str]:
        return [
            str(message.message.content.statement)  # type: ignore[union-attr]
            for message in self.conversation.transcript.negotiation.messages
        ]

    def view(self) -> tuple[Any, ...]:
        transcript = self.conversation.transcript
        size = transcript.size
        return size, transcript.history_at(size), transcript.negotiation.digest()

    def export(self) -> bytes:
        with self.store.transaction() as tx:
            return format_export(export_of(tx, self.log.genesis.log_id))


def office(folder: Path, *names: str, seed: int | str = 0) -> list[Desk]:
    """A channel of these desks, all idle; the first one founded it."""
    relay = SimulatedRelay(seed)
    desks = [Desk(name, relay, folder, seed=seed) for name in names]
    desks[0].found()
    for newcomer in desks[1:]:
        desks[0].admit(newcomer)
    quiet(desks)
    return desks


def quiet(desks: list[Desk]) -> None:
    """Let everybody work until there is nothing left to do."""
    for _ in range(20):
        if all(desk.idle() for desk in desks):
            return
        for desk in desks:
            desk.settle(1)
    raise AssertionError("they never come to rest")
