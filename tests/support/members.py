"""Members of a simulated channel: each a real `Conversation` with real keys, wired to a log in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import JsonValue

from channel.audit import (
    CheckpointRecord,
    CoveringRecord,
    EntryRecord,
    EpochRecord,
    Export,
    OpeningRecord,
    RejectionRecord,
    Verification,
    format_export,
    parse_export,
    verify_export,
)
from channel.charter import CHARTER_EXTENSION, Charter, RosterEntry
from channel.epoch import Epoch, authenticator
from channel.identity import Identity
from channel.mls import Group, KeyPackageBundle, cipher_suite, create_key_package
from channel.mls.proposals import Add, GroupContextExtensions, Proposal, Remove
from channel.mls.types import Extension
from client.composing import compose_now
from client.conversation import Committing, Conversation, Page, Taken
from client.founding import capabilities, found, leaf_keys
from protocols.log.follower import LogFollower
from protocols.messages import Role, compose_receipt, encode_body
from protocols.messages.values import format_time
from protocols.payload import EntryStatus, Payload
from protocols.relay.frames import Entries
from tests.support.simulator import Clock, Ordered, Refusal, SimulatedLog, SimulatedRelay

SUITE = cipher_suite(1)
SENT = format_time(1_795_357_800_000)
TITLE = "North bridge"


@dataclass
class Sent:
    """A message of ours on its way, as it was sealed."""

    message_id: bytes
    message: bytes
    counter: int
    body: bytes


class Member:
    """One person: identity, conversation, and what an outbox would hold."""

    def __init__(self, name: str, *, clock: Clock, seed: int | str = 0) -> None:
        self.name = name
        self.clock = clock
        self.random: Callable[[int], bytes] = Random(f"{seed} {name}").randbytes
        self.identity = Identity.from_seed(self.random(32))
        self.keys = leaf_keys(SUITE, self.identity, device="", now_s=clock.now_ms // 1000, random=self.random)
        self.bundle: KeyPackageBundle | None = None
        self.sent: list[Sent] = []
        self.taken: list[Taken] = []
        self.epochs: list[Epoch] = []
        self.notes: dict[int, bytes] = {}
        self.proven: dict[int, CoveringRecord] = {}
        self.won: list[Committing] = []
        self.lost: list[Committing] = []
        self.log: SimulatedLog
        self.conversation: Conversation

    # who and where

    @property
    def id(self) -> str:
        return self.identity.participant_id

    @property
    def leaf(self) -> int:
        return self.conversation.group.own_leaf_index

    @property
    def charter(self) -> Charter:
        return self.conversation.transcript.epoch.charter

    def seat(self, role: Role = Role.PARTY) -> RosterEntry:
        return RosterEntry(key=self.identity.public_key, name=self.name, role=role)

    # coming in

    def found(self, relay: SimulatedRelay, role: Role = Role.MEDIATOR) -> SimulatedLog:
        self.conversation = found(
            SUITE,
            self.identity,
            title=TITLE,
            name=self.name,
            role=role,
            relay_vkey=relay.vkey,
            device="",
            now_s=self.clock.now_ms // 1000,
            random=self.random,
        )
        self.log = relay.create(self.conversation.transcript.genesis, self.conversation.access_key()[1])
        self.epochs = [self.conversation.transcript.epoch]
        self.notes = {1: self.log.checkpoint(1)}
        self.conversation.follower = self.conversation.follower.receive(1, (), self.notes[1], ())
        return self.log

    def key_package(self) -> KeyPackageBundle:
        self.bundle = create_key_package(
            SUITE,
            credential=self.keys.credential,
            signature_key_pair=self.keys.signature_key_pair,
            lifetime=self.keys.lifetime,
            capabilities=capabilities(SUITE),
            random=self.random,
        )
        return self.bundle

    def enter(self, welcome: bytes, history: bytes, log: SimulatedLog) -> None:
        """As `client.joining` does: verify the history like an auditor, then compare it with the Welcome."""
        assert self.bundle is not None
        export = parse_export(history)
        verified = verify_export(export, complete=False)
        transcript = verified.transcript
        group = Group.join(welcome, bundle=self.bundle, authenticate=authenticator(self.clock.now_ms // 1000))
        assert group.context.encode() == transcript.epoch.context.encode()
        genesis = transcript.genesis
        self.conversation = Conversation(
            group=group,
            follower=LogFollower(genesis.origin, genesis.relay_public_key, transcript.frontier),
            transcript=transcript,
        )
        self.log = log
        self._remember(export, verified)

    def _remember(self, export: Export, verified: Verification) -> None:
        openings = {record.position: record.opening for record in export.openings}
        self.taken = [
            Taken(entry=record.entry, judged=judged, opening=openings.get(record.position))
            for record, judged in zip(export.entries, verified.judged, strict=True)
        ]
        self.imported = export.epochs
        self.epochs = []
        self.notes = {record.size: record.note for record in export.checkpoints}

    imported: tuple[EpochRecord, ...] = ()

    # saying

    def body(
        self,
        kind: str,
        fields: Mapping[str, JsonValue],
        *,
        to: Sequence["Member"] = (),
        **envelope: JsonValue,
    ) -> bytes:
        return encode_body(
            compose_now(
                self.conversation,
                self.id,
                kind,
                fields,
                to=[member.id for member in to],
                now_ms=self.clock.now_ms,
                envelope={"topic": "bridge", **envelope},
            )
        )

    def seal(self, body: bytes, message_id: bytes | None = None) -> Sent:
        outstanding = max((sent.counter for sent in self.sent), default=0)
        sealed = self.conversation.seal(
            message_id=message_id or self.random(16), body=body, outstanding=outstanding, random=self.random
        )
        sent = Sent(
            message_id=message_id or sealed_id(sealed.opening.content),
            message=sealed.message,
            counter=sealed.counter,
            body=body,
        )
        self.sent.append(sent)
        return sent

    def post(self, message: bytes, next_access_key: bytes | None = None, *, contest: bool = False) -> Ordered:
        access_key = self.conversation.access_key()[1]
        return self.log.append(message, next_access_key, access_key=access_key, contest=contest)

    def say(
        self, kind: str = "INFORM", fields: Mapping[str, JsonValue] | None = None, **more: Any
    ) -> Ordered:
        """Compose, seal and post."""
        return self.post(
            self.seal(self.body(kind, informing() if fields is None else fields, **more)).message
        )

    def say_id(self, kind: str, fields: Mapping[str, JsonValue], **more: Any) -> str:
        """The same; the message's id in hex, for others to refer to."""
        sent = self.seal(self.body(kind, fields, **more))
        self.post(sent.message)
        return sent.message_id.hex()

    def receipt(self, *messages: str, level: Any = "DELIVERED") -> Ordered:
        body = encode_body(
            compose_receipt(level, sender=self.id, sent=format_time(self.clock.now_ms), messages=messages)
        )
        return self.post(self.seal(body).message)

    def commit(self, *proposals: Proposal, intent: bytes = b"") -> Committing:
        return self.conversation.commit(
            proposals, intent=intent, now_s=self.clock.now_ms // 1000, random=self.random
        )

    def post_commit(self, *proposals: Proposal, contest: bool = False) -> Ordered:
        committing = self.commit(*proposals)
        return self.post(committing.message, committing.next_access_key, contest=contest)

    def adding(self, newcomer: "Member", role: Role = Role.PARTY) -> tuple[Proposal, ...]:
        package = newcomer.key_package().key_package
        return (Add(package), chartered(self.charter.with_entry(newcomer.seat(role))))

    def removing(self, leaver: "Member") -> tuple[Proposal, ...]:
        leaves = [
            leaf for leaf, who in self.conversation.transcript.epoch.members.items() if who == leaver.id
        ]
        return (*(Remove(leaf) for leaf in leaves), chartered(self.charter.without(leaver.id)))

    def admit(self, newcomer: "Member", role: Role = Role.PARTY) -> None:
        """Add, commit, read until it won, hand over Welcome and history."""
        committing = self.commit(*self.adding(newcomer, role))
        self.post(committing.message, committing.next_access_key)
        self.read()
        assert self.won[-1:] == [committing]
        assert committing.welcome is not None
        newcomer.enter(committing.welcome, format_export(self.export()), self.log)

    # reading

    def read(self, upto: int | None = None, head: int | None = None) -> list[Taken]:
        """Take what the log holds beyond what we have."""
        return self.take(self.log.page(self.conversation.transcript.size, upto, head))

    def take(self, frame: Entries) -> list[Taken]:
        page = self.conversation.receive(
            start=frame.start,
            entries=frame.entries,
            checkpoint=frame.checkpoint,
            consistency=frame.consistency,
            own=self._own,
        )
        self._note(page)
        return list(page.taken)

    def _note(self, page: Page) -> None:
        self.taken += page.taken
        self.epochs += [taken.epoch for taken in page.taken if taken.epoch is not None]
        self.won += [page.won] if page.won is not None else []
        self.lost += [page.lost] if page.lost is not None else []
        follower = self.conversation.follower
        if follower.checkpoint is not None:
            self.notes[int(follower.checkpoint.split(b"\n")[1])] = follower.checkpoint
        signed = int(page.checkpoint.split(b"\n")[1])
        if signed > page.proven_from:
            self.proven[page.proven_from] = CoveringRecord(signed, page.checkpoint, page.consistency)
        done = {taken.own for taken in page.taken}
        if any(taken.epoch is not None for taken in page.taken):
            self.sent = []
        self.sent = [sent for sent in self.sent if sent.message_id not in done]

    def _own(self, message: bytes) -> bytes | None:
        return next((sent.message_id for sent in self.sent if sent.message == message), None)

    # what came of it

    @property
    def last(self) -> Taken:
        return self.taken[-1]

    def reasons(self) -> list[str | None]:
        return [taken.judged.reason for taken in self.taken]

    def statuses(self) -> list[EntryStatus]:
        return [taken.judged.status for taken in self.taken]

    def view(self) -> tuple[Any, ...]:
        """Everything that must be equal on all members with the same prefix."""
        transcript = self.conversation.transcript
        return (
            transcript.size,
            self.reasons(),
            self.statuses(),
            transcript.history_at(transcript.size),
            transcript.negotiation.digest(),
            None if self.conversation.removed else self.conversation.group.epoch_authenticator,
        )

    def export(self) -> Export:
        conversation = self.conversation
        records = [*self.imported, *(epoch_record(epoch) for epoch in self.epochs)]
        size = conversation.transcript.size
        return Export(
            genesis=conversation.transcript.genesis.encode(),
            interim_transcript_hash=conversation.transcript.interim_transcript_hash,
            entries=tuple(
                EntryRecord(taken.judged.position, taken.judged.leaf_hash, taken.entry)
                for taken in self.taken
            ),
            checkpoints=tuple(
                CheckpointRecord(covered, note)
                for covered, note in sorted(self.notes.items())
                if covered <= size
            ),
            epochs=tuple(records),
            openings=tuple(
                OpeningRecord(taken.judged.position, taken.opening)
                for taken in self.taken
                if taken.opening is not None
            ),
            rejections=tuple(
                RejectionRecord(taken.judged.position, taken.judged.reason or "")
                for taken in self.taken
                if taken.opening is None
            ),
            covering=None if size in self.notes else self.proven.get(size),
        )

    def verified(self) -> Verification:
        return verify_export(parse_export(format_export(self.export())))


