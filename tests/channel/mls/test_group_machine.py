"""Random groups: members come and go, commits are lost, messages arrive late, and everybody still agrees."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from channel.mls import ApplicationReceived, CommitReceived, Group
from channel.mls.errors import DecryptionError, GenerationError, ValidationError
from channel.mls.proposals import Add, Proposal, Remove
from channel.mls.sent import CommitResult
from tests.support.builders import JUDGE, accept, make_bundle, make_group, seeded

MAX_MEMBERS = 7
MAX_INBOX = 8  # below the skip limit, so that any order of what is there can be opened


@dataclass
class Person:
    group: Group
    inbox: list[tuple[bytes, bytes]] = field(default_factory=list)  # message, and what it says
    opened: list[bytes] = field(default_factory=list)


choice = st.integers(min_value=0, max_value=1000)


class GroupMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.removed: list[Group] = []
        self.names = 0
        self.random = seeded("machine")

    @initialize(size=st.integers(min_value=1, max_value=5))
    def found(self, size: int) -> None:
        names = [self.new_name() for _ in range(size)]
        self.people = {name: Person(group) for name, group in zip(names, make_group(*names), strict=True)}

    def new_name(self) -> str:
        self.names += 1
        return f"person {self.names}"

    def pick(self, number: int, *, but: str = "") -> str:
        names = [name for name in self.people if name != but]
        return names[number % len(names)]

    def commit(self, committer: str, *proposals: Proposal) -> CommitResult:
        person = self.people[committer]
        result = person.group.commit(proposals, random=self.random, **JUDGE)
        person.group = result.group
        return result

    def order(self, committer: str, result: CommitResult) -> None:
        """The relay orders a commit: everybody takes it in, and what was not opened before is lost."""
        facts = []
        for name, person in list(self.people.items()):
            pending = result.pending if name == committer else None
            received = person.group.receive(result.message, own_pending=pending, **JUDGE)
            assert isinstance(received, CommitReceived)
            facts.append(received.facts)
            if received.self_removed:
                self.removed.append(person.group)
                del self.people[name]
                continue
            for message, _ in person.inbox:
                with pytest.raises(ValidationError):
                    received.group.receive(message, **JUDGE)
            self.people[name] = Person(received.group)
        assert all(fact == facts[0] for fact in facts)

    @precondition(lambda self: len(self.people) < MAX_MEMBERS)
    @rule(who=choice, how_many=st.integers(min_value=1, max_value=2), beside=st.booleans())
    def add(self, who: int, how_many: int, beside: bool) -> None:
        committer = self.pick(who)
        bundles = {name: make_bundle(name) for name in (self.new_name() for _ in range(how_many))}
        adds = [Add(bundle.key_package) for bundle in bundles.values()]
        result = self.people[committer].group.commit(
            adds, random=self.random, ratchet_tree_in_welcome=not beside, **JUDGE
        )
        self.order(committer, result)
        assert result.welcome is not None
        tree = result.pending.ratchet_tree() if beside else None
        for name, bundle in bundles.items():
            joined = Group.join(result.welcome, bundle=bundle, ratchet_tree=tree, authenticate=accept)
            self.people[name] = Person(joined)

    @precondition(lambda self: len(self.people) > 1)
    @rule(who=choice, whom=choice, and_add=st.booleans())
    def remove(self, who: int, whom: int, and_add: bool) -> None:
        committer = self.pick(who)
        gone = self.people[self.pick(whom, but=committer)].group.own_leaf_index
        proposals: list[Proposal] = [Remove(gone)]
        name = self.new_name()
        if and_add:
            proposals.append(Add(make_bundle(name).key_package))
        result = self.commit(committer, *proposals)
        self.order(committer, result)
        if result.welcome is not None:
            joined = Group.join(result.welcome, bundle=make_bundle(name), authenticate=accept)
            self.people[name] = Person(joined)

    @rule(who=choice)
    def update(self, who: int) -> None:
        committer = self.pick(who)
        self.order(committer, self.commit(committer))

    @precondition(lambda self: len(self.people) > 1)
    @rule(who=choice, whose=choice)
    def propose_update_and_commit(self, who: int, whose: int) -> None:
        committer = self.pick(who)
        proposer = self.pick(whose, but=committer)
        self.people[proposer].group, message = self.people[proposer].group.propose_update(random=self.random)
        for name, person in self.people.items():
            if name != proposer:
                person.group = person.group.receive(message, **JUDGE).group
        self.order(committer, self.commit(committer))
        assert all(not person.group.proposals for person in self.people.values())

    @rule(who=choice)
    def lose_a_commit(self, who: int) -> None:
        self.commit(self.pick(who))

    @precondition(lambda self: len(self.people) > 1)
    @rule(first=choice, second=choice)
    def race(self, first: int, second: int) -> None:
        winner = self.pick(first)
        loser = self.pick(second, but=winner)
        won, lost = self.commit(winner), self.commit(loser)
        person = self.people[loser]
        received = person.group.receive(won.message, own_pending=lost.pending, **JUDGE)
        assert received.group.epoch_authenticator == won.pending.epoch_authenticator
        self.order(winner, won)

    @precondition(lambda self: all(len(person.inbox) < MAX_INBOX for person in self.people.values()))
    @rule(who=choice, data=st.binary(max_size=20))
    def send(self, who: int, data: bytes) -> None:
        sender = self.pick(who)
        self.people[sender].group, message = self.people[sender].group.protect(data, random=self.random)
        for name, person in self.people.items():
            if name != sender:
                person.inbox.append((message, data))
        for group in self.removed:
            with pytest.raises(ValidationError):
                group.receive(message, **JUDGE)
            # Even if it knew everything public of the new epoch, the secrets would be missing.
            public = self.people[sender].group.epoch_state
            knowing = replace(group.epoch_state, context=public.context, tree=public.tree)
            with pytest.raises(DecryptionError):
                replace(group, epoch_state=knowing).receive(message, **JUDGE)

    @rule(who=choice, which=choice)
    def open(self, who: int, which: int) -> None:
        person = self.people[self.pick(who)]
        if person.inbox:
            message, data = person.inbox.pop(which % len(person.inbox))
            received = person.group.receive(message, **JUDGE)
            assert isinstance(received, ApplicationReceived)
            assert received.application_data == data
            person.group = received.group
            person.opened.append(message)

    @rule(who=choice, which=choice)
    def replay(self, who: int, which: int) -> None:
        person = self.people[self.pick(who)]
        if person.opened:
            with pytest.raises(GenerationError):
                person.group.receive(person.opened[which % len(person.opened)], **JUDGE)

    @rule(who=choice)
    def store_and_load(self, who: int) -> None:
        person = self.people[self.pick(who)]
        stored = person.group.encode()
        person.group = Group.decode(stored)
        assert person.group.encode() == stored

    @invariant()
    def all_agree(self) -> None:
        groups = [person.group for person in self.people.values()]
        views: tuple[Callable[[Group], object], ...] = (
            lambda group: group.epoch_authenticator,
            lambda group: group.export_secret(b"parley", b"context", 16),
            lambda group: group.context,
            lambda group: group.interim_transcript_hash,
            lambda group: group.ratchet_tree(),
        )
        for view in views:
            assert len({view(group) for group in groups}) <= 1
        ours = {group.epoch_authenticator for group in groups}
        assert ours.isdisjoint(group.epoch_authenticator for group in self.removed)

    @invariant()
    def private_keys_belong_to_the_tree(self) -> None:
        for person in self.people.values():
            state = person.group.epoch_state
            for node, private_key in state.private_keys.items():
                assert state.suite.kem.public_key(private_key) == state.tree.encryption_key(node)


TestGroupMachine = GroupMachine.TestCase
TestGroupMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
