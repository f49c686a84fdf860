"""Operations in which members change the group."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.interop.changes import SetExtensions
from tests.interop.room import adds, extensions, removes
from tests.interop.script import SIDES, Dialect, Operation, Script


def committing(dialect: Dialect) -> Iterator[tuple[str, Operation]]:
    """Those that a dialect allows, with their labels."""
    yield "commit nothing", Operation(commit_nothing, 2)
    yield "add", Operation(add, 5)
    yield "remove", Operation(remove, 3)
    yield "clear out", Operation(clear_out, 6)
    yield "swap", Operation(swap, 2)
    yield "race", Operation(race, 3)
    for ours, side in SIDES.items():
        yield f"{side} commit, forged", Operation(partial(forge, ours=ours))
        yield f"{side} commit by reference", Operation(partial(commit_by_reference, ours=ours), 2)
        if ours or dialect.changes_extensions:
            yield f"{side} change extensions", Operation(partial(change_extensions, ours=ours))
        for proposed_by_ours, proposer in SIDES.items():
            if proposed_by_ours or dialect.proposes:
                run = partial(update, proposed_by_ours=proposed_by_ours, ours=ours)
                yield f"{side} commit updates of {proposer}", Operation(run)


def commit_nothing(script: Script) -> bool:
    """Somebody renews its keys."""
    return script.commit(script.somebody())


def add(script: Script) -> bool:
    """Some come."""
    newcomers = script.newcomers(script.random.randint(1, 3))
    return bool(newcomers) and script.commit(script.somebody(), adds(newcomers), newcomers=newcomers)


def remove(script: Script) -> bool:
    """Some go."""
    committer = script.somebody()
    leavers = script.leavers(committer, script.random.randint(1, 2))
    return bool(leavers) and script.commit(committer, removes(script.room, leavers), leavers=leavers)


def clear_out(script: Script) -> bool:
    """All go but a few, so that there is room to grow again."""
    committer = script.somebody()
    staying = script.random.randint(1, 3)
    leavers = script.leavers(committer, len(script.room.members) - 1 - staying)
    return bool(leavers) and script.commit(committer, removes(script.room, leavers), leavers=leavers)


def swap(script: Script) -> bool:
    """Somebody goes and somebody comes in one commit."""
    committer = script.somebody(ours=None if script.dialect.mixes else True)
    leavers = script.leavers(committer, 1)
    newcomers = script.newcomers(1)
    if not leavers or not newcomers or not script.copes(leavers, len(newcomers)):
        return False
    changes = [*removes(script.room, leavers), *adds(newcomers)]
    return script.commit(committer, changes, newcomers=newcomers, leavers=leavers)


def race(script: Script) -> bool:
    """Two or three commit at once; the relay orders one of them, and the others give theirs up."""
    winner = script.somebody()
    able = [other for other in script.room.others(winner) if script.dialect.loses or other.is_ours]
    losers = script.random.sample(able, min(2, len(able)))
    lost = [
        loser.commit(
            adds(script.newcomers(1)),
            aad=script.aad(loser, 9),
            tree_in_welcome=True,
            public=script.public(),
        )
        for loser in losers
    ]
    if not losers:
        return False
    script.commit(winner, losers=losers)
    for loser, made in zip(losers, lost, strict=True):
        script.room.refuse(loser, made.message)
        script.room.say(loser, b"still here")
    return True


def forge(script: Script, *, ours: bool) -> bool:
    """A commit with one bit turned is refused and changes nobody, so that the true one is then accepted."""
    committer = script.somebody(ours=ours)
    made = committer.commit([], aad=script.aad(committer, 50), tree_in_welcome=True, public=script.public())
    script.room.refuse(committer, script.forged(made.message))
    script.room.deliver_commit(committer, made)
    return True


def commit_by_reference(script: Script, *, ours: bool) -> bool:
    """Members propose, somebody else commits what they proposed and something of its own."""
    room, dialect = script.room, script.dialect
    committer = script.somebody(ours=ours)
    mixes = dialect.mixes or ours
    leavers = script.leavers(committer, 1)
    proposed, by_value = script.newcomers(1), script.newcomers(1) if mixes else []
    if not (leavers or proposed) or not script.copes(leavers, len([*proposed, *by_value])):
        return False
    proposers = [
        member
        for member in room.members.values()
        if member not in leavers and (member.is_ours or dialect.proposes)
    ]
    for change in [*removes(room, leavers), *adds(proposed)]:
        proposer = script.random.choice(proposers)
        aad = script.aad(proposer, 30)
        room.spread(proposer, proposer.propose(change, aad=aad, public=script.public()))
    for member in proposers:
        if member is not committer and script.random.random() < 0.5:
            room.spread(member, member.propose_update(aad=b"", public=script.public()))
    return script.commit(committer, adds(by_value), newcomers=[*proposed, *by_value], leavers=leavers)


def update(script: Script, *, proposed_by_ours: bool, ours: bool) -> bool:
    """One proposes new keys for itself, another commits them."""
    committer = script.somebody(ours=ours)
    proposer = script.anybody(ours=proposed_by_ours, besides=[committer])
    if proposer is None:
        return False
    message = proposer.propose_update(aad=script.aad(proposer, 30), public=script.public())
    script.room.spread(proposer, message)
    return script.commit(committer)


def change_extensions(script: Script, *, ours: bool) -> bool:
    """The group gets other extensions, and with them other external senders."""
    outsiders = script.outsiders()
    change = SetExtensions(extensions(script.content(), outsiders))
    script.commit(script.somebody(ours=ours), [change])
    script.room.outsiders = outsiders
    return True
