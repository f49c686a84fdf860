"""Operations that mix pre-shared keys into the next epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from tests.interop.changes import MixInPSK
from tests.interop.member import Member
from tests.interop.ours import RESUMPTION_EPOCHS, OurMember
from tests.interop.room import REFUSALS, adds
from tests.interop.script import SIDES, Dialect, Operation, Script


def mixing_in(dialect: Dialect) -> Iterator[tuple[str, Operation]]:
    """Those that a dialect allows, with their labels."""
    if not dialect.psks:
        return
    yield "ours join by GroupInfo with PSKs", Operation(join_externally, 2)
    for ours, side in SIDES.items():
        yield f"{side} commit external PSKs by value", Operation(partial(external_by_value, ours=ours))
        yield f"{side} commit resumption PSKs by value", Operation(partial(resumption_by_value, ours=ours))
        for proposed_by_ours, proposer in SIDES.items():
            run = partial(by_reference, proposed_by_ours=proposed_by_ours, ours=ours)
            yield f"{side} commit PSKs that {proposer} propose", Operation(run, 2)


def external_by_value(script: Script, *, ours: bool) -> bool:
    """Keys that everybody knows but one, who can follow as soon as it has been told."""
    room, committer = script.room, script.somebody(ours=ours)
    late = script.random.choice(room.others(committer))
    newcomers = script.newcomers(script.random.randint(0, 2))
    changes, keys = _external(script, script.random.randint(1, 2))
    _teach(keys, [*room.others(late), *newcomers])
    inside = script.inside()
    made = committer.commit(
        [*changes, *adds(newcomers)],
        aad=script.aad(committer, 50),
        tree_in_welcome=inside,
        public=script.public(),
    )
    with pytest.raises(REFUSALS):
        late.receive(made.message)
    _teach(keys, [late])
    room.deliver_commit(committer, made, tree_in_welcome=inside, newcomers=newcomers)
    return True


def resumption_by_value(script: Script, *, ours: bool) -> bool:
    """The key of an epoch that all of them have been in."""
    return script.commit(script.somebody(ours=ours), [_resumption(script)])


def by_reference(script: Script, *, proposed_by_ours: bool, ours: bool) -> bool:
    """One or two keys of either kind are proposed, and committed beside an addition."""
    room, committer = script.room, script.somebody(ours=ours)
    external, keys = _external(script, script.random.randint(0, 2))
    _teach(keys, list(room.members.values()))
    changes = external or [_resumption(script)]
    for change in changes:
        proposer = script.somebody(ours=proposed_by_ours)
        aad = script.aad(proposer, 30)
        room.spread(proposer, proposer.propose(change, aad=aad, public=script.public()))
    newcomers = script.newcomers(1) if external else []
    _teach(keys, newcomers)
    return script.commit(committer, adds(newcomers), newcomers=newcomers)


def join_externally(script: Script) -> bool:
    """One or two keys in an external commit; ts-mls takes them there, but cannot put them there."""
    joiners = script.newcomers(1, ours=True)
    if not joiners:
        return False
    (joiner,) = joiners
    assert isinstance(joiner, OurMember)
    changes, keys = _external(script, script.random.randint(1, 2))
    _teach(keys, [joiner, *script.room.members.values()])
    message = joiner.join_externally(
        script.somebody().group_info(ratchet_tree=True),
        ratchet_tree=None,
        replaces=None,
        aad=script.aad(joiner, 30),
        psk_ids=[change.psk_id for change in changes],
    )
    script.room.let_in(joiner, message)
    return True


def _external(script: Script, count: int) -> tuple[list[MixInPSK], dict[bytes, bytes]]:
    keys = {script.some_bytes(0, 40): script.some_bytes(1, 80) for _ in range(count)}
    return [_mix_in(script, ExternalPSK(psk_id)) for psk_id in keys], keys


def _resumption(script: Script) -> MixInPSK:
    epochs = script.room.shared_epochs()[-RESUMPTION_EPOCHS:]
    psk = ResumptionPSK(ResumptionPSKUsage.APPLICATION, script.room.group_id, script.random.choice(epochs))
    return _mix_in(script, psk)


def _mix_in(script: Script, psk: ExternalPSK | ResumptionPSK) -> MixInPSK:
    return MixInPSK(PreSharedKeyID(psk, script.random.randbytes(script.room.suite.hash_size)))


def _teach(keys: dict[bytes, bytes], members: Sequence[Member]) -> None:
    for psk_id, psk in keys.items():
        for member in members:
            member.learn(psk_id, psk)
