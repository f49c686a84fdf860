"""A group of 1000: make it, join it, commit in it. Beside it, the primitives that the RFC forces."""

import os
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from bench.members import add_all, everyone, founder, newcomer
from bench.report import Result, best_of
from channel.mls import Group

MEMBERS = 1_000
SUITE = 1


def run() -> Iterator[Result]:
    """Measure suite 1."""
    bundles = [newcomer(SUITE, b"member %d" % number) for number in range(1, MEMBERS)]
    made: list[tuple[Group, bytes]] = []
    joined: list[Group] = []

    def create_and_add() -> None:
        made[:] = [add_all(founder(SUITE), bundles)]

    def join() -> None:
        joined[:] = [Group.join(made[0][1], bundle=bundles[-1], authenticate=everyone)]

    create_s, join_s, verify_s, encrypt_s = best_of(2, create_and_add, join, _verify_all, _encrypt_all)
    yield _line("create a group and add 999", create_s, target_ms=900, floor_s=2 * verify_s + encrypt_s)
    yield _line("join a group of 1000", join_s, target_ms=260, floor_s=verify_s)
    first, last = made[0][0], joined[0]
    first, last = _commit(first, last)
    last, first = _commit(last, first)
    committed: list[bytes] = []

    def create() -> None:
        committed[:] = [first.commit((), random=os.urandom, authenticate=everyone, now_s=0).message]

    def process() -> None:
        last.receive(committed[0], authenticate=everyone, now_s=0)

    create_s, process_s = best_of(5, create, process)
    yield _line("create an empty commit, warm", create_s, target_ms=40, floor_s=None)
    yield _line("process an empty commit, warm", process_s, target_ms=25, floor_s=None)


def _commit(committer: Group, other: Group) -> tuple[Group, Group]:
    result = committer.commit((), random=os.urandom, authenticate=everyone, now_s=0)
    received = other.receive(result.message, authenticate=everyone, now_s=0)
    return result.group.adopt(result.pending).group, received.group


def _line(what: str, seconds: float, *, target_ms: int, floor_s: float | None) -> Result:
    return {
        "what": what,
        "ours_ms": round(seconds * 1e3, 1),
        "target_ms": target_ms,
        "reached": seconds * 1e3 <= target_ms,
        "primitives_alone_ms": None if floor_s is None else round(floor_s * 1e3, 1),
    }


def _verify_all() -> None:
    private_key = Ed25519PrivateKey.generate()
    public_key, signature = private_key.public_key(), private_key.sign(bytes(300))
    for _ in range(MEMBERS):
        public_key.verify(signature, bytes(300))


def _encrypt_all() -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    public_key = X25519PrivateKey.generate().public_key()
    for _ in range(MEMBERS):
        suite.encrypt(bytes(32), public_key, bytes(300))
