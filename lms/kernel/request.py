"""Typed access to the present request: its instant, its person, its address."""

from datetime import datetime
from typing import cast

from flask import current_app, g, request
from flask_login import current_user

from lms.kernel.clock import Clock
from lms.kernel.identity import Identity
from lms.kernel.refusal import Unauthenticated


def clock() -> Clock:
    """Return the clock of the running app."""
    return cast(Clock, current_app.extensions["clock"])


def now() -> datetime:
    """Return the one instant of this request."""
    here = g._get_current_object()  # every look at the library's proxy searches for it anew
    found: datetime | None = here.get("now")
    if found is None:
        found = here.now = clock().now()
    return found


def person() -> Identity:
    """Return who is signed in; raises Unauthenticated."""
    found = person_or_none()
    if found is None:
        raise Unauthenticated
    return found


def person_or_none() -> Identity | None:
    """Return who is signed in, or None."""
    found = g.get("_login_user") or current_user._get_current_object()
    return cast(Identity, found) if found.is_authenticated else None


def device() -> str:
    """Return a short description of the device, for evidence; never a fingerprint."""
    return (request.user_agent.string or "")[:120]


def wants_json() -> bool:
    """Tell whether the caller is a script rather than a page."""
    return request.path.startswith("/api/") or request.is_json
