"""The audit, for auditors to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import current_app, render_template, request, url_for

from lms.domain.audit import Asked, Entry
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import to_utc
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import audit as service

audit = routes("audit", __name__)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One act in words."""

    entry: Entry
    words: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """What an auditor sees, and what was asked for."""

    lines: tuple[EntryLine, ...]
    acts: tuple[tuple[str, str], ...]
    account: str
    act: str
    subject: str
    day: str
    next: str | None


@audit.get("/audit", endpoint="page")
@requires(Permission.AUDIT)
def page() -> str:
    """Show who did what, the newest first."""
    asked = {name: request.args.get(name, "").strip()[:120] for name in ("account", "act", "subject", "day")}
    words = {act: _(word) for part in current_app.extensions["parts"] for act, word in part.acts.items()}
    # An act that nobody ever wrote would be looked for through the whole audit.
    found = (
        service.Read()
        if asked["act"] not in {"", *words}
        else service.read(
            current.person().person_id,
            Asked(act=asked["act"] or None, subject=asked["subject"] or None, until=_end_of(asked["day"])),
            account=asked["account"],
            before=request.args.get("before", type=int),
        )
    )
    again: dict[str, Any] = {name: value for name, value in asked.items() if value} | {"before": found.before}
    shown = AuditPage(
        lines=tuple(EntryLine(one, words.get(one.act, one.act), tuple(_facts(one))) for one in found.entries),
        acts=tuple(words.items()),
        **asked,
        next=url_for("audit.page", **again) if found.before else None,
    )
    return render_template("lms/audit/page.html", page=shown)


def _end_of(day: str) -> datetime | None:
    """Return the instant at which a day ends; None for what is no day."""
    try:
        return to_utc(datetime.combine(date.fromisoformat(day) + timedelta(days=1), time()))
    except (ValueError, OverflowError):
        return None


def _facts(entry: Entry) -> Iterator[str]:
    for name, value in entry.detail.items():
        if value not in (None, "", [], {}):
            yield f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
