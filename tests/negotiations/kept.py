"""The golden logs as they are kept in golden/: the log, the digest it replays to, its minutes."""

from pathlib import Path
from typing import Final

from channel.audit import Export, parse_export, verify_export

NAMES: Final = ("ceasefire", "prisoners", "convoy")
FOLDER: Final = Path(__file__).resolve().parent / "golden"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "negotiations.md"


def data(name: str) -> bytes:
    """A golden log's bytes."""
    return (FOLDER / f"{name}.jsonl").read_bytes()


def log(name: str) -> Export:
    """A golden log."""
    return parse_export(data(name))


def digest(name: str) -> str:
    """What a golden log replays to, in hex."""
    return (FOLDER / f"{name}.sha256").read_text().strip()


def kept_minutes(name: str) -> str:
    """A golden log's minutes."""
    return (FOLDER / f"{name}.txt").read_text()


def replayed(export: bytes) -> str:
    """Verify an export and replay it; the digest of where it ends, in hex."""
    return verify_export(parse_export(export)).transcript.negotiation.digest().hex()
