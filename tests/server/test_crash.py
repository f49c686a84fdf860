"""The relay process killed under load, again and again: what it has promised holds, and nothing is there twice."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from protocols.errors import ProtocolError
from protocols.log import checkpoint
from protocols.log.entry import Entry, Genesis, decode_entry
from protocols.log.merkle import HashTree, leaf_hash
from protocols.log.note import Verifier
from protocols.relay.frames import Append, Create, Done, Receipts
from tests.server.rig import expect, key, public
from tests.server.socket_client import SocketClient, connected
from tests.server.test_cli import serving
from tests.support.fake_mls import private_message

KILLS = 20
OUTSTANDING = 30


class Sender:
    """One sender with an outbox: what has no receipt yet is sent again, the same bytes."""

    def __init__(self) -> None:
        self.unanswered: dict[int, bytes] = {}
        self.receipts: dict[bytes, tuple[int, bytes]] = {}
        self.sent = 0

    async def run(self, client: SocketClient, log: bytes, receipts: int) -> None:
        """Keep OUTSTANDING messages on their way until `receipts` more have come."""
        waiting = list(self.unanswered.values())
        self.unanswered.clear()
        goal = len(self.receipts) + receipts
        while len(self.receipts) < goal:
            while len(waiting) + len(self.unanswered) < OUTSTANDING:
                self.sent += 1
                waiting.append(private_message(log, 0, body=b"message %d" % self.sent))
            frames = [
                Append(request=client.number(), log=log, message=message, next_access_key=None)
                for message in waiting
            ]
            self.unanswered |= {frame.request: frame.message for frame in frames}
            waiting.clear()
            if frames:
                await client.send(*frames)
            await client.receive()
            for frame in client.inbox:
                answered = expect(Receipts, frame)
                for item in answered.items:
                    message = self.unanswered.pop(item.request)
                    self.receipts[message] = (item.position, answered.checkpoint)
            client.inbox.clear()


@pytest.mark.slow
async def test_every_receipt_survives_sigkill(tmp_path: Path) -> None:
    chance = random.Random(20)
    sender = Sender()
    genesis: Genesis | None = None
    for _ in range(KILLS):
        with serving("--open", "--data", str(tmp_path)) as (process, url):
            async with connected(url) as client:
                if genesis is None:
                    genesis = Genesis(
                        random=bytes(32), relay_vkey=client.greeting.relay_vkey, cipher_suite=1, policy={}
                    )
                    number = client.number()
                    create = Create(
                        request=number,
                        genesis=genesis.encode(),
                        access_key=public(key(0)),
                        admission_token="",
                    )
                    await client.send(create)
                    expect(Done, await client.answer(number))
                await client.authorise(genesis.log_id, key(0))
                await sender.run(client, genesis.log_id, chance.randrange(20, 120))
                process.kill()  # with messages on their way
                with suppress(ConnectionError, ProtocolError):
                    await sender.run(client, genesis.log_id, OUTSTANDING)
    assert genesis is not None
    with serving("--open", "--data", str(tmp_path)) as (_, url):
        async with connected(url) as client:
            await client.authorise(genesis.log_id, key(0))
            await sender.run(client, genesis.log_id, 1)
            size = (await client.authorise(genesis.log_id, key(0))).size
            await client.subscribe(genesis.log_id, 0)
            entries = await client.entries(size)
    check(genesis, entries, sender)


def check(genesis: Genesis, entries: list[bytes], sender: Sender) -> None:
    assert len(sender.receipts) > KILLS * 20
    assert entries[0] == genesis.encode()
    messages = [expect(Entry, decode_entry(entry)).message for entry in entries[1:]]
    assert len(set(messages)) == len(messages)
    assert set(sender.receipts) <= set(messages)
    relay_key = Verifier.from_vkey(genesis.relay_vkey).public_key
    tree = HashTree(map(leaf_hash, entries))
    seen: dict[bytes, checkpoint.Checkpoint] = {}
    for message, (position, note) in sender.receipts.items():
        assert messages[position - 1] == message
        if note not in seen:
            seen[note] = checkpoint.verify(note, origin=genesis.origin, public_key=relay_key)
            assert seen[note].root == tree.root(seen[note].size)
        assert position < seen[note].size
