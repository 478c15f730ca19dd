"""The product as it is, with one header more: how long its handling of a request took, and the request's class under load.

What the client waited beyond that, it waited in a queue.
"""

import re
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from flask import Flask

from lms.kernel.permissions import Priority
from lms.kernel.shedding import Shedding
from wsgi import create_app as product

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
HEADER = "Server-Timing"
_TOLD = re.compile(r"app;dur=([0-9.]+)")
_CLASS = re.compile(r"class;desc=(\w+)")


def create_app() -> Flask:
    """Build it."""
    app = product()
    outermost = app.wsgi_app
    classed = outermost.classed if isinstance(outermost, Shedding) else None
    app.wsgi_app = timed(outermost, classed)  # type: ignore[method-assign,assignment]
    return app


def timed(app: Wsgi, classed: Callable[[dict[str, Any]], Priority] | None = None) -> Wsgi:
    """Add the header, in milliseconds from the entry to the answer's first line."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = perf_counter()
        named = f", class;desc={classed(environ).name.lower()}" if classed else ""

        def start(status: str, headers: list[tuple[str, str]], *more: object) -> Any:
            return start_response(status, [*headers, (HEADER, f"app;dur={1000 * (perf_counter() - began):.1f}{named}")], *more)

        return app(environ, start)

    return call


def class_of(header: str | None) -> str:
    """Return the class of a request under load; empty where the server did not say."""
    found = _CLASS.search(header or "")
    return found[1] if found else ""


def queued(whole_ms: float, header: str | None) -> float | None:
    """Return how long a request that took so long was not being handled; None where the server did not say."""
    found = _TOLD.search(header or "")
    return None if found is None else max(0.0, whole_ms - float(found[1]))
