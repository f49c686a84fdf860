"""The library's face: one profile, its channels, invitations, verifications and exports.

Everything the command line, the interface and the demo do goes through here and through ``ChannelSession``.
"""

import asyncio
import os
import random as chance
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from channel.audit import format_export
from channel.charter import RosterEntry
from channel.epoch import Epoch, decode_epoch
from channel.identity import safety_number
from channel.invitation import Invitation
from channel.mls import cipher_suite
from client.admitting import Admission, save_answer
from client.archive import export_of
from client.channel_session import ChannelSession
from client.describing import describe
from client.enacting import DEFAULT_GRACE_S, Enactor
from client.errors import Refused, UnknownChannel, UnknownPerson
from client.escalating import DEFAULT_GRACE_S as ESCALATION_GRACE_S
from client.events import ChannelInfo
from client.failures import gravest
from client.founding import DEFAULT_CIPHER_SUITE, DEFAULT_RULES, ChannelRules, found
from client.joining import join
from client.journal import Journal
from client.profiles import Profile
from client.receipts import DEFAULT_JITTER_S, Jitter
from client.rows import add_channel, save_epoch
from client.store import (
    ChannelRow,
    ContactRow,
    Transaction,
    VerificationRow,
)
from client.timekeeping import Timekeeper
from client.transport import RelayConnection, connect
from protocols.messages import Role
from protocols.relay.frames import Create, Done
from protocols.relay.frames import Refused as RelayRefused

__all__ = ["Parley", "utc_milliseconds"]

_MIN_PREFIX = 4


