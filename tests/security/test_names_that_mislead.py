"""A hostile invitee chooses a name that reads like another's, or like nothing."""

import unicodedata

import pytest

from channel.charter import Charter, RosterEntry
from channel.errors import BadCharter
from channel.identity import Identity
from channel.names import check_name, fold_name
from protocols.log.note import Verifier
from protocols.messages import Role

VKEY = Verifier("localhost", Identity.from_seed(bytes(32)).public_key).vkey
BLANK = (
    "\u115f",
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u2800",
    "\u034f",
    "\u17b4",
    "\u180b",
    "\ufe0f",
    "\U000e0100",
)


def seat(number: int, name: str) -> RosterEntry:
    return RosterEntry(key=Identity.from_seed(bytes([number]) * 32).public_key, name=name, role=Role.PARTY)


@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_a_name_that_shows_nothing_is_refused(blank: str) -> None:
    with pytest.raises(BadCharter):
        check_name(unicodedata.normalize("NFC", blank))


@pytest.mark.parametrize("blank", [*BLANK, "\u200c", "\u200d"], ids=ascii)
def test_a_name_cannot_differ_from_another_by_what_shows_nothing(blank: str) -> None:
    charter = Charter(title="North bridge", relay_vkey=VKEY, roster=(seat(1, "Mira"),))
    assert fold_name(f"Mi{blank}ra") == fold_name("Mira")
    with pytest.raises(BadCharter):
        charter.with_entry(seat(2, f"Mira{blank}"))


def test_a_name_with_an_emoji_of_the_present_day_can_be_used() -> None:
    check_name("Mira \u2764\ufe0f")
