# ruff: noqa: RUF001 - the letters of other scripts are the point here
"""Words of other languages for the checks that run in every language.

English, French, Spanish, German, Russian, Ukrainian and Arabic, as far as those checks need words at all.
They are pieces of regular expressions, each one alternative.
"""

from typing import Final

MIDNIGHT: Final = (
    "midnight",
    "minuit",
    "medianoche",
    "mitternacht",
    "полночь",
    "полуночи",
    "полночи",
    "опівночі",
    "північ",
    "منتصف الليل",
)

ZONES: Final = (
    r"Z\b",
    "UTC",
    "GMT",
    r"[+\u2212-]\d{2}:?\d{2}\b",
    r"[A-Z]{2,4}T\b",
    r"[A-Z]\w{2,20} time\b",
    r"[A-Z]\w{2,20}er Zeit\b",
    "МСК",
    "мск",
    "по киевск",
    "по московск",
    "за київськ",
    "за московськ",
    "ب?توقيت ",
    "heure d[e'\u2019]",
    "hora de ",
)
"""What may follow a clock time to say its zone; `local time` does not."""

MEASURES: Final = (
    r"(?:distance|radius|range|width|depth|length|height|altitude|speed|weight|load|buffer|perimeter)"
    r"(?: (?:of|is|was|at|to|under|below|about|up|least|most|not|more|than)){0,4}",
    "weigh(?:s|ing|ed)?",
    "(?:withdraw|pull back|move back|fall back|retreat|advance)",
    r"(?:радиус|расстояни|дистанци|ширин|глубин)\w{0,3}(?: (?:в|до|на|не менее)){0,2}",
    r"(?:радіус|відстан|ширин|глибин)\w{0,3}(?: (?:в|у|до|на|не менше)){0,2}",
    r"(?:rayon|distance|largeur|profondeur)(?: (?:de|d'au moins|est|maximale)){0,3}",
    r"(?:radio|distancia|anchura|ancho|profundidad)(?: (?:de|es|máxima|mínima)){0,3}",
    r"(?:نصف قطر|مسافة|بعد|عرض)\w{0,2}(?: ال\w{2,12})?",
)
"""Words after which a number is a measure."""

SMALL_WORDS: Final = frozenset(
    [
        *("and", "or", "from", "of", "to", "at", "in", "on", "the", "is", "are", "was", "by", "if", "while"),
        *("before", "after", "behind", "for", "with", "along", "back", "near"),
        *("и", "от", "на", "в", "до", "с", "з", "і", "від", "та"),
        *("et", "de", "du", "au", "autour", "y", "del", "desde", "al", "en"),
        *("من", "حول", "عن", "إلى"),
    ]
)
"""What follows a number that has no unit."""

METRIC: Final = (
    "m",
    "km",
    "kms",
    "kg",
    "l",
    "cm",
    "kilomet(?:er|re)s?",
    "met(?:er|re)s?",
    "kilograms?",
    "lit(?:er|re)s?",
    "kilomètres?",
    "mètres?",
    "kilómetros?",
    "metros?",
    "км",
    "м",
    "кг",
    "л",
    "كم",
    "كغ",
    "متر",
)
OTHER_SYSTEM: Final = (
    "mi",
    "miles?",
    "ft",
    "feet",
    "foot",
    "yards?",
    "yds?",
    "nmi",
    "lbs?",
    "pounds?",
    "gallons?",
    "gal",
    "milles?",
    "pieds?",
    "millas?",
    "pies",
    r"мил\w{1,2}",
    r"фут\w{0,2}",
    "ميل",
    "قدم",
)
