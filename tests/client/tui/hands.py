"""What a person does at the keys, for the tests of the app."""

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select, TextArea

from client.events import Alarm, AlarmKind
from client.tui.app import ChatApp
from client.tui.cards import key_of
from client.tui.clarity_screen import ClarityScreen
from client.tui.conversation_screen import ConversationScreen
from client.tui.dialogs import ChooseScreen, ReadScreen
from client.tui.form_rows import Row
from client.tui.form_screen import FormScreen
from tests.support.fake_session import FakeSession
from tests.support.screens import shown, type_text, until

SIZES = pytest.mark.parametrize("size", [(80, 24), (60, 20)], ids=["80x24", "60x20"])
FORK = Alarm(
    kind=AlarmKind.FORK, detail="the relay signed two different logs of 14 entries", ours=b"a", theirs=b"b"
)


def app_of(session: FakeSession) -> ChatApp:
    return ChatApp(session, clock=session.clock)


def screen(pilot: Pilot[None]) -> ConversationScreen:
    found = pilot.app.screen_stack[1]
    assert isinstance(found, ConversationScreen)
    return found


async def select(pilot: Pilot[None], position: int) -> None:
    """Go to a message by its number, with the keys a person has."""
    await pilot.press("home")
    message = screen(pilot).session.negotiation.by_position(position)
    assert message is not None
    for _ in range(50):
        selected = screen(pilot).transcript.selected
        if selected is not None and key_of(selected) == message.id:
            return
        await pilot.press("j")
    raise AssertionError(f"No. {position} was not reached:\n{shown(pilot.app)}")


async def begin(pilot: Pilot[None], kind: str) -> FormScreen:
    """Press n and choose a type."""
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
    for _ in range(24):
        if f"▶ {kind} " in shown(pilot.app):
            break
        await pilot.press("down")
    await pilot.press("enter")
    return await form(pilot)


async def form(pilot: Pilot[None]) -> FormScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, FormScreen) and pilot.app.focused is not None)
    found = pilot.app.screen
    assert isinstance(found, FormScreen)
    return found


async def fill(pilot: Pilot[None], path: str, text: str) -> None:
    """Go to a field and give it a value; the shortest ones are typed key by key."""
    [row] = [row for row in pilot.app.screen.query(Row) if row.path == path]
    editor = row.query("Input, TextArea, Select, PickList").first()
    editor.focus()
    match editor:
        case Select():
            editor.value = text
        case TextArea():
            editor.text = text
        case Input() if len(text) > 3:
            editor.value = text
        case _:
            await type_text(pilot, text)


async def preview(pilot: Pilot[None], *, anyway: bool = False) -> None:
    """Compose what was filled in; with `anyway`, what the clarity checks ask about is sent as it is."""
    await pilot.pause()
    await pilot.press("ctrl+s")
    if anyway:
        await until(pilot, lambda: isinstance(pilot.app.screen, ClarityScreen))
        await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReadScreen))


async def choose(pilot: Pilot[None], label: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
    for _ in range(24):
        if f"▶ {label} " in shown(pilot.app):
            break
        await pilot.press("down")
    assert f"▶ {label} " in shown(pilot.app)
    await pilot.press("enter")
