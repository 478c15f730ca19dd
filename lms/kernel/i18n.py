"""Language and time zone of the page: Chinese unless the reader chose otherwise."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask, has_request_context, session
from flask_babel import Babel, get_locale, gettext, lazy_gettext, ngettext

__all__ = ["LOCALES", "ZONE", "current_locale", "format_duration", "format_hours", "format_instant", "gettext", "lazy_gettext", "mount", "ngettext"]

LOCALES = {"zh": "中文", "en": "English"}
ZONE = ZoneInfo("Asia/Shanghai")


def mount(app: Flask, folder: str) -> None:
    """Wire Flask-Babel; message ids are the Chinese sentences, so Chinese needs no catalogue."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = folder
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, locale_selector=current_locale)


def current_locale() -> str:
    """Return the language of the page; a browser's own preference does not override the country's language."""
    chosen = session.get("locale") if has_request_context() else None
    return chosen if chosen in LOCALES else "zh"


def format_instant(instant: datetime, style: str = "minute") -> str:
    """Return an instant in city time: `day`, `minute`, `second` or `clock` (time alone)."""
    local = instant.astimezone(ZONE)
    english = str(get_locale()) == "en"
    day = f"{local:%Y-%m-%d}" if english else f"{local.year}年{local.month}月{local.day}日"
    return {
        "day": day,
        "minute": f"{day} {local:%H:%M}",
        "second": f"{day} {local:%H:%M:%S}",
        "clock": f"{local:%H:%M}",
    }[style]


def format_duration(span: timedelta | int | float) -> str:
    """Return a span in words, to the second below an hour and to the minute above."""
    seconds = max(0, int(span.total_seconds() if isinstance(span, timedelta) else span))
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
