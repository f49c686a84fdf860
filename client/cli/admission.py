"""Giving an invitation: the code, then the wait until whoever has it is in."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from client.channel_session import ChannelSession
from client.cli.opening import wait_until_caught_up
from client.cli.output import note
from client.errors import ChannelStopped, InvitationRefused
from client.store import InvitationState
from protocols.messages import Role
from protocols.messages.values import format_time
from protocols.negotiation import Participant

__all__ = ["Guest", "give_invitation"]

#: The very last step, handing the answer over, is told by nothing but the store; this often it is looked at.
_LOOK_AGAIN_S = 0.25


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom to invite: name (empty for the one they propose), role, and for how long the code is good."""

    name: str
    role: Role
    lifetime_s: int


async def give_invitation(
    session: ChannelSession, guest: Guest, announce: Callable[[str], None], *, connect_s: float, wait: bool
) -> Participant | None:
    """Make an invitation, announce its code, and wait until somebody was admitted with it.

    Args:
        session: The running channel.
        guest: Whom.
        announce: Given the code, once it can be used.
        connect_s: How long to wait for the relay.
        wait: Whether to wait for the person as well.

    Returns:
        The newcomer; None where nobody was waited for.

    Raises:
        RelayUnreachable: The code would lead nowhere, so there is none.
        TimeoutError: The relay stopped answering while the code was being made; it is of no use then.
        InvitationRefused: Our role does not let us invite, and nothing was sent; or it expired, or somebody
            used it who cannot be admitted.
        ChannelStopped: The channel has an alarm.

    Cancellation: the code stays good for as long as it lives.
    """
    session.admission.check_allowed()
    await wait_until_caught_up(session, connect_s)
    before = {member.id for member in _roster(session)}
    async with asyncio.timeout(connect_s):
        invited = await session.invite(guest.name, guest.role, guest.lifetime_s)
    announce(invited.code)
    until = format_time(invited.expires_ms)
    note(f"hand this code to one person by a separate route: it works once, until {until}")
    if not wait:
        note("they are admitted while any command runs this channel, such as `parley tail --follow`")
        return None
    note("waiting until they are in; after Ctrl+C the code stays good")
    while (state := session.admission.state(invited.mailbox)) is not InvitationState.DONE:
        if state is InvitationState.FAILED:
            raise InvitationRefused(
                "the invitation is over, expired or used by somebody who cannot be admitted: give another"
            )
        if session.alarm is not None:
            raise ChannelStopped(session.alarm.detail)
        await _next_look(session, invited.mailbox, state)
    newcomers = [member for member in _roster(session) if member.id not in before]
    return newcomers[-1] if newcomers else None


async def _next_look(session: ChannelSession, mailbox: bytes, state: InvitationState) -> None:
    try:
        await session.wait_for(
            lambda running: running.alarm is not None or running.admission.state(mailbox) is not state,
            _LOOK_AGAIN_S,
        )
    except TimeoutError:
        return


def _roster(session: ChannelSession) -> tuple[Participant, ...]:
    return session.negotiation.roster.participants
