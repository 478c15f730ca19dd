"""Courses for their editors: list, create, fill with lessons, order, publish."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lms.domain.activity import Panel
from lms.domain.lesson import Course, QuizLacking
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import format_duration, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import course as service
from lms.services import programme as programmes

course = routes("course", __name__, url_prefix="/manage/courses")
_ACTIVITY_WORDS = {"video": lazy_gettext("视频"), "quiz": lazy_gettext("小测")}


class CourseForm(Form):
    """A course to begin."""

    programme = SelectField(lazy_gettext("培训项目"), [InputRequired()])
    title = StringField(lazy_gettext("课程名称"), [InputRequired(), Length(max=200)])
    summary = TextAreaField(lazy_gettext("简介"), [Optional(), Length(max=2000)])


class LessonForm(Form):
    """A lesson to add or to change."""

    title = StringField(lazy_gettext("课题"), [InputRequired(), Length(max=200)])
    topic = SelectField(lazy_gettext("专题"), [InputRequired()])
    minutes = IntegerField(lazy_gettext("标称时长（分钟）"), [InputRequired(), NumberRange(min=1, max=600)])
    quiz = BooleanField(lazy_gettext("课后有小测"))


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One course in the list."""

    title: str
    url: str
    programme: str
    published: bool


@dataclass(frozen=True, slots=True)
class CoursesPage:
    """What the list of courses shows."""

    lines: tuple[CourseLine, ...]
    form: CourseForm


@dataclass(frozen=True, slots=True)
class LessonLine:
    """One lesson of a course, with what it still lacks."""

    id: int
    title: str
    topic: str
    length: str
    quiz: bool
    lacks: str
    url: str


@dataclass(frozen=True, slots=True)
class CoursePage:
    """What the page of a course shows."""

    id: int
    title: str
    summary: str
    published: bool
    lines: tuple[LessonLine, ...]
    form: LessonForm


@dataclass(frozen=True, slots=True)
class LessonPage:
    """What the page of one lesson shows its editor."""

    title: str
    back: str
    action: str
    form: LessonForm
    activities: tuple[tuple[str, str], ...]
    editors: tuple[Panel, ...]


@course.get("", endpoint="all")
@requires(Permission.EDIT_COURSES)
def every() -> ResponseReturnValue:
    """List the courses."""
    return _courses(_course_form())


@course.post("", endpoint="create")
@requires(Permission.EDIT_COURSES)
def create() -> ResponseReturnValue:
    """Begin a course."""
    form = _course_form()
    if not form.validate_on_submit():
        return _courses(form)
    course_id = service.create_course(
        programme_code=form.programme.data,
        title=form.title.data or "",
        summary=form.summary.data or "",
        actor_id=current.person().person_id,
        now=current.now(),
    )
    return redirect(url_for("course.page", course_id=course_id))


@course.get("/<int:course_id>", endpoint="page")
@requires(Permission.EDIT_COURSES)
def page(course_id: int) -> ResponseReturnValue:
    """Show a course with its lessons."""
    found = service.view(course_id)
    return _page(found, _lesson_form(found.course))


@course.post("/<int:course_id>/lessons", endpoint="add_lesson")
@requires(Permission.EDIT_COURSES)
def add_lesson(course_id: int) -> ResponseReturnValue:
    """Add a lesson at the end."""
    found = service.view(course_id)
    form = _lesson_form(found.course)
    if not form.validate_on_submit():
        return _page(found, form)
    try:
        service.create_lesson(
            course_id=course_id,
            title=form.title.data or "",
            topic=form.topic.data,
            seconds=(form.minutes.data or 0) * 60,
            quiz=form.quiz.data,
            actor_id=current.person().person_id,
            now=current.now(),
        )
    except QuizLacking:
        form.quiz.errors = [_("课程已经发布。请先不勾选，添加后在这节课的页面配好小测，再勾选。")]
        return _page(found, form)
    flash(_("已添加一节课。"), "success")
    return redirect(url_for("course.page", course_id=course_id))


@course.post("/<int:course_id>/lessons/<int:lesson_id>/earlier")
@requires(Permission.EDIT_COURSES)
def earlier(course_id: int, lesson_id: int) -> ResponseReturnValue:
    """Move a lesson one place up."""
    service.move_earlier(course_id, lesson_id)
    return redirect(url_for("course.page", course_id=course_id))


@course.post("/<int:course_id>/publish", endpoint="publish")
@requires(Permission.EDIT_COURSES)
def publish(course_id: int) -> ResponseReturnValue:
    """Show the course to learners."""
    try:
        service.publish(course_id, shown=True, actor_id=current.person().person_id, now=current.now())
    except QuizLacking as refusal:
        lacking: list[str] = refusal.facts["lessons"]  # type: ignore[assignment]
        flash(
            _(
                "还不能发布：%(lessons)s勾选了“课后有小测”，却还没有配小测。请打开这节课配好小测，或取消勾选。",
                lessons=_("、").join(f"《{one}》" for one in lacking),
            ),
            "danger",
        )
    else:
        flash(_("课程已发布，学员现在可以看到。"), "success")
    return redirect(url_for("course.page", course_id=course_id))


