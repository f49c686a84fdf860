"""What can be wrong with an exported log. Always the file's fault: it was damaged, or somebody changed it."""

from channel.errors import ChannelError

__all__ = ["AuditError", "BadExport", "UnreadableExport"]


class AuditError(ChannelError):
    """An exported log cannot be trusted; the message says where it first goes wrong."""


class UnreadableExport(AuditError):
    """A line is not a record of parley-export/v1.

    Attributes:
        line: The line's number in the file, from 1.
        position: The entry the line belongs to, or None where that cannot be told.
    """

    def __init__(self, line: int, position: int | None, problem: str) -> None:
        """Say what is wrong with which line."""
        where = "" if position is None else f" (entry {position})"
        super().__init__(f"line {line}{where}: {problem}")
        self.line = line
        self.position = position


class BadExport(AuditError):
    """The file is readable, but something in it does not hold.

    Attributes:
        position: The first bad entry; None where the fault is in no single entry.
    """

    def __init__(self, position: int | None, problem: str) -> None:
        """Say which entry is the first bad one, and why."""
        super().__init__(problem if position is None else f"entry {position}: {problem}")
        self.position = position
