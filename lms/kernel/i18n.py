"""Language and time zone of the page: Chinese unless the reader chose otherwise."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import flask_babel
from babel.support import Translations
from flask import Flask, g, has_request_context, session
from flask_babel import Babel, LazyString

__all__ = [
    "LOCALES",
    "ZONE",
    "current_locale",
    "format_duration",
    "format_hours",
    "format_instant",
    "gettext",
    "lazy_gettext",
    "mount",
    "ngettext",
    "to_utc",
    "wording",
]

LOCALES = {"zh": "中文", "en": "English"}
ZONE = ZoneInfo("Asia/Shanghai")


def to_utc(typed: datetime) -> datetime:
    """Return an instant as somebody wrote it, in China's time unless it names another."""
    return (typed if typed.tzinfo else typed.replace(tzinfo=ZONE)).astimezone(UTC)


_here = threading.local()  # the language of the request that this thread serves: asked dozens of times a page


def mount(app: Flask, folder: str) -> None:
    """Wire Flask-Babel; message ids are the Chinese sentences, so Chinese needs no catalogue."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = folder
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, locale_selector=current_locale)
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]

    @app.before_request
    def begin() -> None:
        _here.locale = None
        _here.locale = current_locale()

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        _here.locale = None


def current_locale() -> str:
    """Return the language of the page; a browser's own preference does not override the country's language."""
    known: str | None = getattr(_here, "locale", None)
    if known is not None:
        return known
    chosen = g.get("locale") or session.get("locale") if has_request_context() else None
    return chosen if chosen in LOCALES else "zh"


def gettext(message: str, **facts: object) -> str:
    """Return a message in the page's language. Chinese is the message itself: looking it up took a fifth of a page's time."""
    if current_locale() == "zh":
        return message % facts if facts else message
    return str(flask_babel.gettext(message, **facts))


def ngettext(one: str, many: str, number: int, **facts: object) -> str:
    """Return a message that counts, in the page's language."""
    if current_locale() == "zh":
        return many % {"num": number, **facts}
    return str(flask_babel.ngettext(one, many, number, **facts))


def lazy_gettext(message: str, **facts: object) -> LazyString:
    """Return a message that is put into the page's language when it is shown."""
    return LazyString(gettext, message, **facts)


def wording(folder: str) -> Callable[[str, str], str]:
    """Return how a message is put into the language that `Accept-Language` names first; Chinese where we have no other."""
    known = {locale: Translations.load(folder, [locale]) for locale in LOCALES if locale != "zh"}
    return lambda message, asked: known[asked[:2]].gettext(message) if asked[:2] in known else message


def format_instant(instant: datetime, style: str = "minute") -> str:
    """Return an instant in city time: `day`, `minute`, `second`, `clock` (time alone), or `end` (midnight is 24:00 of the day before)."""
    return _written(instant, style, current_locale())


@lru_cache(5_000)  # a page has a dozen of them, nearly all of its programme
def _written(instant: datetime, style: str, locale: str) -> str:
    local = instant.astimezone(ZONE)
    if style == "end":
        if (local.hour, local.minute, local.second) == (0, 0, 0):
            return f"{_written(instant - timedelta(days=1), 'day', locale)} 24:00"
        style = "minute"
    clock = f"{local.hour:02d}:{local.minute:02d}"
    if style == "clock":
        return clock
    day = f"{local.year:04d}-{local.month:02d}-{local.day:02d}" if locale == "en" else f"{local.year}年{local.month}月{local.day}日"
    return {"day": day, "minute": f"{day} {clock}", "second": f"{day} {clock}:{local.second:02d}"}[style]


def format_duration(span: timedelta | int | float) -> str:
    """Return a span in words, to the second below an hour and to the minute above."""
    seconds = max(0, int(span.total_seconds() if isinstance(span, timedelta) else span))
    return _lasting(seconds, current_locale())


@lru_cache(5_000)  # of a list of lessons, most
def _lasting(seconds: int, _locale: str) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return gettext("%(days)d 天 %(hours)d 小时", days=days, hours=hours)
    if hours:
        return gettext("%(hours)d 小时 %(minutes)d 分", hours=hours, minutes=minutes)
    return gettext("%(minutes)d 分 %(seconds)02d 秒", minutes=minutes, seconds=seconds)


def format_hours(hours: Decimal) -> str:
    """Return credit hours, to two places at most and cut, never rounded up."""
    cut = hours.quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    return f"{cut.normalize():f}" if cut else "0"
