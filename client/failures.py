"""One error out of a group of them: the one that a person must know of."""

from client.errors import ClientError, RelayMisbehaved, RelayUnreachable

__all__ = ["gravest"]


def gravest(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the gravest single error in a group.

    A bug of ours counts most, then what stops a channel or the store, and least that a connection was lost,
    which often follows from one of the others.
    """
    return min(_leaves(group), key=_rank)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return flat


def _rank(error: BaseException) -> int:
    match error:
        case RelayUnreachable():
            return 3
        case RelayMisbehaved():
            return 2
        case ClientError():
            return 1
        case _:
            return 0
