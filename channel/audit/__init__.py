"""parley-export/v1: a whole channel in one file that anyone can verify offline and replay."""

from channel.audit.errors import AuditError, BadExport, UnreadableExport
from channel.audit.export import (
    CheckpointRecord,
    CoveringRecord,
    EntryRecord,
    EpochRecord,
    Export,
    OpeningRecord,
    RejectionRecord,
)
from channel.audit.format import format_export, parse_export
from channel.audit.verify import Verification, verify_export

__all__ = [
    "AuditError",
    "BadExport",
    "CheckpointRecord",
    "CoveringRecord",
    "EntryRecord",
    "EpochRecord",
    "Export",
    "OpeningRecord",
    "RejectionRecord",
    "UnreadableExport",
    "Verification",
    "format_export",
    "parse_export",
    "verify_export",
]
