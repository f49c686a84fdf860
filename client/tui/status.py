"""The two lines that are always on screen, and the alarm, as text: tested without a terminal."""

from rich.cells import cell_len

from client.display import sanitise, sanitise_line
from client.events import Alarm, ChannelInfo, ChannelStatus, ConnectionKind, ConnectionState
from client.skew import skew_words
from client.tui.wording import age, role_words
from client.tui.wrapping import cut


def connection_line(state: ConnectionState, *, waiting: int, now_ms: int, width: int) -> str:
    """Say in one line whether the relay can be reached, since when, what waits to be sent, how clocks differ.

    Args:
        state: the connection.
        waiting: how many messages of ours the relay has not stored.
        now_ms: UTC milliseconds.
        width: cells.
    """
    if state.last_contact_ms is None:
        contact = "no contact yet"
    else:
        contact = f"last contact {age(now_ms - state.last_contact_ms)}"
    mark = {ConnectionKind.ONLINE: "(o)", ConnectionKind.CONNECTING: "(.)", ConnectionKind.OFFLINE: "(x)"}[
        state.kind
    ]
    text = f"{mark} {state.kind.value}, {contact}"
    if waiting:
        text += f", {waiting} NOT SENT YET"
    if state.skew_ms:
        text += f", {skew_words(state.skew_ms).upper()}"
    if state.detail:
        text += f": {sanitise_line(state.detail)}"
    return cut(text, width)


def channel_line(info: ChannelInfo, *, people: int, name: str, place: str, width: int) -> str:
    """Say which channel this is, whether it is an exercise, who you are, and where in it you are."""
    right = f" | {people} people | {place}"
    left = f"{info.mode} | {sanitise_line(info.title)}"
    you = f" | you: {name} ({role_words(info.role)})"
    if cell_len(left + you + right) <= width:
        return left + you + right
    return cut(left, max(8, width - cell_len(right))) + right


def seats_line(info: ChannelInfo, width: int) -> str:
    """Say who decides who sits here while the channel is set up; empty once all parties do."""
    return cut(sanitise_line(info.seats), width) if info.seats.startswith("set-up") else ""


def alarm_text(alarm: Alarm) -> str:
    """Say what was seen, and what that means for the person."""
    kept = " Both checkpoints are kept as evidence." if alarm.ours and alarm.theirs else ""
    return (
        f"!!! ALARM ({alarm.kind}): THIS CHANNEL IS STOPPED. Nothing can be sent.\n"
        f"Seen: {sanitise(alarm.detail)}.{kept}\n"
        "Do not rely on this channel. Tell the others by another route."
    )


def blocked(alarm: Alarm | None, info: ChannelInfo, *, suspended: bool = False) -> str | None:
    """Say why nothing can be sent; None while it can."""
    if suspended:
        return "Nothing was sent: your seat is suspended; nothing you say counts until it is restored."
    if alarm is not None or info.status is ChannelStatus.STOPPED:
        return "Nothing was sent: an alarm has stopped this channel. Tell the others by another route."
    if info.status is ChannelStatus.REMOVED:
        return "Nothing was sent: you are no longer a member of this channel."
    return None
