"""build_app: the kernel puts the parts together."""

import gc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from multiprocessing import current_process
from pathlib import Path
from threading import Lock, Timer
from time import perf_counter
from typing import Any

import msgspec
import psycopg
from flask import Flask, Response, g, redirect, render_template, request, session, url_for
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from whitenoise import WhiteNoise

from lms.kernel import auth, catalogue, cli, db, health, i18n, installation, logging, openapi, templating
from lms.kernel import request as current
from lms.kernel.channel import open_channels
from lms.kernel.clock import Clock, DatabaseClock
from lms.kernel.folding import FoldingEnvironment
from lms.kernel.hot import AGAIN, Environ, HotEntry, Pace, TooLarge
from lms.kernel.part import NavEntry, Part, routes
from lms.kernel.permissions import Permission, Role, permissions_of, requires
from lms.kernel.refusal import Malformed, Missing, Refusal, Unavailable
from lms.kernel.session import RememberingSessions
from lms.kernel.settings import Settings
from lms.kernel.shedding import Load, Shedding, classed, refuse
from lms.kernel.short_way import App, headed

FOLDER = Path(__file__).parent
SERVER = "granian-worker"  # the name of a process in which granian has loaded the app to serve it: it does from the first request on,
LIVED = 5.0  # or once it has lived for so many seconds. Who dies while being started has served nobody; of others only a request tells
language = routes("language", __name__)


def build_app(settings: Settings, parts: tuple[Part, ...], clock: Clock | None = None) -> Flask:
    """Build the app from its parts; the database must have been connected and migrated."""
    logging.configure(settings.log_level)
    open_channels()
    real = clock is None
    if clock is None:
        clock = DatabaseClock(installation.read_clock)
    app = App("lms", static_folder=None, template_folder=str(FOLDER / "templates"))
    app.jinja_environment = FoldingEnvironment
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="lms",
        PERMANENT_SESSION_LIFETIME=auth.SIGNED_IN_FOR,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the sign-in: a teacher may leave a page open all day
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        MAX_FORM_PARTS=2_000,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,  # the topics of a province's bank are one field, nine bytes a sign
    )
    app.session_interface = RememberingSessions(app)
    app.url_map.converters["int"] = _RowId
    app.extensions.update(clock=clock, settings=settings, parts=parts)
    logging.mount(app)
    translations = str(catalogue.compiled(settings.var_dir / "translations"))
    i18n.mount(app, translations)
    loader = next((part.identity_loader for part in parts if part.identity_loader), None)
    auth.mount(app, loader or (lambda _hash, _now: None))
    for group in (health.health, openapi.openapi, language):
        app.register_blueprint(group)
    for part in parts:
        for group in part.routes:
            app.register_blueprint(group)
        for command in part.commands:
            app.cli.add_command(command)
        if part.on_mount:
            part.on_mount(settings)
    for command in cli.COMMANDS:
        app.cli.add_command(command)
    _mount_refusals(app)
    _mount_measures(app)
    _mount_nav(app, parts)
    digest, folder = templating.build_static(
        {"": FOLDER / "static"} | {f"{part.name}/": part.folder / "static" for part in parts if (part.folder / "static").is_dir()},
        settings.var_dir / "static",
    )
    templating.mount(app, lambda path: f"/static/{digest}/{path}")
    hot_routes = tuple(route for part in parts for route in part.hot_routes)
    app.extensions["hot_routes"] = hot_routes
    app.extensions["openapi"] = openapi.document(app, hot_routes)
    served = WhiteNoise(headed(app.wsgi_app), max_age=31_536_000, immutable_file_test=lambda _path, _url: True)
    served.add_files(str(folder), prefix=f"static/{digest}/")
    proxies = settings.trusted_proxies
    behind = ProxyFix(served, x_for=proxies, x_proto=proxies, x_host=0) if proxies else served
    awake = _awake(parts, clock) if real else None
    if awake and current_process().name == SERVER:
        alive = Timer(LIVED, awake)
        alive.daemon = True
        alive.start()
    entry = HotEntry(
        app=behind, routes=hot_routes, clock=clock, arrival=_arrival(settings.arrival_header), counted=health.count,
        worded=i18n.wording(translations), pace=Pace(settings.hot_requests), proxies=proxies, awake=awake,
    )  # fmt: skip
    load = Load(max(settings.blocking_threads, 1))
    app.wsgi_app = Shedding(entry, load, classed(app, hot_routes), refuse(app)) if settings.blocking_threads else entry  # type: ignore[method-assign]
    return app


def _awake(parts: tuple[Part, ...], clock: Clock) -> Callable[[], None]:
    """Return what tells the parts that this process serves, once."""
    told = Lock()

    def tell() -> None:
        if not told.acquire(blocking=False):
            return
        gc.freeze()  # what is there by now stays
        gc.set_threshold(10_000)  # rows that wait in a lane are looked through a tenth as often
        for part in parts:
            if part.on_serving:
                part.on_serving(clock)

    return tell


class _RowId(IntegerConverter):
    """A number in a path names a row; one that no row can have names nothing."""

    def __init__(self, map: Map, **arguments: Any) -> None:  # noqa: A002 - Werkzeug's name
        super().__init__(map, **{"max": 2**63 - 1, **arguments})


