"""A province's training programme as data: read it with every fault at once, compare two, ask it."""

import decimal
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lms.domain.programme_annex import Addition, Certificate, Deviation
from lms.domain.programme_check import broken, settle
from lms.domain.programme_reading import Finding, Reader, UnreadError, key_paths
from lms.domain.programme_tree import (
    Assessment,
    Assignment,
    CityQuota,
    Component,
    Enrolment,
    Exam,
    HoursRule,
    Participant,
    Programme,
    Quiz,
    Quotas,
    Requirements,
    Sector,
    Stage,
    Topic,
    Window,
)
from lms.domain.programme_walk import Change, covers, difference
from lms.domain.toml_line import error_line, lines, nearest

__all__ = [
    "Addition",
    "Assessment",
    "Assignment",
    "Certificate",
    "Change",
    "CityQuota",
    "Component",
    "Deviation",
    "Enrolment",
    "Exam",
    "Fault",
    "FaultyProgrammeError",
    "HoursRule",
    "Participant",
    "Programme",
    "Quiz",
    "Quotas",
    "Requirements",
    "Sector",
    "Stage",
    "Topic",
    "Window",
    "check",
    "difference",
    "known_keys",
    "parse",
    "unrecorded",
    "window_of",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a programme file, and where."""

    path: str
    line: int
    code: str
    message: str


class FaultyProgrammeError(Exception):
    """The text is no programme; `faults` lists every reason."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep the faults."""
        super().__init__("\n".join(f"{one.line}: {one.path}: {one.message}" for one in faults))
        self.faults = faults


@lru_cache(maxsize=4)
def parse(text: str) -> Programme:
    """Read a programme, or raise all its faults at once; one page asks for the same text more than once."""
    programme, faults = _examine(text, None)
    if faults or programme is None:
        raise FaultyProgrammeError(faults)
    return programme


def check(text: str, *, course_minutes: Decimal | None = None, quizless: Sequence[str] = ()) -> tuple[Fault, ...]:
    """List every fault of a text; with the minutes its courses hold, and the lessons that lack their quiz, also hours nobody could earn."""
    return _examine(text, course_minutes, quizless)[1]


def window_of(programme: Programme, city: str) -> Window | None:
    """Find the window in which this city's teachers earn online hours."""
    return next((window for window in programme.windows if city in window.cities), None)


def unrecorded(old: Programme, new: Programme) -> tuple[Change, ...]:
    """List the differences that a derived programme does not record."""
    derivation = new.derivation
    paths = [path for one in derivation.differences for path in one.paths] if derivation else []
    return tuple(
        change for change in difference(old, new) if not change.path.startswith("derived_from") and not any(covers(path, change.path) for path in paths)
    )


def known_keys() -> tuple[str, ...]:
    """List every key path a programme file may hold, `[*]` for any place in a list."""
    return tuple(path for path, _ in key_paths(Programme))


def _examine(text: str, course_minutes: Decimal | None, quizless: Sequence[str] = ()) -> tuple[Programme | None, tuple[Fault, ...]]:
    text = text.removeprefix("\ufeff")  # Windows editors put it there
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, decimal.InvalidOperation) as error:
        return None, (Fault("", error_line(text, error), "not_toml", f"不是有效的 TOML 文件（{error}）"),)
    reader = Reader(str(raw.get("time_zone", "")))
    programme: Programme = reader.table(Programme, raw, "")
    findings = settle(programme, reader.findings + broken(programme)) + _courses(programme, course_minutes) + _quizzes(programme, quizless)
    places = lines(text)
    faults = (Fault(one.path, nearest(places, one.path), one.code, one.message) for one in findings)
    return programme, tuple(sorted(faults, key=_by_place))


def _by_place(fault: Fault) -> tuple[int, str, str]:
    return fault.line, fault.path, fault.code


def _courses(programme: Any, held: Decimal | None) -> list[Finding]:
    try:
        asked = programme.strictest.hours.online_minutes
        if held is None or programme.hours.credit == "lesson" or held >= asked:
            return []
    except UnreadError:
        return []
    return [Finding("hours.online", "hours_exceed_courses", f"要求 {asked} 分钟，已发布的课程只有 {held} 分钟")]


def _quizzes(programme: Any, lacking: Sequence[str]) -> list[Finding]:
    try:
        if not programme.hours.quiz_required:
            return []
    except UnreadError:
        return []
    return [Finding("hours.quiz_required", "lesson_without_quiz", f"课《{title}》勾选了课后有小测，却还没有配小测，学员会拿不到学时") for title in lacking]
