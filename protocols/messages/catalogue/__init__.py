"""The tables of message types: what each is for, who sends it, what answers it, and by when.

Composing, receiving, the interface, `parley types` and docs/messages.md all read them from here (MESSAGES.md
sections 2 and 3).
"""

from protocols.messages.catalogue.answers import (
    ANSWERS,
    OBSERVER_CODES,
    Answer,
    AnswerRow,
    ResponseAttribute,
    answer_row,
    attribute_of,
    closing_codes,
    legal_answers,
)
from protocols.messages.catalogue.due import (
    ACKNOWLEDGEMENT_DUE_MS,
    CLAIM_DUE_MS,
    DUE,
    HOUR_MS,
    LINE_CHECK_DUE_MS,
    MINUTE_MS,
    NOTIFY_LEAD_MS,
    Due,
)
from protocols.messages.catalogue.entries import CATALOGUE, CatalogueEntry

__all__ = [
    "ACKNOWLEDGEMENT_DUE_MS",
    "ANSWERS",
    "CATALOGUE",
    "CLAIM_DUE_MS",
    "DUE",
    "HOUR_MS",
    "LINE_CHECK_DUE_MS",
    "MINUTE_MS",
    "NOTIFY_LEAD_MS",
    "OBSERVER_CODES",
    "Answer",
    "AnswerRow",
    "CatalogueEntry",
    "Due",
    "ResponseAttribute",
    "answer_row",
    "attribute_of",
    "closing_codes",
    "legal_answers",
]
