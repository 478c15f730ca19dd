"""A programme in plain words, and enrolling in it where the notice lets learners do so."""

from dataclasses import dataclass
from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired

from lms.domain.programme import Programme
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import format_hours, format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import enrolment as enrolments
from lms.services import programme as service
from lms.web.plan import days, exam_words, grading_words

programme = routes("programme", __name__)


class EnrolForm(Form):
    """As what the learner takes part; she may belong to several kinds."""

    participants = SelectMultipleField(lazy_gettext("参训身份"), [InputRequired()], description=lazy_gettext("可以选择多项，按要求较高的一项执行。"))


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """What the page of a programme shows."""

    programme: Programme
    version: str
    asked: tuple[tuple[str, str], ...]
    stages: tuple[tuple[str, str, str], ...]
    windows: tuple[tuple[str, str, str], ...]
    exam: tuple[tuple[str, str], ...]
    grading: tuple[tuple[str, str], ...]
    form: EnrolForm | None


@dataclass(frozen=True, slots=True)
class ProgrammesPage:
    """What the list of programmes shows."""

    rows: tuple[tuple[str, str, str, str], ...]


@programme.get("/programmes/<code>", endpoint="page")
@requires(Permission.SIGNED_IN)
def page(code: str) -> ResponseReturnValue:
    """Show everything a programme says."""
    return _page(code, None)


@programme.post("/programmes/<code>/enrol")
@requires(Permission.LEARN)
def enrol(code: str) -> ResponseReturnValue:
    """Enrol oneself inside the enrolment period."""
    form = _form(service.view(code).programme)
    if not form.validate_on_submit():
        return _page(code, form)
    enrolments.enrol_oneself(person_id=current.person().person_id, programme_code=code, participants=tuple(form.participants.data or ()), now=current.now())
    flash(_("报名成功。"), "success")
    return redirect(url_for("home.page"))


@programme.get("/manage/programmes", endpoint="all")
@requires(Permission.MANAGE_PROGRAMMES)
def every() -> ResponseReturnValue:
    """List the programmes in force."""
    rows = tuple((one.programme.title, one.version.code, str(one.version.number), format_instant(one.version.loaded_at)) for one in service.views())
    return render_template("lms/programme/all.html", page=ProgrammesPage(rows))


def _form(found: Programme) -> EnrolForm:
    form = EnrolForm()
    form.participants.choices = [(one.code, one.title) for one in found.participants]
    return form


def _page(code: str, form: EnrolForm | None) -> ResponseReturnValue:
    found = service.view(code)
    told = found.programme
    if form is None and _may_enrol(told):
        form = _form(told)
    names = {row.code: row.name for row in told.quotas.cities}
    shown = ProgrammePage(
        programme=told,
        version=_("第 %(number)s 版，%(day)s 载入", number=found.version.number, day=format_instant(found.version.loaded_at, "day")),
        asked=_asked(told),
        stages=tuple((stage.title, days(stage), stage.note) for stage in told.stages),
        windows=tuple((one.title, days(one), _("、").join(names.get(city, city) for city in one.cities)) for one in told.windows),
        exam=exam_words(told.exam),
        grading=grading_words(told),
        form=form,
    )
    return render_template("lms/programme/page.html", page=shown)


def _may_enrol(told: Programme) -> bool:
    person = current.person()
    return (
        told.enrolment.by == "learner"
        and told.enrolment.contains(current.now())
        and person.may(Permission.LEARN)
        and not enrolments.takes_part(person.person_id, told.code)
    )


def _asked(told: Programme) -> tuple[tuple[str, str], ...]:
    rule = told.hours
    unit = _("节") if rule.credit == "lesson" else _("学时")
    counted = {
        "nominal": _("看完一节课，按课程的标称时长计"),
        "measured": _("按实际观看的时间计"),
        "lesson": _("按完成的课程节数计"),
    }
    span = timedelta(minutes=rule.minutes_per_hour)
    return (
        (_("报名"), days(told.enrolment)),
        (_("线上学习"), f"{format_hours(rule.online)} {unit}"),
        (_("线下培训"), _("%(hours)s 学时", hours=format_hours(rule.offline)) if rule.offline else _("不要求")),
        (_("一学时"), _("%(minutes)s 分钟", minutes=int(span.total_seconds() // 60))),
        (_("学时怎么计"), counted[rule.credit]),
        (_("课后小测"), _("通过后才计入学时") if rule.quiz_required else _("可做可不做，不影响学时")),
        (_("作业"), _("、").join(one.title for one in told.assignments) or _("不要求")),
        (_("证书"), told.certificate.title),
        *((_("要求不同：%(who)s", who=one.title), _differing(told.asked_of([one.code]))) for one in told.participants if one.asked),
    )


def _differing(told: Programme) -> str:
    unit = _("节") if told.hours.credit == "lesson" else _("学时")
    return _(
        "线上 %(online)s %(unit)s，线下 %(offline)s 学时，总评 %(total)s 分；兼有几种身份的，按要求较高的执行",
        online=format_hours(told.hours.online), unit=unit, offline=format_hours(told.hours.offline), total=told.requirements.total,
    )  # fmt: skip
