"""The forecast of a programme in force, and adopting better windows."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from lms.domain import behaviour as behaviours
from lms.domain import sizing
from lms.domain.exam_terms import held
from lms.domain.limits import Limits
from lms.domain.outlook import Choice, Outlook, outlook
from lms.domain.programme import Programme
from lms.formats import programme_windows
from lms.kernel import audit
from lms.kernel.db import Session, reading, transaction
from lms.kernel.refusal import N_, Conflict, Missing
from lms.services import load_source, programme_version
from lms.services import programme as programmes
from lms.store import lesson as lesson_store
from lms.store import limits as limits_store
from lms.store import programme as programme_store
from lms.store.programme import ProgrammeVersion

_ROOT = Path(__file__).parents[2]
BEHAVIOUR = _ROOT / "load_tests/behaviour.toml"
MEASURED = _ROOT / "var/bench.json"
_CASES = 200
_KEPT = 4


class ChoiceMissing(Missing):
    """There is no such arrangement of windows."""

    code = "choice_missing"
    message = N_("没有找到这个时段方案，请刷新页面后再选。")


class WindowBegun(Conflict):
    """A city whose window would change has begun, or would have begun already."""

    code = "window_begun"
    message = N_("有的地区学习时段已经开始，或在新方案中已经过了开始时间，不能再调整。")


# Reckoning takes seconds, and nothing in it changes by itself: kept by what went in, the oldest leaves first.
_RECKONED: OrderedDict[str, Outlook] = OrderedDict()


def view(code: str, now: datetime) -> tuple[ProgrammeVersion, Outlook]:
    """Return what is to be expected of a programme, every seat of its quota taken."""
    with reading() as session:
        version, programme = programmes.in_force(session, code)
        return version, reckon(session, version, programme, now)


def reckon(session: Session, version: ProgrammeVersion, programme: Programme, now: datetime, people: Mapping[str, int] | None = None) -> Outlook:
    """Reckon the outlook with the product's own lessons and films, of the seats or of people who have come; kept while nothing of that changes."""
    text = BEHAVIOUR.read_text(encoding="utf-8")
    capacity = MEASURED.read_text(encoding="utf-8") if MEASURED.exists() else None
    known = {**_lessons(session, code=version.code), **load_source.figures(session)}
    if people is not None:
        known["uptake"] = 1.0  # the share of the seats that is taken: who is enrolled has taken hers
    programme = held(programme, load_source.exams(session, version.code), now)
    stated = limits_store.newest(session)
    limits = stated.limits if stated else Limits()
    key = hashlib.sha256(
        repr((version.digest, programme.exam, text, capacity, limits, sorted(known.items()), people and sorted(people.items()))).encode()
    ).hexdigest()
    found = _RECKONED.get(key)
    if found is None:
        behaviour = behaviours.parse(text).having(**known)
        found = outlook(programme, behaviour, sizing.measured(capacity), node_cores=os.cpu_count() or 1, people=people, count=_CASES, limits=limits)
        _RECKONED[key] = found
        while len(_RECKONED) > _KEPT:
            _RECKONED.popitem(last=False)
    return found


def adopt(code: str, choice_code: str, reason: str, *, actor_id: int, now: datetime) -> Choice:
    """Make a better arrangement the programme's windows: a new version, audited; nothing that has begun is moved."""
    with transaction() as session:
        programme_store.lock(session, code)
        version, programme = programmes.in_force(session, code)
        offered = reckon(session, version, programme, now).choices
        chosen = next((one for one in offered if one.code == choice_code and choice_code), None)
        if chosen is None:
            raise ChoiceMissing
        windows = tuple(one.window for one in chosen.plan.windows)
        before = {city: one for one in programme.windows for city in one.cities}
        after = {city: one for one in windows for city in one.cities}
        changed = [city for city, one in after.items() if (one.opens, one.closes) != (before[city].opens, before[city].closes)]
        if any(min(before[city].opens, after[city].opens) <= now for city in changed):
            raise WindowBegun
        names = {row.code: row.name for row in programme.quotas.cities}
        text = programme_windows.rewrite(programme_store.text_of(session, version.id), programme, windows, names, reason)
        loaded = programme_version.load_in(session, text, now=now, actor_id=actor_id)
        audit.record(
            session,
            actor_id=actor_id,
            action="programme.move_windows",
            subject=f"programme:{code}",
            now=now,
            choice=choice_code,
            reason=reason,
            number=loaded.version.number,
            moved={city: f"{before[city].first_day}–{before[city].last_day} → {after[city].first_day}–{after[city].last_day}" for city in changed},
        )
        return chosen


def _lessons(session: Session, *, code: str) -> dict[str, float]:
    """Return how long the published lessons are on average, where there are any."""
    minutes = lesson_store.mean_minutes(session, code)
    return {} if minutes is None else {"lesson_minutes": minutes}
