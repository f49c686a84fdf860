"""Settled channels: who sits there is agreed by all parties, and what is agreed is enacted by clients."""

from collections.abc import Sequence
from typing import Any

from channel.identity import Identity
from channel.invitation import InvitationRequest
from client.enacting import settle
from client.parley import Parley
from client.profiles import Profile
from client.seating import Standing, standing
from protocols.messages import MessageType
from protocols.messages.seats import Seat
from protocols.negotiation import FoldedMessage
from tests.support.clients import Person, level
from tests.support.members import Member
from tests.support.waiting import eventually


class Hands:
    """A clock that a test turns; it stands still in between."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def prompt_parley(profile: Profile, **options: Any) -> Parley:
    """The library on a profile, which connects again at once."""
    return Parley(profile, uniform=lambda: 0.0, **options)


async def settled(people: Sequence[Person]) -> None:
    """End the set-up, and wait until everybody knows."""
    await settle(people[0].session)
    await eventually(
        lambda: all(person.session.negotiation.terms.seats_agreed for person in people),
        "everybody is settled",
    )
    await level(people)


def letter(member: Member, *, identity: Identity | None = None) -> InvitationRequest:
    """What somebody asks with; under another identity where one is given."""
    package = member.key_package().key_package
    return InvitationRequest(
        key_packages=(package.encode(),),
        identity_key=(identity or member.identity).public_key,
        name=member.name,
        certificate=package.leaf_node.credential.identity,
    )


def seats_asked(person: Person) -> list[FoldedMessage]:
    """The SEAT messages of the conversation, in log order."""
    return [said for said in person.session.negotiation.messages if said.type is MessageType.SEAT]


async def asked(person: Person, name: str, *, count: int = 1) -> FoldedMessage:
    """Wait until somebody has been asked for a seat, and return the latest SEAT about it."""

    def about() -> list[FoldedMessage]:
        contents = ((said, said.content) for said in seats_asked(person))
        return [said for said, content in contents if isinstance(content, Seat) and content.seat == name]

    await eventually(lambda: len(about()) >= count, f"{person.parley.name} is asked for the seat of {name}")
    return about()[-1]


async def affirm(person: Person, said: FoldedMessage) -> None:
    """Say AFFIRM, and wait until the log has it."""
    await person.session.answer(said.message_id, "AFFIRM")
    await person.session.caught_up(10)


def where(person: Person, said: FoldedMessage) -> Standing:
    """Where a SEAT stands, as somebody sees it."""
    return standing(person.session.negotiation, said.message_id, holds=False)
