"""Where messages are written: forms, and the drafts of them that are kept while the app runs."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from client.display import sanitise
from client.tui.form import Form
from client.tui.form_screen import FormScreen
from client.tui.port import SessionPort
from client.tui.wording import Names
from protocols.messages.catalogue import CATALOGUE
from protocols.negotiation import FoldedMessage

if TYPE_CHECKING:
    from client.tui.conversation_screen import ConversationScreen


class Desk:
    """Forms in work."""

    def __init__(
        self, screen: "ConversationScreen", session: SessionPort, *, clock: Callable[[], int]
    ) -> None:
        """Work for a screen."""
        self.screen = screen
        self.session = session
        self.clock = clock
        self._drafts: dict[tuple[str, ...], Form] = {}

    @property
    def names(self) -> Names:
        """Names as they are now."""
        return Names(self.session.negotiation, self.session.me)

    @property
    def drafts(self) -> Collection[Form]:
        """Forms in which something was typed that is not sent."""
        return [form for form in self._drafts.values() if form.touched]

    def draft(self, key: tuple[str, ...], make: Callable[[], Form]) -> Form:
        """Return the form that was begun for this, or a new one.

        What was typed for another text than stands now is not kept: nobody should answer by it what they
        have not read.
        """
        fresh = make()
        kept = self._drafts.get(key)
        if kept is None or not kept.touched or kept.texts() != fresh.texts():
            self._drafts[key] = fresh
        return self._drafts[key]

    def forget(self, form: Form) -> None:
        """Keep a form no longer: it was sent."""
        self._drafts = {key: draft for key, draft in self._drafts.items() if draft is not form}

    def fill_in(
        self,
        form: Form,
        *,
        target: FoldedMessage | None,
        to: tuple[str, ...],
        pick: bool = True,
        intro: str = "",
        typed_only: bool = False,
        word: str = "",
    ) -> None:
        """Let the person fill in a form, and show what became of it.

        Args:
            form: kept as a draft until it is sent.
            target: what it is about; None for nothing.
            to: ACTION addressees to begin with.
            pick: whether the person may choose others.
            intro: what it is about; safe to show.
            typed_only: whether pasting is off.
            word: a closing word, to be shown in the title.
        """
        title = f"{form.kind} {word}".strip()
        if target is not None:
            author = self.names.author(target.message)
            title += f" on No. {target.position}, {target.type} from {author}"
        else:
            title += f": {CATALOGUE[form.kind].purpose}"

        def done(message_id: bytes | None) -> None:
            if message_id is None:
                self.screen.notice("Nothing was sent. What you typed is kept until you quit.")
            else:
                self.forget(form)
                self.screen.show_sent(message_id)

        self.screen.app.push_screen(
            FormScreen(
                self.session,
                form,
                title=sanitise(title),
                intro=intro,
                to=to,
                pick=pick,
                typed_only=typed_only,
                state=self.screen.state,
                blocked=self.screen.blocked,
                clock=self.clock,
            ),
            done,
        )
