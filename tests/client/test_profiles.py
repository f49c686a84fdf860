"""A profile's directory: one process at a time, whole or not at all, and one clear line for what can go wrong."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from client.errors import (
    ClientError,
    EnvironmentFailure,
    InvalidText,
    NoPassphrase,
    NoProfile,
    ProfileDamaged,
    ProfileExists,
    ProfileInUse,
    WrongPassphrase,
)
from client.profiles import (
    DATABASE,
    KEY_FILE,
    Profile,
    create_profile,
    default_directory,
    open_profile,
    read_passphrase,
    write_file,
)
from client.store import ContactRow, DraftRow, KeyDerivation, OpeningRow
from tests.client.store.conftest import CHANNEL, LOG, STATE
from tests.client.store.test_history import entry

WEAK = KeyDerivation(memory_kib=128, iterations=1, lanes=1)


def create(directory: Path, *, name: str = "Mira", passphrase: str = "correct horse") -> Profile:
    return create_profile(
        directory, passphrase, name=name, device="laptop", now_ms=7, random=os.urandom, derivation=WEAK
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "profile"


def test_a_profile_opens_again(directory: Path) -> None:
    with create(directory) as profile:
        identity = profile.identity
        assert (profile.name, profile.device) == ("Mira", "laptop")
    with open_profile(directory, "correct horse") as again:
        assert (again.identity, again.name, again.device) == (identity, "Mira", "laptop")


def test_two_profiles_are_two_people(tmp_path: Path) -> None:
    with create(tmp_path / "one") as one, create(tmp_path / "two") as two:
        assert one.identity.public_key != two.identity.public_key


def test_everything_is_for_its_owner_only(directory: Path) -> None:
    os.umask(os.umask(0o022))
    with create(directory):
        assert directory.stat().st_mode & 0o777 == 0o700
        for found in directory.iterdir():
            assert found.stat().st_mode & 0o777 == 0o600, found.name


def test_no_file_holds_a_word_of_it(directory: Path) -> None:
    with create(directory, name="canary-otter-3141", passphrase="canary-heron-2718") as profile:
        seed = profile.identity.private_key
        while_open = [found.read_bytes() for found in directory.iterdir()]
    for content in [*while_open, *(found.read_bytes() for found in directory.iterdir())]:
        assert b"otter" not in content
        assert b"heron" not in content
        assert seed not in content
    assert {found.name for found in directory.iterdir()} == {KEY_FILE, DATABASE, "lock"}


def test_no_file_holds_a_title_a_body_or_a_name(directory: Path) -> None:
    word = b"canary-otter-3141"
    with create(directory) as profile:
        with profile.store.transaction() as tx:
            tx.channels.add(
                replace(CHANNEL, title=word.decode(), genesis=word, state=replace(STATE, epoch_state=word))
            )
            tx.people.meet(
                ContactRow(participant="ab" * 16, identity_key=bytes(32), name=word.decode(), first_seen_ms=1)
            )
            tx.history.add_entries(LOG, [entry(0)])
            tx.history.add_opening(LOG, OpeningRow(position=0, leaf_index=0, content=word, signature=word))
            tx.outbox.queue(LOG, bytes(16), word * 1000, queued_ms=1)
            tx.channels.set_draft(DraftRow(log_id=LOG, body=word, changed_ms=1))
            while_writing = [found.read_bytes() for found in directory.iterdir()]
        while_open = [found.read_bytes() for found in directory.iterdir()]
    closed = [found.read_bytes() for found in directory.iterdir()]
    assert sum(map(len, while_open)) > 50_000
    for content in [*while_writing, *while_open, *closed]:
        assert b"otter" not in content


def test_one_process_at_a_time(directory: Path) -> None:
    with create(directory), pytest.raises(ProfileInUse):
        open_profile(directory, "correct horse")
    open_profile(directory, "correct horse").close()


def test_another_process_is_kept_out(directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from client.profiles import open_profile;"
        "from client.errors import ProfileInUse\n"
        "try: open_profile(Path(sys.argv[1]), 'correct horse')\n"
        "except ProfileInUse as error: print(error)"
    )
    with create(directory):
        done = subprocess.run(
            [sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=True
        )
    assert "another parley process" in done.stdout


def test_a_wrong_passphrase_leaves_the_profile_free(directory: Path) -> None:
    create(directory).close()
    with pytest.raises(WrongPassphrase):
        open_profile(directory, "wrong")
    open_profile(directory, "correct horse").close()


def test_a_profile_is_not_made_over_another(directory: Path) -> None:
    create(directory).close()
    with pytest.raises(ProfileExists):
        create(directory)
    (directory / KEY_FILE).unlink()
    with pytest.raises(ProfileExists):  # its key file may be in a backup
        create(directory)


def test_there_is_none(directory: Path) -> None:
    with pytest.raises(NoProfile, match="parley init"):
        open_profile(directory, "x")
    directory.mkdir(parents=True)
    with pytest.raises(NoProfile):
        open_profile(directory, "x")


def _remove(path: Path) -> None:
    path.unlink()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    content[20] ^= 1
    path.write_bytes(content)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", [KEY_FILE, DATABASE])
@pytest.mark.parametrize("damage", [_remove, _truncate, _garble, _empty])
def test_damage_is_one_clear_line(directory: Path, name: str, damage: Callable[[Path], None]) -> None:
    create(directory).close()
    damage(directory / name)
    with pytest.raises(ProfileDamaged) as caught:
        open_profile(directory, "correct horse")
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("step", ["database made", "key file written"])
def test_an_interrupted_making_leaves_none_or_a_whole_one(directory: Path, step: str) -> None:
    create(directory).close()
    (directory / DATABASE).rename(directory / (DATABASE + ".new"))
    if step == "database made":
        (directory / KEY_FILE).unlink()
        with pytest.raises(NoProfile):
            open_profile(directory, "correct horse")
        create(directory).close()
    open_profile(directory, "correct horse").close()
    assert not (directory / (DATABASE + ".new")).exists()


@pytest.mark.parametrize("name", ["", "Am\u202eal", "x" * 65, "a\nb"])
def test_a_name_that_misleads_is_refused_before_anything_is_made(directory: Path, name: str) -> None:
    with pytest.raises(InvalidText):
        create(directory, name=name)
    assert not directory.exists()


def test_names_are_normalised(directory: Path) -> None:
    with create(directory, name="Zoe\u0308") as profile:
        assert profile.name == "Zo\u00eb"


def test_no_passphrase_no_profile(directory: Path) -> None:
    with pytest.raises(NoPassphrase):
        create(directory, passphrase="")
    with pytest.raises(NoProfile):
        open_profile(directory, "x")


def test_a_file_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFailure, match="profile directory"):
        create(tmp_path / "file" / "profile")
    with pytest.raises(ClientError):
        open_profile(tmp_path / "file", "x")


def test_where_the_profile_is() -> None:
    assert default_directory({"PARLEY_PROFILE": "/a/b"}) == Path("/a/b")
    assert default_directory({"XDG_DATA_HOME": "/data"}) == Path("/data/parley")
    assert default_directory({}) == Path.home() / ".local/share/parley"


def _never(question: str) -> str:
    raise AssertionError(question)


def test_a_file_comes_before_the_environment_and_that_before_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from the file\nsecond line\n")
    file.chmod(0o600)
    environment = {"PARLEY_PASSPHRASE": "from the environment"}
    assert read_passphrase(file=file, environment=environment, prompt=_never) == "from the file"
    assert read_passphrase(file=None, environment=environment, prompt=_never) == "from the environment"
    assert read_passphrase(file=None, environment={}, prompt=lambda _: "typed") == "typed"


def test_a_passphrase_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from the file\n")
    file.chmod(0o644)
    with pytest.raises(NoPassphrase, match="chmod 600"):
        read_passphrase(file=file, environment={}, prompt=_never)


def test_a_directory_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    tmp_path.chmod(0o755)
    with pytest.raises(InvalidText, match="other things"):
        create(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_new_passphrase_is_typed_twice() -> None:
    answers = iter(["one", "one", "one", "two"])
    assert read_passphrase(file=None, environment={}, prompt=lambda _: next(answers), confirm=True) == "one"
    with pytest.raises(NoPassphrase, match="differ"):
        read_passphrase(file=None, environment={}, prompt=lambda _: next(answers), confirm=True)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 5000])
def test_a_passphrase_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(content)
    with pytest.raises(NoPassphrase):
        read_passphrase(file=file, environment={}, prompt=_never)


def test_no_source_names_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(NoPassphrase, match="--passphrase-file or PARLEY_PASSPHRASE"):
        read_passphrase(file=None, environment={}, prompt=None)
    with pytest.raises(NoPassphrase, match="cannot be read"):
        read_passphrase(file=tmp_path / "absent", environment={}, prompt=_never)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"three")
    assert path.read_bytes() == b"two"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
