"""`channel.mls` as a library: its few names, what their docstrings say, and that nothing else of Parley is needed."""

import ast
import inspect
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import channel.mls
from channel.mls import Group, cipher_suite, crypto, errors
from tests.support.builders import make_group

FACE = (
    "X_WING_CIPHER_SUITE",
    "ApplicationReceived",
    "CommitReceived",
    "Credential",
    "Group",
    "KeyPackage",
    "KeyPackageBundle",
    "Lifetime",
    "MLSError",
    "ProposalReceived",
    "SignatureKeyPair",
    "cipher_suite",
    "create_key_package",
    "generate_signature_key_pair",
)
FOLDER = Path(channel.mls.__file__).parent
RAISES_NOTHING = {"extension", "is_own_commit", "member"}


def constant_docstring(module: ModuleType, name: str) -> str:
    """The string that stands right below a module's constant."""
    body = ast.parse(inspect.getsource(module)).body
    for statement, below in pairwise(body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=found)), ast.Expr(value=ast.Constant(value=str(said))):
                if found == name:
                    return said
    raise AssertionError(f"{name} has no docstring")


def sections(docstring: str) -> list[str]:
    """The sections of RFC 9420 that a docstring names."""
    found = re.findall(r"sections? (\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*)", docstring)
    return [section for group in found for section in re.split(r", | and | to ", group)]


