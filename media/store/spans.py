"""Spans in the database: a multirange of whole milliseconds."""

from typing import Any

from sqlalchemy import Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, Range

from media.domain.interval import Spans


class SpansColumn(TypeDecorator[Spans]):
    """A column of spans."""

    impl = INT4MULTIRANGE
    cache_ok = True

    def process_bind_param(self, value: Spans | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return the driver's multirange."""
        return None if value is None else [Range(start, end) for start, end in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> Spans | None:  # noqa: ARG002
        """Return plain spans."""
        return None if value is None else tuple((one.lower, one.upper) for one in value)


def to_text(spans: Spans) -> str:
    """Return the multirange's text, for plain SQL."""
    return "{" + ",".join([f"[{start},{end})" for start, end in spans]) + "}" if spans else "{}"


def from_text(text: str | None) -> Spans:
    """Return the spans of a multirange's text."""
    if not text or text == "{}":
        return ()
    numbers = [int(part) for part in text[2:-2].replace("),[", ",").split(",")]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
