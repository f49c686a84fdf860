"""A profile: one directory with one identity, open in one process at a time.

    key.parley   the database key, wrapped by the passphrase
    parley.db    everything else, encrypted
    lock         held while the profile is open

A profile exists once its key file does. Making one writes both files under other names first and puts the
key file in place before the database, so that whatever moment the machine stops at, the directory holds no
profile, a whole one, or one that the next opening completes.
"""

import errno
import fcntl
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from channel.errors import BadCharter
from channel.identity import Identity
from channel.names import check_name
from client.errors import (
    DiskFull,
    EnvironmentFailure,
    InvalidText,
    NoPassphrase,
    NoProfile,
    ProfileDamaged,
    ProfileExists,
    ProfileInUse,
)
from client.store import ClientStore, IdentityRow, KeyDerivation, unwrap_key, wrap_key
from client.store.key_file import DATABASE_KEY_SIZE, MAX_KEY_FILE_SIZE

KEY_FILE: Final = "key.parley"
DATABASE: Final = "parley.db"
LOCK: Final = "lock"
_NEW: Final = ".new"
_OURS: Final = (KEY_FILE, DATABASE, LOCK)
_MAX_PASSPHRASE_SIZE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An open profile. Close it, or use it in a `with` block.

    Attributes:
        directory: where it is.
        store: its database.
        identity: its identity key.
        name: the display name chosen when it was made.
        device: the label of this device.
    """

    directory: Path
    store: ClientStore
    identity: Identity
    name: str
    device: str
    _lock: int = field(repr=False)

    def close(self) -> None:
        """Close the database and let other processes open the profile."""
        try:
            self.store.close()
        finally:
            os.close(self._lock)

    def __enter__(self) -> "Profile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def default_directory(environment: Mapping[str, str]) -> Path:
    """Return $PARLEY_PROFILE, or else `parley` in the user's data directory."""
    if chosen := environment.get("PARLEY_PROFILE"):
        return Path(chosen)
    data = environment.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "parley"


def create_profile(
    directory: Path,
    passphrase: str,
    *,
    name: str,
    device: str,
    now_ms: int,
    random: Callable[[int], bytes] = os.urandom,
    derivation: KeyDerivation = KeyDerivation(),  # noqa: B008  # a frozen value
) -> Profile:
    """Make a profile with a new identity, and open it.

    Args:
        directory: made with mode 0700 if it is not there.
        passphrase: not empty; the only way in.
        name: the display name to propose in channels.
        device: a label for this machine that members will see; may be empty.
        now_ms: UTC milliseconds.
        random: called with a length.
        derivation: what one guess at the passphrase shall cost.

    Raises:
        ProfileExists: the directory holds one already, or a database whose key file is gone.
        InvalidText: the name cannot be used, or the directory holds other things.
        NoPassphrase: it is empty.
        ProfileInUse: another process is at work in the directory.
        DiskFull: no room.
        EnvironmentFailure: the directory or a file cannot be written.
    """
    name, device = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", device)
    try:
        check_name(name)
        if device:
            check_name(device)
    except BadCharter as error:
        raise InvalidText(str(error)) from None
    with _file_errors():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Its mode is about to change: it must be nobody else's, such as a home directory.
        if any(not path.name.startswith(_OURS) for path in directory.iterdir()):
            raise InvalidText(
                "the directory holds other things: choose a new or an empty one for the profile"
            )
        directory.chmod(0o700)
    lock = _take_lock(directory)
    try:
        # A database without its key file is refused too: that file may be in a backup.
        if (directory / KEY_FILE).exists() or (directory / DATABASE).exists():
            raise ProfileExists(directory)
        database_key = random(DATABASE_KEY_SIZE)
        identity = Identity.from_seed(random(32))
        with _file_errors():
            wrapped = wrap_key(database_key, passphrase, derivation=derivation, random=random)
            new_database = directory / (DATABASE + _NEW)
            for leftover in directory.glob(DATABASE + _NEW + "*"):
                leftover.unlink()
            store = ClientStore.create(new_database, database_key)
            try:
                with store.transaction() as transaction:
                    transaction.people.set_identity(
                        IdentityRow(
                            private_seed=identity.private_key,
                            public_key=identity.public_key,
                            name=name,
                            device=device,
                            created_ms=now_ms,
                        )
                    )
            finally:
                store.close()
            write_file(directory / KEY_FILE, wrapped)
            _complete(directory)
        store = ClientStore.open(directory / DATABASE, database_key)
    except BaseException:
        os.close(lock)
        raise
    return Profile(directory=directory, store=store, identity=identity, name=name, device=device, _lock=lock)


