"""Excel's number formats as far as they change what a figure says: per cent, leading zeros, words and signs beside it, dates."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

# Formats that Excel knows by number; those of dates are written as a Chinese Excel shows them.
BUILT_IN = {
    1: "0",
    9: "0%",
    10: "0.00%",
    14: "yyyy/m/d",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    36: 'yyyy"年"m"月"',
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
} | dict.fromkeys((15, 16, 17, 18, 19, 20, 21, 22, 29, 32, 33, 34, 35, 45, 46, 47, 55, 56), "h")
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<space>[_*].?)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<bracket>\[[^\]]*\])'
    r"|(?P<figure>[#0?][#0?,]*(?:\.[0#?]+)?)|(?P<date>[yYmMdDhHsSeE]+)|(?P<sign>[^@GgA-Za-z#0?\[\]\"\\])|(?P<other>.)",
    re.DOTALL,
)
_WORDS = frozenset({"quoted", "escaped", "currency", "sign"})
_MOST_SIGNS = 60  # of a format that is looked at
_DATES: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda day: f"{day.year:04}",
    "yy": lambda day: f"{day.year % 100:02}",
    "m": lambda day: f"{day.month}",
    "mm": lambda day: f"{day.month:02}",
    "d": lambda day: f"{day.day}",
    "dd": lambda day: f"{day.day:02}",
}


@lru_cache(1_000)
def _tokens(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((found.lastgroup or "", found[found.lastgroup or 0]) for found in _TOKEN.finditer(code[:_MOST_SIGNS].partition(";")[0]))


def is_date(code: str) -> bool:
    """Tell whether a format shows dates or times."""
    kinds = {kind for kind, _ in _tokens(code)}
    return code.strip().lower() != "general" and "date" in kinds and "figure" not in kinds


def date_shown(code: str, written: str) -> str | None:
    """Return a day, written YYYY-MM-DD with or without a time, as the format shows it; None for what is none or shown otherwise."""
    try:
        day = datetime.fromisoformat(written)
    except ValueError:
        return None
    shown = []
    for kind, words in _tokens(code):
        if kind == "other" or (kind == "date" and words.lower() not in _DATES):
            return None
        shown.append(_DATES[words.lower()](day) if kind == "date" else words if kind in _WORDS else "")
    return "".join(shown).strip() or None


def says_more(code: str) -> bool:
    """Tell whether a format shows a figure as something else than the figure."""
    tokens = _tokens(code)
    figures = [words for kind, words in tokens if kind == "figure"]
    if len(figures) != 1 or figures[0].endswith(",") or any(kind in {"date", "other"} for kind, _ in tokens):
        return False
    beside = "".join(words for kind, words in tokens if kind in _WORDS).strip()
    return bool(beside) or figures[0].partition(".")[0].replace(",", "").count("0") > 1


def figure_shown(code: str, value: str) -> str | None:
    """Return a figure as a format that says more shows it, or None for what is no figure of a usual size."""
    tokens = _tokens(code)
    try:
        number = Decimal(value) * (100 if ("sign", "%") in tokens else 1)
        return "".join(_figure(words, number) if kind == "figure" else words if kind in _WORDS else "" for kind, words in tokens).strip()
    except ArithmeticError:
        return None


def _figure(places: str, number: Decimal) -> str:
    whole, _, part = places.partition(".")
    rounded = abs(number).quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP)
    left, _, right = format(rounded, ",f" if "," in whole else "f").partition(".")
    right = right[: part.count("0")] + right[part.count("0") :].rstrip("0")
    sign = "-" if number < 0 and rounded else ""
    return f"{sign}{left.rjust(whole.count('0'), '0')}{'.' if right else ''}{right}"
