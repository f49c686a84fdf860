"""A session without keys, disk or network: the interface's port over a real fold that a test feeds.

What it says of the negotiation is what the rules say; only relay and cryptography are missing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from client.events import (
    Alarm,
    AlarmRaised,
    ChannelInfo,
    ChannelStatus,
    ConnectionChanged,
    ConnectionKind,
    ConnectionState,
    EntryJudged,
    Event,
    OutboxItem,
    OutboxState,
)
from client.filling import fill_in
from protocols.errors import RuleViolation
from protocols.messages import Body, Message, compose, compose_receipt, encode_body
from protocols.messages.receipt import ReceiptLevel
from protocols.messages.roles import Role
from protocols.messages.values import format_time, time_ms
from protocols.negotiation import ChannelTerms, Negotiation, Participant, Received, Verdict

START_MS = time_ms("2026-11-22T14:30:00Z")
MIRA, AMAL, BORIS, OLGA = ("11" * 16, "22" * 16, "33" * 16, "44" * 16)
ROSTER = (
    Participant(MIRA, "MIRA", Role.MEDIATOR),
    Participant(AMAL, "AMAL", Role.PARTY),
    Participant(BORIS, "BORIS", Role.PARTY),
    Participant(OLGA, "OLGA", Role.OBSERVER),
)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def forward(self, seconds: int) -> None:
        self.now_ms += seconds * 1000


class FakeSession:
    """The port, and what a test makes happen behind it."""

    def __init__(
        self,
        me: str = MIRA,
        *,
        clock: FakeClock | None = None,
        title: str = "North bridge",
        roster: Sequence[Participant] = ROSTER,
        terms: ChannelTerms | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self._me = me
        self._negotiation = Negotiation(roster, terms=terms)
        self._queued: list[OutboxItem] = []
        self._listeners: list[asyncio.Queue[Event]] = []
        self._position = 0
        self._next_id = 0
        self.connection = ConnectionState(
            kind=ConnectionKind.ONLINE, since_ms=self.clock(), last_contact_ms=self.clock()
        )
        self.alarm: Alarm | None = None
        self.sent: list[Body] = []
        self.shown: list[bytes] = []
        self.info = ChannelInfo(
            log=bytes(32),
            short="00000000",
            title=title,
            role=next(person.role for person in roster if person.id == me),
            relay_url="wss://relay.example.org",
            size=1,
            status=ChannelStatus.ACTIVE,
            members=tuple(roster),
        )

    # the port.

    @property
    def me(self) -> str:
        return self._me

    @property
    def negotiation(self) -> Negotiation:
        return self._negotiation

    def outbox(self) -> Sequence[OutboxItem]:
        return tuple(self._queued)

    def compose(
        self, kind: str, fields: Mapping[str, JsonValue], *, to: Sequence[str] = (), **envelope: JsonValue
    ) -> Message:
        filled, readers = fill_in(
            kind, {**fields, **envelope}, to, negotiation=self._negotiation, me=self._me
        )
        message = compose(kind, filled, sender=self._me, to=readers, sent=format_time(self.clock()))
        verdict = self._negotiation.judge(self._received(self._me, bytes(16), encode_body(message)))
        if not verdict.accepted:
            rule = (verdict.reason or "").removeprefix("rule:")
            raise RuleViolation(rule, None, verdict.hint or "")
        return message

    async def send(self, message: Message) -> bytes:
        return self._queue(message)

    async def acknowledge(self, message_id: bytes) -> None:
        sent = format_time(self.clock())
        self._queue(compose_receipt("ACKNOWLEDGED", sender=self._me, sent=sent, messages=[message_id.hex()]))

    async def displayed(self, message_ids: Sequence[bytes]) -> None:
        self.shown += message_ids

    async def events(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._listeners.append(queue)
        while True:
            yield await queue.get()

    # what a test makes happen.

    def say(
        self,
        sender: str,
        kind: str,
        fields: Mapping[str, JsonValue],
        *,
        to: Sequence[str],
        **envelope: JsonValue,
    ) -> bytes:
        """Let somebody's message arrive in the log, and return its id."""
        message = compose(kind, {**fields, **envelope}, sender=sender, to=to, sent=format_time(self.clock()))
        message_id = self._new_id()
        verdict = self.enter(sender, message_id, encode_body(message))
        assert verdict.accepted, verdict
        return message_id

    def receipt(self, sender: str, level: ReceiptLevel, *message_ids: bytes) -> None:
        """Let somebody's receipt arrive in the log."""
        ids = [message_id.hex() for message_id in message_ids]
        body = compose_receipt(level, sender=sender, sent=format_time(self.clock()), messages=ids)
        verdict = self.enter(sender, self._new_id(), encode_body(body))
        assert verdict.accepted, verdict

    def enter(self, sender: str, message_id: bytes, body: bytes) -> Verdict:
        """Put any body into the log."""
        self._position += 1
        verdict = self._negotiation.apply(self._received(sender, message_id, body))
        self.publish(EntryJudged(position=self._position, accepted=verdict.accepted, reason=verdict.reason))
        return verdict

    def go_offline(self, detail: str = "the relay does not answer") -> None:
        """Lose the connection."""
        contact = self.connection.last_contact_ms
        self._connect(ConnectionKind.OFFLINE, contact, detail)

    def go_online(self) -> None:
        """Come back, and let everything that waits enter the log."""
        self._connect(ConnectionKind.ONLINE, self.clock(), "")
        waiting, self._queued = self._queued, []
        for item in waiting:
            self.enter(self._me, item.message_id, encode_body(item.message))

    def raise_alarm(self, alarm: Alarm) -> None:
        """Stop the channel."""
        self.alarm = alarm
        self.info = replace(self.info, status=ChannelStatus.STOPPED)
        self.publish(AlarmRaised(alarm))

    def publish(self, event: Event) -> None:
        """Tell whoever listens."""
        for queue in self._listeners:
            queue.put_nowait(event)

    def _connect(self, kind: ConnectionKind, contact: int | None, detail: str) -> None:
        self.connection = ConnectionState(
            kind=kind, since_ms=self.clock(), last_contact_ms=contact, detail=detail
        )
        self.publish(ConnectionChanged(self.connection))

    def _queue(self, body: Body) -> bytes:
        message_id = self._new_id()
        self.sent.append(body)
        if self.connection.kind is ConnectionKind.ONLINE:
            self.enter(self._me, message_id, encode_body(body))
        else:
            self._queued.append(OutboxItem(message_id=message_id, state=OutboxState.QUEUED, message=body))
        return message_id

    def _new_id(self) -> bytes:
        self._next_id += 1
        return self._next_id.to_bytes(16)

    def _received(self, sender: str, message_id: bytes, body: bytes) -> Received:
        return Received(
            position=self._position,
            relay_time_ms=self.clock(),
            epoch=1,
            sender=sender,
            message_id=message_id,
            body=body,
        )


