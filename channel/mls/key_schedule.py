"""The key schedule: one epoch's secrets from the last (RFC 9420, section 8).

Every epoch starts from the previous epoch's `init_secret` and ends by producing the next one, so what this
module returns is the only thing that connects two epochs. Forward secrecy rests on what is dropped:
`EpochSecrets` lives only while a commit or Welcome is made or processed; an epoch keeps `RetainedSecrets`
and the secret tree, from which neither `joiner_secret`, `member_secret`, `epoch_secret` nor
`encryption_secret` can be computed again.

`joiner_secret` is both an output (it travels in a Welcome) and an input (a joiner starts from it), which is
why there are two entry points that share everything after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from channel.mls.codec import Reader, decode, opaque
from channel.mls.crypto import CipherSuite


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedSecrets:
    """What a member keeps of the key schedule for as long as the epoch lasts, each `hash_size` bytes.

    Attributes:
        sender_data_secret: Encrypts who sent a PrivateMessage.
        exporter_secret: See `export_secret`.
        external_secret: See `external_key_pair`.
        membership_key: Authenticates PublicMessages of members.
        resumption_psk: Proves membership of this epoch later.
        epoch_authenticator: Equal on members who agree on the epoch; may be shown and compared.
        init_secret: What the next epoch starts from.
    """

    sender_data_secret: bytes = field(repr=False)
    exporter_secret: bytes = field(repr=False)
    external_secret: bytes = field(repr=False)
    membership_key: bytes = field(repr=False)
    resumption_psk: bytes = field(repr=False)
    epoch_authenticator: bytes = field(repr=False)
    init_secret: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Our own storage form; nothing of it travels."""
        return (
            opaque(self.sender_data_secret)
            + opaque(self.exporter_secret)
            + opaque(self.external_secret)
            + opaque(self.membership_key)
            + opaque(self.resumption_psk)
            + opaque(self.epoch_authenticator)
            + opaque(self.init_secret)
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            sender_data_secret=reader.opaque(),
            exporter_secret=reader.opaque(),
            external_secret=reader.opaque(),
            membership_key=reader.opaque(),
            resumption_psk=reader.opaque(),
            epoch_authenticator=reader.opaque(),
            init_secret=reader.opaque(),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSecrets:
    """All secrets of one epoch, each `hash_size` bytes; do not keep it, keep `retain()`.

    Attributes:
        joiner_secret: Goes into the Welcome of members this epoch adds.
        member_secret: What joiner_secret and the PSKs make; the Welcome and the epoch hang off it.
        welcome_secret: Encrypts the GroupInfo in a Welcome.
        epoch_secret: What all those below are derived from.
        encryption_secret: The root of the secret tree.
        confirmation_key: Makes and checks the confirmation tag.
    """

    joiner_secret: bytes = field(repr=False)
    member_secret: bytes = field(repr=False)
    welcome_secret: bytes = field(repr=False)
    epoch_secret: bytes = field(repr=False)
    sender_data_secret: bytes = field(repr=False)
    encryption_secret: bytes = field(repr=False)
    exporter_secret: bytes = field(repr=False)
    external_secret: bytes = field(repr=False)
    confirmation_key: bytes = field(repr=False)
    membership_key: bytes = field(repr=False)
    resumption_psk: bytes = field(repr=False)
    epoch_authenticator: bytes = field(repr=False)
    init_secret: bytes = field(repr=False)

    def retain(self) -> RetainedSecrets:
        """What may be kept while the epoch lasts."""
        return RetainedSecrets(
            sender_data_secret=self.sender_data_secret,
            exporter_secret=self.exporter_secret,
            external_secret=self.external_secret,
            membership_key=self.membership_key,
            resumption_psk=self.resumption_psk,
            epoch_authenticator=self.epoch_authenticator,
            init_secret=self.init_secret,
        )


def derive_joiner_secret(
    suite: CipherSuite, *, init_secret: bytes, commit_secret: bytes, group_context: bytes
) -> bytes:
    """Derive the secret that the members of an epoch and its joiners start from.

    Args:
        suite: The group's cipher suite; it fixes every length below.
        init_secret: From the epoch the commit closes.
        commit_secret: From the commit's path, or `suite.zero` when the commit carries no path.
        group_context: The *new* epoch's GroupContext, encoded.

    Returns:
        The `joiner_secret`, `hash_size` bytes.

    Raises:
        ValueError: A secret is not `hash_size` bytes long: a bug in the caller, nothing a peer can cause.
    """
    _check_length(suite, init_secret, commit_secret)
    return suite.expand_with_label(
        suite.extract(init_secret, commit_secret), b"joiner", group_context, suite.hash_size
    )


def derive_epoch_secrets(
    suite: CipherSuite,
    *,
    init_secret: bytes,
    commit_secret: bytes,
    psk_secret: bytes,
    group_context: bytes,
) -> EpochSecrets:
    """Derive the secrets of the epoch a commit opens, as its members do.

    Args:
        suite: The group's cipher suite; it fixes every length below.
        init_secret: From the epoch the commit closes.
        commit_secret: From the commit's path, or `suite.zero` when the commit carries no path.
        psk_secret: From section 8.4, or `suite.zero` when no PSK is used.
        group_context: The *new* epoch's GroupContext, encoded.

    Raises:
        ValueError: A secret is not `hash_size` bytes long: a bug in the caller, nothing a peer can cause.
    """
    joiner_secret = derive_joiner_secret(
        suite, init_secret=init_secret, commit_secret=commit_secret, group_context=group_context
    )
    return derive_joined_epoch_secrets(
        suite, joiner_secret=joiner_secret, psk_secret=psk_secret, group_context=group_context
    )


def derive_member_secret(suite: CipherSuite, *, joiner_secret: bytes, psk_secret: bytes) -> bytes:
    """Mix the PSKs into the joiner secret.

    Raises:
        ValueError: A secret is not `hash_size` bytes long.
    """
    _check_length(suite, joiner_secret, psk_secret)
    return suite.extract(joiner_secret, psk_secret)


def derive_welcome_secret(suite: CipherSuite, *, joiner_secret: bytes, psk_secret: bytes) -> bytes:
    """Derive what a joiner opens the GroupInfo with, before it knows the GroupContext.

    Raises:
        ValueError: A secret is not `hash_size` bytes long; check what a Welcome brought before calling.
    """
    member_secret = derive_member_secret(suite, joiner_secret=joiner_secret, psk_secret=psk_secret)
    return suite.derive_secret(member_secret, b"welcome")


def derive_joined_epoch_secrets(
    suite: CipherSuite, *, joiner_secret: bytes, psk_secret: bytes, group_context: bytes
) -> EpochSecrets:
    """Derive the secrets of the epoch a Welcome leads into, as a joiner does.

    Args:
        suite: The group's cipher suite.
        joiner_secret: From the Welcome's GroupSecrets.
        psk_secret: From section 8.4, or `suite.zero` when no PSK is used.
        group_context: The joined epoch's GroupContext, encoded.

    Raises:
        ValueError: A secret is not `hash_size` bytes long; check what a Welcome brought before calling.
    """
    member_secret = derive_member_secret(suite, joiner_secret=joiner_secret, psk_secret=psk_secret)
    epoch_secret = suite.expand_with_label(member_secret, b"epoch", group_context, suite.hash_size)
    return EpochSecrets(
        joiner_secret=joiner_secret,
        member_secret=member_secret,
        welcome_secret=suite.derive_secret(member_secret, b"welcome"),
        epoch_secret=epoch_secret,
        sender_data_secret=suite.derive_secret(epoch_secret, b"sender data"),
        encryption_secret=suite.derive_secret(epoch_secret, b"encryption"),
        exporter_secret=suite.derive_secret(epoch_secret, b"exporter"),
        external_secret=suite.derive_secret(epoch_secret, b"external"),
        confirmation_key=suite.derive_secret(epoch_secret, b"confirm"),
        membership_key=suite.derive_secret(epoch_secret, b"membership"),
        resumption_psk=suite.derive_secret(epoch_secret, b"resumption"),
        epoch_authenticator=suite.derive_secret(epoch_secret, b"authentication"),
        init_secret=suite.derive_secret(epoch_secret, b"init"),
    )


def welcome_key_and_nonce(suite: CipherSuite, welcome_secret: bytes) -> tuple[bytes, bytes]:
    """The AEAD key and nonce of a Welcome's encrypted GroupInfo (section 12.4.3.1)."""
    return (
        suite.expand_with_label(welcome_secret, b"key", b"", suite.aead_key_size),
        suite.expand_with_label(welcome_secret, b"nonce", b"", suite.aead_nonce_size),
    )


def export_secret(
    suite: CipherSuite, exporter_secret: bytes, *, label: bytes, context: bytes, length: int
) -> bytes:
    """MLS-Exporter (section 8.5): a secret for an application, bound to the epoch.

    Args:
        suite: The group's cipher suite.
        exporter_secret: The epoch's.
        label: Names the use, without "MLS 1.0 ".
        context: Whatever else it depends on.
        length: How many bytes are wanted.
    """
    secret = suite.derive_secret(exporter_secret, label)
    return suite.expand_with_label(secret, b"exported", suite.hash(context), length)


def external_key_pair(suite: CipherSuite, external_secret: bytes) -> tuple[bytes, bytes]:
    """The group's HPKE key pair for external commits, private and public (section 8.3)."""
    return suite.derive_key_pair(external_secret)


def _check_length(suite: CipherSuite, *secrets: bytes) -> None:
    for secret in secrets:
        if len(secret) != suite.hash_size:
            raise ValueError(f"a secret of this suite is {suite.hash_size} bytes, not {len(secret)}")
