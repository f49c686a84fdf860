"""What every attack on a numbered rule consists of, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from channel.mls.group import Group
from channel.mls.key_package import KeyPackageBundle
from channel.mls.proposals import Proposal
from channel.mls.received import CommitReceived
from tests.channel.mls.lenient import REAL, Library
from tests.support.builders import JUDGE, accept, seeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Something that breaks one rule.

    Attributes:
        strike: Puts it to the victim, with the real library or a lenient one.
        honest: Puts the true thing to the victim, in whose place the hostile one came; raises if it is refused.
        state: All that the victim has stored.
        also: What stops it without the rule: another rule's number or an error's name. Empty if nothing would.
        is_quiet: Whether the library deals with it itself instead of raising.
    """

    strike: Callable[[Library], object]
    honest: Callable[[], object]
    state: Callable[[], bytes] = bytes
    also: str = ""
    is_quiet: bool = False


Maker = Callable[[Library], Attack]
"""Makes an attack, with a library that lacks the rule."""

ATTACKS: dict[str, list[Maker]] = {}
"""By rule."""


def breaks(rule: str) -> Callable[[Maker], Maker]:
    """Put an attack on the list."""

    def put(make: Maker) -> Maker:
        ATTACKS.setdefault(rule, []).append(make)
        return make

    return put


def sent(
    victim: Group,
    message: bytes,
    *,
    truth: bytes,
    also: str = "",
    options: dict[str, Any] | None = None,
) -> Attack:
    """A message to a member; the truth is a commit that the member must still be able to take in."""
    arguments: Any = {**JUDGE, **(options or {})}

    def strike(library: Library) -> object:
        receiver = victim if library is REAL else library.group.Group.decode(victim.encode())
        return receiver.receive(message, **arguments)

    def honest() -> object:
        received = victim.receive(truth, **arguments)
        assert isinstance(received, CommitReceived)
        assert received.group.epoch == victim.epoch + 1
        return received

    return Attack(strike=strike, honest=honest, state=victim.encode, also=also)


def invited(
    welcome: bytes,
    bundle: KeyPackageBundle,
    *,
    truth: bytes,
    also: str = "",
    options: Callable[[Library], dict[str, Any]] = lambda library: {},
) -> Attack:
    """A Welcome to a newcomer."""

    def strike(library: Library) -> object:
        own = library.key_package.KeyPackageBundle.decode(bundle.encode())
        return library.group.Group.join(welcome, bundle=own, authenticate=accept, **options(library))

    def honest() -> object:
        return Group.join(truth, bundle=bundle, authenticate=accept, **options(REAL))

    return Attack(strike=strike, honest=honest, state=bundle.encode, also=also)


def called(function: Callable[[Library], object], honest: Callable[[], object], *, also: str = "") -> Attack:
    """A call of the library itself, for what no message can bring about."""
    return Attack(strike=function, honest=honest, also=also)


def truth_of(member: Group) -> bytes:
    """The honest commit that a hostile message came in the place of."""
    return member.commit(random=seeded("the truth"), **JUDGE).message


def crafted(lenient: Library, member: Group, *proposals: Proposal, **options: Any) -> bytes:
    """The commit message of a member whose library lacks the rule; right in every other way."""
    message: bytes = craft(lenient, member, *proposals, **options).message
    return message


def craft(lenient: Library, member: Group, *proposals: Proposal, **options: Any) -> Any:
    """The same; all that the lenient library returns."""
    attacker = lenient.group.Group.decode(member.encode())
    own = [lenient.proposals.decode_proposal(proposal.encode()) for proposal in proposals]
    random = options.pop("random", None) or seeded("crafted")
    return attacker.commit(own, random=random, **{**JUDGE, **options})


def patched(module: Any, **changes: Any) -> Any:
    """A lenient library's module with some of its names meaning something else, for a `with` statement."""
    return mock.patch.multiple(module, **changes)
