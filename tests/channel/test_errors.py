"""What a peer can make `channel` raise is caught whole: its own errors, and those of the MLS library in it."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from channel.errors import ChannelError
from channel.mls import MLSError

ONE_ONLY = """
try:
    receive()
except (ChannelError, ProtocolError):
    reject()
match error:
    case ClientError() | ChannelError():
        tell()
"""


def names(node: ast.AST) -> set[str]:
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return found | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def catches(source: str) -> Iterator[set[str]]:
    """The names in every `except` and every `case`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ExceptHandler(type=ast.expr() as caught):
                yield names(caught)
            case ast.match_case():
                yield names(node.pattern)


def test_the_two_trees_are_apart() -> None:
    assert not issubclass(MLSError, ChannelError)
    assert not issubclass(ChannelError, MLSError)


def test_whoever_catches_the_one_only_is_found() -> None:
    assert [caught for caught in catches(ONE_ONLY) if "ChannelError" in caught] == [
        {"ChannelError", "ProtocolError"},
        {"ChannelError", "ClientError"},
    ]


@pytest.mark.parametrize("folder", ["channel", "client"])
def test_whoever_catches_all_of_channel_catches_mls_too(folder: str) -> None:
    checked = 0
    (root,) = importlib.import_module(folder).__path__
    for path in sorted(Path(root).rglob("*.py")):
        for caught in catches(path.read_text()):
            if "ChannelError" in caught:
                checked += 1
                assert "MLSError" in caught, path
    assert checked, "a guard that finds nothing passes everything"
