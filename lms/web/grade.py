"""The grade sheet: what was earned, what it weighs, what is still missing."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lms.domain import hours as hours_rules
from lms.kernel import request as current
from lms.kernel.i18n import format_hours
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import grade as service
from lms.services.grade import Sheet

grade = routes("grade", __name__)


@dataclass(frozen=True, slots=True)
class HoursLine:
    """One kind of hours: earned of asked."""

    title: str
    earned: str
    asked: str
    complete: bool


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One component: its score, its weight, what it brings to the total, and where it comes from."""

    title: str
    weight: str
    points: int | None
    of_points: int | None
    brings: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """One programme's sheet."""

    sheet: Sheet
    hours: tuple[HoursLine, ...]
    scores: tuple[ScoreLine, ...]
    total: str | None
    pass_points: str


@dataclass(frozen=True, slots=True)
class GradePage:
    """What the page shows; `whose` is None on one's own."""

    sheets: tuple[SheetView, ...]
    whose: str | None


@grade.get("/grades", endpoint="page")
@requires(Permission.LEARN)
def page() -> ResponseReturnValue:
    """Show one's own sheets."""
    found = service.sheets(current.person().person_id)
    if request.method == "GET":
        service.note_reading(found, current.now())
    return render_template("lms/grade/page.html", page=GradePage(tuple(_view(sheet) for sheet in found), whose=None))


@grade.get("/people/<int:person_id>/grades", endpoint="of_person")
@requires(Permission.MANAGE_CLASS)
def of_person(person_id: int) -> ResponseReturnValue:
    """Show a learner's sheets to who answers for her."""
    name, found = service.sheets_as(current.person().person_id, person_id)
    return render_template("lms/grade/page.html", page=GradePage(tuple(_view(sheet) for sheet in found), whose=name))


def _view(sheet: Sheet) -> SheetView:
    programme, progress = sheet.programme, sheet.progress
    asked = programme.hours
    online = HoursLine(_("线上学习"), format_hours(hours_rules.online_hours(asked, progress.online)), format_hours(asked.online), progress.online_complete)
    offline = HoursLine(_("线下培训"), format_hours(hours_rules.offline_hours(asked, progress.offline)), format_hours(asked.offline), progress.offline_complete)
    scores = []
    for component in programme.assessment.components:
        line = sheet.lines.get(component.code)
        brings = line.score.share * Fraction(str(component.weight)) / 100 * programme.assessment.points if line else None
        scores.append(
            ScoreLine(
                title=component.title,
                weight=f"{component.weight} %",
                points=line.score.points if line else None,
                of_points=line.score.of_points if line else None,
                brings="—" if brings is None else exact(brings),
                evidence=_evidence(line.evidence) if line else _("还没有成绩"),
            )
        )
    return SheetView(
        sheet=sheet,
        hours=(online, offline) if asked.offline else (online,),
        scores=tuple(scores),
        total=None if sheet.grade.total is None else exact(sheet.grade.total),
        pass_points=str(programme.requirements.total),
    )


def exact(points: Fraction) -> str:
    """Write points to two places, cut and never rounded up: 59.999 must not read as a pass."""
    hundredths = points * 100 // 1
    return f"{(Decimal(int(hundredths)) / 100).normalize():f}"


def _evidence(evidence: str) -> str:
    kind, _colon, numbers = evidence.partition(":")
    number = _("、").join(numbers.split("+"))
    named = {"attempt": _("考试记录 %(number)s", number=number), "attendance_list": _("签字名单 %(number)s", number=number)}
    return named.get(kind, evidence)
