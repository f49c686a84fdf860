"""A real relay process on loopback: complete exchanges, catch-up, memory.

An exchange is a 600-byte message stored and delivered, and a 100-byte acknowledgement stored and delivered;
every append is durable (one fsync a batch) before its receipt. The load comes from one process of the same
machine, so relay and load share two cores. The floor beside it is the same work without a relay: SQLite
with the same pragmas committing batches of 64.
"""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.report import Result, percentile
from bench.wire_client import WireClient, contents
from protocols.relay.frames import Entries, Refused

MESSAGE, ACKNOWLEDGEMENT = 600, 100
PAIRS, OUTSTANDING, SECONDS = 50, 8, 5.0
IDLE = 1_000
MISSED = 10_000


def run() -> Iterator[Result]:
    """Measure a fresh relay each time."""
    floor, _ = _bare_sqlite(64)
    yield {"what": "bare SQLite, FULL, batches of 64", "entries_per_s": round(floor)}
    _, commits = _bare_sqlite(1)
    yield {"what": "bare SQLite, FULL, one entry at a time", "commit_p50_ms": _p50_ms(commits)}
    yield _with_relay(_exchanges(1, 1)) | {"what": "one exchange at a time", "target_p50_ms": 1.5}
    many = _with_relay(_exchanges(PAIRS, OUTSTANDING))
    share = float(many["exchanges_per_s"] or 0) * 2 / floor
    yield many | {
        "what": f"{PAIRS} pairs x {OUTSTANDING} outstanding",
        "appends_to_bare_sqlite": round(share, 2),
    }
    yield _with_relay(_catch_up())
    yield _with_relay(_idle())


class _Relay:
    """A relay process in a temporary directory."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-P", "-m", "server", "serve", "--open", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*command, "--data", str(data)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if self.process.stdout is None:
            raise RuntimeError("no output of the relay")
        self.url = self.process.stdout.readline().split()[2]

    def cpu_s(self) -> float:
        """Processor time of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kib(self) -> int:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


Measure = Callable[[_Relay, aiohttp.ClientSession], Awaitable[Result]]


def _with_relay(measure: Measure) -> Result:
    with tempfile.TemporaryDirectory() as directory:
        relay = _Relay(Path(directory))
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                return runner.run(_in_session(measure, relay))
        finally:
            relay.process.terminate()
            relay.process.wait(20)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop for the load as for the relay, if installed: the load must not be what is measured."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _in_session(measure: Measure, relay: _Relay) -> Result:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        return await measure(relay, session)


def _exchanges(pairs: int, outstanding: int) -> Measure:
    async def measure(relay: _Relay, session: aiohttp.ClientSession) -> Result:
        latencies: list[float] = []
        talks = [await _Pair.make(relay, session, latencies) for _ in range(pairs)]
        tasks = [asyncio.ensure_future(talk.run(outstanding)) for talk in talks]
        await asyncio.sleep(1.0)  # warm up: what is measured is the steady state
        latencies.clear()
        begun, relay_cpu, load_cpu = time.perf_counter(), relay.cpu_s(), time.process_time()
        await asyncio.wait(tasks, timeout=SECONDS, return_when=asyncio.FIRST_EXCEPTION)
        elapsed, done = time.perf_counter() - begun, list(latencies)
        relay_cpu, load_cpu = relay.cpu_s() - relay_cpu, time.process_time() - load_cpu
        for task in tasks:
            task.cancel()
        for failed in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(failed, Exception):
                raise failed
        return {
            "exchanges_per_s": round(len(done) / elapsed),
            "p50_ms": _p50_ms(done),
            "p99_ms": round(percentile(done, 0.99) * 1e3, 2),
            "relay_cpu_us_each": round(relay_cpu * 1e6 / len(done)),
            "load_cpu_us_each": round(load_cpu * 1e6 / len(done)),
        }

    return measure


