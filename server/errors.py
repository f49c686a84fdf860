"""What can go wrong in the relay, sorted by whose fault it is.

A `RequestRefused` is answered and the connection goes on. An `OperatorError` ends the program with one line
and exit status 1. A `StoreFailed` ends it at once: nothing may be answered any more, and the next start
recovers. Messages never hold a key, a token, an address or the content of an entry.
"""


class RelayError(Exception):
    """The root of every error the relay raises on purpose."""


class RequestRefused(RelayError):
    """The client asked for what it may not have or do; nothing was changed."""


class LogExists(RequestRefused):
    """A log with this genesis exists, and was registered with another access key."""


class UnknownLog(RequestRefused):
    """There is no such log here."""


class MailboxExists(RequestRefused):
    """The mailbox id is in use by another log, or was opened with other terms."""


class MailboxUnknown(RequestRefused):
    """The mailbox was never opened, has expired or was closed."""


class MailboxUsed(RequestRefused):
    """The slot was already filled by somebody else: an invitation works once."""


class MailboxOutOfOrder(RequestRefused):
    """A blob was posted before the one that precedes it."""


class QuotaExceeded(RequestRefused):
    """The log has used up what it may keep here (open mailboxes, or bytes in them)."""


class OperatorError(RelayError):
    """The machine or the configuration is not as it must be; a person has to act."""


class StoreUnusable(OperatorError):
    """The database is damaged, not ours, written by a newer release, or held by another process."""


class TokenExists(OperatorError):
    """An admission token with this label, or with this very secret, exists already."""


class RollbackRefused(OperatorError):
    """A log is shorter than, or differs from, what this relay has already signed.

    Signing it would be equivocation. The usual cause is an old backup put back; the newest data must be
    restored.
    """


class StoreFailed(RelayError):
    """Reading or writing failed underneath us (disk full, I/O error, damage found while running).

    What was in flight may or may not be on disk. The store refuses everything afterwards; the process must
    exit.
    """
