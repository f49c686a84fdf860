"""The connection in words."""

import pytest

from client.link import Link, Phase


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (Link(phase=Phase.ONLINE, since_ms=0, last_contact_ms=5), "ONLINE"),
        (Link(phase=Phase.CONNECTING, since_ms=0), "CONNECTING, no contact yet"),
        (
            Link(phase=Phase.OFFLINE, since_ms=820_000, last_contact_ms=760_000),
            "OFFLINE for 3 min, last contact 4 min ago",
        ),
        (Link(phase=Phase.OFFLINE, since_ms=999_000), "OFFLINE for 1 s, no contact yet"),
        (Link(phase=Phase.OFFLINE, since_ms=2_000_000), "OFFLINE for 0 s, no contact yet"),
    ],
)
def test_words(link: Link, words: str) -> None:
    assert link.describe(1_000_000) == words


def test_long_absences() -> None:
    link = Link(phase=Phase.OFFLINE, since_ms=0, last_contact_ms=0)
    assert link.describe(5 * 3_600_000) == "OFFLINE for 5 h, last contact 5 h ago"
    assert link.describe(72 * 3_600_000) == "OFFLINE for 3 d, last contact 3 d ago"