def _arrival(header: str) -> Callable[[Environ, datetime], datetime]:
    """Return how arrival is told: the trusted proxy's stamp (seconds since 1970) if configured, else our own first look."""
    key = "HTTP_" + header.upper().replace("-", "_")

    def stamped(environ: Environ, ours: datetime) -> datetime:
        try:
            stamp = datetime.fromtimestamp(float(environ[key]), tz=UTC)
        except (KeyError, ValueError, OverflowError):
            return ours
        # A stamp can only be a little older than our own look: queueing, never a day.
        return stamp if 0 <= (ours - stamp).total_seconds() <= 300 else ours

    return stamped if header else lambda _environ, ours: ours


def _refusal(refusal: Refusal) -> Any:
    """Answer a refusal with what the caller can read: JSON or a page."""
    message = i18n.gettext(refusal.message)
    again = dict(AGAIN.get(refusal.status, ()))
    if current.wants_json():
        return Response(
            msgspec.json.encode({"code": refusal.code, "message": message, **refusal.facts}),
            refusal.status,
            mimetype="application/json",
            headers={"Cache-Control": "private, no-store", **again},
        )
    page = f"refusals/{refusal.kind}.html"
    return render_template(page, message=message, code=refusal.code, request_id=g.get("request_id", "-")), refusal.status, again


def _mount_refusals(app: Flask) -> None:
    def http_error(error: HTTPException) -> Any:
        if isinstance(error, RequestEntityTooLarge):
            return _refusal(TooLarge())
        if error.code == 404:
            return _refusal(Missing())
        if error.code is not None and 400 <= error.code < 500:
            answer = _refusal(Malformed())
            return answer if isinstance(answer, Response) else (answer[0], error.code)
        return error

    def broken(error: Exception) -> Any:
        app.logger.error("request_failed", exc_info=error, extra={"id": g.get("request_id", "-")})
        message = i18n.gettext("系统出错了，请稍后重试。")
        if current.wants_json():
            return Response(msgspec.json.encode({"code": "broken", "message": message}), 500, mimetype="application/json")
        return render_template("refusals/broken.html", message=message, code="broken", request_id=g.get("request_id", "-")), 500

    def unstored(error: Exception) -> Any:
        app.logger.warning("not_stored", exc_info=error, extra={"id": g.get("request_id", "-")})
        return _refusal(refusal_of(error))

    app.register_error_handler(Refusal, _refusal)
    for kind in (DataError, psycopg.DataError, OperationalError, psycopg.OperationalError):
        app.register_error_handler(kind, unstored)
    app.register_error_handler(HTTPException, http_error)
    if not app.testing:
        app.register_error_handler(Exception, broken)


def refusal_of(error: Exception) -> Refusal:
    """Return the refusal of what the database would not take, raising any other fault again.

    It may be away or wait for too long; or it was sent the character NUL or a number beyond 64 bits, which nobody's page sends.
    """
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg.OperationalError):
        return Unavailable()
    if isinstance(cause, psycopg.errors.NumericValueOutOfRange) or "NUL" in str(cause):
        return Malformed()
    raise error


def _mount_measures(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    def measure(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "-"
        health.count(route, response.status_code)
        health.seconds(route).observe(perf_counter() - g.get("began", perf_counter()))
        return response


def _mount_nav(app: Flask, parts: tuple[Part, ...]) -> None:
    entries = sorted((entry for part in parts for entry in part.nav), key=lambda entry: entry.position)
    kept: dict[object, dict[str, object]] = {}

    @cache
    def entries_of(roles: frozenset[Role]) -> tuple[tuple[NavEntry, str, tuple[str, ...]], ...]:
        """Return the entries that these roles see, each with its address and the paths that belong to it."""
        mine = [(entry, url_for(entry.endpoint)) for entry in entries if entry.permission in permissions_of(roles)]
        return tuple((entry, url, (url.rstrip("/") or "/", *entry.also)) for entry, url in mine)

    @app.context_processor
    def nav() -> dict[str, object]:
        """Draw the navigation once for each language, set of roles and place: thousands of readers share a few of them."""
        person = current.person_or_none()
        mine = entries_of(person.roles) if person else ()
        here = frozenset(entry.endpoint for entry, _url, places in mine if _lies_in(request.path, places))
        key = (i18n.current_locale(), person and person.roles, here)
        if key not in kept:
            items = [_nav_item(entry, url, here) for entry, url, _places in mine]
            frame: Any = app.jinja_env.get_template("components/frame.html").module
            kept[key] = {"nav": items, "nav_html": frame.site_nav(items) if items else ""}
        return kept[key]


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(path.startswith(place) and (len(path) == len(place) or path[len(place)] == "/") for place in places)


def _nav_item(entry: NavEntry, url: str, here: frozenset[str]) -> dict[str, object]:
    hint = i18n.gettext(entry.hint) if entry.hint else ""
    return {"label": i18n.gettext(entry.label), "url": url, "icon": entry.icon, "current": entry.endpoint in here, "hint": hint}


@language.post("/language")
@requires(Permission.ANYONE)
def choose_language() -> Any:
    """Remember the reader's language and go back."""
    locale = request.form.get("locale", "")
    if locale not in i18n.LOCALES:
        raise Malformed
    session["locale"] = locale
    target = request.form.get("next", "/")
    return redirect(target if local_path(target) else "/")


def local_path(target: str) -> bool:
    """Tell whether a redirect target stays on this site.

    Browsers drop control characters and take a backslash for a slash, so that what begins as a path may end as another host.
    """
    return target.startswith("/") and not target.startswith("//") and not any(character < " " or character in "\\\x7f" for character in target)


def connect(settings: Settings) -> None:
    """Open the database for this process as the app role."""
    db.connect(settings.database_app_url, pool_size=settings.pool_size)
