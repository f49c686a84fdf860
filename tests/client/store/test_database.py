"""The database as a whole: encrypted, all or nothing, one clear error for each way it can fail."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from client.errors import DiskFull, ProfileDamaged, ProfileTooNew, StoreFailed
from client.store import ClientStore, ContactRow, IdentityRow

KEY = bytes(range(32))
CANARY = "canary-otter-3141"


def contact(number: int, name: str = CANARY) -> ContactRow:
    return ContactRow(
        participant=f"{number:032x}", identity_key=number.to_bytes(32), name=name, first_seen_ms=1
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parley.db"


@pytest.fixture
def store(path: Path) -> Iterator[ClientStore]:
    store = ClientStore.create(path, KEY)
    yield store
    store.close()


def files(path: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in path.parent.iterdir()}


def test_what_was_written_is_there_after_reopening(path: Path, store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.people.meet(contact(1))
    store.close()
    assert set(files(path)) == {"parley.db"}  # the write-ahead log was emptied
    reopened = ClientStore.open(path, KEY)
    with reopened.transaction() as tx:
        assert tx.people.contacts() == (contact(1),)
    reopened.close()


def test_no_word_of_it_is_on_the_disk(path: Path, store: ClientStore) -> None:
    with store.transaction() as tx:
        for number in range(200):
            tx.people.meet(contact(number))
        tx.people.set_identity(
            IdentityRow(
                private_seed=b"seed-of-the-otter-is-not-on-disk",
                public_key=bytes(32),
                name=CANARY,
                device=CANARY,
                created_ms=0,
            )
        )
    while_open = files(path)
    store.close()
    assert {"parley.db", "parley.db-wal"} <= set(while_open)
    for content in [*while_open.values(), *files(path).values()]:
        assert CANARY.encode() not in content
        assert b"otter" not in content
        assert not content.startswith(b"SQLite format 3")


def test_files_are_for_their_owner_only(path: Path, store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.people.meet(contact(1))
    for found in path.parent.iterdir():
        assert found.stat().st_mode & 0o777 == 0o600, found


def test_an_exception_undoes_everything(store: ClientStore) -> None:
    def change_and_fail() -> None:
        with store.transaction() as tx:
            tx.people.meet(contact(1))
            raise KeyError("some bug")

    with pytest.raises(KeyError):
        change_and_fail()
    with store.transaction() as tx:
        assert tx.people.contacts() == ()


def test_a_transaction_ends_with_its_block(store: ClientStore) -> None:
    with store.transaction() as tx:
        pass
    with pytest.raises(dbapi2.ProgrammingError):
        tx.people.contacts()


def test_a_transaction_inside_another_is_a_bug(store: ClientStore) -> None:
    with store.transaction() as tx:
        with pytest.raises(RuntimeError, match="inside another"), store.transaction():
            pass
        tx.people.meet(contact(1))
    with store.transaction() as tx:
        assert len(tx.people.contacts()) == 1


def test_threads_take_turns(store: ClientStore) -> None:
    def meet(first: int) -> None:
        for number in range(first, first + 20):
            with store.transaction() as tx:
                tx.people.meet(contact(number))

    threads = [threading.Thread(target=meet, args=(100 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as tx:
        assert len(tx.people.contacts()) == 80


def test_durability_is_switched_on(store: ClientStore) -> None:
    def pragma(name: str) -> object:
        return store._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("foreign_keys") == 1
    assert pragma("temp_store") == 2
    assert pragma("secure_delete") == 1
    assert str(pragma("cipher_version")).startswith("4.")


def test_a_full_disk_undoes_the_transaction_and_the_store_goes_on(store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.people.meet(contact(1))
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    def write_much() -> None:
        with store.transaction() as tx:
            for number in range(2, 100):
                tx.people.meet(contact(number, "x" * 2000))

    with pytest.raises(DiskFull, match="disk is full"):
        write_much()
    store._connection.execute("PRAGMA max_page_count = 100000")
    with store.transaction() as tx:
        assert tx.people.contacts() == (contact(1),)
        tx.people.meet(contact(2))


_NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from client.errors import ClientError, StoreFailed
from client.store import ClientStore, ContactRow
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = ClientStore.open(Path(sys.argv[1]), bytes(range(32)))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with store.transaction() as tx:
        for number in range(1, 1000):
            tx.people.meet(ContactRow(
                participant=f"{number:032x}", identity_key=number.to_bytes(32), name="x" * 2000, first_seen_ms=1))
except ClientError as error:
    print(type(error).__name__)
try:
    with store.transaction() as tx:
        pass
except StoreFailed:
    print("refuses")
store.close()
"""


