"""The demo's course: set up, play the script, break something, and see what holds."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, assert_never

from client.demo.child import Child, running
from client.demo.errors import DemoFailed
from client.demo.evidence import Check
from client.demo.printing import Printer
from client.demo.proof import Talks, prove
from client.demo.relay_process import RelayProcess, running_relay
from client.demo.script import CAST, TITLE, Crash, Deed, Player, Scene, play, secrets_of
from client.parley import utc_milliseconds
from client.profiles import write_file

__all__ = ["Outcome", "Places", "perform"]

_TELLER: Final = "Mira"
"""Whose view of the conversation is printed."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demo puts its files.

    Attributes:
        root: an empty directory.
    """

    root: Path

    @property
    def relay(self) -> Path:
        """The relay's data."""
        return self.root / "relay"

    @property
    def clients(self) -> Path:
        """The profiles, one directory each."""
        return self.root / "clients"

    @property
    def logs(self) -> Path:
        """The exported logs."""
        return self.root / "logs"

    @property
    def errors(self) -> Path:
        """What the processes wrote to standard error."""
        return self.root / "stderr"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase of all three profiles."""
        return self.root / "passphrase"

    def profile(self, player: Player) -> Path:
        """Somebody's profile."""
        return self.clients / player.key.lower()

    def log(self, who: str) -> Path:
        """Somebody's export."""
        return self.logs / f"{who.lower()}.parley"

    def error(self, who: str) -> Path:
        """What somebody's process wrote to standard error."""
        return self.errors / f"{who.lower()}.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the demo came to.

    Attributes:
        entries: of the log, the genesis included.
        participants: on the roster.
        messages: accepted ones, receipts not counted.
        acknowledged: how many of them every addressee acknowledged in person (L4 or above).
        state_digest: of the negotiation, in hex.
        log: the teller's export.
        checks: all that was looked at.
    """

    entries: int
    participants: int
    messages: int
    acknowledged: int
    state_digest: str
    log: Path
    checks: tuple[Check, ...]

    @property
    def verified(self) -> bool:
        """Whether everything holds."""
        return all(check.holds for check in self.checks)


async def perform(places: Places, printer: Printer) -> Outcome:
    """Run the whole demo.

    Args:
        places: Where; the root is there and empty.
        printer: Told what happens.

    Raises:
        DemoFailed: A process did not do what it should; all of them have ended.

    Cancellation: all processes are ended.
    """
    for directory in (places.clients, places.logs, places.errors):
        directory.mkdir(mode=0o700)
    passphrase = secrets.token_urlsafe(24)
    write_file(places.passphrase, f"{passphrase}\n".encode())
    printer.heading("A relay and three clients, each a process of its own")
    async with running_relay(places.relay, places.error("relay")) as relay:
        printer.say(f"relay {relay.url}, SQLite, process {relay.pid}", hang=2)
        talks = await relay.while_it_runs(_talk(places, printer, relay, passphrase))
        printer.say("The clients have ended. Stopping the relay.")
        stopped = await relay.stop()
    evidence = await prove(talks, unreadable=(places.relay, places.error("relay"), places.clients))
    checks = (*evidence.checks, Check(stopped == 0, "the relay stopped in order when it was asked to"))
    printer.heading("What was verified")
    for check in checks:
        printer.say(f"{'ok  ' if check.holds else 'FAIL'} {check.text}", hang=5)
    printer.say(f"     relay key    {evidence.relay_key}", hang=5)
    printer.say(f"     state digest {evidence.state_digest}", hang=5)
    printer.heading("What this cannot prove")
    for text in evidence.not_proven:
        printer.say(f"-    {text}", hang=5)
    return Outcome(
        entries=evidence.entries,
        participants=len(CAST),
        messages=evidence.messages,
        acknowledged=evidence.acknowledged,
        state_digest=evidence.state_digest,
        log=places.log(_TELLER),
        checks=checks,
    )


async def _talk(places: Places, printer: Printer, relay: RelayProcess, passphrase: str) -> Talks:
    async with AsyncExitStack() as stack:
        return await _Stage(places, printer, relay, stack, passphrase).run()


@dataclass(slots=True)
class _Stage:
    """The actors, and what has been said so far."""

    places: Places
    printer: Printer
    relay: RelayProcess
    stack: AsyncExitStack
    passphrase: str = field(repr=False)
    children: dict[str, Child] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    async def run(self) -> Talks:
        """Set up, play every scene, export."""
        await self._set_up()
        scenes = play(utc_milliseconds())
        for scene in scenes:
            self.printer.heading(scene.heading)
            match scene:
                case Scene():
                    for deed in scene.deeds:
                        await self._show(await self._do(deed))
                    if scene.again:
                        self.printer.say("")
                        self.printer.say("As it stands now:")
                        await self._show(self.messages[scene.again])
                case Crash():
                    await self._crash(scene)
                case _:
                    assert_never(scene)
        self.printer.heading("Where every message stands")
        states = await self._settle()
        names = {child.participant: child.player.name for child in self.children.values()}
        for message in states[_TELLER]["messages"]:
            levels = ", ".join(f"{names[reader]} {at['label']}" for reader, at in message["to"].items())
            self.printer.say(f"No. {message['position']:<3} {message['type']}: {levels}", hang=8)
        self.printer.say(
            "L4: a person has it. L6: it was read back, and both hold the same values. "
            "None of them means agreement.",
            hang=2,
        )
        self.printer.heading("Each exports the audit log")
        for who in self.children:
            done = await self.children[who].ask("export", path=str(self.places.log(who)))
            self.printer.say(f"{who.lower()}.parley: {done['bytes']} bytes")
        return Talks(
            states=states,
            logs={who: self.places.log(who) for who in self.children},
            secrets=secrets_of(scenes),
            survivor=self.messages["amendment"],
            confirmed=(self.messages["convoy"], self.children["Boris"].participant),
        )

    async def _set_up(self) -> None:
        self.printer.say("making three profiles: Argon2id, SQLCipher ...", hang=2)
        async with asyncio.TaskGroup() as starting:  # none is left starting when another one fails
            for player in CAST:
                starting.create_task(self._start(player))
        self.children = {player.key: self.children[player.key] for player in CAST}
        for player in CAST:
            pid = self.children[player.key].pid
            self.printer.say(f"{player.key}: {player.name}, {player.role.value}, process {pid}", hang=2)
        host, *guests = CAST
        await self._ask(host.key, "create", url=self.relay.url, title=TITLE, role=host.role.value)
        self.printer.say(f'{host.key} makes the channel "{TITLE}".', hang=2)
        for guest in guests:
            code = (await self._ask(host.key, "invite", name=guest.name, role=guest.role.value))["code"]
            joined = await self._ask(guest.key, "join", code=code)
            self.printer.say(
                f"{guest.key} joins with the one-time code {code[:16]}... ({len(joined['members'])} members)",
                hang=2,
            )
        await asyncio.gather(*(self._ask(player.key, "state") for player in CAST))
        for guest in guests:
            await self._compare(host, guest)

    async def _compare(self, host: Player, guest: Player) -> None:
        ours, theirs = await asyncio.gather(
            self._ask(host.key, "safety_number", participant=self.children[guest.key].participant),
            self._ask(guest.key, "safety_number", participant=self.children[host.key].participant),
        )
        if ours != theirs:
            raise DemoFailed(f"{host.key} and {guest.key} see two safety numbers")
        self.printer.say(f"{host.key} and {guest.key} see the same safety number: {ours['number']}", hang=2)

    async def _start(self, player: Player) -> None:
        child = running(player, self.places.profile(player), self.places.error(player.key), self.passphrase)
        self.children[player.key] = await self.stack.enter_async_context(child)

    async def _do(self, deed: Deed, *, absent: Sequence[str] = ()) -> str:
        """Send a message; everybody who is there gets it, and those who must act acknowledge it in person."""
        message = await self._send(deed)
        present = [who for who in self.children if who not in absent]
        await self._acknowledge(message, present)
        return message

    async def _send(self, deed: Deed) -> str:
        args = self._resolve(dict(deed.args))
        message: str = (await self._ask(deed.who, deed.do, **args))["message"]
        self.messages[deed.label] = message
        return message

    async def _acknowledge(self, message: str, present: Sequence[str]) -> None:
        await asyncio.gather(*(self._ask(who, "wait", message=message) for who in present))
        addressed = (await self._ask(_TELLER, "show", message=message))["to"]
        readers = [who for who in present if self.children[who].participant in addressed]
        await asyncio.gather(*(self._ask(who, "acknowledge", messages=[message]) for who in readers))
        ids = [self.children[who].participant for who in readers]
        await self._ask(_TELLER, "wait", message=message, readers=ids, level="ACKNOWLEDGED")

    async def _show(self, message: str) -> None:
        shown = await self._ask(_TELLER, "show", message=message)
        self.printer.card([(text, hang) for text, hang in shown["lines"]])

    async def _crash(self, crash: Crash) -> None:
        """Kill a client that has no receipt yet; let others go on; start it again from its profile."""
        who, say = crash.last.who, self.printer.say
        with self.relay.held_still():
            say("The relay is held still, so that no receipt can come.", hang=2)
            message = await self._send(crash.last)
            await self._ask(who, "wait", left=message)
            ended = await self.children[who].kill()
        say(f"{who}'s client was killed with SIGKILL (exit status {ended}); the relay goes on.", hang=2)
        say("Meanwhile, Mira:", hang=2)
        missed = [await self._do(deed, absent=(who,)) for deed in crash.meanwhile]
        for missing in missed:
            await self._show(missing)
        say("")
        say(f"{who}'s client is started again from its profile ...", hang=2)
        await self._start(self.children[who].player)
        outbox = (await self._ask(who, "open"))["outbox"]
        waiting = [item["state"].lower() for item in outbox if item["message"] == message]
        if not waiting:
            raise DemoFailed(f"the message of {who}'s that was killed with its client was lost")
        say(
            f"its outbox held the amendment, {waiting[0]}, without a receipt; the same bytes go again", hang=2
        )
        for missing in (*missed, message):
            await self._acknowledge(missing, list(self.children))
        await self._show(message)

    async def _settle(self) -> dict[str, Any]:
        """Wait until everybody has read everything and has nothing more to send; return where they stand."""
        while True:
            answers = await asyncio.gather(*(self._ask(who, "state") for who in self.children))
            states: dict[str, Any] = dict(zip(self.children, answers, strict=True))
            newest = max(state["size"] for state in states.values())
            if all(state["size"] == newest for state in states.values()):
                return states
            await asyncio.gather(*(self._ask(who, "wait", size=newest) for who in self.children))

    async def _ask(self, who: str, do: str, **args: object) -> dict[str, Any]:
        return await self.children[who].ask(do, **args)

    def _resolve(self, value: Any) -> Any:  # noqa: ANN401  # JSON in, JSON out
        """Put ids in the place of `@Name` and `$label`."""
        match value:
            case str() if value.startswith("@"):
                return self.children[value[1:]].participant
            case str() if value.startswith("$"):
                return self.messages[value[1:]]
            case Mapping():
                return {name: self._resolve(item) for name, item in value.items()}
            case list():
                return [self._resolve(item) for item in value]
            case _:
                return value
