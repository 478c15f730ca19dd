"""Numbers with a margin, as files write them: `5`, `5:0.1`, `4.9..5.1`."""

from decimal import Context, Decimal

from question_bank.domain.draft import decimal
from question_bank.domain.item import Blank

_MACHINE = 15  # digits that only a binary fraction has


def read_range(words: str) -> tuple[Decimal, Decimal] | None:
    """Return middle and margin, or None."""
    if ".." in words:
        low, _, high = words.partition("..")
        return between(low, high)
    value, _, margin = words.partition(":")
    return around(value, margin or "0")


def around(value: str, margin: str) -> tuple[Decimal, Decimal] | None:
    """Return a number and its margin, or None when one is no number."""
    middle, width = decimal(value), decimal(margin or "0")
    return (middle, abs(width)) if middle is not None and width is not None else None


def between(low: str, high: str) -> tuple[Decimal, Decimal] | None:
    """Return the middle of two numbers and the way to either."""
    lowest, highest = decimal(low), decimal(high)
    if lowest is None or highest is None:
        return None
    lowest, highest = _short(lowest), _short(highest)
    return (lowest + highest) / 2, abs(highest - lowest) / 2


def float_of(written: str) -> float:
    """Return the number that is written, 0 where none is; for shares of the points, which need not be exact."""
    number = decimal(written or "0")
    return float(number) if number is not None else 0.0


def _short(number: Decimal) -> Decimal:
    """Return the figure that somebody wrote where a machine reckoned 3.1300000000000003."""
    if len(number.as_tuple().digits) < _MACHINE or "." not in str(number):
        return number
    short = Context(prec=_MACHINE - 2).plus(number).normalize()
    return short if len(short.as_tuple().digits) < _MACHINE - 4 else number


def blank(middle: Decimal, margin: Decimal) -> Blank:
    """Return the blank that a number within a margin fills."""
    return Blank((written(middle),), written(margin))


def written(number: Decimal) -> str:
    """Write a number in full; what was written keeps its digits."""
    return format(number, "f") if abs(number.adjusted()) < 30 else str(number)
