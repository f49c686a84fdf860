"""Structured logs: one JSON object a line on standard error.

What may be logged is counts, sizes, durations, positions and the fixed names of events. Never an address, a
token, a key, a log id or the text of a request: an operator's disk must not become a record of who spoke
when. The processor below is the enforcer: a field that is not on the list does not leave the process.
"""

import asyncio
import logging
import sqlite3
import sys
import traceback
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from server.errors import RelayError

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "count",
        "size",
        "bytes",
        "duration_ms",
        "reason",
        "code",
        "error",
        "version",
        "port",
        "open_mode",
        "connections",
        "logs",
    }
)


def _only_allowed(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    return {name: value for name, value in fields.items() if name in ALLOWED}


def configure() -> None:
    """Set logging up for this process. Called once, by the command line.

    aiohttp's own messages name client addresses and quote requests, so they are switched off.
    """
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def loop_exception(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Exception handler of the event loop: its own would print sockets with their addresses."""
    get().error("unhandled", error=type(context.get("exception")).__name__)


def reason(error: BaseException) -> str:
    """What an operator may read about an error: our own fixed text, or else the place where it came up.

    The text of any other error may quote what a client sent. SQLite's and the operating system's are of the
    machine (disk full, no such file), and are the ones an operator needs.
    """
    cause = error.__cause__
    if isinstance(error, RelayError) and (cause is None or isinstance(cause, sqlite3.Error | OSError)):
        return str(error)
    return place(error if cause is None else cause)


def place(error: BaseException) -> str:
    """The line of code where an error came up: no values, so nothing of a client."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def get() -> FilteringBoundLogger:
    """Return a logger; fields that are not in `ALLOWED` are dropped."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
