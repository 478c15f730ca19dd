"""Structured log lines with a request id and no personal data."""

import logging
import logging.config
import re
import secrets
import sys
from typing import Any

import structlog
from flask import Flask, g, request
from werkzeug.wrappers import Response

_NUMBERS = re.compile(r"(?<!\d)(\d{17}[\dXx]|1\d{10})(?!\d)")


def _mask(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank identity numbers and phones, whatever wrote them."""
    return {key: _NUMBERS.sub("***", value) if isinstance(value, str) else value for key, value in event.items()}


def configure(level: str) -> None:
    """Send every logger's lines to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _mask,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer(ensure_ascii=False)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for talkative in ("procrastinate", "alembic"):
        logging.getLogger(talkative).setLevel("WARNING")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def mount(app: Flask) -> None:
    """Give each request an id, shown on error pages and in the log."""
    log = structlog.get_logger("request")

    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(6)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "-")
        if response.status_code >= 400:
            log.info("request", id=g.get("request_id", "-"), method=request.method, endpoint=request.endpoint, status=response.status_code)
        return response
