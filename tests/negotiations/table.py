"""What people do at the table, as verbs, so that a script reads like the minutes of the talks.

`@Name` anywhere in a field stands for a participant's id. Each verb returns once everybody has read what came
of it. A message is known by its id.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest
from pydantic import JsonValue

from client.clarity import clarity_of
from protocols.errors import RuleViolation
from protocols.messages import (
    Message,
    MessageRefused,
    compose,
    compose_escalation,
    compose_receipt,
    critical_leaves,
    encode_body,
    leaf_text,
)
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.seats import Seat
from protocols.negotiation import Level, TabledProposal
from tests.negotiations.standing import Names, Standing, each
from tests.support.waiting import eventually

Fields: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = str | tuple[Any, ...]
"""ACCEPT; or another answer with its reason, and for AMEND with what the clause says instead."""


class Talks(Standing):
    """A room, and the verbs."""

    # --- speaking ---------------------------------------------------------------------------------

    async def says(
        self, who: str, kind: str, fields: Fields, *, to: Names = (), anyway: Names = (), **envelope: Any
    ) -> str:
        """Say something that counts; returns the message's id.

        The scripts speak clearly: nothing is asked about but the checks named in `anyway`, which the log notes.
        """
        session = self.people[who].session
        around = {"topic": self.topic, "sent_anyway": list(each(anyway)), **self._named(envelope)}
        message = session.compose(kind, self._named(fields), to=self._ids_of(to), **around)
        report = clarity_of(session.negotiation, message)
        assert not report.blocking
        assert {finding.id for finding in report.asking} <= set(each(anyway)), report.asking
        said = (await session.send(message)).hex()
        await self.level()
        assert self.message(said).sender == session.me
        return said

    async def tries(
        self, who: str, kind: str, fields: Fields, *, to: Names = (), refused: str, **envelope: Any
    ) -> None:
        """Try what is not allowed.

        The client of who tries it refuses, by this rule; and where the message can be made at all without that
        client's leave, it is sent, and everybody refuses it by the same rule.
        """
        session = self.people[who].session
        named, around = self._named(fields), {"topic": self.topic, **self._named(envelope)}
        with pytest.raises(RuleViolation) as caught:
            session.compose(kind, named, to=self._ids_of(to), **around)
        assert caught.value.rule == refused, str(caught.value)
        if not isinstance(caught.value, MessageRefused):  # otherwise it has no form that could be sent
            await self._sends_anyway(who, self._unjudged(who, kind, named, to, around), refused)

    async def tries_in_exercise(self, who: str, kind: str, fields: Fields, *, to: Names) -> None:
        """Send an exercise message into a channel that is meant: nobody takes it."""
        message = self._unjudged(
            who, kind, self._named(fields), to, {"topic": self.topic, "mode": "EXERCISE"}
        )
        await self._sends_anyway(who, message, "wrong-mode")

    async def oversteps(self, who: str, kind: str, fields: Fields, *, to: Names, **envelope: Any) -> str:
        """Say what one's mandate does not cover: one's client refuses, everybody else only marks it."""
        session = self.people[who].session
        named, around = self._named(fields), {"topic": self.topic, **self._named(envelope)}
        with pytest.raises(RuleViolation) as caught:
            session.compose(kind, named, to=self._ids_of(to), **around)
        assert caught.value.rule == "MANDATE-8", str(caught.value)
        said = (await session.send(self._unjudged(who, kind, named, to, around))).hex()
        await self.level()
        assert self.message(said).beyond_mandate
        return said

    async def _sends_anyway(self, who: str, message: Message, refused: str) -> None:
        before = len(self.log.session.negotiation.rejected)
        said = await self.people[who].session.send(message)
        await self.level()
        assert self.log.session.negotiation.message(said) is None
        self._one_more_refused(before, refused)

    def _one_more_refused(self, before: int, refused: str) -> None:
        (entry,) = self.log.session.negotiation.rejected[before:]
        assert entry.reason.removeprefix("rule:") == refused, entry.reason

    def _unjudged(
        self, who: str, kind: str, fields: dict[str, Any], to: Names, around: dict[str, Any]
    ) -> Message:
        others = tuple(self.id(name) for name in self.people if name != who)
        return compose(
            kind, fields, sender=self.id(who), to=self._ids_of(to) or others, sent=self.now, **around
        )

    async def answers(self, who: str, message: str, code: str, **fields: Any) -> str:
        """Answer with a closing word."""
        said = await self.people[who].session.answer(bytes.fromhex(message), code, **self._named(fields))
        await self.level()
        assert self.message(said.hex()).sender == self.id(who)
        return said.hex()

    async def may_not_answer(self, who: str, message: str, code: str, *, refused: str, **fields: Any) -> None:
        """Try an answer that is not allowed."""
        author = self.name_of(self.message(message).sender)
        said = {"target": message, "code": code, **fields}
        topic = self.message(message).envelope.topic
        await self.tries(who, "RESPONSE", said, to=author, topic=topic, refused=refused)

    async def is_asked(self, who: str, operation: str) -> str:
        """Wait until somebody is asked about a seat; returns the SEAT's id."""
        found: list[str] = []

        def asked() -> bool:
            messages = self.people[who].session.negotiation.messages
            seats = ((said.id, said.content) for said in messages if self.id(who) in said.to)
            found[:] = [
                said for said, seat in seats if isinstance(seat, Seat) and seat.operation == operation
            ]
            return bool(found)

        await eventually(asked, f"{who} is asked for a {operation}")
        return found[-1]

    async def everybody_answers(self, message: str, code: str, *names: str, **fields: Any) -> None:
        """The same word from several."""
        for name in names:
            await self.answers(name, message, code, **fields)

    async def reads_back(self, who: str, message: str, but: Fields | None = None) -> str:
        """Restate the critical fields as they are read, but for what is read wrongly."""
        leaves = critical_leaves(self.message(message).content)
        said = {path: leaf_text(leaf) for path, leaf in leaves.items()} | self._named(but or {})
        read = await self.people[who].session.read_back(bytes.fromhex(message), said)
        await self.level()
        return read.hex()

    async def acknowledges(self, who: str, *messages: str) -> None:
        """Say that a person has these messages (L4)."""
        session = self.people[who].session
        receipt = compose_receipt("ACKNOWLEDGED", sender=session.me, sent=self.now, messages=messages)
        session.journal.queue(encode_body(receipt))
        session.wake()
        await self.level()

    async def everybody_acknowledges(self) -> None:
        """Everybody acknowledges what they have read and not acknowledged."""
        for name, person in self.people.items():
            session = person.session
            if session.me in session.negotiation.suspended:
                continue
            read = [
                folded.id
                for folded in session.negotiation.messages
                if folded.sender != session.me and folded.level(session.me) < Level.ACKNOWLEDGED
            ]
            for start in range(0, len(read), 64):
                await self.acknowledges(name, *read[start : start + 64])

    async def shows(self, who: str, *messages: str) -> None:
        """Somebody's device had these messages on screen (L3)."""
        session = self.people[who].session
        await session.displayed([bytes.fromhex(message) for message in messages])
        await self.level()

    async def may_not_read_back(self, who: str, message: str, *, without: str, refused: str) -> None:
        """Try to leave a critical field out."""
        folded = self.message(message)
        leaves = critical_leaves(folded.content)
        said = [{"field": path, "value": leaf_text(leaf)} for path, leaf in leaves.items() if path != without]
        content = {"target": message, "readings": said}
        await self.tries(who, "READBACK", content, to=self.name_of(folded.sender), refused=refused)

    # --- what is late -----------------------------------------------------------------------------

    async def tries_to_escalate(
        self,
        who: str,
        message: str,
        addressee: str,
        level: EscalatedLevel,
        step: EscalationStep,
        *,
        refused: str,
    ) -> None:
        """A device logs a step that is not due, not new, or not its own."""
        note = compose_escalation(
            message, self.id(addressee), level, step, sender=self.id(who), sent=self.now
        )
        before = len(self.log.session.negotiation.rejected)
        self.people[who].session.journal.queue(encode_body(note))
        self.people[who].session.wake()
        await self.level()
        self._one_more_refused(before, refused)

    # --- text -------------------------------------------------------------------------------------

    async def replies(self, who: str, proposal: str, answers: Mapping[int, Answer], **fields: Any) -> str:
        """Answer clauses by their numbers."""
        return await self.says(
            who, "CLAUSE-REPLY", self.reply(proposal, answers, **fields), **self.about(who, proposal)
        )

    async def may_not_reply(
        self, who: str, proposal: str, answers: Mapping[int, Answer], *, refused: str, **fields: Any
    ) -> None:
        """Try an answer to clauses that is not allowed."""
        about = self.about(who, proposal)
        await self.tries(
            who, "CLAUSE-REPLY", self.reply(proposal, answers, **fields), refused=refused, **about
        )

    def reply(self, proposal: str, answers: Mapping[int, Answer], **fields: Any) -> dict[str, Any]:
        """The content of a CLAUSE-REPLY."""
        tabled = self.proposal(proposal)
        return {
            "proposal": proposal,
            "replies": [_clause_answer(tabled, *item) for item in answers.items()],
            **fields,
        }

    async def adopts(self, who: str, proposal: str, mode: str, effective: str, **fields: Any) -> str:
        """Put the package, as it stands, in force."""
        return await self.says(
            who, "ADOPT", self._adoption(proposal, mode, effective, fields), **self.about(who, proposal)
        )

    async def may_not_adopt(
        self, who: str, proposal: str, mode: str, effective: str, *, refused: str, **fields: Any
    ) -> None:
        """Try an adoption that is not allowed."""
        content, about = self._adoption(proposal, mode, effective, fields), self.about(who, proposal)
        await self.tries(who, "ADOPT", content, refused=refused, **about)

    def _adoption(self, proposal: str, mode: str, effective: str, fields: Fields) -> dict[str, Any]:
        digest = self.proposal(proposal).package_hash() or "0" * 64
        return {
            "proposal": proposal,
            "package_hash": digest,
            "mode": mode,
            "effective": effective,
            **fields,
        }

    def about(self, who: str, proposal: str) -> dict[str, Any]:
        """The topic of a proposal, and whom an answer to it goes to."""
        folded, tabled = self.message(proposal), self.proposal(proposal)
        concerned = dict.fromkeys((tabled.proposer, *tabled.content.required))
        to = [self.name_of(one) for one in concerned if one != self.id(who)]
        return {"to": to, "topic": folded.envelope.topic}

    # --- duties -----------------------------------------------------------------------------------

    async def moves(self, who: str, commitment: str, event: str, *, to: Names = (), **fields: Any) -> str:
        """Send an event of a commitment to everybody whose commitment it is."""
        content, around = self._event(who, commitment, event, to, fields)
        return await self.says(who, "COMMIT-EVENT", content, **around)

    async def may_not_move(
        self, who: str, commitment: str, event: str, *, refused: str, to: Names = (), **fields: Any
    ) -> None:
        """Try an event that is not allowed."""
        content, around = self._event(who, commitment, event, to, fields)
        await self.tries(who, "COMMIT-EVENT", content, refused=refused, **around)

    def _event(
        self, who: str, commitment: str, event: str, to: Names, fields: Fields
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        owed = self.owed(commitment)
        concerned = [self.name_of(one) for one in sorted(owed.concerned - {self.id(who)})]
        topic = self.message(owed.source).envelope.topic
        content = {
            "commitment": commitment,
            "event": event,
            "at": self.now,
            "version": owed.version,
            **fields,
        }
        return content, {"to": list(dict.fromkeys((*concerned, *each(to)))), "topic": topic}


def _clause_answer(tabled: TabledProposal, number: int, answer: Answer) -> dict[str, JsonValue]:
    current = tabled.clauses[number - 1]
    word, *rest = (answer,) if isinstance(answer, str) else answer
    said: dict[str, JsonValue] = {"hash": current.hash, "answer": word}
    if rest:
        said["reason"] = rest[0]
    if len(rest) == 2:
        text = current.clause.model_dump(mode="json", exclude_none=True)
        said["clause"] = {**text, "version": current.clause.version + 1, **rest[1]}
    return said
