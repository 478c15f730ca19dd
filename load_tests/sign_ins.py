"""Sign-ins made at once, for measurements that are not about signing in (a password hash costs as much as forty saves)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from lms.kernel.auth import token_hash
from lms.kernel.db import transaction
from lms.store import signing_in as store

TOKEN = "X-CSRFToken"  # noqa: S105 - a header's name


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One person's sign-in: what a browser would send with every request."""

    person_id: int
    login_id: int
    headers: dict[str, str]


def before(app: Flask) -> dict[str, str]:
    """Return what a browser sends that has opened the sign-in page: its cookie, and the token of the page's form."""
    header, raw = _form_token(app)
    return {"Cookie": f"lms={_sealing(app).dumps({'csrf_token': raw})}", TOKEN: header}


def _form_token(app: Flask) -> tuple[str, str]:
    with app.test_request_context():
        return generate_csrf(), session["csrf_token"]


def _sealing(app: Flask) -> Any:
    return app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]


def sign_in(app: Flask, person_ids: Sequence[int], now: datetime) -> list[SignedIn]:
    """Sign people in."""
    header, raw = _form_token(app)
    sealing = _sealing(app)
    made = []
    with transaction() as database:
        for person_id in person_ids:
            token = secrets.token_urlsafe(24)
            login_id = store.add(database, token_hash=token_hash(token), person_id=person_id, device="load test", now=now, ends_at=now + timedelta(days=2))
            cookie = sealing.dumps({"_user_id": token, "_fresh": True, "_permanent": True, "csrf_token": raw})
            made.append(SignedIn(person_id, login_id, {"Cookie": f"lms={cookie}", TOKEN: header}))
    return made
