"""The client's encrypted store. Save, then speak: what leaves this machine was written here first."""

from client.store.channels import ChannelRow, Channels, ChannelState, ChannelStatus, DraftRow
from client.store.database import SCHEMA_VERSION, ClientStore, Transaction
from client.store.history import CheckpointRow, ConflictRow, EntryRow, EpochRow, History, OpeningRow
from client.store.invitations import InvitationRow, Invitations, InvitationState, Side
from client.store.key_file import KeyDerivation, unwrap_key, wrap_key
from client.store.outbox import Outbox, OutboxRow, OutboxState, SealedMessage
from client.store.people import ContactRow, IdentityRow, People, VerificationRow

__all__ = [
    "SCHEMA_VERSION",
    "ChannelRow",
    "ChannelState",
    "ChannelStatus",
    "Channels",
    "CheckpointRow",
    "ClientStore",
    "ConflictRow",
    "ContactRow",
    "DraftRow",
    "EntryRow",
    "EpochRow",
    "History",
    "IdentityRow",
    "InvitationRow",
    "InvitationState",
    "Invitations",
    "KeyDerivation",
    "OpeningRow",
    "Outbox",
    "OutboxRow",
    "OutboxState",
    "People",
    "SealedMessage",
    "Side",
    "Transaction",
    "VerificationRow",
    "unwrap_key",
    "wrap_key",
]
