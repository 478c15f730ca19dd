"""The forecast of a programme in force, and adopting better windows."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from lms.domain import behaviour as behaviours
from lms.domain import exam_terms, sizing
from lms.domain.limits import Limits
from lms.domain.outlook import Choice, Outlook, outlook
from lms.domain.programme import Programme, Window
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
_FRESH = timedelta(minutes=1)  # so long everybody sees the same, however many enrol meanwhile


class ChoiceMissing(Missing):
    """There is no such arrangement of windows."""

    code = "choice_missing"
    message = N_("没有找到这个时段方案，请刷新页面后再选。")


class WindowBegun(Conflict):
    """A city whose window would change has begun, or would have begun already."""

    code = "window_begun"
    message = N_("有的地区学习时段已经开始，或在新方案中已经过了开始时间，不能再调整。")


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """An outlook, what went into it beside the people, and who they were when."""

    key: str
    people: Mapping[str, int] | None
    at: datetime
    outlook: Outlook

    def fits(self, key: str, people: Mapping[str, int] | None, now: datetime) -> bool:
        """Tell whether it may be shown for these people."""
        return self.key == key and (self.people == people or timedelta(0) <= now - self.at < _FRESH)


# Reckoning takes seconds, and little of what goes in changes: by programme, one of the seats and one of those who have come.
_RECKONED: dict[tuple[str, bool], _Reckoned] = {}
_RECKONING: dict[tuple[str, bool], Lock] = {}


def forget() -> None:
    """Reckon everything anew: another database may hold other people under the same programme."""
    _RECKONED.clear()


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
    exams = exam_terms.times(programme, load_source.exams(session, version.code))
    stated = limits_store.newest(session)
    limits = stated.limits if stated else Limits()
    key = hashlib.sha256(repr((version.digest, exams, text, capacity, limits, sorted(known.items()))).encode()).hexdigest()
    whose = version.code, people is None
    last = _RECKONED.get(whose)
    if last and last.fits(key, people, now):
        return last.outlook
    reckoning = _RECKONING.setdefault(whose, Lock())
    if last is None or last.key != key:
        reckoning.acquire()  # whoever asks meanwhile waits for the same
    elif not reckoning.acquire(blocking=False):
        return last.outlook  # only the people are others than a moment ago
    try:
        last = _RECKONED.get(whose)
        if last is None or not last.fits(key, people, now):
            behaviour = behaviours.parse(text).having(**known)
            costs = sizing.measured(capacity)
            found = outlook(programme, behaviour, costs, node_cores=os.cpu_count() or 1, people=people, exams=exams, count=_CASES, limits=limits)
            last = _RECKONED[whose] = _Reckoned(key, people, now, found)
        return last.outlook
    finally:
        reckoning.release()


def adopt(code: str, choice_code: str, reason: str, *, actor_id: int, now: datetime) -> Choice:
    """Make a better arrangement the programme's windows: a new version, audited; nothing that has begun is moved."""
    with transaction() as session:
        programme_store.lock(session, code)
        version, programme = programmes.in_force(session, code)
        offered = reckon(session, version, programme, now).choices
        chosen = next((one for one in offered if one.code == choice_code and choice_code), None)
        if chosen is None:
            raise ChoiceMissing
        moves = moved(chosen, programme)
        if not moves:
            raise ChoiceMissing
        if not may_adopt(chosen, programme, now):
            raise WindowBegun
        windows = tuple(one.window for one in chosen.plan.windows)
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
            moved={city: f"{before.first_day}–{before.last_day} → {after.first_day}–{after.last_day}" for city, (before, after) in moves.items()},
        )
        return chosen


def moved(choice: Choice, programme: Programme) -> dict[str, tuple[Window, Window]]:
    """Return the cities whose window an arrangement would move, each with the one it has and the one it would have."""
    before = {city: one for one in programme.windows for city in one.cities}
    after = {city: one.window for one in choice.plan.windows for city in one.window.cities}
    return {city: (before[city], one) for city, one in after.items() if (one.opens, one.closes) != (before[city].opens, before[city].closes)}


def may_adopt(choice: Choice, programme: Programme, now: datetime) -> bool:
    """Tell whether an arrangement would move a window, and none that has begun or would have by then."""
    moves = moved(choice, programme).values()
    return bool(moves) and all(min(before.opens, after.opens) > now for before, after in moves)


def _lessons(session: Session, *, code: str) -> dict[str, float]:
    """Return how long the published lessons are on average, where there are any."""
    minutes = lesson_store.mean_minutes(session, code)
    return {} if minutes is None else {"lesson_minutes": minutes}