def parts(docstring: str) -> dict[str, str]:
    """A Google docstring by part; what stands before the first heading is under the empty name."""
    pieces = re.split(r"^(Args|Returns|Raises|Attributes):$", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return {"": pieces[0], **dict(zip(pieces[1::2], pieces[2::2], strict=True))}


def entries(part: str) -> list[str]:
    return re.findall(r"^    (\w+(?:, \w+)*): \S", part, flags=re.MULTILINE)


def methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods, without properties and what says that it is not for use outside."""
    for name, thing in inspect.getmembers(cls, lambda member: inspect.isroutine(member)):
        if not name.startswith("_") and "Not for use outside" not in (thing.__doc__ or ""):
            yield name, thing


def test_the_face_is_what_it_is() -> None:
    assert tuple(channel.mls.__all__) == FACE
    assert sorted(FACE) == sorted(name for name in FACE if hasattr(channel.mls, name))


@pytest.mark.parametrize("name", FACE)
def test_every_name_says_which_section_of_the_rfc_it_is(name: str) -> None:
    thing = getattr(channel.mls, name)
    documented = callable(thing)
    docstring = inspect.getdoc(thing) if documented else constant_docstring(crypto, name)
    assert docstring is not None
    assert "RFC 9420" in docstring
    found = sections(docstring)
    assert found
    assert all(1 <= int(section.split(".")[0]) <= 17 for section in found)


@pytest.mark.parametrize("name", [name for name in FACE if is_dataclass(getattr(channel.mls, name))])
def test_every_field_is_documented(name: str) -> None:
    cls = getattr(channel.mls, name)
    documented: list[str] = []
    for base in cls.__mro__:
        documented += entries(parts(base.__doc__ or "").get("Attributes", ""))
    assert [field.name for field in fields(cls) if field.name not in documented] == []


@pytest.mark.parametrize(
    "function", [channel.mls.create_key_package, channel.mls.generate_signature_key_pair]
)
def test_functions_document_what_comes_in_and_goes_out(function: Callable[..., Any]) -> None:
    documented = parts(function.__doc__ or "")
    assert entries(documented["Args"]) == list(inspect.signature(function).parameters)
    assert documented["Returns"].strip()


def test_a_group_has_methods_to_document() -> None:
    names = {name for name, _ in methods(Group)}
    assert {"create", "join", "commit", "receive", "protect", "export_secret", "encode"} <= names
    assert "with_messages" not in names


@pytest.mark.parametrize(("name", "method"), methods(Group))
def test_every_method_of_a_group_documents_all_of_itself(name: str, method: Callable[..., Any]) -> None:
    signature = inspect.signature(method)
    parameters = [parameter for parameter in signature.parameters if parameter != "self"]
    documented = parts(method.__doc__ or "")
    summary = documented[""].strip()
    assert summary
    # "as `seal`" hands over to the other method whatever is not said here.
    for other in re.findall(r"as `(\w+)`", summary):
        for part, said in parts(getattr(Group, other).__doc__ or "").items():
            documented.setdefault(part, said)
    if not parameters:
        return
    assert set(parameters) <= set(entries(documented["Args"]))
    gives = str(signature.return_annotation)
    if gives in {"bool", "bytes", "bytes | None", "LeafNode | None", "Received"} or gives.startswith("tuple"):
        assert documented["Returns"].strip(), "a type that does not say by itself what it is"
    if name not in RAISES_NOTHING:
        raised = [error for line in entries(documented["Raises"]) for error in line.split(", ")]
        assert raised
        assert [
            error for error in raised if not (hasattr(errors, error) or error in {"ValueError", "Exception"})
        ] == []


@pytest.mark.parametrize(
    "name", [name for name, thing in inspect.getmembers(Group) if isinstance(thing, property)]
)
def test_every_property_of_a_group_says_what_it_is(name: str) -> None:
    assert (getattr(Group, name).__doc__ or "").strip()


def test_what_raises_nothing_raises_nothing() -> None:
    group = make_group("alice")[0]
    for number in (-1, 1, 2**32, 2**70):
        assert group.member(number) is None
        assert group.extension(number) is None
    assert not group.is_own_commit(b"")


@pytest.mark.parametrize("length", [-1, 255 * 32 + 1, 2**16])
def test_no_more_is_exported_than_can_be(length: int) -> None:
    group = make_group("alice")[0]
    with pytest.raises(ValueError, match="at most 255 hashes"):
        group.export_secret(b"label", b"", length)
    assert cipher_suite(1).hash_size == 32
    assert len(group.export_secret(b"label", b"", 255 * 32)) == 255 * 32


def imported(path: Path) -> set[str]:
    """The modules that a file imports, by full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                found |= {f"{module}.{alias.name}" for alias in node.names}
            case ast.ImportFrom():
                raise AssertionError(f"{path.name} has a relative import")
    return found


def foreign(path: Path) -> set[str]:
    """What of it is neither the standard library's, nor pyca's, nor in this folder."""
    allowed = {*sys.stdlib_module_names, "cryptography"}
    return {
        module
        for module in imported(path)
        if module.split(".")[0] not in allowed and not f"{module}.".startswith("channel.mls.")
    }


def test_nothing_but_the_standard_library_and_cryptography_is_imported() -> None:
    files = sorted(FOLDER.glob("*.py"))
    assert len(files) > 20, "a guard that finds nothing passes everything"
    assert {path.name: others for path in files if (others := foreign(path))} == {}


def test_what_is_imported_from_elsewhere_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(
        "import os\nimport protocols.ed25519\nfrom channel import errors, mls\n"
        "from channel.mls import codec\ndef f():\n    from channel.identity import Identity\n"
    )
    assert foreign(file) == {"protocols.ed25519", "channel.errors", "channel.identity.Identity"}


ALONE = """
import sys
from pathlib import Path

folder, *packages = sys.argv[1:]
sys.path[:0] = [folder]
sys.path += packages

import os
import channel.mls
from channel.mls import Credential, Group, Lifetime, cipher_suite, create_key_package, generate_signature_key_pair
from channel.mls.proposals import Add

assert Path(channel.mls.__file__).is_relative_to(folder), channel.mls.__file__


def authenticate(credential, signature_key):
    assert credential.identity in (b"alice", b"bob")


suite = cipher_suite(int(os.environ["SUITE"]))
judge = {"authenticate": authenticate, "now_s": 500}
alice, bob = (
    {"credential": Credential(name), "signature_key_pair": generate_signature_key_pair(suite, os.urandom)}
    for name in (b"alice", b"bob")
)
more = {"lifetime": Lifetime(0, 1000), "random": os.urandom}
bundle = create_key_package(suite, **bob, **more)
here = Group.create(suite, group_id=b"alone", **alice, **more)
committed = here.commit([Add(bundle.key_package)], **judge, random=os.urandom)
here = committed.group.adopt(committed.pending).group
there = Group.decode(Group.join(committed.welcome, bundle=bundle, **judge).encode())
here, message = here.protect(b"all alone", random=os.urandom)
print(there.receive(message, **judge).application_data.decode())

ours = {name for name in sys.modules if name.split(".")[0] in ("channel", "protocols", "server", "client")}
print(sorted(name for name in ours if name != "channel" and not f"{name}.".startswith("channel.mls.")))
"""


@pytest.mark.parametrize("number", [1, channel.mls.X_WING_CIPHER_SUITE])
def test_the_folder_can_be_lifted_out(number: int, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "channel" / "mls", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "channel" / "__init__.py").write_text("")
    packages = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    done = subprocess.run(
        # -S: the .pth file of an editable install would put Parley itself on the path.
        [sys.executable, "-P", "-S", "-W", "error", "-c", ALONE, str(tmp_path), *packages],
        cwd=tmp_path,
        env={"SUITE": str(number)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["all alone", "[]"]
