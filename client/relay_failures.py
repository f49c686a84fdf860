"""What the end of a connection, or none at all, means to a person: one line with a way out."""

import aiohttp

from client.display import sanitise_line
from client.errors import ClientError, RelayMisbehaved, RelayUnreachable
from protocols.relay.frames import RefusalCode, Refused

__all__ = ["lost", "no_connection", "reason", "refusal"]


def reason(message: aiohttp.WSMessage) -> ClientError:
    """Return why a message that is not a batch ends the connection."""
    if message.type is aiohttp.WSMsgType.TEXT:
        return RelayMisbehaved("the relay broke the protocol: the connection was closed")
    if isinstance(message.data, aiohttp.WebSocketError):
        return RelayMisbehaved("the relay sent more than it may: the connection was closed")
    return lost()


def refusal(refused: Refused) -> ClientError:
    """Return what a Refused that ends the whole connection means to a person."""
    match refused.code:
        case RefusalCode.UNSUPPORTED_VERSION:
            return RelayUnreachable("the relay speaks another version of the protocol: update parley")
        case RefusalCode.DRAINING:
            return RelayUnreachable("the relay is going down for maintenance: try again in a while")
        case RefusalCode.RATE_LIMITED | RefusalCode.QUOTA_EXCEEDED:
            return RelayUnreachable("the relay has no room for another connection: try again in a while")
        case _:
            return RelayUnreachable(f"the relay ended the connection ({refused.code.name})")


def no_connection(endpoint: str, error: Exception) -> RelayUnreachable:
    """Return why no connection could be made; the relay's address is shown harmless."""
    shown = sanitise_line(endpoint)
    match error:
        case TimeoutError():
            why = "it does not answer in time"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            why = "its certificate is not one to trust"
        case aiohttp.WSServerHandshakeError():
            why = "something else than a relay answers"
        case _:
            why = "nobody answers"
    return RelayUnreachable(
        f"cannot reach the relay at {shown}, {why}: check the address and your connection"
    )


def lost() -> RelayUnreachable:
    """Return that an open connection ended without a word."""
    return RelayUnreachable("the connection to the relay was lost")
