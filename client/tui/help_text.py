"""What F1 shows."""

from typing import Final

from client.tui.wording import LEVEL_WORDS
from protocols.messages.render import ACKNOWLEDGEMENT_BANNER
from protocols.negotiation.timers import DELAYED_WORDING, NO_ACKNOWLEDGEMENT_WORDING

HELP: Final = (
    "KEYS",
    "  j, k, arrows   select a message",
    "  PgDn, PgUp, Home, End   move further",
    "  a  acknowledge: say that you have it",
    "  r  answer: only what is legal now is offered",
    "  b  read it back, or check a read-back of yours",
    "  n  new message",
    "  v  view the whole message",
    "  q  quit; what is queued is kept, and sent next time",
    "",
    "HOW FAR A MESSAGE GOT, for each addressee",
    *(f"  L{level.value}  {words}" for level, words in LEVEL_WORDS.items()),
    f"  {ACKNOWLEDGEMENT_BANNER}",
    "",
    "ANSWERS are another matter: OPEN, STANDBY or CLOSED.",
    "  Only an answer can agree, refuse or promise anything.",
    "  WILCO and COMMIT make commitments, ADOPT FINAL puts a text",
    "  in force. What that means is listed before you send it.",
    "",
    "MARKS ON A MESSAGE",
    f"  {DELAYED_WORDING}   it came too late to be acted on",
    "  ITS TIME IS OVER   nobody can promise it any more",
    "  BEYOND THE MANDATE   who sent it may not speak about this",
    f"  LATE   {NO_ACKNOWLEDGEMENT_WORDING}",
    "",
    "BEFORE SENDING, unclear words are asked about: change them,",
    "  or send them anyway, which is kept in the log. An ALERT is",
    "  never held up. No finding does not mean that it is clear.",
    "",
    "CONNECTION",
    "  (o) ONLINE   (.) CONNECTING   (x) OFFLINE",
    "  Offline you can read and write on: messages are saved and",
    "  leave by themselves, once, in order.",
    "",
    "ALARM",
    "  The relay showed something that cannot be one honest log.",
    "  The channel is stopped. Tell the others by another route.",
)
