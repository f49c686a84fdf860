"""The shape of the house: names, sizes, imports, secrets. Each guard has been seen to fail when its rule is broken."""

import dataclasses
import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("channel", "protocols", "server", "client")
MAX_LINES = 400


def source_files() -> list[Path]:
    folders = (*PACKAGES, "tests", "bench")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def modules(*packages: str) -> Iterator[ModuleType]:
    for package in packages:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def classes(*packages: str) -> set[type]:
    return {
        thing
        for module in modules(*packages)
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__
    }


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_ships_our_names(name: str) -> None:
    owners = {
        dist.metadata["Name"]
        for dist in importlib.metadata.distributions()
        for file in dist.files or ()
        if file.parts[0] in (name, f"{name}.py")
    }
    assert owners <= {"parley"}


def test_wheel_ships_four_names_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)
    assert {"server/store/schema.sql", "client/store/schema.sql"} <= set(names)


def test_files_stay_small() -> None:
    files = source_files()
    assert len(files) > 50, "a guard that finds nothing passes everything"
    long = {
        str(path.relative_to(ROOT)): n
        for path in files
        if (n := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert not long


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_every_module_imports_and_has_a_docstring() -> None:
    assert [module.__name__ for module in modules(*PACKAGES) if not module.__doc__] == []


SECRET_ENDINGS = (
    "_secret",
    "_private_key",
    "_psk",
    "private_key",
    "passphrase",
    "membership_key",
    "confirmation_key",
    "seed",
)


def test_secrets_stay_out_of_reprs() -> None:
    checked = 0
    shown = []
    for cls in classes("channel", "client", "server"):
        if not dataclasses.is_dataclass(cls):
            continue
        for field in dataclasses.fields(cls):
            if field.name.endswith(SECRET_ENDINGS) and not field.name.startswith("encrypted_"):
                checked += 1
                if field.repr:
                    shown.append(f"{cls.__module__}.{cls.__qualname__}.{field.name}")
    assert checked > 5, "a guard that finds nothing passes everything"
    assert shown == []


BASES = {
    "channel": "ChannelError",
    "channel.mls": "MLSError",  # a library of its own, with a tree of its own
    "protocols": "ProtocolError",
    "server": "RelayError",
    "client": "ClientError",
}


@pytest.mark.parametrize(("package", "base"), BASES.items())
def test_one_error_tree_a_folder(package: str, base: str) -> None:
    root = getattr(importlib.import_module(f"{package}.errors"), base)
    # A name with an underscore never leaves its module, so it is no part of what a caller has to catch.
    inner = tuple(f"{other}." for other in BASES if other.startswith(f"{package}."))
    errors = [
        cls
        for cls in classes(package)
        if issubclass(cls, Exception)
        and cls.__name__[0] != "_"
        and not f"{cls.__module__}.".startswith(inner)
    ]
    assert len(errors) > 2
    assert [cls.__qualname__ for cls in errors if not issubclass(cls, root)] == []
    assert [cls.__qualname__ for cls in errors if not cls.__doc__] == []


@pytest.mark.parametrize(
    "module", ["client", "client.parley", "client.store", "client.transport", "client.cli"]
)
def test_the_client_library_does_not_load_the_interface(module: str) -> None:
    code = f"import sys, {module}; sys.exit('textual' in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=ROOT)


def test_the_relay_does_not_load_what_could_decrypt() -> None:
    code = (
        "import sys, server.cli; sys.exit(any(n.split('.')[0] in ('channel', 'client') for n in sys.modules))"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=ROOT)


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
