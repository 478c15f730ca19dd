"""Requests for windows of one's own, for schools, counties and the province."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.window import Period
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Conflict, Forbidden, Invalid, Missing
from lms.services import programme as programmes
from lms.services import window_request as service
from lms.store.window_request import RequestLine
from lms.web.plan import days

window_request = routes("window_request", __name__)


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request in words, and which steps the reader may take."""

    id: int
    person_id: int
    name: str
    unit_name: str
    programme: str
    period: str
    reason: str
    asked_at: datetime
    verifier: str | None
    may_verify: bool
    may_grant: bool
    another_grants: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """What the page shows."""

    waiting: tuple[RequestView, ...]
    decided: tuple[RequestView, ...]


@window_request.get("/window-requests", endpoint="page")
@requires(Permission.MANAGE_PEOPLE)
def page() -> ResponseReturnValue:
    """Show what waits and what was decided."""
    found = service.requests(current.person().person_id)
    titles = {one.programme.code: one.programme.title for one in programmes.views()}
    shown = RequestsPage(
        waiting=tuple(_view(line, titles, may_grant=found.may_grant) for line in found.waiting),
        decided=tuple(_view(line, titles, may_grant=False) for line in found.decided),
    )
    return render_template("lms/window_request/page.html", page=shown)


@window_request.post("/window-requests/<int:request_id>")
@requires(Permission.MANAGE_PEOPLE)
def decide(request_id: int) -> ResponseReturnValue:
    """Take a step: verify, grant or refuse."""
    me, now = current.person().person_id, current.now()
    steps: dict[str, tuple[Callable[[], None], str]] = {
        "verify": (lambda: service.verify(me, request_id, now), _("已核实，已上报省级管理员批准。")),
        "grant": (lambda: service.grant(me, request_id, now), _("已批准，个人学习时段已经生效。")),
        "refuse": (lambda: service.refuse(me, request_id, request.form.get("answer", ""), now), _("已答复，本人会在学习计划里看到理由。")),
    }
    step, said = steps.get(request.form.get("step", ""), (None, ""))
    if step is None:
        raise Missing
    with flash_refusal(only=(Conflict, Forbidden, Invalid)):
        step()
        flash(said, "success")
    return redirect(url_for("window_request.page"))


def _view(line: RequestLine, titles: Mapping[str, str], *, may_grant: bool) -> RequestView:
    asked, me = line.request, current.person().person_id
    mine = me == asked.person_id
    may_verify = asked.verified_by is None and not mine
    return RequestView(
        id=asked.id,
        person_id=asked.person_id,
        name=line.name,
        unit_name=line.unit_name,
        programme=titles.get(line.programme_code, line.programme_code),
        period=days(Period(opens=asked.opens, closes=asked.closes)),
        reason=asked.reason,
        asked_at=asked.asked_at,
        verifier=line.verifier,
        may_verify=may_verify,
        may_grant=may_grant and asked.verified_by not in (None, me) and not mine,
        another_grants=may_verify and may_grant,
        outcome=_("%(name)s批准", name=line.decider or "") if asked.granted else _("%(name)s不同意：%(answer)s", name=line.decider or "", answer=asked.answer),
    )
