"""Exams as the demo, the load tests and the tests want them."""

from datetime import datetime

from exam.domain import exam_settings as rules
from exam.domain.blueprint import Blueprint
from exam.domain.exam import ExamPolicy, Release, WindowRule
from exam.domain.exam_settings import ExamSettings
from exam.services import exam
from lms import api as platform
from lms.kernel.db import transaction


def create_exam(
    *,
    code: str,
    programme_code: str,
    title: str,
    bank_code: str,
    blueprint: Blueprint,
    opens: datetime,
    closes: datetime,
    minutes: int,
    now: datetime,
    window_rule: WindowRule = WindowRule.FINISH_BY,
    attempts_allowed: int = 1,
    pass_points: int | None = None,
    requires_learning: bool = False,
    component: str = "test",
    release: Release = Release.AT_ONCE,
    policy: ExamPolicy | None = None,
    actor_id: int | None = None,
) -> int:
    """Make an exam, whatever the programme's file asks; the pages and commands go by `exam_settings.create`."""
    settings = ExamSettings(
        title=title, bank_code=bank_code, opens=opens, closes=closes, minutes=minutes, window_rule=WindowRule(window_rule), attempts=attempts_allowed,
        pass_points=pass_points, requires_learning=requires_learning, component=component, release=Release(release), policy=policy or ExamPolicy(),
    )  # fmt: skip
    with transaction() as session:
        if component not in rules.components(platform.programme(session, programme_code)):
            raise exam.ExamMismatch(component=component)
        return exam.add(session, code, programme_code, settings, blueprint, actor_id=actor_id, now=now)
