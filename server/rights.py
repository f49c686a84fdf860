"""Who holds a right to which log now, and how many may: by log, and by admission token.

Keys of past epochs are good for reading for ever, also in the hands of members who were removed. So their
connections are counted apart, and can never take the place of those who are in the channel.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from server.config import Config
from server.fanout import LiveLog
from server.outbox import Outbox
from server.store import StoredLog, rules


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session:
    """The right to a log that a connection has proved, by the access key of one epoch.

    `contest` says that the epoch was already over when the key was shown: such a session knows where the log
    is and may contest the commit that ended its epoch. A sender that merely lost the race may not.
    """

    live: LiveLog
    epoch: int
    access_key: bytes
    contest: bool

    @property
    def is_current(self) -> bool:
        """Whether its key is one of the current epoch still."""
        return not self.contest and not self.live.is_over(epoch=self.epoch, access_key=self.access_key)

    @property
    def contestable(self) -> StoredLog | None:
        """The log, if a commit of this session may contest the one that ended its epoch."""
        stored = self.live.stored
        open_ = self.contest and stored is not None and rules.contests_open(stored, epoch=self.epoch)
        return stored if open_ else None


class Full(Enum):
    """Why there is no room; the values are fixed texts for the refusal."""

    LOG = "too many connections for one log"
    PAST = "too many connections for one log with keys of past epochs"
    TOKEN = "too many connections for the logs of one admission token"  # noqa: S105 -- a text, no secret


class Rights:
    """All sessions of all connections; a connection is known by its outbox."""

    def __init__(self, config: Config) -> None:
        """Count against the limits of `config`."""
        self._config = config
        self._by_log: dict[bytes, set[Session]] = {}
        self._by_token: dict[bytes, Counter[Outbox]] = {}  # logs each connection holds

    def full(self, owner: Outbox, session: Session, *, held: Session | None) -> Full | None:
        """Whether there is no room for a session in place of the one `held`."""
        others = [other for other in self._by_log.get(session.live.log, ()) if other is not held]
        if session.contest:
            if sum(other.contest for other in others) >= self._config.max_past_connections_per_log:
                return Full.PAST
        elif sum(other.is_current for other in others) >= self._config.max_connections_per_log:
            return Full.LOG
        token = _token(session)
        connections = self._by_token.get(token, Counter()) if token is not None else Counter()
        if owner not in connections and len(connections) >= self._config.max_connections_per_token:
            return Full.TOKEN
        return None

    def add(self, owner: Outbox, session: Session) -> None:
        """Count a session."""
        self._by_log.setdefault(session.live.log, set()).add(session)
        if (token := _token(session)) is not None:
            self._by_token.setdefault(token, Counter())[owner] += 1

    def remove(self, owner: Outbox, session: Session) -> None:
        """Forget a session that was added."""
        log = session.live.log
        self._by_log[log].remove(session)
        if not self._by_log[log]:
            del self._by_log[log]
        if (token := _token(session)) is not None:
            connections = self._by_token[token]
            connections[owner] -= 1
            if not connections[owner]:
                del connections[owner]
            if not connections:
                del self._by_token[token]


def _token(session: Session) -> bytes | None:
    """The hash of the token a log was created with: it never changes, so counting stays in balance."""
    return session.live.stored.token_hash if session.live.stored is not None else None
