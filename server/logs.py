"""Structured logs: one JSON object a line on standard error.

What may be logged is counts, sizes, durations, positions and the fixed names of events. Never an address, a
token, a key, a log id or the text of a request: an operator's disk must not become a record of who spoke
when. The processor below is the enforcer: a field that is not on the list does not leave the process.
"""

import asyncio
import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

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


def get() -> FilteringBoundLogger:
    """Return a logger; fields that are not in `ALLOWED` are dropped."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
