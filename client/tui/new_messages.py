"""n: a new message of any type."""

from typing import TYPE_CHECKING, Final

from client.tui import prefill
from client.tui.desk import Desk
from client.tui.dialogs import Choice, ChooseScreen
from protocols.messages.catalogue import CATALOGUE, Answer
from protocols.messages.envelope import MessageType
from protocols.messages.proposals import Proposal
from protocols.negotiation import FoldedMessage

if TYPE_CHECKING:
    from client.tui.replies import Replies

_T = MessageType

ORDER: Final = (
    _T.ALERT,
    _T.INFORM,
    _T.QUESTION,
    _T.REQUEST,
    _T.NOTIFY,
    _T.INCIDENT,
    _T.EXPLANATION,
    _T.PROPOSAL,
    _T.CLAUSE_REPLY,
    _T.ADOPT,
    _T.TERM,
    _T.COMMIT,
    _T.COMMIT_EVENT,
    _T.FINDING,
    _T.MEETING,
    _T.PERSONS,
    _T.CONVEY,
    _T.RESPONSE,
    _T.READBACK,
    _T.CORRECTION,
    _T.LINE_CHECK,
    _T.MANDATE,
    _T.SEAT,
)
"""The list as people need it: danger first, what is rare last."""

INTRO: Final = {
    _T.MANDATE: "The principal signs it where its key is: parley mandate sign. From its file, parley send "
    "CHANNEL MANDATE --json FILE sends it as it is; here every field is copied.\n",
    _T.SEAT: "To admit somebody, parley invite asks for the seat by itself. Here seats are changed, "
    "suspended or taken away.\n",
    _T.CONVEY: "Only with the source's consent. VERBATIM needs the source's own signature over the words.\n",
    _T.PERSONS: "Such a list can kill if it leaks: no health, no family, no address, and references that "
    "say nothing.\n",
}
"""What somebody should know before filling in a form of the type."""


class NewMessages:
    """The list of types, and the forms behind it."""

    def __init__(self, desk: Desk, replies: "Replies") -> None:
        """Take where forms are filled in, and what handles answers."""
        self._desk = desk
        self._replies = replies

    def offer(self, selected: FoldedMessage | None) -> None:
        """Offer all types; those that this role cannot send stand last and cannot be chosen."""
        role = self._desk.names.negotiation.roster.role(self._desk.session.me)
        entries = sorted(CATALOGUE.items(), key=lambda pair: ORDER.index(pair[0]))
        choices = [
            Choice(
                kind.value,
                entry.purpose if role in entry.senders else f"not for the role {role}",
                kind if role in entry.senders else None,
            )
            for kind, entry in sorted(entries, key=lambda pair: role not in pair[1].senders)
        ]
        chooser: ChooseScreen[MessageType] = ChooseScreen("New message", choices)

        def chosen(kind: MessageType | None) -> None:
            if kind is not None:
                self._begin(kind, selected)

        self._desk.screen.app.push_screen(chooser, chosen)

    def _begin(self, kind: MessageType, selected: FoldedMessage | None) -> None:
        notice = self._desk.screen.notice
        match kind:
            case _T.READBACK | _T.RESPONSE | _T.CLAUSE_REPLY | _T.EXPLANATION if selected is None:
                notice(f"Select the message that the {kind} is about first, then n again.")
            case _T.READBACK if selected is not None:
                self._replies.read_back(selected)
            case _T.RESPONSE if selected is not None:
                self._replies.answer(selected)
            case _T.CLAUSE_REPLY if selected is not None and not isinstance(selected.content, Proposal):
                notice("Select the PROPOSAL that you answer first, then r.")
            case _T.EXPLANATION if selected is not None and selected.type is not _T.INCIDENT:
                notice("Select the INCIDENT that you explain first, then r.")
            case _T.CLAUSE_REPLY | _T.EXPLANATION if selected is not None:
                self._replies.answer_with(selected, Answer(kind, None, True))
            case _T.CORRECTION if selected is None or selected.sender != self._desk.session.me:
                notice("Select the message of yours that you correct first, then n again.")
            case _T.CORRECTION:
                self._write(kind, selected, corrected=selected)
            case _:
                self._write(kind, selected, corrected=None)

    def _write(
        self, kind: MessageType, selected: FoldedMessage | None, *, corrected: FoldedMessage | None
    ) -> None:
        names, now_ms = self._desk.names, self._desk.clock()
        key = (kind.value, "" if corrected is None else corrected.id)
        form = self._desk.draft(key, lambda: prefill.new_form(kind, selected, names, now_ms))
        to = prefill.addressees(kind, corrected, names)
        self._desk.fill_in(form, target=corrected, to=to, intro=INTRO.get(kind, ""))
