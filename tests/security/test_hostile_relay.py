"""What a relay may send, and what must not come of it in a client."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.invitation import MAX_LETTER_SIZE
from client.errors import ClientError
from client.letters import read_letter
from client.rows import load
from client.transport import Answer, RelayConnection
from protocols.errors import DecodeError
from protocols.log import checkpoint
from protocols.log.checkpoint import Checkpoint
from protocols.log.entry import Entry, decode_entry
from protocols.log.follower import MAX_AHEAD
from protocols.messages.values import format_time
from protocols.relay.frames import REQUEST_SLOT, MailboxContents, MailboxRead, Request
from tests.support.clients import talk
from tests.support.relay_process import running_relay

LAST_MS = int(datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize("time_ms", [LAST_MS + 1000, 253_402_300_800_000, 2**60, 2**63 - 1, 2**64 - 1])
def test_an_entry_of_a_time_that_no_calendar_has_is_no_entry(time_ms: int) -> None:
    """Accepted, it would end every later `tail`, `replay` and screen of the channel with a traceback."""
    with pytest.raises(DecodeError):
        decode_entry(b"\x01" + time_ms.to_bytes(8, "big") + b"message")


def test_the_last_time_of_an_entry_can_be_shown_with_every_timer_added() -> None:
    entry = decode_entry(Entry(LAST_MS, b"message").encode())
    assert isinstance(entry, Entry)
    assert format_time(entry.relay_time_ms) == "2099-12-31T23:59:59Z"
    assert format_time(entry.relay_time_ms + 366 * 86_400_000).startswith("2101")


class _Endless:
    """A relay whose mailbox is never at its end."""

    def __init__(self, blobs: tuple[bytes, ...]) -> None:
        self.blobs = blobs
        self.sent = 0

    async def request(self, frame: Request, *, timeout_s: float | None = None) -> Answer:
        assert isinstance(frame, MailboxRead)
        self.sent += sum(map(len, self.blobs))
        if self.sent > 4 * MAX_LETTER_SIZE or frame.start > 100_000:
            raise AssertionError("the client takes whatever it is sent")
        return MailboxContents(request=frame.request, blobs=self.blobs, final=False)


@pytest.mark.parametrize("blobs", [(bytes(1024 * 1024),) * 3, (b"",) * 64], ids=["large", "empty"])
async def test_a_letter_that_never_ends_is_given_up(blobs: tuple[bytes, ...]) -> None:
    relay = _Endless(blobs)
    with pytest.raises(ClientError):
        await read_letter(
            cast("RelayConnection", cast("Any", relay)), mailbox=bytes(32), slot=REQUEST_SLOT, wait=True
        )


async def _flood(directory: Path) -> tuple[int, int]:
    """Give a client more signed promises than it holds; how many it holds, and how many after it started again."""
    async with running_relay(directory / "relay") as relay, talk(directory, relay.url, "Mira") as (mira,):
        relay_key = Ed25519PrivateKey.from_private_bytes((relay.data / "relay.key").read_bytes())
        journal = mira.session.journal
        origin = journal.conversation.transcript.genesis.origin
        for size in range(100, 110 + MAX_AHEAD):
            note = checkpoint.sign(Checkpoint(origin, size, bytes(32)), relay_key)
            journal.receipt(b"whatever was sent", position=1, checkpoint=note)
        with journal.store.transaction() as tx:
            restarted = load(tx, mira.info.log)
        return len(journal.conversation.follower.ahead), len(restarted.follower.ahead)


async def test_a_client_holds_a_bounded_number_of_promises(tmp_path: Path) -> None:
    held, _ = await _flood(tmp_path)
    assert held == MAX_AHEAD


async def test_a_client_that_starts_again_holds_no_more_promises_than_before(tmp_path: Path) -> None:
    _, restarted = await _flood(tmp_path)
    assert restarted <= MAX_AHEAD
