"""The registry of activity kinds, and the event by which a tool says that an activity is done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain.activity import REHEARSED, Activity, ActivityState, LearningRules, Panel
from lms.domain.lesson import Lesson
from lms.kernel import installation
from lms.kernel.db import Session
from lms.kernel.refusal import N_, Missing
from lms.store import activity as store

StatesOf = Callable[[Session, int, Sequence[Activity], datetime], Mapping[int, ActivityState]]
PanelOf = Callable[[Session, int, Activity, LearningRules, datetime], Panel | None]
EditorOf = Callable[[Session, int, Lesson, Sequence[Activity]], Panel]


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """One kind of activity a tool provides.

    `states` answers for all activities of a page with one query. `address` gives the page of an activity that stands
    outside lessons, such as an exam; `inside` where somebody goes on who sits it. `editor` is what a course editor gets to
    attach one to a lesson, where the tool has no page of its own for that.
    """

    code: str
    states: StatesOf
    panel: PanelOf
    address: Callable[[Activity], str] | None = None
    inside: Callable[[Activity], str] | None = None
    editor: EditorOf | None = None


class ActivityMissing(Missing):
    """There is no such activity."""

    code = "activity_missing"
    message = N_("没有找到这项学习活动。")


# Filled while the parts are imported, read afterwards.
_KINDS: dict[str, ActivityKind] = {}


def register_activity_kind(kind: ActivityKind) -> None:
    """Make a tool's kind of activity known."""
    _KINDS[kind.code] = kind


def kind_of(code: str) -> ActivityKind | None:
    """Return a kind, or None where its tool is not mounted."""
    return _KINDS.get(code)


def editors(session: Session, person_id: int, lesson: Lesson, attached: Sequence[Activity]) -> tuple[Panel, ...]:
    """Return what tools offer the editor of a lesson."""
    return tuple(kind.editor(session, person_id, lesson, [one for one in attached if one.kind == kind.code]) for kind in _KINDS.values() if kind.editor)


def add_activity(session: Session, *, lesson_id: int | None, programme_code: str, kind: str, ref: str, title: str) -> int:
    """Attach a tool's activity to a lesson, or to the programme as a whole; doing it twice gives the same one."""
    return store.add(session, lesson_id=lesson_id, programme_code=programme_code, kind=kind, ref=ref, title=title)


def replace_activity(session: Session, activity_id: int, *, ref: str, title: str) -> None:
    """Put another thing of the tool's in the place of one; who has done the old one has done this."""
    store.replace(session, activity_id, ref=ref, title=title)


def activity(session: Session, activity_id: int) -> Activity:
    """Return one activity."""
    found = store.one(session, activity_id)
    if found is None:
        raise ActivityMissing
    return found


def activities(session: Session, kind: str, ref: str | None = None) -> tuple[Activity, ...]:
    """Return the activities of one kind, or those of one thing of the tool's."""
    return store.of_kind(session, kind, ref)


def evidence_of_rehearsal(session: Session) -> str:
    """Return the evidence behind which a tool need not have a record of its own; none in a live database."""
    return "" if installation.fact(session, "live") else REHEARSED


def states(session: Session, person_id: int, wanted: Iterable[Activity], now: datetime) -> dict[int, ActivityState]:
    """Ask every tool concerned once how far the learner is."""
    by_kind: dict[str, list[Activity]] = {}
    for one in wanted:
        by_kind.setdefault(one.kind, []).append(one)
    found: dict[int, ActivityState] = {}
    for code, members in by_kind.items():
        kind = kind_of(code)
        if kind is not None:
            found.update(kind.states(session, person_id, members, now))
    return found