@course.post("/<int:course_id>/hide", endpoint="hide")
@requires(Permission.EDIT_COURSES)
def hide(course_id: int) -> ResponseReturnValue:
    """Hide the course from learners."""
    service.publish(course_id, shown=False, actor_id=current.person().person_id, now=current.now())
    flash(_("课程已收回，学员已得的学时不变。"), "success")
    return redirect(url_for("course.page", course_id=course_id))


@course.get("/lessons/<int:lesson_id>", endpoint="lesson")
@requires(Permission.EDIT_COURSES)
def lesson(lesson_id: int) -> ResponseReturnValue:
    """Show one lesson to its editor."""
    found = service.lesson(lesson_id, current.person().person_id)
    form = _lesson_form(found.course)
    form.title.data, form.topic.data = found.lesson.title, found.lesson.topic
    form.minutes.data, form.quiz.data = max(1, round(found.lesson.seconds / 60)), found.lesson.quiz
    return _lesson_page(found, form)


@course.post("/lessons/<int:lesson_id>", endpoint="change")
@requires(Permission.EDIT_COURSES)
def change(lesson_id: int) -> ResponseReturnValue:
    """Change one lesson; what was credited keeps its worth."""
    found = service.lesson(lesson_id, current.person().person_id)
    form = _lesson_form(found.course)
    if not form.validate_on_submit():
        return _lesson_page(found, form)
    # The form speaks in minutes: an untouched length keeps its seconds.
    same = form.minutes.data == max(1, round(found.lesson.seconds / 60))
    try:
        service.change_lesson(
            lesson_id,
            title=form.title.data or "",
            topic=form.topic.data,
            seconds=found.lesson.seconds if same else (form.minutes.data or 0) * 60,
            quiz=form.quiz.data,
            actor_id=current.person().person_id,
            now=current.now(),
        )
    except QuizLacking:
        form.quiz.errors = [_("课程已经发布，请先在下面为这节课配好小测。")]
        return _lesson_page(found, form)
    flash(_("已保存。"), "success")
    return redirect(url_for("course.page", course_id=found.course.id))


def _course_form() -> CourseForm:
    form = CourseForm()
    form.programme.choices = list(_programme_titles().items())
    return form


def _programme_titles() -> dict[str, str]:
    return {one.programme.code: one.programme.title for one in programmes.views()}


def _lesson_form(of: Course) -> LessonForm:
    form = LessonForm()
    form.topic.choices = list(_topic_titles(of).items())
    return form


def _topic_titles(of: Course) -> dict[str, str]:
    return {one.code: one.title for one in programmes.view(of.programme_code).programme.topics}


def _courses(form: CourseForm) -> str:
    titles = _programme_titles()
    lines = tuple(
        CourseLine(one.title, url_for("course.page", course_id=one.id), titles.get(one.programme_code, one.programme_code), one.published)
        for one in service.courses()
    )
    return render_template("lms/course/all.html", page=CoursesPage(lines, form))


def _page(found: service.CourseView, form: LessonForm) -> str:
    topics, asks = _topic_titles(found.course), programmes.view(found.course.programme_code).programme.hours.quiz_required
    lines = tuple(
        LessonLine(
            id=one.id,
            title=one.title,
            topic=topics.get(one.topic, one.topic),
            length=format_duration(one.seconds),
            quiz=one.quiz,
            lacks=_("，").join(_lacks(found, one.id, one.quiz and asks)),
            url=url_for("course.lesson", lesson_id=one.id),
        )
        for one in found.lessons
    )
    shown = CoursePage(found.course.id, found.course.title, found.course.summary, found.course.published, lines, form)
    return render_template("lms/course/page.html", page=shown)


def _lacks(found: service.CourseView, lesson_id: int, quiz: bool) -> list[str]:
    """Say what a lesson needs before it can be credited."""
    kinds = {one.kind for one in found.activities if one.lesson_id == lesson_id}
    lacking = [] if kinds - {"quiz"} else [_("还没有视频")]
    return [*lacking, _("还没有小测")] if quiz and "quiz" not in kinds else lacking


def _lesson_page(found: service.LessonView, form: LessonForm) -> str:
    shown = LessonPage(
        title=found.lesson.title,
        back=url_for("course.page", course_id=found.course.id),
        action=url_for("course.change", lesson_id=found.lesson.id),
        form=form,
        activities=tuple((one.title, str(_ACTIVITY_WORDS.get(one.kind, one.kind))) for one in found.activities),
        editors=found.editors,
    )
    return render_template("lms/course/lesson.html", page=shown)
