"""Sign-ins made at once, for measurements that are not about signing in (a password hash costs as much as forty saves)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from lms.kernel.auth import token_hash
from lms.kernel.db import transaction
from lms.store import signing_in as store


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One person's sign-in: what a browser would send with every request."""

    person_id: int
    login_id: int
    headers: dict[str, str]


def sign_in(app: Flask, person_ids: Sequence[int], now: datetime) -> list[SignedIn]:
    """Sign people in."""
    with app.test_request_context():
        header = generate_csrf()
        raw = session["csrf_token"]
    sealing = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    made = []
    with transaction() as database:
        for person_id in person_ids:
            token = secrets.token_urlsafe(24)
            login_id = store.add(database, token_hash=token_hash(token), person_id=person_id, device="load test", now=now, ends_at=now + timedelta(days=2))
            cookie = sealing.dumps({"_user_id": token, "_fresh": True, "_permanent": True, "csrf_token": raw})
            made.append(SignedIn(person_id, login_id, {"Cookie": f"lms={cookie}", "X-CSRFToken": header}))
    return made