def utc_milliseconds() -> int:
    """The system's clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Parley:
    """One open profile at work. It does not own the profile: whoever opened that closes it."""

    def __init__(
        self,
        profile: Profile,
        *,
        clock: Callable[[], int] = utc_milliseconds,
        random: Callable[[int], bytes] = os.urandom,
        uniform: Callable[[], float] = chance.random,
        allow_plaintext: bool = False,
        enact_grace_s: float = DEFAULT_GRACE_S,
        receipt_jitter_s: tuple[float, float] = DEFAULT_JITTER_S,
        escalation_grace_s: float = ESCALATION_GRACE_S,
    ) -> None:
        """Take up a profile.

        Args:
            profile: Open.
            clock: UTC milliseconds.
            random: Source of random bytes for keys.
            uniform: A number from 0 to 1, to spread reconnections; needs no secrecy.
            allow_plaintext: Accept unencrypted connections to other machines.
            enact_grace_s: How long we leave it to others to commit what they agreed, see ``client.enacting``.
            receipt_jitter_s: From how long to how long a device's receipts are held back, below IMMEDIATE.
            escalation_grace_s: How long a mediator leaves the last escalation of others' messages to them.
        """
        self.profile = profile
        self._clock = clock
        self._random = random
        self._uniform = uniform
        self._allow_plaintext = allow_plaintext
        self._enact_grace_s = enact_grace_s
        self._jitter = Jitter(*receipt_jitter_s)
        self._escalation_grace_s = escalation_grace_s

    @property
    def participant_id(self) -> str:
        """Our participant id, 32 hex digits."""
        return self.profile.identity.participant_id

    @property
    def name(self) -> str:
        """The name we propose in channels."""
        return self.profile.name

    # Channels.

    def channels(self) -> tuple[ChannelInfo, ...]:
        """Every channel of the profile, oldest first."""
        with self.profile.store.transaction() as tx:
            return tuple(self._info(tx, row) for row in tx.channels.all())

    def find_channel(self, text: str) -> ChannelInfo:
        """Find a channel by its title, or by the beginning of its title or log id.

        Raises:
            UnknownChannel: None, or more than one.
        """
        channels = self.channels()
        wanted = text.casefold()
        titled = [info for info in channels if info.title.casefold() == wanted]
        numbered = [info for info in channels if info.log.hex().startswith(wanted)]
        if len(wanted) < _MIN_PREFIX:
            numbered = []
        if any(info.log.hex() == wanted for info in numbered):
            found = numbered
        elif titled or numbered:
            # A title can be chosen to look like the start of another channel's id: then neither is taken.
            found = [*titled, *(info for info in numbered if info not in titled)]
        else:
            found = [info for info in channels if wanted and info.title.casefold().startswith(wanted)]
        if len(found) != 1:
            problem = "no channel is" if not found else "more than one channel is"
            raise UnknownChannel(f"{problem} called {text}: `parley channel list` shows them")
        return found[0]

    async def create_channel(
        self,
        relay_url: str,
        *,
        title: str,
        role: Role,
        admission_token: str = "",
        rules: ChannelRules = DEFAULT_RULES,
        suite_number: int = DEFAULT_CIPHER_SUITE,
    ) -> ChannelInfo:
        """Make a channel on a relay, with ourselves as its only member.

        Args:
            relay_url: ws:// or wss://.
            title: What it is called; members see it, the relay does not.
            role: Ours.
            admission_token: From the relay's operator; empty for an open relay.
            rules: LIVE or EXERCISE, timers, languages.
            suite_number: Of `client.founding.CIPHER_SUITES`; members can join no other.

        Raises:
            Refused: The relay wants a token, or does not take ours.
            RelayUnreachable: It does not answer.
            BadCharter: The title or the rules cannot be used.

        Cancellation: an empty log may be left on the relay, nothing here.
        """
        async with self._connect(relay_url) as relay:
            conversation = found(
                cipher_suite(suite_number),
                self.profile.identity,
                title=title,
                name=self.name,
                role=role,
                rules=rules,
                relay_vkey=relay.greeting.relay_vkey,
                device=self.profile.device,
                now_s=self._clock() // 1000,
                random=self._random,
            )
            genesis = conversation.transcript.genesis
            answer = await relay.request(
                Create(
                    request=1,
                    genesis=genesis.encode(),
                    access_key=conversation.access_key()[1],
                    admission_token=admission_token,
                )
            )
            if not isinstance(answer, Done):
                raise Refused(_creation_refused(answer))
            with self.profile.store.transaction() as tx:
                add_channel(tx, conversation, relay_url=relay_url, now_ms=self._clock())
                save_epoch(tx, genesis.log_id, conversation.transcript.epoch, first_position=1)
        return self.find_channel(genesis.log_id.hex())

    @asynccontextmanager
    async def open(self, info: ChannelInfo) -> AsyncIterator[ChannelSession]:
        """Run a channel for the length of a block: connected, reading, sending, admitting.

        Args:
            info: Which.

        Yields:
            The session. It works offline too; what is said waits in the outbox.

        Raises:
            ProfileDamaged: The profile's record of the channel does not fit together.
            StoreFailed: The disk failed while it ran; close everything and start again.

        Cancellation: the connection is closed; nothing is lost.
        """
        journal = Journal(
            self.profile.store,
            info.log,
            clock=self._clock,
            random=self._random,
            on_won=save_answer,
            jitter=self._jitter,
        )
        session = ChannelSession(
            journal,
            Admission(journal, clock=self._clock, random=self._random),
            Enactor(clock=self._clock, grace_s=self._enact_grace_s),
            Timekeeper(clock=self._clock, grace_s=self._escalation_grace_s),
            connect=partial(self._connect, journal.relay_url),
            clock=self._clock,
            uniform=self._uniform,
        )
        failure: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(session.run())
                keeping = tasks.create_task(session.keep_time())
                try:
                    yield session
                except Exception as error:
                    failure = error  # raised below, because a TaskGroup would wrap it
                finally:
                    session.close()
                    running.cancel()
                    keeping.cancel()
        except ExceptionGroup as group:
            raise gravest(group) from group
        if failure is not None:
            raise failure

    # Members.

    async def join(self, code: str, *, name: str = "", progress: Callable[[str], None]) -> ChannelInfo:
        """Join a channel by an invitation code.

        Args:
            code: As it was handed over.
            name: The name we propose; empty for the profile's.
            progress: Told what is being done, one line each.

        Raises:
            BadInvitationCode: The code is mistyped.
            InvitationRefused: It is used, expired, withdrawn, or what it leads to does not hold.
            RelayUnreachable: The relay does not answer; join again with the same code.

        Cancellation: join again with the same code.
        """
        invitation = Invitation.parse(code)
        async with self._connect(invitation.relay_url) as relay:
            log_id = await join(
                relay,
                self.profile.store,
                self.profile.identity,
                invitation,
                name=name or self.name,
                device=self.profile.device,
                clock=self._clock,
                random=self._random,
                progress=progress,
            )
        return self.find_channel(log_id.hex())

    # Who is who.

    def safety_number(self, info: ChannelInfo, participant: str) -> str:
        """The number that both of us see if nobody sits between us; compare it over another route.

        Raises:
            UnknownPerson: They are not on the channel's roster.
        """
        with self.profile.store.transaction() as tx:
            row, epoch = _at(tx, info.log)
            entry = _seat(epoch, participant)
        return safety_number(self.profile.identity.public_key, entry.key, origin=row.origin)

    def record_verification(self, info: ChannelInfo, participant: str, method: str) -> VerificationRow:
        """Record that the safety number was compared and is the same.

        Args:
            info: The channel.
            participant: With whom.
            method: By which route: voice, in person, ...
        """
        number = self.safety_number(info, participant)
        with self.profile.store.transaction() as tx:
            row, epoch = _at(tx, info.log)
            entry = _seat(epoch, participant)
            now_ms = self._clock()
            tx.people.meet(
                ContactRow(
                    participant=participant, identity_key=entry.key, name=entry.name, first_seen_ms=now_ms
                )
            )
            verification = VerificationRow(
                participant=participant,
                origin=row.origin,
                verified_ms=now_ms,
                method=method,
                safety_number=number,
            )
            tx.people.verify(verification)
        return verification

    def verifications(self, participant: str) -> tuple[VerificationRow, ...]:
        """Every time we compared safety numbers with somebody, oldest first."""
        with self.profile.store.transaction() as tx:
            return tx.people.verifications(participant)

    # The log.

    def export(self, info: ChannelInfo) -> bytes:
        """The channel as parley-export/v1: the log, and everything we could read in it, in the clear."""
        with self.profile.store.transaction() as tx:
            return format_export(export_of(tx, info.log))

    # Inside.

    def _connect(self, url: str) -> AbstractAsyncContextManager[RelayConnection]:
        return connect(url, allow_plaintext=self._allow_plaintext, clock_ms=self._clock)

    def _info(self, tx: Transaction, row: ChannelRow) -> ChannelInfo:
        _, epoch = _at(tx, row.log_id)
        return describe(
            epoch,
            log_id=row.log_id,
            me=self.participant_id,
            relay_url=row.relay_url,
            size=row.state.size,
            status=row.status,
        )


def _at(tx: Transaction, log_id: bytes) -> tuple[ChannelRow, Epoch]:
    row = tx.channels.get(log_id)
    if row is None:
        raise UnknownChannel("there is no such channel in the profile")
    last = tx.history.epochs(log_id)[-1]
    return row, decode_epoch(last.group_context, last.ratchet_tree)


def _seat(epoch: Epoch, participant: str) -> RosterEntry:
    entry = epoch.charter.entry(participant)
    if entry is None:
        raise UnknownPerson("nobody of that id is on the channel's roster")
    return entry


def _creation_refused(answer: object) -> str:
    match answer:
        case RelayRefused(code=code) if code.name == "ADMISSION_REQUIRED":
            return "the relay does not admit new channels without a valid token: ask its operator for one"
        case RelayRefused(code=code):
            return f"the relay refused to make the channel ({code.name.lower().replace('_', ' ')})"
        case _:
            return "the relay gave an answer that does not fit: try again"
