"""What a relay may send, and what must not come of it in a client."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from channel.invitation import MAX_LETTER_SIZE
from client.errors import ClientError
from client.letters import read_letter
from client.transport import Answer, RelayConnection
from protocols.errors import DecodeError
from protocols.log.entry import Entry, decode_entry
from protocols.messages.values import format_time
from protocols.relay.frames import REQUEST_SLOT, MailboxContents, MailboxRead, Request

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


@pytest.mark.xfail(
    strict=True, reason="C1: read_letter gathers what a relay sends for as long as it sends, up to 4 GiB"
)
@pytest.mark.parametrize("blobs", [(bytes(1024 * 1024),) * 3, (b"",) * 64], ids=["large", "empty"])
async def test_a_letter_that_never_ends_is_given_up(blobs: tuple[bytes, ...]) -> None:
    relay = _Endless(blobs)
    with pytest.raises(ClientError):
        await read_letter(
            cast("RelayConnection", cast("Any", relay)), mailbox=bytes(32), slot=REQUEST_SLOT, wait=True
        )
