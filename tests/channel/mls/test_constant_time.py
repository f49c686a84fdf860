"""Tags and secrets are compared in constant time, so that nobody learns a tag byte by byte."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import channel.mls
from channel.mls.errors import VerificationError
from channel.mls.public_message import unprotect_public
from channel.mls.transcript import confirmation_tag, verify_confirmation_tag
from tests.support.builders import JUDGE, SUITE, make_group, seeded
from tests.support.outsiders import read_public

SOURCES = sorted(Path(channel.mls.__file__).parent.glob("*.py"))
SECRET = re.compile(r"(^|_)(tag|mac|secret|psk|authenticator|private_key|message_hash)s?$")


class Tattle(bytes):
    """Bytes that tell when they are compared as bytes are."""

    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared byte by byte")

    def __ne__(self, other: object) -> bool:
        raise AssertionError("compared byte by byte")


def test_the_tattle_tells() -> None:
    comparisons: list[Callable[[], object]] = [
        lambda: Tattle(b"a") == b"a",
        lambda: Tattle(b"a") != b"a",
        lambda: bytes(1) == Tattle(b"a"),
        lambda: bytes(1) in [Tattle(b"a")],
    ]
    for compare in comparisons:
        with pytest.raises(AssertionError, match="byte by byte"):
            compare()


def test_macs_are_compared_in_constant_time() -> None:
    SUITE.verify_mac(b"key", b"data", Tattle(SUITE.mac(b"key", b"data")))
    with pytest.raises(VerificationError):
        SUITE.verify_mac(b"key", b"data", Tattle(bytes(32)))


def test_confirmation_tags_are_compared_in_constant_time() -> None:
    good = confirmation_tag(SUITE, bytes(32), b"transcript")
    verify_confirmation_tag(SUITE, bytes(32), b"transcript", Tattle(good))
    with pytest.raises(VerificationError):
        verify_confirmation_tag(SUITE, bytes(32), b"transcript", Tattle(bytes(32)))


def test_membership_tags_are_compared_in_constant_time() -> None:
    alice, _ = make_group("alice", "bob")
    message = read_public(alice.commit(random=seeded(1), public=True, **JUDGE).message)
    state = alice.epoch_state
    for tag, holds in ((message.membership_tag or b"", True), (bytes(32), False)):
        tattling = type(message)(message.content, message.auth, Tattle(tag))
        arguments = {
            "signature_key": state.own_leaf.signature_key,
            "membership_key": state.secrets.membership_key,
            "group_context": state.context.encode(),
        }
        if holds:
            unprotect_public(SUITE, tattling, **arguments)
        else:
            with pytest.raises(VerificationError, match="membership tag"):
                unprotect_public(SUITE, tattling, **arguments)


def secret_comparisons(source: str) -> list[str]:
    """The comparisons by value of something whose name says that it is secret or a tag."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        sides: list[ast.expr] = []
        for left, operator, right in zip(
            (node.left, *node.comparators), node.ops, node.comparators, strict=False
        ):
            if isinstance(operator, (ast.Eq, ast.NotEq)):
                sides += [left, right]
            elif isinstance(operator, (ast.In, ast.NotIn)):
                sides.append(left)
        for side in sides:
            name = side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "")
            if SECRET.search(name):
                found.append(ast.unparse(node))
    return found


def test_the_guard_sees_comparisons() -> None:
    assert secret_comparisons("if confirmation_tag == expected: pass")
    assert secret_comparisons("assert self.auth.membership_tag != mac")
    assert secret_comparisons("x = psk in known")
    assert not secret_comparisons("if tag is None or len(secret) != 32 or group_id == other: pass")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_secret_is_compared_by_value(path: Path) -> None:
    assert secret_comparisons(path.read_text("utf-8")) == []
