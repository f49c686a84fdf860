"""What an actor can be told to do: each a few calls of the client library, with values as JSON.

Message, proposal and participant ids travel as hexadecimal digits.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from pydantic import JsonValue

from client.channel_session import ChannelSession
from client.errors import ChannelStopped, ClientError
from client.events import OutboxState
from client.parley import Parley, utc_milliseconds
from client.profiles import write_file
from client.tui.cards import CardMaker
from client.tui.wording import Names
from protocols.messages import Role, critical_leaves, leaf_text
from protocols.messages.leaves import unflatten
from protocols.messages.values import format_time
from protocols.negotiation import FoldedMessage, Level, TabledProposal

__all__ = ["WAIT_S", "Deeds"]

WAIT_S: Final = 15.0
"""How long something that others must do for us may take before the demo has failed."""

Answer: TypeAlias = dict[str, Any]
"""JSON, whatever the command returns."""


class Deeds:
    """The commands of one actor over its open profile."""

    def __init__(self, parley: Parley) -> None:
        """Take up an open profile."""
        self._parley = parley
        self._stack = AsyncExitStack()
        self._session: ChannelSession | None = None

    async def __aenter__(self) -> Self:
        """Begin; a session that is opened meanwhile ends with the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session, if one is open."""
        await self._stack.aclose()

    async def perform(self, name: str, args: Mapping[str, Any]) -> Answer:
        """Do what a command says.

        Args:
            name: A public method below.
            args: Its keyword arguments.

        Raises:
            ClientError: The library refused, or there is no such command.
        """
        commands: dict[str, Callable[..., Awaitable[Answer]]] = {
            command.__name__: command
            for command in (
                self.create,
                self.invite,
                self.join,
                self.open,
                self.safety_number,
                self.say,
                self.answer,
                self.read_back,
                self.reply_clauses,
                self.adopt,
                self.move_commitment,
                self.acknowledge,
                self.wait,
                self.show,
                self.state,
                self.export,
            )
        }
        if name not in commands:
            raise ClientError(f"there is no command {name}")
        return await commands[name](**args)

    # Channels.

    async def create(self, *, url: str, title: str, role: str) -> Answer:
        """Make a channel and open it."""
        info = await self._parley.create_channel(url, title=title, role=Role(role))
        return {"channel": info.short, **await self.open()}

    async def invite(self, *, name: str, role: str) -> Answer:
        """Give an invitation; whoever has its code is admitted while this actor runs."""
        invited = await self._now.invite(name, Role(role))
        return {"code": invited.code}

    async def join(self, *, code: str) -> Answer:
        """Join by a code, and open the channel."""
        steps: list[str] = []
        await self._parley.join(code, progress=steps.append)
        return {"steps": steps, **await self.open()}

    async def open(self) -> Answer:
        """Open the profile's channel; returns what its outbox held before any connection was made."""
        (info,) = self._parley.channels()
        self._session = await self._stack.enter_async_context(self._parley.open(info))
        outbox = [
            {"message": item.message_id.hex(), "state": item.state.value} for item in self._session.outbox()
        ]
        await self._until(_caught_up)
        return {"outbox": outbox, "members": [member.name for member in info.members]}

    async def safety_number(self, *, participant: str) -> Answer:
        """Compute the safety number with somebody."""
        (info,) = self._parley.channels()
        return {"number": self._parley.safety_number(info, participant)}

    # Saying something: each returns the message's id.

    async def say(
        self,
        *,
        kind: str,
        fields: Mapping[str, JsonValue],
        to: list[str] | None = None,
        **envelope: JsonValue,
    ) -> Answer:
        """Send a message of any type."""
        message = self._now.compose(kind, fields, to=to or (), **envelope)
        return _id(await self._now.send(message))

    async def answer(
        self, *, message: str, code: str, fields: Mapping[str, JsonValue] | None = None
    ) -> Answer:
        """Answer with a closing word."""
        return _id(await self._now.answer(bytes.fromhex(message), code, **(fields or {})))

    async def read_back(self, *, message: str, but: Mapping[str, str]) -> Answer:
        """Restate a message's critical fields as we read them, but for those that are given otherwise."""
        leaves = critical_leaves(self._message(message).content)
        said = {path: leaf_text(leaf) for path, leaf in leaves.items()}
        return _id(await self._now.read_back(bytes.fromhex(message), {**said, **but}))

    async def reply_clauses(self, *, proposal: str, answers: list[dict[str, Any]]) -> Answer:
        """Answer a proposal's clauses by their numbers."""
        tabled = self._proposal(proposal)
        fields: dict[str, JsonValue] = {
            "topic": self._message(proposal).message.envelope.topic,
            "proposal": proposal,
            "replies": [_clause_answer(tabled, **answer) for answer in answers],
        }
        return _id(await self._now.send(self._now.compose("CLAUSE-REPLY", fields)))

    async def adopt(self, *, proposal: str, mode: str, effective: str, witness: str = "") -> Answer:
        """Put a proposal's package, as it stands, in force, or witness that others do."""
        fields: dict[str, JsonValue] = {
            "topic": self._message(proposal).message.envelope.topic,
            "proposal": proposal,
            "package_hash": self._proposal(proposal).package_hash(),
            "mode": mode,
            "effective": effective,
        }
        if witness:
            fields["witness"] = witness
        return _id(await self._now.send(self._now.compose("ADOPT", fields)))

    async def move_commitment(
        self, *, source: str, event: str, evidence: list[JsonValue] | None = None
    ) -> Answer:
        """Send an event of the commitment that a message created."""
        negotiation = self._now.negotiation
        made = [one for one in negotiation.board().commitments if one.source == source]
        if len(made) != 1:
            raise ClientError(f"{len(made)} commitments came of {source}")
        (commitment,) = made
        fields: dict[str, JsonValue] = {
            "topic": self._message(source).message.envelope.topic,
            "commitment": commitment.id,
            "event": event,
            "version": commitment.version,
            "at": format_time(utc_milliseconds()),
            "evidence": evidence or [],
        }
        concerned = tuple(sorted(commitment.concerned - {self._now.me}))
        return _id(await self._now.send(self._now.compose("COMMIT-EVENT", fields, to=concerned)))

    async def acknowledge(self, *, messages: list[str]) -> Answer:
        """Say that a person has these messages (L4)."""
        for message in messages:
            await self._now.acknowledge(bytes.fromhex(message))
        return {}

    # Looking.

    async def wait(
        self,
        *,
        message: str = "",
        left: str = "",
        readers: list[str] | None = None,
        level: str = "RELAYED",
        size: int = 0,
    ) -> Answer:
        """Wait until a message is in the log and its readers are at a level, another has left, all is read.

        Args:
            message: which must be in the log as we know it.
            left: which must be sealed at least.
            readers: who must be at `level` with `message`.
            level: a rung of the ladder.
            size: how many entries the log must have.
        """

        def holds(session: ChannelSession) -> bool:
            at_least = Level[level]
            if message:
                folded = session.negotiation.message(message)
                if folded is None:
                    return False
                if any(folded.acknowledgements[reader].level < at_least for reader in readers or ()):
                    return False
            queued = {item.message_id.hex() for item in session.outbox() if item.state is OutboxState.QUEUED}
            return left not in queued and session.conversation.transcript.size >= size

        await self._until(holds)
        return {}

    async def show(self, *, message: str) -> Answer:
        """Return a message as `parley chat` shows it: lines, safe to print, with their hanging indents."""
        names = Names(self._now.negotiation, self._now.me)
        folded = self._message(message)
        card = CardMaker(lambda: names).card(folded, utc_milliseconds())
        # Nobody can press a key here.
        lines = [[line.text.removesuffix(" (press r)"), line.hang] for line in card]
        return {"lines": lines, "to": list(folded.to)}

    async def state(self) -> Answer:
        """Catch up; return where the conversation stands."""
        session = self._now
        await self._until(_caught_up)
        negotiation = session.negotiation
        return {
            "size": session.conversation.transcript.size,
            "digest": negotiation.digest().hex(),
            "rejected": len(negotiation.rejected),
            "open": len(negotiation.open_dialogues()),
            "messages": [_value(message) for message in negotiation.messages],
            "commitments": [
                {"text": commitment.text, "state": commitment.state.value}
                for commitment in negotiation.board().commitments
            ],
        }

    async def export(self, *, path: str) -> Answer:
        """Write the channel's audit log to a file that only we can read."""
        (info,) = self._parley.channels()
        data = self._parley.export(info)
        write_file(Path(path), data)
        return {"bytes": len(data)}

    # Inside.

    async def _until(self, condition: Callable[[ChannelSession], bool]) -> None:
        try:
            await self._now.wait_for(lambda session: session.alarm is not None or condition(session), WAIT_S)
        except TimeoutError:
            raise ClientError(f"it did not come about in {WAIT_S:g} s") from None
        if self._now.alarm is not None:
            raise ChannelStopped(self._now.alarm.detail)

    @property
    def _now(self) -> ChannelSession:
        if self._session is None:
            raise ClientError("the channel is not open")
        return self._session

    def _message(self, message: str) -> FoldedMessage:
        folded = self._now.negotiation.message(message)
        if folded is None:
            raise ClientError("there is no such message in this channel")
        return folded

    def _proposal(self, proposal: str) -> TabledProposal:
        tabled = self._now.negotiation.proposal(proposal)
        if tabled is None:
            raise ClientError("there is no such proposal in this channel")
        return tabled


def _caught_up(session: ChannelSession) -> bool:
    return session.line is not None and session.line.ready and not session.journal.waiting


def _id(message_id: bytes) -> Answer:
    return {"message": message_id.hex()}


def _clause_answer(
    tabled: TabledProposal,
    *,
    no: int,
    answer: str,
    reason: str = "",
    change: Mapping[str, JsonValue] | None = None,
) -> dict[str, JsonValue]:
    current = tabled.clauses[no - 1]
    said: dict[str, JsonValue] = {"hash": current.hash, "answer": answer}
    if reason:
        said["reason"] = reason
    if change is not None:
        text = current.clause.model_dump(mode="json", exclude_none=True)
        text["version"] = current.clause.version + 1
        for name, value in unflatten(change).items():
            text[name] = {**text[name], **value} if isinstance(value, dict) else value
        said["clause"] = text
    return said


def _value(message: FoldedMessage) -> Answer:
    return {
        "message": message.id,
        "position": message.position,
        "type": message.type.value,
        "from": message.sender,
        "to": {
            reader: {
                "label": message.acknowledgements[reader].label,
                "level": message.acknowledgements[reader].level,
            }
            for reader in message.to
        },
    }
