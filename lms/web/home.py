"""The first page: for a learner her hours and the next step, for staff their areas of work."""

from dataclasses import dataclass
from pathlib import Path

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.programme import Programme
from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import duty as duty_service
from lms.services import plan as service
from lms.services.duty import Duty
from lms.services.plan import Plan
from lms.web.next_step import NextView, next_view
from lms.web.plan import HoursView, StepView, days, hours_view, own_windows, step_views

home = routes("home", __name__, templates=Path(__file__).parent.parent / "templates")


@dataclass(frozen=True, slots=True)
class LearnerPage:
    """What a learner's first page shows."""

    title: str
    eyebrow: str
    hours: HoursView
    next: NextView
    steps: tuple[StepView, ...]
    missing: tuple[str, ...]
    reminded: str
    definitions: tuple[tuple[str, str], ...]
    plan_url: str
    others: tuple[tuple[str, str], ...]
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class OpenProgramme:
    """A programme that somebody not enrolled can still join."""

    title: str
    text: str
    url: str
    may_enrol: bool


@dataclass(frozen=True, slots=True)
class StartPage:
    """What the first page shows to whoever takes part in nothing."""

    learner: bool
    programmes: tuple[OpenProgramme, ...]
    duties: tuple[Duty, ...]


@home.get("/", endpoint="page")
@requires(Permission.SIGNED_IN)
def page() -> ResponseReturnValue:
    """Show where the reader stands and what comes next."""
    person = current.person()
    duties = duty_service.duties(person.person_id, person.permissions, current.now())
    if not person.may(Permission.LEARN):
        return render_template("lms/home/start.html", page=StartPage(learner=False, programmes=(), duties=duties))
    found = service.home(person.person_id, current.now(), request.args.get("programme"))
    if found.plan is None:
        open_programmes = tuple(_open(one) for one in found.open_programmes)
        return render_template("lms/home/start.html", page=StartPage(learner=True, programmes=open_programmes, duties=duties))
    return render_template("lms/home/learner.html", page=_learner(found.plan, found.others, duties))


def _learner(plan: Plan, others: tuple[tuple[str, str], ...], duties: tuple[Duty, ...]) -> LearnerPage:
    city = next((row.name for row in plan.programme.quotas.cities if row.code == plan.enrolment.city), plan.enrolment.city)
    known = {one.code: one.title for one in plan.programme.participants}
    return LearnerPage(
        title=plan.programme.title,
        eyebrow=plan.programme.organisation.organiser,
        hours=hours_view(plan),
        next=next_view(plan),
        steps=step_views(plan),
        missing=plan.missing,
        reminded=format_instant(plan.reminded_at, "day") if plan.reminded_at and plan.missing else "",
        definitions=(
            (_("我的学习时段"), days(plan.window)),
            *((_("个人学习时段"), words) for words in own_windows(plan)),
            (_("所在地区"), city),
            (_("参训身份"), _("、").join(known.get(code, code) for code in plan.enrolment.participants)),
        ),
        plan_url=url_for("plan.page", programme=plan.programme.code),
        others=tuple((title, url_for("home.page", programme=code)) for code, title in others),
        duties=duties,
    )


def _open(programme: Programme) -> OpenProgramme:
    herself = programme.enrolment.by == "learner"
    period = days(programme.enrolment)
    return OpenProgramme(
        title=programme.title,
        text=_("报名时间：%(days)s", days=period) if herself else _("由学校统一报名，时间：%(days)s", days=period),
        url=url_for("programme.page", code=programme.code),
        may_enrol=herself and programme.enrolment.contains(current.now()),
    )
