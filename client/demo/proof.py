"""From what the members hold to what holds: exports verified and replayed, digests and files compared."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from client.demo.evidence import Check, audit, found_in

__all__ = ["Proof", "Talks", "prove"]

_ACKNOWLEDGED: Final = 4
_OTHERWISE: Final = (
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """What the talks left behind.

    Attributes:
        states: by member, what its client said last of where the conversation stands.
        logs: by member, its export.
        secrets: what nobody but the members may see.
        survivor: the message that was on its way when its client was killed.
        confirmed: a message and the reader who read it back until it was right.
    """

    states: Mapping[str, Any]
    logs: Mapping[str, Path]
    secrets: tuple[str, ...]
    survivor: str
    confirmed: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found; see `Outcome` for the figures."""

    entries: int
    messages: int
    acknowledged: int
    state_digest: str
    relay_key: str
    checks: tuple[Check, ...]
    not_proven: tuple[str, ...]


async def prove(talks: Talks, *, unreadable: tuple[Path, ...]) -> Proof:
    """Verify, replay, compare and search, after all clients and the relay have ended.

    Args:
        talks: What they left behind.
        unreadable: Files and directories of relay and clients, in which nothing said may be found.

    Raises:
        DemoFailed: An export does not verify or cannot be replayed.

    Cancellation: the processes that were started are ended.
    """
    first = next(iter(talks.logs.values()))
    tasks = [
        *(audit("verify", log) for log in talks.logs.values()),
        *(audit("replay", first, **changes) for changes in _OTHERWISE),
    ]
    done = await asyncio.gather(*tasks)
    verified, replays = done[: len(talks.logs)], done[len(talks.logs) :]
    state = next(iter(talks.states.values()))
    messages = state["messages"]
    acknowledged = [
        message for message in messages if all(at["level"] >= _ACKNOWLEDGED for at in message["to"].values())
    ]
    checks = (
        *_audits(verified),
        _same_state(talks, verified, replays),
        _arrived_once(talks, replays),
        _confirmed(talks, messages),
        Check(
            len(acknowledged) == len(messages) > 0,
            f"{len(acknowledged)} of {len(messages)} messages acknowledged by a person for each addressee",
        ),
        _closed(state),
        _unread(talks, verified[0]["title"], replays[0], unreadable),
    )
    return Proof(
        entries=verified[0]["entries"],
        messages=len(messages),
        acknowledged=len(acknowledged),
        state_digest=verified[0]["state_digest"],
        relay_key=verified[0]["relay_key"],
        checks=checks,
        not_proven=tuple(verified[0]["not_proven"]),
    )


def _audits(verified: list[dict[str, Any]]) -> tuple[Check, ...]:
    entries = {found["entries"] for found in verified}
    roots = {found["root"] for found in verified}
    checkpoints = sum(found["checkpoints"] for found in verified)
    opened = sum(found["opened"] for found in verified)
    unopened = sum(found["unopened"] for found in verified)
    odd = sum(len(found["rejected"]) + len(found["alarms"]) for found in verified)
    return (
        Check(
            len(entries) == len(roots) == 1,
            f"{len(verified)} exported logs, verified offline: {min(entries)} entries each, the same root",
        ),
        Check(checkpoints > 0, f"{checkpoints} checkpoints signed by the relay, all on one history"),
        Check(
            opened > 0 and unopened == 0,
            f"{opened} entries opened, the signature of each one's sender good; {unopened} not opened",
        ),
        Check(odd == 0, f"{odd} entries rejected or alarming"),
    )


def _same_state(talks: Talks, verified: list[dict[str, Any]], replays: list[dict[str, Any]]) -> Check:
    live = [state["digest"] for state in talks.states.values()]
    audited = [found["state_digest"] for found in (*verified, *replays)]
    return Check(
        len({*live, *audited}) == 1,
        f"one state: {len(live)} live clients, {len(verified)} logs, and {len(replays)} replays under "
        "another hash seed and time zone agree",
    )


def _arrived_once(talks: Talks, replays: list[dict[str, Any]]) -> Check:
    copies = [entry for entry in replays[0]["conversation"] if entry.get("id") == talks.survivor]
    return Check(
        len(copies) == 1,
        f"the message of the killed client is in the log {len(copies)} time{'' if len(copies) == 1 else 's'}",
    )


def _confirmed(talks: Talks, messages: list[dict[str, Any]]) -> Check:
    name, reader = talks.confirmed
    levels = [message["to"][reader]["label"] for message in messages if message["message"] == name]
    return Check(levels == ["L6"], "the wrong read-back was corrected: both hold the same values (L6)")


def _closed(state: dict[str, Any]) -> Check:
    found = [commitment["state"] for commitment in state["commitments"]]
    counted = ", ".join(f"{found.count(name)} {name}" for name in sorted(set(found)))
    return Check(
        state["open"] == 0 and set(found) == {"CONDITIONAL", "DISCHARGED"},
        f"{state['open']} answers still wanted; {len(found)} commitments: {counted}",
    )


def _unread(talks: Talks, title: str, replay: dict[str, Any], unreadable: tuple[Path, ...]) -> Check:
    """Search the files; and make sure that what is searched for was really said."""
    said = json.dumps([title, replay])
    missing = [text for text in talks.secrets if text not in said]
    found = found_in(unreadable, talks.secrets)
    names = ", ".join(sorted({f"{text!r} in {file}" for file, text in found.hits}))
    return Check(
        not found.hits and not missing and found.files > 0,
        f"{len(talks.secrets)} texts, names and words of the talks looked for in {found.files} files of "
        f"relay and clients ({found.size // 1024} KiB): "
        + (names or ("none found" if not missing else f"not said at all: {missing[0]!r}")),
    )
