"""A commit that no log entry can hold is refused before anything has changed: sent, it would block the channel."""

import random as dice

import pytest

from channel.charter import CHARTER_EXTENSION, RosterEntry
from channel.errors import CommitTooLarge
from channel.identity import Identity
from channel.mls import cipher_suite, create_key_package
from channel.mls.proposals import Add, GroupContextExtensions, Proposal
from channel.mls.types import Extension
from client.conversation import Conversation
from client.founding import DEFAULT_CIPHER_SUITE, capabilities, found, leaf_keys
from protocols.log.entry import MAX_ENTRY_SIZE
from protocols.log.note import Verifier
from protocols.messages import Role

NOW_S = 1_800_000_000
SUITE = cipher_suite(DEFAULT_CIPHER_SUITE)
RANDOM = dice.Random("commit size").randbytes
RELAY_VKEY = Verifier("relay.example.org", Identity.from_seed(b"\xaa" * 32).public_key).vkey


def founded() -> Conversation:
    return found(
        SUITE,
        Identity.from_seed(bytes(32)),
        title="North bridge",
        name="Mira",
        role=Role.MEDIATOR,
        relay_vkey=RELAY_VKEY,
        device="laptop",
        now_s=NOW_S,
        random=RANDOM,
    )


def additions(conversation: Conversation, count: int) -> list[Proposal]:
    """Proposals that add so many people, and seat them."""
    charter, proposals = conversation.transcript.epoch.charter, []
    for number in range(1, count + 1):
        identity = Identity.from_seed(bytes([number]) * 32)
        keys = leaf_keys(SUITE, identity, device="laptop", now_s=NOW_S, random=RANDOM)
        bundle = create_key_package(
            SUITE,
            credential=keys.credential,
            signature_key_pair=keys.signature_key_pair,
            lifetime=keys.lifetime,
            capabilities=capabilities(SUITE),
            random=RANDOM,
        )
        proposals.append(Add(bundle.key_package))
        charter = charter.with_entry(
            RosterEntry(key=identity.public_key, name=f"Member {number}", role=Role.PARTY)
        )
    return [*proposals, GroupContextExtensions((Extension(CHARTER_EXTENSION, charter.encode()),))]


def test_a_commit_larger_than_a_log_entry_is_refused() -> None:
    conversation = founded()
    group = conversation.group
    with pytest.raises(CommitTooLarge):
        conversation.commit(additions(conversation, 25), intent=b"", now_s=NOW_S, random=RANDOM)
    assert conversation.group is group
    assert conversation.committing is None
    committing = conversation.commit(additions(conversation, 15), intent=b"", now_s=NOW_S, random=RANDOM)
    assert len(committing.message) < MAX_ENTRY_SIZE
