"""What is known of the connection to a relay, from one attempt to the next."""

from client.events import ConnectionKind, ConnectionState

__all__ = ["Contact"]


class Contact:
    """Follows a connection as it comes and goes; ``state`` is what people see of it.

    A time without the relay counts from its first failure, however often it is tried meanwhile.
    """

    def __init__(self, now_ms: int) -> None:
        """Begin before the first attempt, at `now_ms` (UTC milliseconds)."""
        self.state = ConnectionState(kind=ConnectionKind.CONNECTING, since_ms=now_ms)
        self._last_contact_ms: int | None = None
        self._offline_since_ms: int | None = None

    def connecting(self, now_ms: int) -> ConnectionState:
        """An attempt begins."""
        return self._enter(ConnectionKind.CONNECTING, now_ms)

    def online(self, now_ms: int) -> ConnectionState:
        """The relay has greeted us."""
        self._offline_since_ms, self._last_contact_ms = None, now_ms
        return self._enter(ConnectionKind.ONLINE, now_ms)

    def heard(self, last_contact_ms: int) -> None:
        """The relay was last heard from then."""
        self._last_contact_ms = last_contact_ms

    def offline(self, now_ms: int, detail: str) -> ConnectionState:
        """The connection ended, or none could be made; `detail` says why in a line."""
        if self._offline_since_ms is None:
            self._offline_since_ms = now_ms
        return self._enter(ConnectionKind.OFFLINE, self._offline_since_ms, detail)

    def _enter(self, kind: ConnectionKind, since_ms: int, detail: str = "") -> ConnectionState:
        self.state = ConnectionState(
            kind=kind, since_ms=since_ms, last_contact_ms=self._last_contact_ms, detail=detail
        )
        return self.state
