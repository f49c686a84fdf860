"""From a key to an answer: which ones are legal, which form asks for what is missing."""

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from client.consequences import consequences
from client.display import sanitise
from client.errors import ClientError
from client.tui import answer_forms, prefill, wording
from client.tui.acts import acts_about
from client.tui.comparison_screen import ComparisonScreen
from client.tui.desk import Desk
from client.tui.dialogs import AskScreen, Choice, ChooseScreen
from client.tui.form import Form
from client.tui.new_messages import NewMessages
from client.tui.port import SessionPort
from client.tui.saying import summary
from client.tui.submission import prepare
from client.tui.wording import Names
from protocols.errors import ProtocolError
from protocols.messages import Message
from protocols.messages.administrative import Readback
from protocols.messages.catalogue import CATALOGUE, Answer
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import compare_readback, critical_leaves
from protocols.negotiation import FoldedMessage, ResponseState
from protocols.negotiation.timers import DELAYED_WORDING, is_delayed

if TYPE_CHECKING:
    from client.tui.conversation_screen import ConversationScreen

_T = MessageType
_WITH_WORD = frozenset({_T.COMMIT_EVENT, _T.MEETING, _T.PERSONS})


class Replies:
    """What a person answers; new messages are written by `new_messages`."""

    def __init__(
        self, screen: "ConversationScreen", session: SessionPort, *, clock: Callable[[], int]
    ) -> None:
        """Work for a screen."""
        self._screen = screen
        self._session = session
        self._clock = clock
        self._desk = Desk(screen, session, clock=clock)
        self._new = NewMessages(self._desk, self)

    @property
    def _names(self) -> Names:
        return Names(self._session.negotiation, self._session.me)

    @property
    def drafts(self) -> Collection[Form]:
        """Forms in which something was typed that is not sent."""
        return self._desk.drafts

    def new(self, selected: FoldedMessage | None) -> None:
        """Offer all types of message."""
        self._new.offer(selected)

    # r: answers.

    def answer(self, target: FoldedMessage) -> None:
        """Offer the legal answers to a message, and what else can be done about it; or say why not."""
        session, now_ms = self._session, self._clock()
        legal = session.negotiation.legal_answers(target.id, session.me, now_ms)
        acts = acts_about(session.negotiation, target, session.me, now_ms)
        if not legal and not acts:
            self._screen.notice(self._why_no_answer(target))
            return
        choices = [Choice(self._label(choice), self._meaning(target, choice), choice) for choice in legal]
        choices += [
            Choice(self._label(act), f"{CATALOGUE[act.type].purpose}. It closes nothing here.", act)
            for act in acts
        ]
        title = f"Answer No. {target.position}, {target.type} from {self._names.author(target.message)}"
        delayed = f"{DELAYED_WORDING}: no WILCO or AFFIRM any more." if is_delayed(target, now_ms) else ""
        chooser: ChooseScreen[Answer] = ChooseScreen(title, choices, note=delayed)

        def chosen(choice: Answer | None) -> None:
            if choice is not None:
                self.answer_with(target, choice)

        self._screen.app.push_screen(chooser, chosen)

    def _why_no_answer(self, target: FoldedMessage) -> str:
        me = self._session.me
        number = f"No. {target.position}"
        if me in self._session.negotiation.suspended:
            return "Your seat is suspended: nothing you say counts until the parties restore it."
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
            case _T.PROPOSAL, _:
                return f"{choice.type} (counter-proposal)"
            case _T.INFORM, _:
                return choice.type.value
            case _, str(what):
                return f"{choice.type} {what}"
            case _:
                return choice.type.value

    def _meaning(self, target: FoldedMessage, choice: Answer) -> str:
        if choice.type is not _T.RESPONSE:
            return f"{CATALOGUE[choice.type].purpose}.{'' if choice.closes else ' Leaves it open.'}"
        meaning = wording.CODE_MEANING[choice.choice or ""]
        if choice.choice in ("WILCO", "AFFIRM") and (told := self._told(target, choice.choice)):
            first, *rest = map(str.strip, told)
            return f"{first} {', '.join(rest)}".strip()
        return meaning

    def _told(self, target: FoldedMessage, code: str) -> tuple[str, ...]:
        """What a closing word would do, before anything was written; safe to show."""
        form = answer_forms.response_form(target, code)
        message = self._composed(form, target)
        if message is None:
            return ()
        return tuple(map(sanitise, consequences(self._session.negotiation, message, self._clock())))

    def _composed(self, form: Form, target: FoldedMessage) -> Message | None:
        try:
            submission = prepare(form, self._names)
            return self._session.compose(form.kind.value, submission.fields, to=(target.sender,))
        except ProtocolError:
            return None  # whoever chooses it is told why

    def answer_with(self, target: FoldedMessage, choice: Answer) -> None:
        """Give one answer, or do one thing about a message."""
        match choice.type, choice.choice:
            case _T.READBACK, _:
                self.read_back(target)
            case _T.RESPONSE, "CORRECT" | "WRONG":
                self._judge(target)
            case _T.RESPONSE, str(code):
                self._respond(target, code, self._meaning(target, choice))
            case _:
                names, now_ms = self._names, self._clock()
                form = self._desk.draft(
                    (choice.type.value, target.id, choice.choice or ""),
                    lambda: answer_forms.reply_form(target, choice, names, now_ms),
                )
                to = prefill.addressees(choice.type, target, names)
                pick = choice.type is not _T.CLAUSE_REPLY
                word = choice.choice or "" if choice.type in _WITH_WORD else ""
                self._desk.fill_in(form, target=target, to=to, pick=pick, word=word)

    def _respond(self, target: FoldedMessage, code: str, meaning: str) -> None:
        form = self._desk.draft((code, target.id), lambda: answer_forms.response_form(target, code))
        if form.entries():
            self._desk.fill_in(form, target=target, to=(target.sender,), pick=False, word=code)
            return
        title = f"Answer {code} to No. {target.position}, {target.type}?"
        told = self._told(target, code)
        lines = told or (f"{code}: {meaning}",)
        about = (f"about: {sanitise(target.envelope.topic)}", f"to: {self._names.author(target.message)}")

        def decided(yes: bool | None) -> None:
            if yes:
                self._send_now(form, target)

        self._screen.app.push_screen(AskScreen(title, (*lines, *about)), decided)

    def _send_now(self, form: Form, target: FoldedMessage) -> None:
        """Send what needs no form."""

        async def send() -> None:
            if (why := self._screen.blocked()) is not None:
                self._screen.notice(why)
                return
            try:
                submission = prepare(form, self._names)
                message = self._session.compose(form.kind.value, submission.fields, to=(target.sender,))
                message_id = await self._session.send(message)
            except (ProtocolError, ClientError) as error:
                self._screen.notice(f"Nothing was sent: {error}")
                return
            self._desk.forget(form)
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
            form = self._desk.draft(("READBACK", target.id), lambda: answer_forms.readback_form(target))
            said = "\n".join(summary(target.content, self._names, message_id=target.id))
            intro = f"The message:\n{sanitise(said)}\n\nType each field anew. Times as 221430Z NOV 26.\n"
            to = (target.sender,)
            self._desk.fill_in(form, target=target, to=to, pick=False, intro=intro, typed_only=True)

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
                    answer_forms.wrong_form(readback, mark.fields)
                    if mark.code == "WRONG"
                    else answer_forms.response_form(readback, mark.code),
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
            if message.type is not _T.READBACK or not message.is_open:
                continue
            match message.content:
                case Readback(target=original) as content if original == target.id:
                    yield message, content
