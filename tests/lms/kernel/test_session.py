"""The cookie of a sign-in: what is remembered of it, and what never is."""

from typing import Any

from flask import Flask, Request
from werkzeug.test import EnvironBuilder


def opened(app: Flask, cookie: str) -> dict[str, Any]:
    """Return what a request with this cookie finds in its session."""
    found = app.session_interface.open_session(app, Request(EnvironBuilder(headers=[("Cookie", f"lms={cookie}")]).get_environ()))
    assert found is not None
    return found  # type: ignore[return-value]


def sealed(app: Flask, **contents: object) -> str:
    """Return a cookie of ours."""
    return str(app.session_interface.get_signing_serializer(app).dumps(contents))  # type: ignore[attr-defined]


def test_a_forged_cookie_holds_nothing_however_often_it_comes(app: Flask) -> None:
    cookie = sealed(app, _user_id="somebody")
    forged = cookie[:-3] + ("AAA" if cookie[-3:] != "AAA" else "BBB")
    assert [dict(opened(app, one)) for one in (cookie, forged, forged)] == [{"_user_id": "somebody"}, {}, {}]


def test_what_a_request_changes_stays_out_of_the_next_with_the_same_cookie(app: Flask) -> None:
    cookie = sealed(app, locale="en", _flashes=[("info", "一")])
    first = opened(app, cookie)
    first["locale"] = "zh"
    first["_flashes"].append(("info", "二"))
    plain = sealed(app, locale="en")
    opened(app, plain)["locale"] = "zh"
    assert opened(app, cookie) == {"locale": "en", "_flashes": [("info", "一")]}
    assert opened(app, plain) == {"locale": "en"}
