"""A group with members on both sides, and what a relay does for it: one commit opens each epoch.

After every commit all members are compared: GroupContext, ratchet tree, epoch authenticator, exporter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pytest

from channel.mls.credential import Credential
from channel.mls.crypto import cipher_suite
from channel.mls.errors import PeerError
from channel.mls.external_senders import ExternalSender, encode_external_senders
from channel.mls.framing import MLSMessage
from channel.mls.private_message import PrivateMessage
from channel.mls.public_message import PublicMessage
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import ContentType, Extension, ExtensionType
from tests.interop.changes import EXTENSION_TYPE, AddClient, Change, RemoveLeaf
from tests.interop.member import MadeCommit, Member, Outsider
from tests.interop.peer import PeerRefusedError

MakeMember = Callable[[str], Member]

REFUSALS = (PeerError, PeerRefusedError)
"""How a member of either side says no."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A way for a member to say a proposal or commit."""

    by_ours: bool
    content_type: ContentType
    public: bool


class Room:
    """The members of one group, by name, and the newcomers a commit brings.

    Attributes:
        suite: The group's cipher suite.
        group_id: Its id.
        members: By name.
        outsiders: Whom its external_senders extension names, in its order.
        commits: How many there have been, which is also the epoch's number.
        handshakes: How often members have said something in each way.
    """

    def __init__(self, suite_number: int, *, make_ours: MakeMember, make_theirs: MakeMember) -> None:
        self.suite = cipher_suite(suite_number)
        self.group_id = b""
        self.members: dict[str, Member] = {}
        self.outsiders: tuple[Outsider, ...] = ()
        self.commits = 0
        self.handshakes: Counter[Handshake] = Counter()
        self._since: dict[str, int] = {}
        self._make = {True: make_ours, False: make_theirs}
        self._made = 0

    # people

    def next_name(self, *, ours: bool) -> str:
        """A new name, as core-crypto wants it."""
        self._made += 1
        domain = "ours.example" if ours else "theirs.example"
        return f"00000000-0000-4000-8000-{self._made:012x}:{self._made:x}@{domain}"

    def newcomer(self, *, ours: bool) -> Member:
        """Somebody who is in no group yet."""
        return self._make[ours](self.next_name(ours=ours))

    def others(self, *besides: Member) -> list[Member]:
        """All members but these."""
        return [member for member in self.members.values() if member not in besides]

    def leaf_of(self, member: Member) -> int:
        """A member's leaf index."""
        return next(
            index
            for index, identity in self._leaves(self.ratchet_tree()).items()
            if identity == member.name.encode()
        )

    def ratchet_tree(self) -> bytes:
        """The public tree, as the content of a ratchet_tree extension."""
        encoded = self._reference().look(b"")["ratchet_tree"]
        assert isinstance(encoded, bytes)
        return encoded

    def shared_epochs(self) -> range:
        """Epochs in which everybody was a member who is one now."""
        return range(max(self._since[name] for name in self.members), self.commits + 1)

    def regrows(self, leavers: Sequence[Member], newcomers: int) -> bool:
        """Whether a commit would have the tree shrink by who goes, and grow again by who comes."""
        tree = RatchetTree.decode(self.suite, self.ratchet_tree())
        names = {leaver.name.encode() for leaver in leavers}
        staying = [index for index, leaf in tree.leaves() if leaf.credential.identity not in names]
        room_left = 1 << max(staying).bit_length()
        return room_left < tree.leaf_count and room_left - len(staying) < newcomers

    # the group

    def found(
        self,
        founder: Member,
        *,
        group_id: bytes,
        content: bytes | None = None,
        outsiders: tuple[Outsider, ...] = (),
    ) -> None:
        """Begin the group."""
        founder.create(group_id, extensions(content, outsiders))
        self.group_id, self.outsiders = group_id, outsiders
        self._enter(founder)
        self.compare()

    def follow(self, group_id: bytes, members: Iterable[Member]) -> None:
        """Go on with a group that its members have begun by one commit, as one that follows on another."""
        self.group_id, self.commits = group_id, 1
        for member in members:
            self._enter(member)
        self.compare()

    def commit(
        self,
        committer: Member,
        changes: Sequence[Change] = (),
        *,
        aad: bytes = b"",
        public: bool = False,
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
            public: Whether it travels as PublicMessage.
            tree_in_welcome: Whether newcomers get the tree inside or beside their Welcome.
            newcomers: Who joins by it; an add for each must be in it or have been proposed.
            leavers: Who is removed by it; likewise.
            losers: Who has made a commit of its own in this epoch, and now learns that it came second.
        """
        made = committer.commit(changes, aad=aad, tree_in_welcome=tree_in_welcome, public=public)
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
        self.spread(committer, made.message)
        self.commits += 1
        for newcomer in newcomers:
            assert made.welcome is not None
            newcomer.join(made.welcome, None if tree_in_welcome else made.ratchet_tree)
            self._enter(newcomer)
        self.compare()

    def let_in(self, joiner: Member, message: bytes) -> None:
        """Order an external commit: everybody takes it in, the joiner is a member, and all are compared."""
        self.spread(joiner, message)
        joiner.adopt()
        self.commits += 1
        self._enter(joiner)
        self.compare()

    # messages

    def spread(self, sender: Member | Outsider, message: bytes) -> None:
        """Have everybody but the sender take in a handshake message."""
        match MLSMessage.decode(message).body:
            case PrivateMessage(header=header):
                self.handshakes[Handshake(sender.is_ours, header.content_type, public=False)] += 1
            case PublicMessage(content=content, membership_tag=bytes()):
                self.handshakes[Handshake(sender.is_ours, content.content_type, public=True)] += 1
        for member in self.members.values():
            if member is not sender:
                assert member.receive(message) is None

    def refuse(self, sender: Member, message: bytes) -> None:
        """Have everybody but the sender refuse a message."""
        for member in self.others(sender):
            with pytest.raises(REFUSALS):
                member.receive(message)

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
        assert seen.get("epoch", self.commits) == self.commits
        for member in self.others(reference):
            shown = member.look(context)
            assert shown
            for what, value in shown.items():
                assert value == seen[what], f"{member.name} and {reference.name} differ in {what}"

    def _enter(self, member: Member) -> None:
        self.members[member.name] = member
        self._since[member.name] = self.commits

    def _reference(self) -> Member:
        """The one to compare with: of ours, who show all there is, if one of them is in."""
        return min(self.members.values(), key=lambda member: not member.is_ours)

    def _leaves(self, encoded: bytes) -> dict[int, bytes]:
        leaves = RatchetTree.decode(self.suite, encoded).leaves()
        return {int(index): leaf.credential.identity for index, leaf in leaves}


def extensions(content: bytes | None, outsiders: tuple[Outsider, ...]) -> tuple[Extension, ...]:
    """A GroupContext's: one of `EXTENSION_TYPE`, then external_senders, as far as there is anything in them."""
    senders = tuple(
        ExternalSender(outsider.signature_key, Credential(outsider.name.encode())) for outsider in outsiders
    )
    return (
        *(() if content is None else (Extension(EXTENSION_TYPE, content),)),
        *((Extension(ExtensionType.EXTERNAL_SENDERS, encode_external_senders(senders)),) if senders else ()),
    )


def adds(newcomers: Iterable[Member]) -> list[Change]:
    """One add for each."""
    return [AddClient(newcomer.key_package) for newcomer in newcomers]


def removes(room: Room, leavers: Iterable[Member]) -> list[Change]:
    """One remove for each."""
    return [RemoveLeaf(room.leaf_of(leaver), leaver.name) for leaver in leavers]