def north_bridge(me: str = MIRA, clock: Callable[[], int] | None = None) -> FakeSession:
    """A short talk: a fact, a question with an answer, a proposal half answered, an alert."""
    session = FakeSession(me)
    informed = session.say(
        AMAL,
        "INFORM",
        {
            "statement": "Convoy of six trucks waits south of the bridge.",
            "basis": "OWN_OBSERVATION",
            "as_of": "221425Z NOV 26",
            "window": "230600Z NOV 26/230900Z NOV 26",
            "qty.n": 6,
            "qty.unit": "vehicles",
            "qty.basis": "COUNTED",
            "topic": "convoy at the bridge",
        },
        to=[MIRA, BORIS],
        precedence="IMMEDIATE",
    )
    session.receipt(MIRA, "DELIVERED", informed)
    session.receipt(BORIS, "DELIVERED", informed)
    session.clock.forward(60)
    asked = session.say(
        MIRA,
        "QUESTION",
        {"question": "Is the bridge clear of mines?", "form": "YES_NO", "topic": "mines"},
        to=[AMAL, BORIS],
    )
    session.receipt(AMAL, "ACKNOWLEDGED", asked)
    session.clock.forward(120)
    session.say(AMAL, "RESPONSE", {"target": asked.hex(), "code": "AFFIRM", "topic": "mines"}, to=[MIRA])
    session.clock.forward(60)
    session.say(
        BORIS,
        "QUESTION",
        {"question": "Who escorts the convoy?", "form": "WHO", "topic": "escort"},
        to=[MIRA],
    )
    session.clock.forward(60)
    session.say(AMAL, "PROPOSAL", proposal_fields(), to=[MIRA, BORIS])
    session.clock.forward(60)
    return session


def proposal_fields() -> dict[str, JsonValue]:
    """A proposal of two clauses between the two parties."""
    clause: dict[str, JsonValue] = {
        "version": 1,
        "modal": "MUST",
        "window": {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T09:00:00Z"},
    }
    return {
        "title": "Convoy crosses the north bridge",
        "clauses": [
            {**clause, "no": 1, "actor": BORIS, "action": "keep open", "object": "the north bridge"},
            {**clause, "no": 2, "actor": AMAL, "action": "send no more than", "object": "six trucks"},
        ],
        "package": "ALL_OR_NOTHING",
        "required": [AMAL, BORIS],
        "valid_until": "2026-11-22T20:00:00Z",
        "topic": "convoy",
    }
