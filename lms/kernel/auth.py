"""Flask-Login wiring and the permission check in front of every route."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from itsdangerous import URLSafeTimedSerializer
from werkzeug.wrappers import Response

from lms.kernel import foresight
from lms.kernel import request as current
from lms.kernel.hot import TooLarge
from lms.kernel.identity import Identity
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Forbidden, Malformed, Unauthenticated

SIGNED_IN_FOR = timedelta(hours=14)  # longer than a school day, so that no exam is interrupted by it

MOST_FIELDS = 10_000  # of a form: no page of ours has a tenth of them

IdentityLoader = Callable[[bytes, datetime], Identity | None]


class StalePage(Malformed):
    """The CSRF token is missing or old."""

    code = "stale_page"
    message = N_("页面已过期，请刷新后重新提交。已输入的内容请先复制保存。")


class _Logins(LoginManager):  # type: ignore[misc]
    """Sign-ins that hold wherever they are used from: a phone changes its address between two towers."""

    def _session_protection_failed(self) -> bool:
        """Look at nothing: the library would hash address and browser first, whatever is to be protected."""
        return False


class _Tokens(CSRFProtect):  # type: ignore[misc]
    """The token of whatever changes something."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Ask for it; for a look at a page the library would go through its exemptions first, of which there are none."""
        if request.method not in ("GET", "HEAD"):
            super().protect(apply_exemptions)


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a sign-in token."""
    return hashlib.sha256(token.encode()).digest()


def mount(app: Flask, load: IdentityLoader) -> None:
    """Wire sign-in, CSRF and the permission check into the app."""
    manager = _Logins(app, add_context_processor=False)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load_identity(token: str) -> Identity | None:
        return _load_foreseen(load, token_hash(token), current.now())

    @app.teardown_request
    def end_foresight(_error: BaseException | None) -> None:
        foresight.end()

    app.before_request(_allow_body)
    _Tokens(app)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})  # the extension gives its own, too

    @app.before_request
    def check_permission() -> Response | None:
        if request.endpoint is None:
            return None
        view = app.view_functions[request.endpoint]
        permission = cast(Permission, cast(Any, view).permission)
        if permission is Permission.ANYONE:
            return None
        person = current.person_or_none()
        if person is None:
            if current.wants_json() or request.method != "GET":
                raise Unauthenticated
            return redirect(url_for("signing_in.page", next=request.full_path.rstrip("?")))
        if not person.may(permission):
            raise Forbidden
        return None

    def stale_page(error: CSRFError) -> ResponseReturnValue:  # noqa: ARG001
        return app.handle_user_exception(StalePage())

    app.register_error_handler(CSRFError, stale_page)


def _allow_body() -> None:
    """Set how much may be sent before anybody looks for a token in it: a form is taken apart as a whole, a file is not."""
    if request.mimetype == "application/x-www-form-urlencoded":
        if request.get_data().count(b"&") >= MOST_FIELDS:
            raise TooLarge
        return
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if most := getattr(view, "most_bytes", None):
        person = current.person_or_none()
        if person is not None and person.may(view.permission):
            request.max_content_length = most


def _load_foreseen(load: IdentityLoader, reader: bytes, now: datetime) -> Identity | None:
    """Load who asks; a page that only looks has its other questions asked along, or all at once afterwards where she is new to this process."""
    page = (request.endpoint, *(request.view_args or {}).items()) if request.method == "GET" else None
    asked_along = page and foresight.begin(page, reader, now)
    found = load(reader, now)
    if found is not None:
        foresight.know(reader, found.person_id, found.roles)
        if page and not asked_along:
            foresight.begin(page, reader, now, late=True)
    return found


def csrf_token() -> str:
    """Return the request's CSRF token, signed once however many forms and pages a sign-in has."""
    if "csrf_token" not in g:
        raw = session.get("csrf_token")
        g.csrf_token = _signed(current_app.secret_key, raw) if isinstance(raw, str) else generate_csrf()
    return str(g.csrf_token)


@lru_cache(20_000)
def _signed(secret_key: str, raw: str) -> str:
    """Sign as Flask-WTF does, which looks at no age."""
    return str(URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token").dumps(raw))


def sign_in(identity: Identity) -> None:
    """Bind the browser to a fresh sign-in; whatever the old cookie held is gone (no fixation)."""
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
    session.permanent = True
    login_user(identity)


def sign_out() -> None:
    """Forget the browser."""
    logout_user()
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
