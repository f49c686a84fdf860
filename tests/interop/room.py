"""A group with members on both sides, and what a relay does for it: one commit opens each epoch.

After every commit all members are compared: GroupContext, ratchet tree, epoch authenticator, exporter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from channel.mls import cipher_suite
from channel.mls.ratchet_tree import RatchetTree
from tests.interop.members import AddClient, Change, MadeCommit, Member, RemoveLeaf

MakeMember = Callable[[str], Member]


class Room:
    """The members of one group, by name, and the newcomers a commit brings."""

    def __init__(self, suite_number: int, *, make_ours: MakeMember, make_theirs: MakeMember) -> None:
        self.suite = cipher_suite(suite_number)
        self.members: dict[str, Member] = {}
        self.commits = 0
        self._make = {True: make_ours, False: make_theirs}
        self._made = 0

    def newcomer(self, *, ours: bool) -> Member:
        """Somebody who is in no group yet; named as core-crypto wants it."""
        self._made += 1
        domain = "ours.example" if ours else "theirs.example"
        return self._make[ours](f"00000000-0000-4000-8000-{self._made:012x}:{self._made:x}@{domain}")

    def found(self, founder: Member, *, group_id: bytes, content: bytes | None) -> None:
        """Begin the group."""
        founder.create(group_id, content)
        self.members = {founder.name: founder}
        self.compare()

    def others(self, *besides: Member) -> list[Member]:
        """All members but these."""
        return [member for member in self.members.values() if member not in besides]

    def commit(
        self,
        committer: Member,
        changes: Sequence[Change] = (),
        *,
        aad: bytes = b"",
        tree_in_welcome: bool = True,
        newcomers: Sequence[Member] = (),
        leavers: Sequence[Member] = (),
        losers: Sequence[Member] = (),
    ) -> None:
        """Have one member commit, and everybody take it in.

        Args:
            committer: Whose commit it is.
            changes: What it proposes by value, beside `newcomers` and `leavers`, who need not be in it.
            aad: Said in the clear beside it.
            tree_in_welcome: Whether newcomers get the tree inside or beside their Welcome.
            newcomers: Who joins by it; an add for each must be in it or have been proposed.
            leavers: Who is removed by it; likewise.
            losers: Who has made a commit of its own in this epoch, and now learns that it came second.
        """
        made = committer.commit(changes, aad=aad, tree_in_welcome=tree_in_welcome)
        for loser in losers:
            loser.discard()
        self.deliver_commit(
            committer, made, tree_in_welcome=tree_in_welcome, newcomers=newcomers, leavers=leavers
        )

    def deliver_commit(
        self,
        committer: Member,
        made: MadeCommit,
        *,
        tree_in_welcome: bool = True,
        newcomers: Sequence[Member] = (),
        leavers: Sequence[Member] = (),
    ) -> None:
        """Order a commit: everybody takes it in, newcomers join, leavers leave, and all are compared."""
        taken = set() if made.ratchet_tree is None else self._leaves(made.ratchet_tree).keys()
        leaving = [(leaver, self.leaf_of(leaver) in taken) for leaver in leavers]
        committer.adopt()
        for leaver, leaf_taken in leaving:
            leaver.leave(made.message, leaf_taken=leaf_taken)
        for leaver in leavers:
            del self.members[leaver.name]
        for member in self.others(committer):
            assert member.receive(made.message) is None
        for newcomer in newcomers:
            assert made.welcome is not None
            newcomer.join(made.welcome, None if tree_in_welcome else made.ratchet_tree)
            self.members[newcomer.name] = newcomer
        self.commits += 1
        self.compare()

    def say(self, sender: Member, data: bytes, *, aad: bytes = b"") -> None:
        """Have one member say something, and everybody hear it."""
        message = sender.seal(data, aad=aad)
        for member in self.others(sender):
            heard = member.receive(message)
            assert heard is not None
            assert heard.data == data
            assert heard.authenticated_data in (aad, None)

    def compare(self) -> None:
        """All members agree on the epoch, in all that they show of it."""
        context = self.commits.to_bytes(4, "big")
        reference = self._reference()
        seen = reference.look(context)
        for member in self.others(reference):
            shown = member.look(context)
            assert shown
            for what, value in shown.items():
                assert value == seen[what], f"{member.name} and {reference.name} differ in {what}"

    def leaf_of(self, member: Member) -> int:
        """A member's leaf index."""
        encoded = self._reference().look(b"")["ratchet_tree"]
        assert isinstance(encoded, bytes)
        return next(
            index for index, identity in self._leaves(encoded).items() if identity == member.name.encode()
        )

    def _reference(self) -> Member:
        """The one to compare with: of ours, who show all there is, if one of them is in."""
        return min(self.members.values(), key=lambda member: not member.is_ours)

    def _leaves(self, encoded: bytes) -> dict[int, bytes]:
        leaves = RatchetTree.decode(self.suite, encoded).leaves()
        return {int(index): leaf.credential.identity for index, leaf in leaves}


def adds(newcomers: Iterable[Member]) -> list[Change]:
    """One add for each."""
    return [AddClient(newcomer.key_package) for newcomer in newcomers]


def removes(room: Room, leavers: Iterable[Member]) -> list[Change]:
    """One remove for each."""
    return [RemoveLeaf(room.leaf_of(leaver), leaver.name) for leaver in leavers]