def test_a_disk_error_stops_the_store_and_reopening_recovers(path: Path, store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.people.meet(contact(0))
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", _NO_ROOM, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["StoreFailed", "refuses"], done
    reopened = ClientStore.open(path, KEY)
    with reopened.transaction() as tx:
        assert tx.people.contacts() == (contact(0),)
    reopened.close()


_KILLED = """
import os, sys
from pathlib import Path
from client.store import ClientStore, ContactRow
store = ClientStore.open(Path(sys.argv[1]), bytes(range(32)))
def meet(tx, number):
    tx.people.meet(ContactRow(
        participant=f"{number:032x}", identity_key=number.to_bytes(32), name="n", first_seen_ms=1))
with store.transaction() as tx:
    meet(tx, 1)
with store.transaction() as tx:
    meet(tx, 2)
    os.kill(os.getpid(), 9)
"""


def test_a_kill_keeps_what_was_committed_and_nothing_else(path: Path, store: ClientStore) -> None:
    store.close()
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], capture_output=True, check=False)
    assert done.returncode == -9, done
    reopened = ClientStore.open(path, KEY)
    with reopened.transaction() as tx:
        assert [found.participant for found in tx.people.contacts()] == [f"{1:032x}"]
    reopened.close()


def read_everything(path: Path) -> None:
    reopened = ClientStore.open(path, KEY)
    try:
        with reopened.transaction() as tx:
            tx.people.contacts()
    finally:
        reopened.close()


def test_another_key_is_one_clear_error(
    path: Path, store: ClientStore, capfd: pytest.CaptureFixture[str]
) -> None:
    store.close()
    with pytest.raises(ProfileDamaged, match=r"put back parley\.db"):
        ClientStore.open(path, bytes(32))
    assert capfd.readouterr().err == ""  # SQLCipher's own diagnosis is not for people


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"SQLite format 3\x00" + bytes(5000), sha512(b"noise").digest() * 128],
    ids=["empty", "one byte", "SQLite header", "noise"],
)
def test_a_file_that_is_no_database_is_one_clear_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ProfileDamaged):
        ClientStore.open(path, KEY)


def test_a_missing_file_is_one_clear_error(path: Path) -> None:
    with pytest.raises(ProfileDamaged):
        ClientStore.open(path, KEY)


def test_a_truncated_database_is_one_clear_error(path: Path, store: ClientStore) -> None:
    with store.transaction() as tx:
        for number in range(300):
            tx.people.meet(contact(number))
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ProfileDamaged):
        read_everything(path)


@pytest.mark.parametrize("first_page", [0, 1, 20])
def test_garbled_pages_are_one_clear_error(path: Path, store: ClientStore, first_page: int) -> None:
    with store.transaction() as tx:
        for number in range(300):
            tx.people.meet(contact(number))
    store.close()
    content = bytearray(path.read_bytes())
    assert len(content) > 21 * 4096
    for start in range(first_page * 4096, len(content), 4096):
        content[start + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ProfileDamaged):
        read_everything(path)


def test_a_later_schema_is_not_touched(path: Path, store: ClientStore) -> None:
    store._connection.execute("PRAGMA user_version = 2")
    store.close()
    with pytest.raises(ProfileTooNew):
        ClientStore.open(path, KEY)


def test_an_existing_file_is_not_overwritten(path: Path, store: ClientStore) -> None:
    with pytest.raises(FileExistsError):
        ClientStore.create(path, KEY)
    with store.transaction() as tx:
        assert tx.people.identity() is None


def test_a_closed_store_stays_closed(store: ClientStore) -> None:
    store.close()
    store.close()
    with pytest.raises(RuntimeError, match="closed"), store.transaction():
        pass


def test_a_failed_store_stays_failed(store: ClientStore) -> None:
    store._failed = True
    with pytest.raises(StoreFailed), store.transaction():
        pass
