"""The play itself: everything it refers to has been said before, and what is searched for is worth it."""

from collections.abc import Iterator
from typing import Any

import pytest

from client.demo.deeds import Deeds
from client.demo.script import CAST, TITLE, Crash, Deed, Scene, play, secrets_of

NOW_MS = 1_795_370_000_000


def deeds() -> list[Deed]:
    found: list[Deed] = []
    for scene in play(NOW_MS):
        found += scene.deeds if isinstance(scene, Scene) else (scene.last, *scene.meanwhile)
    return found


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for item in value:
                yield from texts(item)
        case dict():
            yield from texts(list(value.values()))


def test_everybody_and_everything_is_known_before_it_is_named() -> None:
    people = {player.key for player in CAST}
    said: set[str] = set()
    for deed in deeds():
        assert deed.who in people
        assert hasattr(Deeds, deed.do)
        for text in texts(dict(deed.args)):
            assert not text.startswith("@") or text[1:] in people
            assert not text.startswith("$") or text[1:] in said
        assert deed.label not in said, "two messages of one label"
        said.add(deed.label)


def test_one_client_is_killed_while_others_talk_to_it() -> None:
    (crash,) = (scene for scene in play(NOW_MS) if isinstance(scene, Crash))
    assert crash.meanwhile
    assert all(f"@{crash.last.who}" in deed.args["to"] for deed in crash.meanwhile)  # type: ignore[operator]


def test_the_same_moment_gives_the_same_play() -> None:
    assert play(NOW_MS) == play(NOW_MS)


def test_secrets_are_names_title_texts_and_their_long_words() -> None:
    secrets = secrets_of(play(NOW_MS))
    assert {TITLE, "Mira Berger", "obstacles", "Crossing of the medical convoy"} <= set(secrets)
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 7 for secret in secrets)
    assert not [secret for secret in secrets if secret.startswith(("@", "$"))]


@pytest.mark.parametrize("player", CAST, ids=lambda player: player.key)
def test_each_name_is_among_the_secrets(player: Any) -> None:
    assert player.name in secrets_of(play(NOW_MS))
