"""Messaging Layer Security, RFC 9420: groups whose members agree on who they are and on their secrets.

A `Group` is a value. Start with `create_key_package` and `Group.create` or `Group.join`; `Group.commit`
changes the membership, `Group.protect` and `Group.receive` carry messages. Nothing here does I/O, keeps time
or draws randomness: the caller passes `random`, `now_s` and `authenticate`, carries messages and orders them.

What is listed here makes a whole; `docs/mls.md` shows it at work. Whatever else a caller names is in the
module of its chapter: what to commit in `proposals`, pre-shared keys in `psk`, extensions in `types`, rules
of the caller's own in `commit_change`, what to forgive in `validation`, other cipher suites in `crypto`,
outsiders in `external_proposals` and `external_senders`, a group that follows on another in `successors`,
checks without any secret in `audit`, whose fault something is in `errors`. The rules that peers are held to
are listed in `docs/rfc9420.md`.
"""

from channel.mls.credential import Credential
from channel.mls.crypto import X_WING_CIPHER_SUITE, cipher_suite, generate_signature_key_pair
from channel.mls.errors import MLSError
from channel.mls.group import Group
from channel.mls.key_package import KeyPackage, KeyPackageBundle, create_key_package
from channel.mls.leaf_node import Lifetime
from channel.mls.received import ApplicationReceived, CommitReceived, ProposalReceived
from channel.mls.signatures import SignatureKeyPair

__all__ = [
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
]