class _Pair:
    """Two connections in one log: one says something, the other acknowledges it."""

    def __init__(self, log: bytes, speaker: WireClient, hearer: WireClient, latencies: list[float]) -> None:
        self.log = log
        self.speaker = speaker
        self.hearer = hearer
        self.latencies = latencies
        self.sent: dict[bytes, float] = {}
        self.count = 0

    @classmethod
    async def make(cls, relay: _Relay, session: aiohttp.ClientSession, latencies: list[float]) -> "_Pair":
        speaker, hearer = [await WireClient.connect(session, relay.url) for _ in range(2)]
        key = Ed25519PrivateKey.generate()
        log = await speaker.create(key)
        await speaker.enter(log, key, start=1)
        await hearer.enter(log, key, start=1)
        return cls(log, speaker, hearer, latencies)

    async def run(self, outstanding: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._speak(outstanding))

    async def _say(self, count: int) -> None:
        appends = []
        for _ in range(count):
            self.count += 1
            number = self.count.to_bytes(8, "big")
            self.sent[number] = time.perf_counter()
            appends.append(self.speaker.append(self.log, b"M" + number, MESSAGE))
        await self.speaker.send([*appends])

    async def _speak(self, outstanding: int) -> None:
        await self._say(outstanding)
        while True:
            now_said = [said for said in await _said(self.speaker) if said[:1] == b"A"]
            now = time.perf_counter()
            self.latencies += [now - self.sent.pop(said[1:9]) for said in now_said]
            if now_said:
                await self._say(len(now_said))

    async def _hear(self) -> None:
        while True:
            heard = [said for said in await _said(self.hearer) if said[:1] == b"M"]
            if heard:
                await self.hearer.send(
                    [self.hearer.append(self.log, b"A" + said[1:9], ACKNOWLEDGEMENT) for said in heard]
                )


async def _said(client: WireClient) -> list[bytes]:
    said = []
    for frame in await client.receive():
        if isinstance(frame, Refused):
            raise RuntimeError(f"the relay refused: {frame}")
        if isinstance(frame, Entries):
            said += [contents(entry) for entry in frame.entries]
    return said


def _catch_up() -> Measure:
    async def measure(relay: _Relay, session: aiohttp.ClientSession) -> Result:
        key = Ed25519PrivateKey.generate()
        writer = await WireClient.connect(session, relay.url)
        log = await writer.create(key)
        await writer.enter(log, key, start=1)
        for _ in range(MISSED // 50):
            await writer.send([writer.append(log, b"x", MESSAGE) for _ in range(50)])
            read = 0
            while read < 50:
                read += len(await _said(writer))
        reader = await WireClient.connect(session, relay.url)
        begun = time.perf_counter()
        await reader.enter(log, key, start=1)
        read = 0
        while read < MISSED:
            read += len(await _said(reader))
        return {
            "what": f"catch up after {MISSED} missed",
            "entries_per_s": round(MISSED / (time.perf_counter() - begun)),
            "target_entries_per_s": 60_000,
        }

    return measure


def _idle() -> Measure:
    async def measure(relay: _Relay, session: aiohttp.ClientSession) -> Result:
        warm = [await WireClient.connect(session, relay.url) for _ in range(50)]
        before = relay.memory_kib()
        held = [await WireClient.connect(session, relay.url) for _ in range(IDLE)]
        after = relay.memory_kib()
        return {
            "what": f"memory with {len(warm) + len(held)} idle connections",
            "relay_mib": round(before / 1024, 1),
            "kib_per_connection": round((after - before) / len(held), 1),
            "target_kib_per_connection": 20,
        }

    return measure


def _bare_sqlite(batch: int) -> tuple[float, list[float]]:
    """Entries a second, and the seconds of each commit."""
    commits: list[float] = []
    with tempfile.TemporaryDirectory() as directory:
        connection = sqlite3.connect(Path(directory) / "floor.db", isolation_level=None)
        with contextlib.closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, entry BLOB NOT NULL)")
            begun = time.perf_counter()
            while time.perf_counter() - begun < 2.0:
                rows = [(os.urandom(MESSAGE),) for _ in range(batch)]
                started = time.perf_counter()
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO entries (entry) VALUES (?)", rows)
                connection.execute("COMMIT")
                commits.append(time.perf_counter() - started)
            return len(commits) * batch / (time.perf_counter() - begun), commits


def _p50_ms(seconds: list[float]) -> float:
    return round(percentile(seconds, 0.5) * 1e3, 2)
