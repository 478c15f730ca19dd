"""The cookie of a sign-in: checked when it is first seen, and remembered for a while.

Whether a signature is right never changes, and a browser sends the same cookie hundreds of times. What a cookie stands for
(does the sign-in stand? may she?) is asked of the database at every request all the same.
"""

from functools import lru_cache
from time import monotonic
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

MOST_COOKIES = 20_000
CHECKED_AGAIN = 600  # seconds, so that a cookie whose age has run out is not taken much longer


class RememberingSessions(SecureCookieSessionInterface):
    """Flask's own sessions, whose cookies are unsealed once and not at each request."""

    def __init__(self, app: Flask) -> None:
        self._name = self.get_cookie_name(app)
        self._age = int(app.permanent_session_lifetime.total_seconds())
        self._seal = self.get_signing_serializer(app)
        self._unsealed = lru_cache(MOST_COOKIES)(self._unseal)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002 - Flask's protocol
        """Return what the cookie holds; nothing where it is missing, forged or old."""
        cookie = request.cookies.get(self._name)
        if not cookie:
            return self.session_class()
        try:
            return self.session_class(self._unsealed(cookie, int(monotonic()) // CHECKED_AGAIN))
        except BadSignature:
            return self.session_class()
        except _Changing as unsealed:
            return self.session_class(unsealed.contents)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie again if it changed."""
        if session.modified or not session:
            super().save_session(app, session, response)
        elif session.accessed and "Vary" not in response.headers:
            response.headers.add("Vary", "Cookie")
        elif session.accessed:
            response.vary.add("Cookie")

    def _unseal(self, cookie: str, _spell: int) -> dict[str, Any]:
        assert isinstance(self._seal, URLSafeTimedSerializer)
        contents = self._seal.loads(cookie, max_age=self._age)
        if any(isinstance(value, list | dict) for value in contents.values()):
            raise _Changing(contents)
        return dict(contents)


class _Changing(Exception):
    """The contents can be changed by a request (messages for the next page), so they are nobody else's."""

    def __init__(self, contents: dict[str, Any]) -> None:
        self.contents = contents
