"""Random channels: whatever is sent, lost, raced and restarted, the same prefix means the same everywhere."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from channel.audit import parse_export, verify_export
from tests.support.desks import Desk, office, quiet
from tests.support.simulator import flipped

NAMES = ("Mira", "Amal", "Boris", "Dora", "Emil")
which = st.integers(min_value=0, max_value=100)


class ChannelMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.desks: list[Desk] = []
        self.seen: dict[int, tuple[bytes, bytes]] = {}
        self.spare: list[str] = []
        self.count = 0

    def teardown(self) -> None:
        if self.desks:
            quiet(self.desks)
            self.same_prefix_same_state()
            views = {desk.view() for desk in self.desks}
            assert len(views) == 1
            for desk in self.desks:
                transcript = verify_export(parse_export(desk.export())).transcript
                assert (transcript.size, transcript.history_at(transcript.size)) == desk.view()[:2]
                assert transcript.negotiation.digest() == desk.view()[2]
                desk.close()
        shutil.rmtree(self.folder)

    @initialize(size=st.integers(min_value=2, max_value=3))
    def found(self, size: int) -> None:
        self.desks = office(self.folder, *NAMES[:size])
        self.spare = list(NAMES[size:])

    def pick(self, number: int) -> Desk:
        return self.desks[number % len(self.desks)]

    @rule(who=which)
    def say(self, who: int) -> None:
        self.count += 1
        self.pick(who).say(f"statement {self.count}")

    @rule(who=which)
    def send(self, who: int) -> None:
        self.pick(who).send()

    @rule(who=which)
    def seal_only(self, who: int) -> None:
        self.pick(who).journal.sealed()

    @rule(who=which, count=st.integers(min_value=1, max_value=5))
    def read(self, who: int, count: int) -> None:
        desk = self.pick(who)
        desk.receive(upto=desk.conversation.transcript.size + count)

    @rule(who=which)
    def restart(self, who: int) -> None:
        self.pick(who).restart()

    @rule(who=which)
    def update(self, who: int) -> None:
        """A commit that may lose, whenever it is made."""
        desk = self.pick(who)
        if desk.conversation.committing is None:
            desk.journal.commit((), intent=b"")

    @rule(who=which)
    def garbage(self, who: int) -> None:
        """Entries that nobody can open, and one that is none."""
        desk = self.pick(who)
        if desk.conversation.group.epoch == desk.log.epoch:
            header = desk.conversation.group.seal(
                bytes(40), authenticated_data=bytes(35), random=desk.random
            ).message
            desk.log.append(flipped(header), None, access_key=desk.conversation.access_key()[1])
        desk.log.inject(b"\x01 no entry")

    @precondition(lambda self: self.spare)
    @rule(who=which)
    def add(self, who: int) -> None:
        quiet(self.desks)
        newcomer = Desk(self.spare.pop(), self.desks[0].relay, self.folder)
        self.pick(who).admit(newcomer)
        self.desks.append(newcomer)

    @precondition(lambda self: len(self.desks) > 2)
    @rule(who=which, whom=which)
    def remove(self, who: int, whom: int) -> None:
        quiet(self.desks)
        desk, leaver = self.pick(who), self.pick(whom)
        if leaver is desk:
            return
        desk.remove(leaver)
        desk.settle()
        leaver.receive()
        assert leaver.conversation.removed
        size, history, _ = leaver.view()
        assert history == desk.conversation.transcript.history_at(size)
        leaver.close()
        self.desks.remove(leaver)

    @invariant()
    def same_prefix_same_state(self) -> None:
        for desk in self.desks:
            size, *state = desk.view()
            assert self.seen.setdefault(size, tuple(state)) == tuple(state)
            assert desk.journal.alarm is None


ChannelMachine.TestCase.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)
TestChannel: Any = ChannelMachine.TestCase
