"""The page of leads: what stands out in an exam's responses, with its evidence."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from exam.domain.integrity import FALSE_SHARE, LEAST_COMMON, MISFIT, MOST_TOGETHER
from exam.services import analysis
from exam.services import integrity as service
from exam.services.analysis import AnalysisRuns
from exam.services.integrity import FAST_SECONDS, Leads
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires

integrity = routes("integrity", __name__)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class LeadsPage:
    """The leads in rows, and the rules they rest on."""

    found: Leads
    similar: tuple[tuple[str, ...], ...]
    misfits: tuple[tuple[str, ...], ...]
    fast: tuple[tuple[str, ...], ...]
    least_common: int = LEAST_COMMON
    most_together: int = MOST_TOGETHER
    false_percent: int = round(FALSE_SHARE * 100)
    misfit: float = MISFIT
    seconds: int = round(FAST_SECONDS)


@integrity.get("/admin/exams/<code>/integrity")
@requires(Permission.MANAGE_EXAMS)
def page(code: str) -> ResponseReturnValue:
    """Show the leads."""
    found = service.leads(code, current.person().person_id, current.now())
    by_kind: dict[str, list[tuple[str, ...]]] = {"similar": [], "misfit": [], "fast": []}
    for lead in found.leads:
        figures, name = lead.figures, found.names[lead.person_id]
        if lead.kind == "similar":
            by_kind["similar"].append((
                name, found.names[lead.other_id or 0], _("%(n)s / %(of)s 题", n=figures["matches"], of=figures["common"]), str(figures["expected"]),
                str(figures["wrong"]), str(figures["omega"]), _chance(float(figures["adjusted"])),
            ))  # fmt: skip
        elif lead.kind == "misfit":
            by_kind["misfit"].append((name, str(figures["fit"])))
        else:
            by_kind["fast"].append((name, str(figures["fast"]), str(figures["right"])))
    return render_template("exam/integrity/page.html", page=LeadsPage(found, tuple(by_kind["similar"]), tuple(by_kind["misfit"]), tuple(by_kind["fast"])))


@integrity.post("/admin/exams/<code>/integrity")
@requires(Permission.MANAGE_EXAMS)
def look(code: str) -> ResponseReturnValue:
    """Have the exam looked through."""
    with flash_refusal("info", only=AnalysisRuns):
        analysis.request(code, service.JOB, actor_id=current.person().person_id, now=current.now())
        flash(_("已开始分析，几分钟后刷新本页查看。"), "success")
    return redirect(url_for("integrity.page", code=code))


@integrity.post("/admin/exams/<code>/integrity/cancel")
@requires(Permission.MANAGE_EXAMS)
def cancel(code: str) -> ResponseReturnValue:
    """Have the exam no longer looked through."""
    analysis.cancel(code, service.JOB, actor_id=current.person().person_id, now=current.now())
    flash(_("分析已停止，已有的结果不变。"), "success")
    return redirect(url_for("integrity.page", code=code))


def _chance(value: float) -> str:
    """Write a probability as people read it: 0.012, or 4.1 × 10⁻⁶."""
    if value == 0 or value >= 0.001:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"
