"""/healthz, /readyz and /metrics."""

import os
from functools import cache
from pathlib import Path

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from lms.kernel import db
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires

REQUESTS = Counter("lms_requests_total", "Requests by route and status.", ["route", "status"])
SECONDS = Histogram("lms_request_seconds", "Seconds spent on a request inside the app.", ["route"], buckets=(0.01, 0.05, 0.1, 0.3, 1, 3, 10))

SHED = Counter("lms_shed_total", "Requests refused under load by their class.", ["priority"])

health = routes("health", __name__)


@cache
def _counter(route: str, status: int) -> Counter:
    return REQUESTS.labels(route, str(status))


@cache
def seconds(route: str) -> Histogram:
    """Return what measures the time of a route."""
    return SECONDS.labels(route)


def count(route: str, status: int) -> None:
    """Count one request."""
    _counter(route, status).inc()


def forget_the_dead() -> None:
    """Drop the last readings of processes that have ended, once a living one has given its own; their counts stay, since no count may fall."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for path in Path(folder).glob("gauge_mostrecent_*.db") if folder else ():
        try:
            os.kill(int(path.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except PermissionError:
            continue  # it lives under another account


@health.get("/healthz")
@requires(Permission.ANYONE, Priority.ANSWERS)
def healthz() -> Response:
    """Tell that the process lives."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
@requires(Permission.ANYONE, Priority.ANSWERS)
def readyz() -> Response:
    """Tell whether the process can serve: the database answers and keeps what it is given."""
    try:
        unsafe = db.unsafe_settings()
    except Exception:  # noqa: BLE001 - any failure means "not ready"
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    if unsafe:
        return Response(f"unsafe database settings: {', '.join(unsafe)}\n", 503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@health.get("/metrics")
@requires(Permission.ANYONE, Priority.ANSWERS)
def metrics() -> Response:
    """Give Prometheus its figures; the proxy keeps this path inside."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
