"""Today's bytes of the log and payload formats. Signatures are deterministic, so checkpoints are too."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.entry import Entry, Genesis, decode_entry
from protocols.log.merkle import Frontier, leaf_hash
from protocols.log.note import Verifier
from protocols.payload import (
    EMPTY_HISTORY,
    EntryStatus,
    Payload,
    accumulate,
    authenticated_data,
    check_franking,
)
from tests.support import golden

GOLDEN = golden.read("log.hex")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RELAY = Verifier("relay.example", KEY.public_key().public_bytes_raw())
GENESIS = Genesis(
    random=bytes(range(32)),
    relay_vkey=RELAY.vkey,
    cipher_suite=1,
    policy={"mode": "EXERCISE", "history": "ALL"},
)
MESSAGE = Entry(1_700_000_000_123, bytes.fromhex("00010002"))
COMMIT = Entry(1_700_000_000_124, bytes.fromhex("00010002"), bytes(range(32, 64)))
LEAVES = tuple(leaf_hash(entry.encode()) for entry in (GENESIS, MESSAGE, COMMIT))
CHECKPOINT = Checkpoint(GENESIS.origin, 3, Frontier.EMPTY.extend(LEAVES).root())
PAYLOAD = Payload(
    salt=b"\x11" * 32,
    message_id=b"\x22" * 16,
    counter=1,
    seen_size=3,
    seen_root=CHECKPOINT.root,
    accepted_history=EMPTY_HISTORY,
    body=b"body",
)


def accepted_history() -> bytes:
    history = EMPTY_HISTORY
    statuses = (EntryStatus.HANDSHAKE, EntryStatus.ACCEPTED, EntryStatus.REJECTED)
    for index, (leaf, status) in enumerate(zip(LEAVES, statuses, strict=True)):
        history = accumulate(index, history, leaf, status)
    return history


WRITERS: dict[str, Callable[[], bytes]] = {
    "genesis": GENESIS.encode,
    "log id": lambda: GENESIS.log_id,
    "message entry": MESSAGE.encode,
    "commit entry": COMMIT.encode,
    "checkpoint": lambda: checkpoints.sign(CHECKPOINT, KEY),
    "payload": PAYLOAD.encode,
    "authenticated data": lambda: authenticated_data(PAYLOAD.encode()),
    "accepted history": accepted_history,
}


@pytest.mark.parametrize("section", sorted(GOLDEN.keys() | WRITERS.keys()))
def test_what_is_written_today_is_what_was_written_first(section: str) -> None:
    assert WRITERS[section]().hex() == GOLDEN[section].hex()


def test_what_was_written_first_still_reads() -> None:
    assert decode_entry(GOLDEN["genesis"]) == GENESIS
    assert decode_entry(GOLDEN["message entry"]) == MESSAGE
    assert decode_entry(GOLDEN["commit entry"]) == COMMIT
    verified = checkpoints.verify(
        GOLDEN["checkpoint"], origin=GENESIS.origin, public_key=GENESIS.relay_public_key
    )
    assert verified == CHECKPOINT
    assert check_franking(GOLDEN["payload"], GOLDEN["authenticated data"]) == PAYLOAD
