"""What is said in the demo, as data: who does what, in which order. Nothing here runs anything.

`@Name` stands for a participant's id, `$label` for the id of the message with that label; the stage fills
them in. Times are computed from the clock, so that the talks are always about tomorrow.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pydantic import JsonValue

from protocols.messages import Role
from protocols.messages.values import format_time

__all__ = ["CAST", "TITLE", "Crash", "Deed", "Player", "Scene", "play", "secrets_of"]

Clock: TypeAlias = Callable[[int], str]
"""The Time of an hour of tomorrow, UTC."""
TITLE: Final = "Passage over the north bridge"
_HOUR_MS: Final = 3_600_000
_PHRASE: Final = 12
"""A text of this many characters is searched for as a whole."""
_WORD: Final = 7
"""A word of this many letters is searched for by itself: shorter ones turn up in random bytes."""


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who takes part.

    Attributes:
        key: how the script and the headings call them.
        name: as it stands on the roster.
        role: on the roster.
    """

    key: str
    name: str
    role: Role


CAST: Final = (
    Player("Mira", "Mira Berger", Role.MEDIATOR),
    Player("Amal", "Amal Nasser", Role.PARTY),
    Player("Boris", "Boris Marin", Role.PARTY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One message.

    Attributes:
        who: whose client sends it.
        do: the actor's command, see `client.demo.actor`.
        args: what to give it.
        label: how later deeds refer to the message.
    """

    who: str
    do: str
    args: Mapping[str, JsonValue] = field(default_factory=dict)
    label: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Messages under one heading; each is delivered and acknowledged before the next is sent.

    Attributes:
        heading: what to print above it.
        deeds: the messages.
        again: label of a message to show once more, as it stands in the end; empty for none.
    """

    heading: str
    deeds: tuple[Deed, ...]
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A client that is killed with a message on its way, while others go on.

    Attributes:
        heading: what to print above it.
        last: what the client does last; the relay is held still meanwhile, so that no receipt can come.
        meanwhile: what others say while the client is dead.
    """

    heading: str
    last: Deed
    meanwhile: tuple[Deed, ...]


def play(now_ms: int) -> tuple[Scene | Crash, ...]:
    """Return the whole play.

    Args:
        now_ms: UTC milliseconds.
    """
    now = now_ms // 60_000 * 60_000
    tomorrow = (now_ms // (24 * _HOUR_MS) + 1) * 24 * _HOUR_MS

    def at(hour: int) -> str:
        return format_time(tomorrow + hour * _HOUR_MS)

    return (
        Scene("Amal asks, Boris answers", _question()),
        Scene("Boris reads back, with an error that Mira finds", _readback(format_time(now), at), "convoy"),
        Scene("Amal proposes, clause by clause", (_proposal(format_time(now), at),)),
        Crash(
            heading="Boris amends a clause, and his client is killed",
            last=Deed(
                who="Boris",
                do="reply_clauses",
                label="amendment",
                args={
                    "proposal": "$proposal",
                    "answers": [
                        {
                            "no": 1,
                            "answer": "AMEND",
                            "reason": "The crossing is needed for civilians from nine o'clock.",
                            "change": {"window.end": at(9)},
                        },
                        {"no": 2, "answer": "ACCEPT"},
                        {"no": 3, "answer": "ACCEPT"},
                    ],
                },
            ),
            meanwhile=(_inform_meanwhile(format_time(now)),),
        ),
        Scene("Boris catches up; both accept the same text", _agreement(at), "proposal"),
        Scene("Boris asks, Amal promises and keeps it", _commitment(at)),
    )


def _question() -> tuple[Deed, ...]:
    asked: dict[str, JsonValue] = {
        "topic": "Survey of the road",
        "question": "Is the western lane of the bridge clear of obstacles?",
        "form": "YES_NO",
        "purpose": "The lorries are three metres wide.",
    }
    return (
        Deed(
            who="Amal",
            do="say",
            label="question",
            args={"kind": "QUESTION", "to": ["@Boris"], "info": ["@Mira"], "fields": asked},
        ),
        Deed(who="Boris", do="answer", label="affirm", args={"message": "$question", "code": "AFFIRM"}),
    )


def _readback(now: str, at: Clock) -> tuple[Deed, ...]:
    told: dict[str, JsonValue] = {
        "topic": "Medical convoy",
        "statement": "Four lorries with medical supplies wait at the eastern roundabout.",
        "basis": "OWN_OBSERVATION",
        "as_of": now,
        "window": {"start": at(6), "end": at(10)},
        "qty": {"n": 4, "unit": "vehicles", "basis": "COUNTED"},
        "place": {
            "lat": "36.20000",
            "lon": "37.10000",
            "radius_m": 200,
            "name": "Eastern roundabout",
            "name_source": "survey map 1:50000",
        },
    }
    return (
        Deed(
            who="Mira",
            do="say",
            label="convoy",
            args={
                "kind": "INFORM",
                "to": ["@Boris"],
                "info": ["@Amal"],
                "precedence": "IMMEDIATE",
                "fields": told,
            },
        ),
        Deed(
            who="Boris",
            do="read_back",
            label="misread",
            args={"message": "$convoy", "but": {"window.start": at(8)}},
        ),
        Deed(
            who="Mira",
            do="answer",
            label="wrong",
            args={"message": "$misread", "code": "WRONG", "fields": {"fields": ["window.start"]}},
        ),
        Deed(who="Boris", do="read_back", label="reread", args={"message": "$convoy", "but": {}}),
        Deed(who="Mira", do="answer", label="correct", args={"message": "$reread", "code": "CORRECT"}),
        Deed(who="Boris", do="answer", label="roger-convoy", args={"message": "$convoy", "code": "ROGER"}),
    )


def _proposal(now: str, at: Clock) -> Deed:
    clauses: list[JsonValue] = [
        {
            "actor": "@Boris",
            "modal": "MUST",
            "action": "keep open",
            "object": "the western lane for the convoy",
            "window": {"start": at(6), "end": at(10)},
            "throughout": True,
        },
        {
            "actor": "@Amal",
            "modal": "MUST",
            "action": "hand over",
            "object": "the names of the drivers to the mediator",
            "window": {"start": now, "end": at(5)},
        },
        {
            "actor": "@Boris",
            "modal": "MUST NOT",
            "action": "search",
            "object": "vehicles that carry the protective emblem",
            "window": {"start": at(6), "end": at(10)},
            "depends_on": [1],
        },
    ]
    fields: dict[str, JsonValue] = {
        "topic": "Medical convoy",
        "title": "Crossing of the medical convoy",
        "clauses": clauses,
        "package": "ALL_OR_NOTHING",
        "required": ["@Amal", "@Boris"],
        "valid_until": at(5),
    }
    return Deed(who="Amal", do="say", label="proposal", args={"kind": "PROPOSAL", "fields": fields})


def _inform_meanwhile(now: str) -> Deed:
    fields: dict[str, JsonValue] = {
        "topic": "Survey of the road",
        "statement": "The survey team has left the bridge; nobody was hurt.",
        "basis": "OWN_OBSERVATION",
        "as_of": now,
    }
    return Deed(
        who="Mira", do="say", label="meanwhile", args={"kind": "INFORM", "to": ["@Boris"], "fields": fields}
    )


def _agreement(at: Clock) -> tuple[Deed, ...]:
    accepted: list[JsonValue] = [{"no": 1, "answer": "ACCEPT"}, {"no": 3, "answer": "ACCEPT"}]
    return (
        Deed(
            who="Boris", do="answer", label="roger-meanwhile", args={"message": "$meanwhile", "code": "ROGER"}
        ),
        Deed(
            who="Amal",
            do="reply_clauses",
            label="acceptance",
            args={"proposal": "$proposal", "answers": accepted},
        ),
        *(
            Deed(
                who=who,
                do="adopt",
                label=f"adopt-{who}",
                args={"proposal": "$proposal", "mode": "FINAL", "effective": at(4), "witness": "@Mira"},
            )
            for who in ("Amal", "Mira", "Boris")
        ),
    )


def _commitment(at: Clock) -> tuple[Deed, ...]:
    evidence = hashlib.sha256(b"the telephone number as it was handed over").hexdigest()
    asked: dict[str, JsonValue] = {
        "topic": "Medical convoy",
        "actor": "@Amal",
        "action": "send the telephone number of the leading driver to the mediator",
        "deadline": at(5),
        "reason": "The guards at the bridge want to call the convoy before it comes.",
    }
    return (
        Deed(
            who="Boris",
            do="say",
            label="request",
            args={"kind": "REQUEST", "to": ["@Amal"], "info": ["@Mira"], "fields": asked},
        ),
        Deed(who="Amal", do="answer", label="wilco", args={"message": "$request", "code": "WILCO"}),
        Deed(
            who="Amal",
            do="move_commitment",
            label="claim",
            args={"source": "$request", "event": "CLAIM", "evidence": [evidence]},
        ),
        Deed(
            who="Boris",
            do="move_commitment",
            label="confirm",
            args={"source": "$request", "event": "CONFIRM"},
        ),
        Deed(who="Amal", do="answer", label="roger-confirm", args={"message": "$confirm", "code": "ROGER"}),
    )


def secrets_of(scenes: tuple[Scene | Crash, ...]) -> tuple[str, ...]:
    """Return what nobody but the members may see: every text said, every name, the title, and their words."""
    deeds = [
        deed
        for scene in scenes
        for deed in (scene.deeds if isinstance(scene, Scene) else (scene.last, *scene.meanwhile))
    ]
    texts = [text for deed in deeds for text in _texts(dict(deed.args)) if " " in text]
    phrases = [TITLE, *(player.name for player in CAST), *(text for text in texts if len(text) >= _PHRASE)]
    words = [word for phrase in phrases for word in re.findall(r"[A-Za-z]+", phrase) if len(word) >= _WORD]
    return tuple(dict.fromkeys((*phrases, *words)))


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
        case _:
            return
