"""A group of 1000: make it, join it, commit in it, hold it. Beside it, the primitives that the RFC forces."""

import os
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from bench import memory
from bench.members import add_all, everyone, founder, newcomer
from bench.report import Result, best_of
from channel.mls import X_WING_CIPHER_SUITE, Group

MEMBERS = 1_000


def run() -> Iterator[Result]:
    """Measure suite 1, which has targets, and X-Wing."""
    yield from _measure(1, targets_ms=(900, 260, 40, 25))
    yield from _measure(X_WING_CIPHER_SUITE, targets_ms=None)


def _measure(suite_number: int, *, targets_ms: tuple[int, int, int, int] | None) -> Iterator[Result]:
    name = f", suite {suite_number}"
    targets = targets_ms or (None,) * 4
    bundles = [newcomer(suite_number, b"member %d" % number) for number in range(1, MEMBERS)]
    made: list[tuple[Group, bytes]] = []
    joined: list[Group] = []

    def create_and_add() -> None:
        made[:] = [add_all(founder(suite_number), bundles)]

    def join() -> None:
        joined[:] = [Group.join(made[0][1], bundle=bundles[-1], authenticate=everyone)]

    create_s, join_s, verify_s, encrypt_s = best_of(
        2, create_and_add, join, _verify_all, lambda: _encrypt(suite_number, MEMBERS)
    )
    floor_s = 2 * verify_s + encrypt_s
    yield _line("create a group and add 999" + name, create_s, target_ms=targets[0], floor_s=floor_s)
    yield _line("join a group of 1000" + name, join_s, target_ms=targets[1], floor_s=verify_s)
    first, last = made[0][0], joined[0]
    first, last = _commit(first, last)
    last, first = _commit(last, first)
    committed: list[bytes] = []

    def create() -> None:
        committed[:] = [first.commit((), random=os.urandom, authenticate=everyone, now_s=0).message]

    def process() -> None:
        last.receive(committed[0], authenticate=everyone, now_s=0)

    # Only two members have committed: the path secrets go to as many nodes as they are the parents of.
    steps = first.epoch_state.tree.filtered_direct_path(first.epoch_state.own_leaf_index)
    recipients = sum(len(step.resolution) for step in steps)
    create_s, process_s, encrypt_s = best_of(10, create, process, lambda: _encrypt(suite_number, recipients))
    yield _line("create an empty commit, warm" + name, create_s, target_ms=targets[2], floor_s=encrypt_s)
    yield _line("process an empty commit, warm" + name, process_s, target_ms=targets[3], floor_s=None)
    yield from memory.run(suite_number, MEMBERS)


def _commit(committer: Group, other: Group) -> tuple[Group, Group]:
    result = committer.commit((), random=os.urandom, authenticate=everyone, now_s=0)
    received = other.receive(result.message, authenticate=everyone, now_s=0)
    return result.group.adopt(result.pending).group, received.group


def _line(what: str, seconds: float, *, target_ms: int | None, floor_s: float | None) -> Result:
    return {
        "what": what,
        "ours_ms": round(seconds * 1e3, 1),
        "target_ms": target_ms,
        "reached": None if target_ms is None else seconds * 1e3 <= target_ms,
        "primitives_alone_ms": None if floor_s is None else round(floor_s * 1e3, 1),
    }


def _verify_all() -> None:
    private_key = Ed25519PrivateKey.generate()
    public_key, signature = private_key.public_key(), private_key.sign(bytes(300))
    for _ in range(MEMBERS):
        public_key.verify(signature, bytes(300))


def _encrypt(suite_number: int, recipients: int) -> None:
    """Encrypt to as many public keys as there are recipients, each loaded first."""
    x25519 = X25519PrivateKey.generate().public_key().public_bytes_raw()
    if suite_number == X_WING_CIPHER_SUITE:
        suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA512, AEAD.AES_256_GCM)
        ml_kem = MLKEM768PrivateKey.generate().public_key().public_bytes_raw()
        for _ in range(recipients):
            halves = MLKEM768PublicKey.from_public_bytes(ml_kem), X25519PublicKey.from_public_bytes(x25519)
            suite.encrypt(bytes(64), MLKEM768X25519PublicKey(*halves), bytes(300))
        return
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    for _ in range(recipients):
        suite.encrypt(bytes(32), X25519PublicKey.from_public_bytes(x25519), bytes(300))
