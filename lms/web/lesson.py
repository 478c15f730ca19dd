"""The lesson page: what its tools show, how far the learner is, and the list of lessons."""

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.activity import Panel
from lms.domain.lesson import LessonState
from lms.kernel import request as current
from lms.kernel.i18n import format_duration, format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from lms.services import lesson as service
from lms.services import plan as plans
from lms.services.lesson import LessonLine, LessonView
from lms.web.plan import StepView

lesson = routes("lesson", __name__)
_ORDER = list(LessonState)
_ICONS = {LessonState.CREDITED: "check-circle", LessonState.WATCHED: "quiz", LessonState.QUIZ_PASSED: "quiz"}
_WORDS = {LessonState.WATCHED: N_("待做小测"), LessonState.QUIZ_PASSED: N_("小测已通过"), LessonState.CREDITED: N_("已计入学时")}


@dataclass(frozen=True, slots=True)
class LessonLink:
    """One lesson in the list."""

    title: str
    url: str
    current: bool
    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class LessonPage:
    """What the lesson page shows."""

    title: str
    plan_url: str
    steps: tuple[StepView, ...]
    panels: tuple[Panel, ...]
    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    links: tuple[LessonLink, ...]
    next_url: str | None
    credited: bool
    notice: str | None
    closes: datetime | None


@lesson.get("/lessons/<int:lesson_id>", endpoint="page")
@requires(Permission.LEARN)
def page(lesson_id: int) -> ResponseReturnValue:
    """Show one lesson of the learner's."""
    now = current.now()
    found = service.view(current.person().person_id, lesson_id, now)
    open_now = found.rules.earns_at(now)
    following = _following(found)
    shown = LessonPage(
        title=found.lesson.title,
        plan_url=url_for("plan.page", programme=found.lesson.programme_code),
        steps=_steps(found),
        panels=found.panels,
        scripts=tuple(dict.fromkeys(path for panel in found.panels for path in panel.scripts)),
        styles=tuple(dict.fromkeys(path for panel in found.panels for path in panel.styles)),
        links=tuple(_link(line, lesson_id) for line in found.lines),
        next_url=url_for("lesson.page", lesson_id=following) if following else None,
        credited=found.state is LessonState.CREDITED,
        notice=None if open_now else _outside(found, now),
        closes=found.rules.closes if open_now else None,
    )
    return render_template("lms/lesson/page.html", page=shown)


@lesson.get("/lessons", endpoint="first")
@requires(Permission.LEARN)
def first() -> ResponseReturnValue:
    """Open the next lesson that is not credited."""
    person_id = current.person().person_id
    code = request.args.get("programme") or next(iter(plans.codes_of(person_id)), None)
    lesson_id = service.first_lesson(person_id, code) if code else None
    return redirect(url_for("lesson.page", lesson_id=lesson_id) if lesson_id else url_for("plan.page"))


def _outside(found: LessonView, now: datetime) -> str:
    opens, closes = found.rules.opens, found.rules.closes
    if opens is not None and now < opens:
        return _("您的学习时段从%(instant)s开始，现在观看不计学时。", instant=format_instant(opens))
    return _("您的学习时段已于%(instant)s结束，现在观看不计学时。", instant=format_instant(closes) if closes else "")


def _steps(found: LessonView) -> tuple[StepView, ...]:
    """Write the path of the lesson: watch, the quiz where it is asked, credit."""
    here = _ORDER.index(found.state)
    stations = [(LessonState.WATCHED, _("观看"))]
    if found.quiz_asked:
        stations.append((LessonState.QUIZ_PASSED, _("课后小测")))
    stations.append((LessonState.CREDITED, _("计入学时")))
    views, reached = [], True
    for state, title in stations:
        done = here >= _ORDER.index(state)
        views.append(StepView(title=title, state="done" if done else "now" if reached else "later", text=""))
        reached = done
    return tuple(views)


def _link(line: LessonLine, lesson_id: int) -> LessonLink:
    return LessonLink(
        title=line.lesson.title,
        url=url_for("lesson.page", lesson_id=line.lesson.id),
        current=line.lesson.id == lesson_id,
        icon=_ICONS.get(line.state, "play"),
        words=_words(line),
    )


def _words(line: LessonLine) -> str:
    if line.state is LessonState.NOT_STARTED:
        return format_duration(line.lesson.seconds)
    if line.state is LessonState.WATCHING:
        return _("已看 %(percent)s%%", percent=int(line.fraction * 100))
    return _(_WORDS[line.state])


def _following(found: LessonView) -> int | None:
    """Name the lesson after this one, or the first left over."""
    ids = [line.lesson.id for line in found.lines]
    at = ids.index(found.lesson.id)
    left = [line.lesson.id for line in (*found.lines[at + 1 :], *found.lines[:at]) if line.state is not LessonState.CREDITED]
    return left[0] if left else None
