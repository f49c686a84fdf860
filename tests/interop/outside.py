"""Operations that begin outside of the group: external commits, external senders, newcomers who ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from channel.mls.psk import ExternalPSK, PreSharedKeyID
from tests.interop.changes import Change, MixInPSK, SetExtensions
from tests.interop.member import Member
from tests.interop.room import adds, extensions, removes
from tests.interop.script import SIDES, Dialect, Operation, Script


def from_outside(dialect: Dialect) -> Iterator[tuple[str, Operation]]:
    """Those that a dialect allows, with their labels."""
    proposals = {"a removal": remove}
    if dialect.outsiders_change:
        proposals |= {"an addition": add, "extensions": change_extensions}
    if dialect.psks:
        proposals["a PSK"] = mix_in
    for ours, side in SIDES.items():
        for sponsored_by_ours, sponsor in SIDES.items():
            join = partial(join_externally, ours=ours, sponsored_by_ours=sponsored_by_ours)
            yield f"{side} join by GroupInfo of {sponsor}", Operation(join)
        if ours or dialect.loses:
            yield f"{side} join by GroupInfo too late", Operation(partial(join_too_late, ours=ours))
        yield f"{side} resync", Operation(partial(resync, ours=ours))
        for outside_is_ours, outside in SIDES.items():
            if not (outside_is_ours or dialect.speaks_outside):
                continue
            for what, propose in proposals.items():
                run = partial(propose, from_ours=outside_is_ours, ours=ours)
                yield f"{side} commit {what} proposed by a sender outside, {outside}", Operation(run)
            run = partial(ask_to_join, from_ours=outside_is_ours, ours=ours)
            yield f"{side} commit the addition of a newcomer that asks, {outside}", Operation(run)


# letting oneself in


def join_externally(script: Script, *, ours: bool, sponsored_by_ours: bool) -> bool:
    """Somebody joins by a GroupInfo that a member signs."""
    joiners = script.newcomers(1, ours=ours)
    if not joiners:
        return False
    (joiner,) = joiners
    script.room.let_in(
        joiner, _external_commit(script, joiner, sponsor=script.somebody(ours=sponsored_by_ours))
    )
    return True


def join_too_late(script: Script, *, ours: bool) -> bool:
    """A member's commit is ordered first: nobody takes the joiner's, who then tries again."""
    joiners = script.newcomers(1, ours=ours)
    if not joiners:
        return False
    (joiner,) = joiners
    lost = _external_commit(script, joiner, sponsor=script.somebody())
    script.commit(script.somebody())
    joiner.discard()
    script.room.refuse(joiner, lost)
    script.room.let_in(joiner, _external_commit(script, joiner, sponsor=script.somebody()))
    return True


def resync(script: Script, *, ours: bool) -> bool:
    """A member that has lost its state comes back, and takes its old self out."""
    lost = script.somebody(ours=ours)
    sponsor = script.anybody(besides=[lost])
    assert sponsor is not None
    if not script.copes([lost], 1):
        return False
    replaces = script.room.leaf_of(lost)
    script.room.let_in(lost, _external_commit(script, lost, sponsor=sponsor, replaces=replaces))
    return True


def _external_commit(
    script: Script, joiner: Member, *, sponsor: Member, replaces: int | None = None
) -> bytes:
    inside = script.inside()
    group_info = _group_info(script, sponsor, ratchet_tree=inside)
    return joiner.join_externally(
        group_info,
        ratchet_tree=None if inside else script.room.ratchet_tree(),
        replaces=replaces,
        aad=script.aad(joiner, 30),
    )


def _group_info(script: Script, sponsor: Member, *, ratchet_tree: bool) -> bytes:
    if not (sponsor.is_ours or script.dialect.publishes):
        script.commit(sponsor)
    return sponsor.group_info(ratchet_tree=ratchet_tree)


# proposing from outside


def remove(script: Script, *, from_ours: bool, ours: bool) -> bool:
    """An external sender wants somebody out."""
    committer = script.somebody(ours=ours)
    leavers = script.leavers(committer, 1)
    if not leavers:
        return False
    (change,) = removes(script.room, leavers)
    _propose(script, change, from_ours=from_ours)
    return script.commit(committer, leavers=leavers)


def add(script: Script, *, from_ours: bool, ours: bool) -> bool:
    """An external sender wants somebody in."""
    newcomers = script.newcomers(1)
    if not newcomers:
        return False
    (change,) = adds(newcomers)
    _propose(script, change, from_ours=from_ours)
    return script.commit(script.somebody(ours=ours), newcomers=newcomers)


def mix_in(script: Script, *, from_ours: bool, ours: bool) -> bool:
    """An external sender wants a key mixed in that all of them have."""
    psk_id, psk = script.some_bytes(0, 40), script.some_bytes(1, 80)
    for member in script.room.members.values():
        member.learn(psk_id, psk)
    nonce = script.random.randbytes(script.room.suite.hash_size)
    _propose(script, MixInPSK(PreSharedKeyID(ExternalPSK(psk_id), nonce)), from_ours=from_ours)
    return script.commit(script.somebody(ours=ours))


def change_extensions(script: Script, *, from_ours: bool, ours: bool) -> bool:
    """An external sender wants the group to have other extensions, and other external senders with them."""
    outsiders = script.outsiders()
    change = SetExtensions(extensions(script.content(), outsiders))
    _propose(script, change, from_ours=from_ours)
    script.commit(script.somebody(ours=ours))
    script.room.outsiders = outsiders
    return True


def ask_to_join(script: Script, *, from_ours: bool, ours: bool) -> bool:
    """A newcomer proposes to be added."""
    newcomers = script.newcomers(1, ours=from_ours)
    if not newcomers:
        return False
    (newcomer,) = newcomers
    group_info = script.somebody(ours=True).group_info(ratchet_tree=False)
    message = newcomer.propose_to_join(group_info, aad=script.aad(newcomer, 30))
    script.room.spread(newcomer, message)
    return script.commit(script.somebody(ours=ours), newcomers=newcomers)


def _propose(script: Script, change: Change, *, from_ours: bool) -> None:
    room = script.room
    index, outsider = script.random.choice(
        [(index, sender) for index, sender in enumerate(room.outsiders) if sender.is_ours is from_ours]
    )
    group_info = script.somebody(ours=True).group_info(ratchet_tree=False)
    message = outsider.propose(change, group_info, sender_index=index, aad=script.aad(outsider, 30))
    room.spread(outsider, message)
