"""Beginning a channel: our keys for it, its genesis, its charter, epoch 0.

Nothing here is kept until the relay has made the log; a founding that fails half-way leaves an empty log
behind and nothing with us.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from channel.charter import CHARTER_EXTENSION, GOVERNING, Charter, Mode, RosterEntry
from channel.errors import BadCharter
from channel.identity import Identity, make_certificate
from channel.mls import (
    X_WING_CIPHER_SUITE,
    Credential,
    Group,
    Lifetime,
    SignatureKeyPair,
    generate_signature_key_pair,
)
from channel.mls.key_package import default_capabilities
from channel.mls.leaf_node import Capabilities
from channel.mls.suite import CipherSuite
from channel.mls.types import Extension
from channel.transcript import Transcript
from client.conversation import Conversation, epoch_of
from protocols.log.entry import Genesis
from protocols.log.follower import LogFollower
from protocols.messages import Role

__all__ = ["ChannelRules", "LeafKeys", "capabilities", "found", "leaf_keys"]

#: What new channels speak: X-Wing, confidential also from a quantum computer that comes later.
DEFAULT_CIPHER_SUITE = X_WING_CIPHER_SUITE
#: What we can join: that, and MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (RFC 9420, section 17.1). All have
#: Ed25519 signatures, so that one certified leaf key serves whichever a channel speaks.
CIPHER_SUITES = (DEFAULT_CIPHER_SUITE, 1)
#: How long our leaf and its certificate are valid: longer than most talks, shorter than for ever.
VALIDITY_S = 400 * 86_400
#: Clocks differ; a leaf is valid from a little earlier than now.
SKEW_S = 3_600

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """What a channel's founder chooses for its charter; once the set-up is over it stands (CHARTER-9).

    Attributes:
        mode: LIVE or EXERCISE.
        timers: seconds by the keys of `channel.charter.DEFAULT_TIMERS`; what is missing has the default.
        languages: BCP 47 tags, at least one.
        displayed: whether devices report what they have shown.
    """

    mode: Mode = Mode.LIVE
    timers: Mapping[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    displayed: bool = False


DEFAULT_RULES = ChannelRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafKeys:
    """Our keys in one channel, vouched for by our identity."""

    signature_key_pair: SignatureKeyPair = field(repr=False)
    credential: Credential
    lifetime: Lifetime


def leaf_keys(suite: CipherSuite, identity: Identity, *, device: str, now_s: int, random: Random) -> LeafKeys:
    """Make a new signature key pair for one channel and certify it with the identity key.

    Args:
        suite: The channel's cipher suite.
        identity: Ours.
        device: This device's label; members see it.
        now_s: UTC seconds.
        random: Source of random bytes.
    """
    pair = generate_signature_key_pair(suite, random)
    not_before, not_after = now_s - SKEW_S, now_s + VALIDITY_S
    certificate = make_certificate(
        identity,
        leaf_signature_key=pair.public_key,
        not_before_s=not_before,
        not_after_s=not_after,
        device=device,
    )
    return LeafKeys(
        signature_key_pair=pair, credential=Credential(certificate), lifetime=Lifetime(not_before, not_after)
    )


def capabilities(suite: CipherSuite) -> Capabilities:
    """What a leaf of ours says it can do: everything, as RFC 9420 section 7.2 has it."""
    return default_capabilities(suite, extensions=(Extension(CHARTER_EXTENSION, b""),))


def found(
    suite: CipherSuite,
    identity: Identity,
    *,
    title: str,
    name: str,
    role: Role,
    rules: ChannelRules = DEFAULT_RULES,
    relay_vkey: str,
    device: str,
    now_s: int,
    random: Random,
) -> Conversation:
    """Make a channel with ourselves as its only member.

    Args:
        suite: The cipher suite.
        identity: Ours.
        title: What the channel is called.
        name: Our name on its roster.
        role: Our role.
        rules: What its charter says beside that.
        relay_vkey: The relay's name and key, from its greeting.
        device: This device's label.
        now_s: UTC seconds.
        random: Source of random bytes.

    Raises:
        BadCharter: The title, name or rules cannot be used, or in this role we could not admit anybody.
    """
    if role not in GOVERNING:
        raise BadCharter(
            "whoever makes a channel is a party or a mediator of it: nobody else can admit people"
        )
    charter = Charter(
        title=title,
        relay_vkey=relay_vkey,
        roster=(RosterEntry(key=identity.public_key, name=name, role=role),),
        mode=rules.mode,
        timers=rules.timers,
        languages=rules.languages,
        displayed=rules.displayed,
    )
    genesis = Genesis(
        random=random(32),
        relay_vkey=relay_vkey,
        cipher_suite=suite.number,
        policy={"access": "epoch-exporter-key", "franking": "PF1"},
    )
    keys = leaf_keys(suite, identity, device=device, now_s=now_s, random=random)
    group = Group.create(
        suite,
        group_id=genesis.log_id,
        credential=keys.credential,
        signature_key_pair=keys.signature_key_pair,
        lifetime=keys.lifetime,
        extensions=(Extension(CHARTER_EXTENSION, charter.encode()),),
        capabilities=capabilities(suite),
        random=random,
    )
    transcript = Transcript(genesis, epoch_of(group), group.interim_transcript_hash)
    follower = LogFollower(genesis.origin, genesis.relay_public_key, transcript.frontier)
    return Conversation(group=group, follower=follower, transcript=transcript)