def channel(*names: str, seed: int | str = 0) -> list[Member]:
    """A channel of these members, all caught up; the first one founded it and is its mediator."""
    relay = SimulatedRelay(seed)
    members = [Member(name, clock=relay.clock, seed=seed) for name in names]
    founder = members[0]
    founder.found(relay)
    for count, newcomer in enumerate(members[1:], start=1):
        founder.admit(newcomer)
        for other in members[:count]:
            other.read()
        newcomer.read()
    return members


def agree(*members: Member) -> None:
    """All have read everything and see the same; so does an auditor of any of their exports."""
    for member in members:
        if member.conversation.transcript.size < member.log.size:
            member.read()
    views = [member.view() for member in members]
    assert all(view == views[0] for view in views)
    for member in members:
        verification = member.verified()
        transcript = verification.transcript
        assert transcript.history_at(transcript.size) == views[0][3]
        assert transcript.negotiation.digest() == views[0][4]
        assert [judged.reason for judged in verification.judged] == member.reasons()


def chartered(charter: Charter) -> GroupContextExtensions:
    return GroupContextExtensions((Extension(CHARTER_EXTENSION, charter.encode()),))


def epoch_record(epoch: Epoch) -> EpochRecord:
    return EpochRecord(epoch.context.epoch, epoch.context.encode(), epoch.ratchet_tree)


def informing(statement: str = "The bridge is open.") -> dict[str, JsonValue]:
    return {"statement": statement, "basis": "OWN_OBSERVATION", "as_of": SENT}


def sealed_id(content: bytes) -> bytes:
    return Payload.decode(content).message_id


def refused(member: Member, message: bytes, key: bytes | None = None) -> Refusal:
    """Post what the relay must refuse."""
    try:
        member.post(message, key)
    except Refusal as refusal:
        return refusal
    raise AssertionError("the relay took it")
