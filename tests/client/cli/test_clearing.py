"""Nothing unclear leaves by accident; an ALERT is never held up; what a message does is said before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from pydantic import JsonValue

from client.channel_session import ChannelSession
from client.cli.sending import cleared
from client.errors import Refused
from protocols.messages import Message, MessageRefused
from tests.support.fake_session import AMAL, BORIS, MIRA, FakeSession

FACT: dict[str, Any] = {"basis": "OWN_OBSERVATION", "as_of": "221425Z NOV 26", "topic": "convoy"}
PLACE: dict[str, Any] = {
    "lat": "36.20000",
    "lon": "37.10000",
    "radius_m": 50,
    "name": "bridge",
    "name_source": "OSM",
}


@dataclass
class Speaker:
    """A session to compose in, and what was given besides the fields."""

    kind: str
    fields: dict[str, Any]
    session: FakeSession = field(default_factory=lambda: FakeSession(AMAL))
    to: str = BORIS
    besides: list[Mapping[str, JsonValue]] = field(default_factory=list)

    @property
    def now_ms(self) -> int:
        return self.session.clock()

    @property
    def negotiation(self) -> object:
        return self.session.negotiation

    def compose(self, envelope: Mapping[str, JsonValue]) -> Message:
        self.besides.append(envelope)
        return self.session.compose(self.kind, self.fields, to=[self.to], **envelope)

    def clear(self, *, send_anyway: bool = False) -> Message:
        return cleared(cast(ChannelSession, self), self.compose, send_anyway=send_anyway)


def test_what_is_clear_goes_through_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    message = Speaker("INFORM", {**FACT, "statement": "Six vehicles wait."}).clear()
    assert message.envelope.sent_anyway == ()
    assert capsys.readouterr() == ("", "")


def test_what_is_unclear_needs_a_word_more(capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker("INFORM", {**FACT, "statement": "Several vehicles come tomorrow."})
    with pytest.raises(Refused, match=r"2 things, listed above; .* --send-anyway"):
        speaker.clear()
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.split(":")[1] for line in told.err.splitlines()] == [" CLARITY-6", " CLARITY-1"]
    message = speaker.clear(send_anyway=True)
    assert set(message.envelope.sent_anyway) == {"CLARITY-1", "CLARITY-6"}
    assert "Several" in capsys.readouterr().err, "it is said again what was asked about"


def test_what_blocks_is_refused_whatever_the_option() -> None:
    speaker = Speaker("INFORM", {**FACT, "statement": "The z\u043ene is closed."})
    for send_anyway in (False, True):
        with pytest.raises(MessageRefused) as refused:
            speaker.clear(send_anyway=send_anyway)
        assert [one.rule for one in refused.value.violations] == ["CLARITY-24"]


def test_what_was_not_looked_for_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Speaker("INFORM", {**FACT, "statement": "Six camions attendent.", "lang": "fr"}).clear()
    assert "not checked (there is no language pack for fr): CLARITY-1, " in capsys.readouterr().err


def test_an_alert_is_never_held_up(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {
        "danger": "FIRE",
        "place": PLACE,
        "observed": "221429Z NOV 26",
        "asked": "HOLD_FIRE",
        "until": "221600Z NOV 26",
        "persons_at_risk": {"n": 4, "unit": "persons", "basis": "COUNTED"},
        "topic": "several guns",
        "remarks": "They may fire soon.",
    }
    assert Speaker("ALERT", fields).clear().envelope.sent_anyway == ()
    assert capsys.readouterr() == ("", "")


def test_wilco_says_what_it_creates(capsys: pytest.CaptureFixture[str]) -> None:
    session = FakeSession(BORIS)
    request = {"actor": BORIS, "action": "open gate 4", "deadline": "221700Z NOV 26", "reason": "aid"}
    asked = session.say(MIRA, "REQUEST", {**request, "topic": "gate"}, to=[BORIS]).hex()
    speaker = Speaker("RESPONSE", {"target": asked, "code": "WILCO", "topic": "gate"}, session, MIRA)
    speaker.clear()
    assert capsys.readouterr().err.splitlines()[:2] == [
        "WILCO creates this commitment:",
        "  BORIS MUST open gate 4",
    ]
