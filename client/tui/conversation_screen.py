"""The conversation, what can be done with the selected message, and the state of everything around it."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from client.display import sanitise
from client.errors import ClientError
from client.escalating import overdue_words
from client.events import (
    AcknowledgementOverdue,
    ConnectionKind,
    Event,
    OutboxItem,
    OutboxState,
    SendRefused,
)
from client.tui import status
from client.tui.cards import CardMaker, conversation
from client.tui.detail import detail, said
from client.tui.dialogs import AskScreen, ReadScreen
from client.tui.form_screen import FormScreen
from client.tui.help_text import HELP
from client.tui.port import SessionPort
from client.tui.replies import Replies
from client.tui.transcript import TranscriptView
from client.tui.wording import Known, Names
from protocols.errors import ProtocolError
from protocols.messages.envelope import MessageType
from protocols.messages.message import Message
from protocols.messages.receipt import Receipt
from protocols.messages.render import ACKNOWLEDGEMENT_BANNER
from protocols.negotiation import FoldedMessage, Level
from protocols.negotiation.timers import IMMEDIATE_OR_ABOVE

TICK_S = 5.0
"""How often ages are looked at; nothing is drawn unless one reads differently."""
COVERED: Final = (
    "It is TLP:RED. Whoever sees these names can put lives at risk.",
    "Look who can see your screen. Nothing is copied or sent by opening it.",
)


class ConversationScreen(Screen[None]):
    """One channel.

    Attributes:
        session: the running channel.
        state: connection or alarm in one line, for screens that cover this one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", "Ack"),
        Binding("r", "answer", "Answer"),
        Binding("b", "read_back", "Readback"),
        Binding("n", "new", "New"),
        Binding("v,enter", "whole", "View", key_display="v"),
        Binding("f1,question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, session: SessionPort, *, clock: Callable[[], int]) -> None:
        """Take the session, and the clock in UTC milliseconds."""
        super().__init__()
        self.session = session
        self.state = ""
        self._clock = clock
        self._texts: dict[str, str] = {}
        self._dirty = False
        self._urgent = False
        self._told_displayed: set[str] = set()
        self._replies = Replies(self, session, clock=clock)

    @property
    def names(self) -> Names:
        """Names as they are now."""
        return Names(self.session.negotiation, self.session.me)

    @property
    def transcript(self) -> TranscriptView:
        """The conversation."""
        return self.query_one(TranscriptView)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static("", id="status", markup=False)
        yield Static("", id="alarm", markup=False)
        yield TranscriptView(cards=CardMaker(lambda: self.names), clock=self._clock, id="transcript")
        yield Static("", id="notice", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Show what there is, and listen."""
        self.transcript.focus()
        self.notice("Arrows or j and k select a message; ? explains everything.")
        self._reload()
        self.set_interval(TICK_S, self._on_tick)
        self._listen()

    # what happens.

    @work(group="events")
    async def _listen(self) -> None:
        """Look again whenever something happens.

        Cancellation: nothing is left behind; the session goes on.
        """
        async for event in self.session.events():
            self._note(event)
            if not self._dirty:
                self._dirty = True
                self.call_later(self._reload)
        self.notice("The session has ended. Quit with q and open the channel again.")

    def _note(self, event: Event) -> None:
        match event:
            case SendRefused(detail=detail):
                self.notice(f"NOT SENT: {detail}. Nobody has it; look at it and send it anew.")
            case AcknowledgementOverdue():
                self._note_late(event)
            case _:
                pass

    def _note_late(self, event: AcknowledgementOverdue) -> None:
        """Say who is late with what; ring for what is urgent, and let nothing less urgent cover it."""
        urgent = self._precedence(event.message_id) in IMMEDIATE_OR_ABOVE
        if urgent:
            self.app.bell()
        if urgent or not self._urgent:
            words = overdue_words(self.session.negotiation, event.late, Known(self.names))
            self.notice(f"LATE: {words}")
            self._urgent = urgent

    def _precedence(self, message_id: bytes) -> str:
        folded = self.session.negotiation.message(message_id)
        if folded is not None:
            return folded.precedence
        waiting = (item.message for item in self.session.outbox() if item.message_id == message_id)
        return next((one.envelope.precedence for one in waiting if isinstance(one, Message)), "ROUTINE")

    def _reload(self) -> None:
        self._dirty = False
        self.transcript.set_items(conversation(self.session.negotiation, tuple(self.session.outbox())))
        self._show_state()

    def _on_tick(self) -> None:
        self.transcript.tick()
        self._show_state()
        self._note_displayed()

    def on_transcript_view_selected(self) -> None:
        """The place in the conversation has changed."""
        self._show_state()
        self._note_displayed()

    def on_screen_resume(self) -> None:
        """What was covered by another screen can be seen again."""
        if self.is_mounted:
            self._note_displayed()

    def _note_displayed(self) -> None:
        """Tell of messages that are wholly on screen, where somebody can look: not under another window."""
        if self.app.screen is not self or not self.app.app_focus:
            return
        self._tell_displayed(
            item
            for item in self.transcript.seen()
            if isinstance(item, FoldedMessage) and item.type is not MessageType.PERSONS
        )

    def _tell_displayed(self, items: Iterable[FoldedMessage]) -> None:
        me = self.session.me
        fresh = tuple(
            item.message_id
            for item in items
            if item.sender != me and item.id not in self._told_displayed and item.level(me) < Level.DISPLAYED
        )
        if fresh and self.session.alarm is None:
            self._told_displayed.update(message_id.hex() for message_id in fresh)
            self.run_worker(self._displayed(fresh))

    async def _displayed(self, message_ids: tuple[bytes, ...]) -> None:
        try:
            await self.session.displayed(message_ids)
        except ClientError as error:
            self.notice(f"The others are not told what you have seen: {error}")

    def on_resize(self) -> None:
        """Cut the status to the new width."""
        self._show_state()

    def _show_state(self) -> None:
        session = self.session
        width = max(20, self.size.width - 2)
        waiting = sum(item.state is not OutboxState.RELAYED for item in session.outbox() if _is_message(item))
        connection = session.connection
        lines = (
            status.connection_line(connection, waiting=waiting, now_ms=self._clock(), width=width),
            status.channel_line(
                session.info,
                people=len(session.negotiation.roster.participants),
                name=self.names.person(session.me),
                place=self.transcript.place,
                width=width,
            ),
        )
        seats = status.seats_line(session.info, width)
        self._set("#status", "\n".join((*lines, seats) if seats else lines))
        self.query_one("#status").set_class(connection.kind is not ConnectionKind.ONLINE, "offline")
        alarm = session.alarm
        self._set("#alarm", status.alarm_text(alarm) if alarm is not None else "")
        self.query_one("#alarm").set_class(alarm is not None, "raised")
        self.state = lines[0] if alarm is None else f"!!! ALARM ({alarm.kind}): stopped, nothing can be sent"
        for screen in self.app.screen_stack:
            if isinstance(screen, FormScreen) and screen.is_mounted:
                screen.show_state(self.state)

    def _set(self, selector: str, text: str) -> None:
        """Change a text only if it differs, so that an idle screen sends nothing to the terminal."""
        if self._texts.get(selector) != text:
            self._texts[selector] = text
            self.query_one(selector, Static).update(text)

    def notice(self, text: str) -> None:
        """Say something that stays until the next thing is said."""
        self._urgent = False
        self._set("#notice", sanitise(text))

    def show_sent(self, message_id: bytes) -> None:
        """Say that something is on its way, and show it."""
        self._reload()
        self.transcript.select(message_id.hex())
        self.notice("Saved. It leaves by itself; its card says how far it got.")

    # what people do.

    def blocked(self) -> str | None:
        """Why nothing can be sent; None while it can."""
        suspended = self.session.me in self.session.negotiation.suspended
        return status.blocked(self.session.alarm, self.session.info, suspended=suspended)

    def target(self) -> FoldedMessage | None:
        """The selected message, if it can be acted upon; otherwise says why not."""
        if (why := self.blocked()) is not None:
            self.notice(why)
            return None
        selected = self.transcript.selected
        if not isinstance(selected, FoldedMessage):
            self.notice("Select a message in the log first; this is not one yet.")
            return None
        return selected

    @work
    async def action_acknowledge(self) -> None:
        """Ask once, then acknowledge the selected message."""
        target = self.target()
        if target is None:
            return
        if target.sender == self.session.me:
            self.notice(f"No. {target.position} is your own message; the others acknowledge it.")
            return
        mine = target.acknowledgements.get(self.session.me)
        if mine is not None and mine.level >= Level.ACKNOWLEDGED:
            self.notice(f"You have acknowledged No. {target.position} already.")
            return
        if any(
            isinstance(item.message, Receipt) and _acknowledges(item.message, target)
            for item in self.session.outbox()
        ):
            self.notice(f"Your acknowledgement of No. {target.position} is on its way already.")
            return
        lines = (
            f"It tells all that you, {self.names.person(self.session.me)}, have it and will pass it on.",
            ACKNOWLEDGEMENT_BANNER,
        )
        title = f"Acknowledge No. {target.position}, {target.type} from {self.names.author(target.message)}?"
        if not await self.app.push_screen_wait(AskScreen(title, lines)) or self.target() is None:
            return
        try:
            await self.session.acknowledge(target.message_id)
        except (ProtocolError, ClientError) as error:
            self.notice(f"Not acknowledged: {error}")
            return
        self.notice(f"Acknowledged No. {target.position}. {ACKNOWLEDGEMENT_BANNER}")
        self._reload()

    def action_answer(self) -> None:
        """Answer the selected message."""
        if (target := self.target()) is not None:
            self._replies.answer(target)

    def action_read_back(self) -> None:
        """Read the selected message back, or judge a read-back."""
        if (target := self.target()) is not None:
            self._replies.read_back(target)

    def action_new(self) -> None:
        """Write a new message."""
        if (why := self.blocked()) is not None:
            self.notice(why)
            return
        selected = self.transcript.selected
        self._replies.new(selected if isinstance(selected, FoldedMessage) else None)

    @work
    async def action_whole(self) -> None:
        """Show the selected message with every field; names of persons only after a warning."""
        selected = self.transcript.selected
        match selected:
            case FoldedMessage(position=position):
                title = f"No. {position} as it was sent, {selected.id}"
                lines = detail(selected, self.names, self._clock())
                kind = selected.type
            case OutboxItem(message=Message() as message):
                title = "On its way"
                lines = [sanitise(line) for line in said(message, self.names)]
                kind = message.type
            case _:
                return
        covered = kind is MessageType.PERSONS or self._shows_persons(selected)
        if covered and not await self.app.push_screen_wait(AskScreen("Open a list of persons?", COVERED)):
            return
        self.app.push_screen(ReadScreen(title, lines))
        if covered and isinstance(selected, FoldedMessage):
            self._tell_displayed((selected,))

    def _shows_persons(self, selected: FoldedMessage | OutboxItem) -> bool:
        """Whether it corrects a list of persons, and so repeats what is on it."""
        message = selected.message
        target = message.target if isinstance(message, Message) else None
        original = None if target is None else self.session.negotiation.message(target)
        corrects = isinstance(message, Message) and message.type is MessageType.CORRECTION
        return corrects and original is not None and original.type is MessageType.PERSONS

    def action_help(self) -> None:
        """Show the keys and what the words mean."""
        self.app.push_screen(ReadScreen("Help", HELP))

    @work
    async def action_quit(self) -> None:
        """Leave; asks if something was typed and not sent."""
        drafts = self._replies.drafts
        if drafts:
            kinds = ", ".join(sorted({draft.kind.value for draft in drafts}))
            lines = (
                f"Begun and not sent: {kinds}.",
                "Drafts are lost when you quit. What is queued is kept.",
            )
            if not await self.app.push_screen_wait(AskScreen("Quit and lose what you typed?", lines)):
                return
        self.app.exit()


def _is_message(item: OutboxItem) -> bool:
    return isinstance(item.message, Message)


def _acknowledges(receipt: Receipt, target: FoldedMessage) -> bool:
    return receipt.level == "ACKNOWLEDGED" and target.id in receipt.messages
