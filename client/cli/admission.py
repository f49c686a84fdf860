"""Giving an invitation: the code, then the wait until whoever has it is in."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from client.channel_session import ChannelSession
from client.cli.mandate_files import principal_key, read_mandate
from client.cli.opening import wait_until_caught_up
from client.cli.output import note
from client.cli.people import find_person
from client.errors import ChannelStopped, InvitationRefused
from client.seating import SeatOffer, is_settled
from client.store import InvitationState
from protocols.messages import Role
from protocols.messages.values import format_time
from protocols.negotiation import Participant

__all__ = ["Guest", "give_invitation"]

#: The very last step, handing the answer over, is told by nothing but the store; this often it is looked at.
_LOOK_AGAIN_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Whom to invite, as it was typed.

    Attributes:
        name: on the roster; empty for the one they propose.
        role: theirs; None where they take somebody's place.
        lifetime_s: for how long the code is good.
        principal: the key of whom they speak for, in hex; empty for themselves.
        principal_name: what that principal is called.
        mandates: files with what the principal signed for them.
        replaces: who gets a new key, by name or id; empty for nobody.
    """

    name: str
    role: Role | None
    lifetime_s: int
    principal: str = ""
    principal_name: str = ""
    mandates: tuple[str, ...] = ()
    replaces: str = ""


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
    offer = _offer(session, guest)
    async with asyncio.timeout(connect_s):
        invited = await session.invite(offer.name, offer.role, guest.lifetime_s, offer=offer)
    announce(invited.code)
    until = format_time(invited.expires_ms)
    note(f"hand this code to one person by a separate route: it works once, until {until}")
    if is_settled(session.charter):
        note("when they use it, every party is asked for their seat, and has until then to agree")
    if not wait:
        note("they are admitted while any command runs this channel, such as `parley tail --follow`")
        return None
    note("waiting until they are in; after Ctrl+C the code stays good")
    asked: tuple[str, ...] = ()
    while (state := session.admission.state(invited.mailbox)) is not InvitationState.DONE:
        if state is InvitationState.FAILED:
            why = session.admission.refusal(invited.mailbox)
            raise InvitationRefused(f"the invitation is over: {why}; give another")
        if session.alarm is not None:
            raise ChannelStopped(session.alarm.detail)
        missing = session.admission.awaited(session, invited.mailbox)
        if missing and missing != asked:
            note(f"every party has to agree; missing: {', '.join(_names(session, missing))}")
        asked = missing
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


def _offer(session: ChannelSession, guest: Guest) -> SeatOffer:
    """Put a key, mandates and a participant in the place of what was typed."""
    mandates = tuple(read_mandate(file) for file in guest.mandates)
    principal, called = principal_key(guest.principal) if guest.principal else None, guest.principal_name
    if guest.replaces:
        old = find_person(guest.replaces, _roster(session))
        return SeatOffer(role=old.role, mandates=mandates, replaces=old.id)
    if principal is None and mandates:
        principal, called = bytes.fromhex(mandates[0].principal), mandates[0].principal_name
    return SeatOffer(
        role=guest.role or Role.OBSERVER,
        name=guest.name,
        principal=principal,
        principal_name=called,
        mandates=mandates,
    )


def _names(session: ChannelSession, people: tuple[str, ...]) -> list[str]:
    return [session.negotiation.roster.name(one) for one in people]


def _roster(session: ChannelSession) -> tuple[Participant, ...]:
    return session.negotiation.roster.participants
