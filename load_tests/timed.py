"""The product as it is, with one header more: how long its handling of a request took. What the client waited beyond that, it waited in a queue."""

import re
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from flask import Flask

from wsgi import create_app as product

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
HEADER = "Server-Timing"
_TOLD = re.compile(r"app;dur=([0-9.]+)")


def create_app() -> Flask:
    """Build it."""
    app = product()
    app.wsgi_app = timed(app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


def timed(app: Wsgi) -> Wsgi:
    """Add the header, in milliseconds from the entry to the answer's first line."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *more: object) -> Any:
            return start_response(status, [*headers, (HEADER, f"app;dur={1000 * (perf_counter() - began):.1f}")], *more)

        return app(environ, start)

    return call


def queued(whole_ms: float, header: str | None) -> float | None:
    """Return how long a request that took so long was not being handled; None where the server did not say."""
    found = _TOLD.search(header or "")
    return None if found is None else max(0.0, whole_ms - float(found[1]))