def open_profile(directory: Path, passphrase: str) -> Profile:
    """Open a profile.

    Args:
        directory: where it is.
        passphrase: as typed.

    Raises:
        NoProfile: there is none.
        ProfileInUse: another process has it open.
        WrongPassphrase: it does not open the key file.
        ProfileDamaged: a file is missing, truncated or garbled.
        ProfileTooNew: a later release wrote it.
        EnvironmentFailure: a file cannot be read.
    """
    with _file_errors():
        has_key, has_database = (directory / KEY_FILE).exists(), (directory / DATABASE).exists()
    if not has_key and has_database:
        raise ProfileDamaged("the profile's key file is gone: put back key.parley from a backup")
    if not has_key:
        raise NoProfile(directory)
    lock = _take_lock(directory)
    try:
        with _file_errors():
            with (directory / KEY_FILE).open("rb") as file:
                wrapped = file.read(MAX_KEY_FILE_SIZE + 1)
            database_key = unwrap_key(wrapped, passphrase)
            _complete(directory)
        store = ClientStore.open(directory / DATABASE, database_key)
        try:
            with store.transaction() as transaction:
                row = transaction.people.identity()
            if row is None:
                raise ProfileDamaged("the profile has no identity: put back parley.db from a backup")
        except BaseException:
            store.close()
            raise
    except BaseException:
        os.close(lock)
        raise
    return Profile(
        directory=directory,
        store=store,
        identity=Identity(row.private_seed, row.public_key),
        name=row.name,
        device=row.device,
        _lock=lock,
    )


def read_passphrase(
    *,
    file: Path | None,
    environment: Mapping[str, str],
    prompt: Callable[[str], str] | None,
    confirm: bool = False,
) -> str:
    """Get the passphrase from the first source there is: a file, $PARLEY_PASSPHRASE, a terminal.

    Args:
        file: its first line is the passphrase; None when no file was named.
        environment: the process environment.
        prompt: asks on a terminal without echo, given the question; None when there is no terminal.
        confirm: ask twice, when a passphrase is being chosen on a terminal.

    Returns:
        The passphrase, not empty.

    Raises:
        NoPassphrase: no source, an unreadable or oversized file, an empty passphrase, or two that differ.
    """
    if file is not None:
        passphrase = _first_line(file)
    elif "PARLEY_PASSPHRASE" in environment:
        passphrase = environment["PARLEY_PASSPHRASE"]
    elif prompt is not None:
        passphrase = prompt("Passphrase: ")
        if confirm and passphrase != prompt("The same again: "):
            raise NoPassphrase("the two passphrases differ: try again")
    else:
        raise NoPassphrase(
            "no terminal to ask for the passphrase: use --passphrase-file or PARLEY_PASSPHRASE"
        )
    if not passphrase:
        raise NoPassphrase("the passphrase is empty: choose one of several words")
    return passphrase


def write_file(path: Path, content: bytes) -> None:
    """Replace a private file as one step: after a crash it has the old content or the new, never a part.

    Args:
        path: the file; it gets mode 0600.
        content: all of it.

    Raises:
        OSError: no room, or the disk failed; the old content stays.
    """
    new = path.with_name(path.name + _NEW)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            content = opened.read(_MAX_PASSPHRASE_SIZE + 1)
        if stat.S_ISREG(mode) and mode & 0o077:
            raise NoPassphrase(f"others can read the passphrase file {file}: run chmod 600 on it")
        if len(content) > _MAX_PASSPHRASE_SIZE:
            raise NoPassphrase(f"the passphrase file {file} is too large to be one")
        return content.decode().splitlines()[0] if content else ""
    except (OSError, UnicodeDecodeError):
        raise NoPassphrase(f"the passphrase file {file} cannot be read: check its path and mode") from None


def _complete(directory: Path) -> None:
    """Put a database in place whose making was interrupted after its key file was written."""
    new = directory / (DATABASE + _NEW)
    if new.exists() and not (directory / DATABASE).exists():
        new.replace(directory / DATABASE)
        _sync_directory(directory)


def _take_lock(directory: Path) -> int:
    with _file_errors():
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ProfileInUse from None
    return lock


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _file_errors() -> Iterator[None]:
    """Say what a failed file operation means to a person."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from None
        raise EnvironmentFailure(f"cannot use the profile directory: {error.strerror}") from None
