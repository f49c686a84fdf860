"""The external_senders extension: held to the rules of a leaf, though nobody outside may propose here."""

from typing import Any

import pytest

from channel.mls import Credential, Group
from channel.mls.audit import verify_tree
from channel.mls.errors import ValidationError, VerificationError
from channel.mls.external_senders import ExternalSender, encode_external_senders, external_senders
from channel.mls.proposals import Add, GroupContextExtensions
from channel.mls.types import Extension, ExtensionType
from tests.support.builders import (
    JUDGE,
    LIFETIME,
    LOW_ORDER_KEYS,
    NOW_S,
    SUITE,
    accept,
    forge_welcome,
    hostile_commit,
    make_bundle,
    make_group,
    seal_hostile,
    seeded,
)
from tests.support.refusal import refuse, refuse_rule

KEY = SUITE.generate_signature_key_pair(seeded("sender")).public_key
SENDER = ExternalSender(KEY, Credential(b"a court"))


def extension(*senders: ExternalSender) -> Extension:
    return Extension(ExtensionType.EXTERNAL_SENDERS, encode_external_senders(senders))


MALFORMED = Extension(ExtensionType.EXTERNAL_SENDERS, b"\x01\x00")


class Refused(Exception):
    """The application does not believe the external sender."""


def only_members(credential: Credential, signature_key: bytes) -> None:
    if credential == SENDER.credential:
        raise Refused


def found(extensions: tuple[Extension, ...]) -> Group:
    random = seeded("found")
    return Group.create(
        SUITE,
        group_id=b"group",
        credential=Credential(b"alice"),
        signature_key_pair=SUITE.generate_signature_key_pair(random),
        lifetime=LIFETIME,
        extensions=extensions,
        random=random,
    )


def test_senders_come_back() -> None:
    assert external_senders(SUITE, (extension(SENDER, SENDER),)) == (SENDER, SENDER)
    assert external_senders(SUITE, ()) == ()


def test_a_malformed_extension_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_rule(bob, hostile_commit(alice, GroupContextExtensions((MALFORMED,))), "12.1.8.1-1")
    refuse_rule(bob, seal_hostile(alice, GroupContextExtensions((MALFORMED,))), "12.1.8.1-1")
    with pytest.raises(ValidationError) as founding:
        found((MALFORMED,))
    assert founding.value.rule == "12.1.8.1-1"


@pytest.mark.parametrize("key", LOW_ORDER_KEYS)
def test_a_key_that_proves_nothing_is_refused(key: bytes) -> None:
    alice, bob = make_group("alice", "bob")
    weak = extension(ExternalSender(key, Credential(b"a court")))
    refuse(bob, hostile_commit(alice, GroupContextExtensions((weak,))), VerificationError)
    with pytest.raises(VerificationError):
        found((weak,))


def test_a_joiner_refuses_a_group_with_a_bad_extension() -> None:
    alice, _ = make_group("alice", "bob")
    eve = make_bundle("eve")
    result = alice.commit([Add(eve.key_package)], random=seeded(1), **JUDGE)
    assert result.welcome is not None

    def forged(bad: Extension) -> bytes:
        assert result.welcome is not None
        return forge_welcome(
            result.pending, result.welcome, eve, context=lambda context: context.replace(extensions=(bad,))
        )

    with pytest.raises(ValidationError) as caught:
        Group.join(forged(MALFORMED), bundle=eve, authenticate=accept)
    assert caught.value.rule == "12.1.8.1-1"
    weak = extension(ExternalSender(LOW_ORDER_KEYS[0], Credential(b"a court")))
    with pytest.raises(VerificationError, match="low order"):
        Group.join(forged(weak), bundle=eve, authenticate=accept)


def test_an_auditor_refuses_a_bad_extension() -> None:
    alice, _ = make_group("alice", "bob")
    context = alice.context.replace(extensions=(MALFORMED,))
    with pytest.raises(ValidationError) as caught:
        verify_tree(SUITE, alice.ratchet_tree(), context.encode())
    assert caught.value.rule == "12.1.8.1-1"


def test_the_application_judges_a_new_sender() -> None:
    alice, bob = make_group("alice", "bob")
    change = GroupContextExtensions((extension(SENDER),))
    message = hostile_commit(alice, change)
    before = bob.encode()
    with pytest.raises(Refused):
        bob.receive(message, authenticate=only_members, now_s=NOW_S)
    assert bob.encode() == before
    with pytest.raises(Refused):
        alice.commit([change], random=seeded(1), authenticate=only_members, now_s=NOW_S)


def test_the_application_judges_the_senders_of_a_group_it_joins() -> None:
    alice = found((extension(SENDER),))
    eve = make_bundle("eve")
    result = alice.commit([Add(eve.key_package)], random=seeded(1), **JUDGE)
    assert result.welcome is not None
    with pytest.raises(Refused):
        Group.join(result.welcome, bundle=eve, authenticate=only_members)
    assert Group.join(result.welcome, bundle=eve, authenticate=accept).context == result.pending.context


def test_the_application_is_not_asked_again_about_an_old_sender() -> None:
    alice = found((extension(SENDER),))
    asked: list[Any] = []

    def watch(credential: Credential, signature_key: bytes) -> None:
        asked.append((credential, signature_key))

    same = GroupContextExtensions((extension(SENDER),))
    alice.commit([same], random=seeded(1), authenticate=watch, now_s=NOW_S)
    assert asked == []
    more = GroupContextExtensions((extension(SENDER, ExternalSender(KEY, Credential(b"another"))),))
    alice.commit([more], random=seeded(1), authenticate=watch, now_s=NOW_S)
    assert asked == [(SENDER.credential, KEY), (Credential(b"another"), KEY)]
