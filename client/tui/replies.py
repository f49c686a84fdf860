"""From a key to a message: which answers are legal, which form asks for what is missing, and drafts."""

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from client.display import sanitise
from client.errors import ClientError
from client.tui import prefill, wording
from client.tui.comparison_screen import ComparisonScreen
from client.tui.dialogs import AskScreen, Choice, ChooseScreen
from client.tui.form import Form
from client.tui.form_screen import FormScreen
from client.tui.port import SessionPort
from client.tui.submission import prepare
from client.tui.wording import Names
from protocols.errors import ProtocolError
from protocols.messages.administrative import Readback
from protocols.messages.alert import Alert
from protocols.messages.catalogue import CATALOGUE, Answer
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import compare_readback, critical_leaves
from protocols.messages.proposals import Proposal
from protocols.negotiation import FoldedMessage, ResponseState

if TYPE_CHECKING:
    from client.tui.conversation_screen import ConversationScreen

_T = MessageType


class Replies:
    """What a person writes, and the drafts of it."""

    def __init__(
        self, screen: "ConversationScreen", session: SessionPort, *, clock: Callable[[], int]
    ) -> None:
        """Work for a screen."""
        self._screen = screen
        self._session = session
        self._clock = clock
        self._drafts: dict[tuple[str, ...], Form] = {}

    @property
    def _names(self) -> Names:
        return Names(self._session.negotiation, self._session.me)

    @property
    def drafts(self) -> Collection[Form]:
        """Forms in which something was typed that is not sent."""
        return [form for form in self._drafts.values() if form.touched]

    # r: answers.

    def answer(self, target: FoldedMessage) -> None:
        """Offer the legal answers to a message, or say why there are none."""
        legal = self._session.negotiation.legal_answers(target.id, self._session.me, self._clock())
        if not legal:
            self._screen.notice(self._why_no_answer(target))
            return
        choices = [Choice(self._label(choice), self._meaning(target, choice), choice) for choice in legal]
        title = f"Answer No. {target.position}, {target.type} from {self._names.person(target.sender)}"
        chooser: ChooseScreen[Answer] = ChooseScreen(title, choices)

        def chosen(choice: Answer | None) -> None:
            if choice is not None:
                self._answer_with(target, choice)

        self._screen.app.push_screen(chooser, chosen)

    def _why_no_answer(self, target: FoldedMessage) -> str:
        me = self._session.me
        number = f"No. {target.position}"
        if target.sender == me:
            return f"{number} is your own message: the others answer it. n, CORRECTION changes or cancels it."
        if target.cancelled:
            return f"{number} was cancelled by its author: there is nothing to answer."
        if me not in target.addressees:
            return f"{number} is not addressed to you: you cannot answer it."
        mine = target.answers.get(me)
        if mine is not None and mine.state is ResponseState.CLOSED:
            return f"You have closed {number} with {mine.answer}; what is closed stays closed."
        return f"{number}, {target.type}, wants no answer. You can acknowledge it with a."

    @staticmethod
    def _label(choice: Answer) -> str:
        match choice.type, choice.choice:
            case _T.RESPONSE, str(code):
                return code
            case _T.COMMIT_EVENT, str(event):
                return f"{choice.type} {event}"
            case _T.PROPOSAL, _:
                return f"{choice.type} (counter-proposal)"
            case _:
                return choice.type.value

    @staticmethod
    def _meaning(target: FoldedMessage, choice: Answer) -> str:
        ends = "" if choice.closes else " Leaves it open."
        if choice.type is _T.RESPONSE:
            meaning = wording.CODE_MEANING[choice.choice or ""]
            if choice.choice == "WILCO" and isinstance(target.content, Alert):
                asked, until = wording.plain(target.content.asked), wording.time(target.content.until)
                meaning = f"I will: {asked}, until {until}. This COMMITS you."
            return meaning
        return f"{CATALOGUE[choice.type].purpose}.{ends}"

    def _answer_with(self, target: FoldedMessage, choice: Answer) -> None:
        match choice.type, choice.choice:
            case _T.READBACK, _:
                self.read_back(target)
            case _T.RESPONSE, "CORRECT" | "WRONG":
                self._judge(target)
            case _T.RESPONSE, str(code):
                self._respond(target, code, self._meaning(target, choice))
            case _:
                form = self._draft(
                    (choice.type.value, target.id, choice.choice or ""),
                    lambda: prefill.reply_form(target, choice, self._names),
                )
                to = prefill.addressees(choice.type, target, self._names)
                self._fill_in(form, target=target, to=to, pick=choice.type is not _T.CLAUSE_REPLY)

    def _respond(self, target: FoldedMessage, code: str, meaning: str) -> None:
        form = self._draft((code, target.id), lambda: prefill.response_form(target, code))
        if form.entries():
            self._fill_in(form, target=target, to=(target.sender,), pick=False, word=code)
            return
        title = f"Answer {code} to No. {target.position}, {target.type}?"
        sender = self._names.person(target.sender)
        lines = (f"{code}: {meaning}", f"about: {sanitise(target.message.envelope.topic)}", f"to: {sender}")

        def decided(yes: bool | None) -> None:
            if yes:
                self._send_now(form, target)

        self._screen.app.push_screen(AskScreen(title, lines), decided)

    def _send_now(self, form: Form, target: FoldedMessage) -> None:
        """Send what needs no form."""

        async def send() -> None:
            if (why := self._screen.blocked()) is not None:
                self._screen.notice(why)
                return
            try:
                submission = prepare(form, self._names, self._session.me, self._clock())
                message = self._session.compose(form.kind.value, submission.fields, to=(target.sender,))
                message_id = await self._session.send(message)
            except (ProtocolError, ClientError) as error:
                self._screen.notice(f"Nothing was sent: {error}")
                return
            self._forget(form)
            self._screen.show_sent(message_id)

        self._screen.run_worker(send())

    # b: read-backs.

    def read_back(self, target: FoldedMessage) -> None:
        """Read a message back; for an author, judge the read-back that waits."""
        me = self._session.me
        number = f"No. {target.position}"
        if isinstance(target.content, Readback) or target.sender == me:
            self._judge(target)
        elif me not in target.to:
            self._screen.notice(f"{number} is not addressed to you for action: you cannot read it back.")
        elif target.cancelled or not critical_leaves(target.content):
            self._screen.notice(
                f"{number} has no critical fields to read back. You can acknowledge it with a."
            )
        else:
            form = self._draft(("READBACK", target.id), lambda: prefill.readback_form(target))
            said = "\n".join(wording.summary(target.content, self._names, message_id=target.id))
            intro = f"The message:\n{sanitise(said)}\n\nType each field anew. Times as 221430Z NOV 26.\n"
            self._fill_in(form, target=target, to=(target.sender,), pick=False, intro=intro, typed_only=True)

    def _judge(self, target: FoldedMessage) -> None:
        """Show a read-back beside the original; `target` is either of them."""
        negotiation, me = self._session.negotiation, self._session.me
        found = next(self._read_backs(target), None)
        if found is None:
            self._screen.notice(f"No read-back of No. {target.position} waits for you.")
            return
        readback, content = found
        original = negotiation.message(content.target)
        if original is None or original.sender != me:
            self._screen.notice(f"No. {readback.position}: only the author of what was read back marks it.")
            return
        legal = negotiation.legal_answers(readback.id, me, self._clock())
        codes = frozenset(choice.choice or "" for choice in legal if choice.type is _T.RESPONSE)
        title = f"{self._names.person(readback.sender)} reads back No. {original.position}"
        rows = compare_readback(original.content, content)
        screen = ComparisonScreen(title, rows, legal=codes & {"CORRECT", "WRONG"})
        self._screen.app.push_screen(
            screen,
            lambda mark: (
                self._send_now(
                    prefill.wrong_form(readback, mark.fields)
                    if mark.code == "WRONG"
                    else prefill.response_form(readback, mark.code),
                    readback,
                )
                if mark is not None
                else None
            ),
        )

    def _read_backs(self, target: FoldedMessage) -> Iterator[tuple[FoldedMessage, Readback]]:
        """The read-back itself, or those of a message that wait to be judged."""
        match target.content:
            case Readback() as content:
                yield target, content
                return
        for message in self._session.negotiation.messages:
            match message.content:
                case Readback(target=original) as content if original == target.id and message.is_open:
                    yield message, content

    # n: new messages.

    def new(self, selected: FoldedMessage | None) -> None:
        """Offer the ten types; those that this role cannot send are shown and cannot be chosen."""
        role = self._names.negotiation.roster.role(self._session.me)
        choices = [
            Choice(
                kind.value,
                entry.purpose if role in entry.senders else f"not for the role {role}",
                kind if role in entry.senders else None,
            )
            for kind, entry in sorted(CATALOGUE.items(), key=lambda pair: _ORDER.index(pair[0]))
        ]
        chooser: ChooseScreen[MessageType] = ChooseScreen("New message", choices)

        def chosen(kind: MessageType | None) -> None:
            if kind is not None:
                self._new_of(kind, selected)

        self._screen.app.push_screen(chooser, chosen)

    def _new_of(self, kind: MessageType, selected: FoldedMessage | None) -> None:
        match kind:
            case _T.READBACK | _T.RESPONSE | _T.CLAUSE_REPLY if selected is None:
                self._screen.notice(f"Select the message that the {kind} is about first, then n again.")
            case _T.READBACK if selected is not None:
                self.read_back(selected)
            case _T.RESPONSE if selected is not None:
                self.answer(selected)
            case _T.CLAUSE_REPLY if selected is not None and not isinstance(selected.content, Proposal):
                self._screen.notice("Select the PROPOSAL that you answer first, then r.")
            case _T.CLAUSE_REPLY if selected is not None:
                self._answer_with(selected, Answer(_T.CLAUSE_REPLY, None, True))
            case _:
                correcting = kind is _T.CORRECTION
                if correcting and (selected is None or selected.sender != self._session.me):
                    self._screen.notice("Select the message of yours that you correct first, then n again.")
                    return
                key = (kind.value, selected.id if correcting and selected is not None else "")
                form = self._draft(key, lambda: prefill.new_form(kind, selected, self._names))
                to = prefill.addressees(kind, selected if correcting else None, self._names)
                self._fill_in(form, target=selected if correcting else None, to=to)

    # forms.

    def _draft(self, key: tuple[str, ...], make: Callable[[], Form]) -> Form:
        if key not in self._drafts:
            self._drafts[key] = make()
        return self._drafts[key]

    def _forget(self, form: Form) -> None:
        self._drafts = {key: draft for key, draft in self._drafts.items() if draft is not form}

    def _fill_in(
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
        title = f"{form.kind} {word}".strip()
        if target is not None:
            title += f" on No. {target.position}, {target.type} from {self._names.person(target.sender)}"
        else:
            title += f": {CATALOGUE[form.kind].purpose}"

        def done(message_id: bytes | None) -> None:
            if message_id is None:
                self._screen.notice("Nothing was sent. What you typed is kept until you quit.")
            else:
                self._forget(form)
                self._screen.show_sent(message_id)

        self._screen.app.push_screen(
            FormScreen(
                self._session,
                form,
                title=sanitise(title),
                intro=intro,
                to=to,
                pick=pick,
                typed_only=typed_only,
                state=self._screen.state,
                blocked=self._screen.blocked,
                clock=self._clock,
            ),
            done,
        )


_ORDER = (
    _T.ALERT,
    _T.INFORM,
    _T.QUESTION,
    _T.NOTIFY,
    _T.PROPOSAL,
    _T.CLAUSE_REPLY,
    _T.COMMIT_EVENT,
    _T.RESPONSE,
    _T.READBACK,
    _T.CORRECTION,
)
"""The list as people need it: danger first."""
