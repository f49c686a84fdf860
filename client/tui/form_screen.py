"""Filling in a message: one field after another, a preview, and only then sending."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from pydantic import JsonValue
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Footer, Input, Static

from client.display import sanitise
from client.errors import ClientError
from client.tui import review, wording
from client.tui.clarity_screen import ClarityScreen
from client.tui.form import Entry, Form, Heading, More
from client.tui.form_rows import AddButton, Addressees, Row, TypedInput
from client.tui.port import SessionPort
from client.tui.submission import Problem, Submission, prepare, problems
from client.tui.wording import Names
from protocols.errors import ProtocolError, RuleViolation
from protocols.messages.codec import MAX_BODY_SIZE
from protocols.messages.envelope import MessageType
from protocols.messages.message import Message

KIND_HELP: Final[Mapping[str, str]] = {
    "time": "UTC, such as {now} (that is now)",
    "latitude": "five decimals, such as 36.20000; south is negative",
    "longitude": "five decimals, such as 37.10000; west is negative",
    "grade": "letter A-F and digit 1-6, such as B2",
    "integer": "a whole number",
    "message": "the number on its card, such as 7",
    "commitment or message": "an incident's number on its card, or a commitment's id",
    "language": "a tag such as en or ar",
    "hash": "64 digits, SHA-256",
    "participant": "32 digits, the key's participant id",
    "public key": "64 digits",
    "signature": "128 digits",
}
INFORMED: Final = frozenset({MessageType.REQUEST, MessageType.INCIDENT})
"""Types that few may be asked to act on, so that others are told: they are asked for at once."""


class FormScreen(Screen[bytes | None]):
    """A form for one message. Dismissed with the message's id once it is saved for sending, or with None."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Preview, send", priority=True),
        Binding("ctrl+o", "optional", "All fields", priority=True),
        Binding("ctrl+g,escape", "back", "Back, keep draft", key_display="^g"),
    ]

    def __init__(
        self,
        session: SessionPort,
        form: Form,
        *,
        title: str,
        intro: str = "",
        to: tuple[str, ...],
        pick: bool = True,
        typed_only: bool = False,
        state: str,
        blocked: Callable[[], str | None],
        clock: Callable[[], int],
    ) -> None:
        """Take what to fill in.

        Args:
            session: where it is composed and sent.
            form: what is asked, and what was typed before; changed as the person types.
            title: what this is, in one line; safe to show.
            intro: what it is about; safe to show.
            to: ACTION addressees to begin with.
            pick: whether the person may choose others.
            typed_only: whether pasting is off.
            state: connection or alarm in one line, to begin with.
            blocked: why nothing can be sent now; None while it can.
            clock: UTC milliseconds.
        """
        super().__init__()
        self._session = session
        self.form = form
        self._title = title
        self._intro = intro
        self._to = to
        self._info: tuple[str, ...] = ()
        self._pick = pick
        self._typed_only = typed_only
        self._state = state
        self._blocked = blocked
        self._clock = clock

    @property
    def _names(self) -> Names:
        return Names(self._session.negotiation, self._session.me)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(self._state, id="state", markup=False)
        yield Static(self._title, id="heading", markup=False)
        yield Static("", id="problems", markup=False)
        yield VerticalScroll(id="fields", can_focus=False)
        yield Static("", id="help", markup=False)
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Show the fields and begin at the first."""
        await self._build()
        self._show_help()
        # Only once the fields have their places can the first one be scrolled to with what stands above it.
        self.call_after_refresh(self.focus_next)

    def show_state(self, text: str) -> None:
        """Show the state of the channel, which is on every screen; `text` is safe to show."""
        if text != self._state:
            self._state = text
            self.query_one("#state", Static).update(text)

    async def _build(self) -> None:
        container = self.query_one("#fields", VerticalScroll)
        self._take_addressees()
        with self.app.batch_update():
            await container.remove_children()
            await container.mount_all(list(self._widgets()))

    def _take_addressees(self) -> None:
        for picker in self.query(Addressees):
            if picker.acting:
                self._to = picker.selected
            else:
                self._info = picker.selected

    def _widgets(self) -> Iterator[Widget]:
        if self._intro:
            yield Static(self._intro, classes="intro", markup=False)
        if self._pick:
            people = self._session.negotiation.roster.participants
            others = tuple((self._names.with_role(p.id), p.id) for p in people if p.id != self._session.me)
            if self.kind is not MessageType.REQUEST:
                yield Addressees(others, self._to)
            if self.form.optional or self._info or self.kind in INFORMED:
                yield Addressees(others, self._info, acting=False)
        for part in self.form.shown():
            match part:
                case Entry():
                    value = self.form.values.get(part.path, "")
                    yield Row(part, value, self.form.choices(part), typed_only=self._typed_only)
                case Heading():
                    yield Static(sanitise(part.text), classes="part", markup=False)
                case More():
                    yield AddButton(part)

    async def _rebuild(self, focus: str | None) -> None:
        await self._build()
        self._focus(focus)

    def _focus(self, path: str | None) -> None:
        for row in self.query(Row):
            if row.path == path:
                row.query("Input, TextArea, Select, PickList").first().focus()
                # A field that has the focus already would not be scrolled to by focusing it.
                self.call_after_refresh(self._bring_into_view, row)
                return

    # while typing.

    async def on_row_changed(self, event: Row.Changed) -> None:
        """Keep what was typed."""
        if event.chosen:
            before = self.form.layout()
            if self.form.put(event.path, event.value) and self.form.layout() != before:
                await self._rebuild(event.path)
        else:
            self.form.put(event.path, event.value)
        self._show_help()

    def on_row_focused(self, event: Row.Focused) -> None:
        """Show the help of the field the person is at."""
        self._show_help()
        self.call_after_refresh(self._bring_into_view, event.row)

    @property
    def _row(self) -> Row | None:
        """The field the person is at."""
        if self.focused is None:
            return None
        return next((widget for widget in self.focused.ancestors_with_self if isinstance(widget, Row)), None)

    def _bring_into_view(self, row: Row) -> None:
        """Scroll to a field and the line above it: that may be the clause that is answered."""
        container = self.query_one("#fields", VerticalScroll)
        above = [child for child in container.children if child.virtual_region.y < row.virtual_region.y]
        for widget in (*above[-1:], row):
            container.scroll_to_widget(widget, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field; it never sends."""
        self.focus_next()

    def on_typed_input_paste_refused(self, event: TypedInput.PasteRefused) -> None:
        """Say why nothing happened."""
        self._show_problems((Problem(None, "pasting is off here: a read-back is typed, in your own words"),))

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Add an item to a list and go to its first field."""
        if isinstance(event.button, AddButton):
            group = event.button.group
            self.form.add(group)
            item = f"{group}.{self.form.counts[group] - 1}."
            first = next((entry.path for entry in self.form.entries() if entry.path.startswith(item)), None)
            await self._rebuild(first)

    def _show_help(self) -> None:
        lines = ["Tab next field, Shift+Tab back, Space chooses. * is needed."]
        entry = None if (row := self._row) is None else row.entry
        if entry is not None:
            kind = KIND_HELP.get(entry.spec.kind, "").format(now=wording.dtg(self._clock()))
            listed = ""
            if entry.listed:
                separator = "semicolons (;)" if entry.separator == ";" else "commas"
                listed = "Space chooses" if self.form.choices(entry) else f"several: separate by {separator}"
            lines = [". ".join(filter(None, (entry.spec.help, kind, listed)))]
        count = f"{self.form.bytes_typed()} of {MAX_BODY_SIZE} bytes"
        if entry is not None and entry.limit is not None:
            count += f"; this field {len(self.form.values.get(entry.path, ''))} of {entry.limit} characters"
        self.query_one("#help", Static).update("\n".join((*lines, count)))

    # leaving.

    async def action_optional(self) -> None:
        """Show optional fields too, or only the usual ones."""
        self.form.optional = not self.form.optional
        await self._rebuild(None if (row := self._row) is None else row.path)

    def action_back(self) -> None:
        """Leave; what was typed is kept."""
        self.dismiss(None)

    @work
    async def action_submit(self) -> None:
        """Compose; show what is wrong, what is unclear, a preview; send what the person agrees to."""
        submission: Submission | None = None
        self._take_addressees()
        to = (self.form.values.get("actor", ""),) if self.kind is MessageType.REQUEST else self._to
        if not any(to):
            who = "who is asked" if self.kind is MessageType.REQUEST else "at least one person"
            self._show_problems((Problem(None, f"choose {who}, who must act on it, with Space"),))
            return
        try:
            submission = prepare(self.form, self._names)
            message = await self._cleared(submission, to)
        except RuleViolation as error:
            await self._refused(problems(error, submission))
            return
        except (ProtocolError, ClientError) as error:
            self._show_problems((Problem(None, sanitise(str(error))),))
            return
        if message is None:
            return
        if (why := self._blocked()) is not None:
            self._show_problems((Problem(None, why),))
            return
        try:
            message_id = await self._session.send(message)
        except (ProtocolError, ClientError) as error:
            self._show_problems((Problem(None, f"nothing was sent: {sanitise(str(error))}"),))
            return
        self.dismiss(message_id)

    async def _cleared(self, submission: Submission, to: tuple[str, ...]) -> Message | None:
        """Compose, and return the message once its author wants it sent; None if it is to be changed."""
        message = self._written(submission, to)
        report = review.report_on(message, self._names)
        if report.blocking:
            await self._refused(review.finding_problems(report.blocking, submission.in_form))
            return None
        if report.asking:
            ask = ClarityScreen(report, lambda path: self.form.name_of(submission.in_form(path)))
            if not await self.app.push_screen_wait(ask):
                await self._refused(
                    review.finding_problems(report.asking, submission.in_form), "Not sent. Unclear"
                )
                return None
            message = self._written(submission, to, sent_anyway=review.asked_about(report))
        self._show_problems(())
        shown = review.preview(message, report, self._names, self._clock())
        return message if await self.app.push_screen_wait(shown) else None

    def _written(
        self, submission: Submission, to: tuple[str, ...], *, sent_anyway: tuple[str, ...] = ()
    ) -> Message:
        envelope: dict[str, JsonValue] = {"info": list(self._info)} if self._info else {}
        if sent_anyway:
            envelope["sent_anyway"] = list(sent_anyway)
        return self._session.compose(self.kind.value, submission.fields, to=to, **envelope)

    async def _refused(
        self, found: tuple[Problem, ...], title: str = "Nothing was sent. To put right"
    ) -> None:
        shown = {row.path for row in self.query(Row)}
        if not self.form.optional and any(self._row_for(problem, shown) is None for problem in found):
            everything = {entry.path for entry in self.form.entries()}
            if any(self._row_for(problem, everything) is not None for problem in found):
                self.form.optional = True
                await self._build()
        self._show_problems(found, title)

    def _row_for(self, problem: Problem, paths: set[str]) -> str | None:
        """Return the field a problem belongs to: itself, the first one inside it, or the one around it."""
        field = problem.field
        if field is None or field in paths:
            return field
        ordered = [entry.path for entry in self.form.entries() if entry.path in paths]
        inside = (path for path in ordered if path.startswith(f"{field}."))
        around = (path for path in ordered if field.startswith(f"{path}."))
        return next(inside, None) or next(around, None)

    def _show_problems(
        self, found: tuple[Problem, ...], title: str = "Nothing was sent. To put right"
    ) -> None:
        rows = {row.path: row for row in self.query(Row)}
        texts: dict[str, list[str]] = {}
        elsewhere: list[str] = []
        for problem in found:
            path = self._row_for(problem, set(rows))
            text = sanitise(problem.text)
            if path is None:
                elsewhere.append(f"{problem.field}: {text}" if problem.field else text)
            else:
                texts.setdefault(path, []).append(text)
        for path, row in rows.items():
            row.show_error("; ".join(texts.get(path, ())))
        banner = self.query_one("#problems", Static)
        count = f"{title} ({len(found)}):" if found else ""
        first = "; ".join(elsewhere) if elsewhere else "see the lines marked x"
        banner.update(f"{count} {first}" if found else "")
        banner.set_class(bool(found), "shown")
        if texts:
            self._focus(next(path for path in rows if path in texts))

    @property
    def kind(self) -> MessageType:
        """The type that is being filled in."""
        return self.form.kind
