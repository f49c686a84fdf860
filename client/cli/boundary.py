"""The one place where what went wrong becomes an exit status and a line on standard error.

0 ok; 1 refused or failed, with a line that says what and the way out; 2 wrong usage, said by Typer. What is
not expected here is a bug: it keeps its traceback, with what it quotes made harmless.
"""

import errno
import sys
import traceback
from collections.abc import Iterator, Sequence

import typer

from channel.errors import ChannelError
from client.display import sanitise, sanitise_line
from client.errors import ClientError
from protocols.errors import LocalProtocolError, ProtocolError, RuleViolation

__all__ = ["FAILED", "INTERRUPTED", "explain", "run"]

FAILED = 1
#: Typer's own status for a keyboard interrupt; ours is 1, like any other command that was not carried out.
INTERRUPTED = 130
_INTERRUPTED_LINE = "interrupted: what was said is kept and goes on next time"
_OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT)


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        app: The commands.
        arguments: Without the program's name; None for those of this process.

    Returns:
        The exit status.
    """
    try:
        app(args=arguments, prog_name="parley")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            return _complain((_INTERRUPTED_LINE,))
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        return FAILED
    except KeyboardInterrupt:
        return _complain((_INTERRUPTED_LINE,))
    except Exception as error:
        lines = explain(error)
        if lines is None:
            # A traceback may quote a peer; a terminal must not obey it.
            print(sanitise("".join(traceback.format_exception(error))), end="", file=sys.stderr)
            return FAILED
        return _complain(lines)
    return 0


def explain(error: BaseException) -> tuple[str, ...] | None:
    """Say in lines for a person what went wrong; None where it is a bug of ours.

    A refused message takes one line for each thing to put right; everything else takes one line.
    """
    from channel.mls import MLSError  # loads cryptography, which help does without

    match error:
        case BaseExceptionGroup():
            explained = [explain(leaf) for leaf in _leaves(error)]
            # A bug beside an expected failure is still a bug.
            return None if None in explained else explained[0]
        case LocalProtocolError():
            return None
        case RuleViolation():
            return _violations(error)
        case ClientError() | ChannelError() | MLSError() | ProtocolError():
            return (str(error),)
        case OSError(errno=number) if number in _OUT_OF_SPACE:
            # The store says DiskFull itself, and that nothing was changed; here that is not known.
            return ("the disk is full: free some space and try again",)
        case TimeoutError():
            return ("no answer in time: try again, or give it longer with --timeout",)
        case OSError():
            named = "" if error.filename is None else f"{error.filename}: "
            return (f"{named}{(error.strerror or str(error)).lower()}",)
        case _:
            return None


def _violations(error: RuleViolation) -> tuple[str, ...]:
    found: tuple[RuleViolation, ...] = getattr(error, "violations", (error,))
    if len(found) == 1:
        return (f"message refused: {_violation(found[0])}; nothing was sent",)
    return (
        f"message refused: {len(found)} things to put right, nothing was sent",
        *(f"  {_violation(violation)}" for violation in found),
    )


def _violation(violation: RuleViolation) -> str:
    field = "" if violation.field is None else f"{violation.field}: "
    return f"{field}{violation.hint} ({violation.rule})"


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _complain(lines: Sequence[str]) -> int:
    first, *rest = (sanitise_line(line) for line in lines)
    print(f"parley: {first}", *rest, sep="\n", file=sys.stderr)
    return FAILED
