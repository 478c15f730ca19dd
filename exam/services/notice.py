"""Telling a person on her first page and her plan what became of her exams.

Time given back, a mark changed, an extra attempt, one annulled, the decision on a packet, the answer to an appeal.
"""

from collections.abc import Iterator
from datetime import datetime

from exam.domain.notice import TOLD, Notice
from exam.store import notice as store
from lms import api as platform
from lms.kernel.db import Session
from lms.kernel.i18n import format_duration, format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import N_

CHANGED = {
    "marking": N_("“%(title)s”的简答题重新评阅过，您的得分由 %(before)s 分改为 %(after)s 分。"),
    "regrade": N_("“%(title)s”更正了试题答案，您的得分由 %(before)s 分改为 %(after)s 分。"),
    "reversal": N_("“%(title)s”撤回了先前对试题答案的更正，您的得分由 %(before)s 分改为 %(after)s 分。"),
}


def of_person(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:
    """Tell a person what she is to hear of."""
    for one in store.of_person(session, person_id, told=TOLD, now=now):
        yield _told(one)


def _told(one: Notice) -> platform.Duty:
    if one.opens and one.closes:
        words = _(
            "“%(title)s”给您一次补考机会：%(opens)s 至 %(closes)s。", title=one.title, opens=format_instant(one.opens), closes=format_instant(one.closes, "end")
        )
        return platform.Duty(words, _("查看考试"), f"/exams/{one.code}")
    if one.kind == "annulled":
        words = _("“%(title)s”第 %(n)s 次作答已作废，不计成绩。如有疑问，请联系考试管理员。", title=one.title, n=one.figure)
        return platform.Duty(words, _("查看考试"), f"/exams/{one.code}")
    if one.kind == "packet":
        words = _("“%(title)s”的应急包已有决定，计入 %(n)s 题的答案。", title=one.title, n=one.figure)
        return platform.Duty(words, _("查看应急包"), f"/exams/{one.code}/packet")
    if one.kind == "appeal":
        return platform.Duty(_("“%(title)s”的成绩复核已有答复。", title=one.title), _("查看成绩"), f"/exams/{one.code}/result")
    if one.before is None:
        words = _("“%(title)s”考试时系统中断，已为您补回 %(span)s。", title=one.title, span=format_duration(one.figure or 0))
        if one.closes:
            words += _("您可以作答到 %(until)s。", until=format_instant(one.closes, "end"))
        return platform.Duty(words, _("查看考试"), f"/exams/{one.code}")
    points = {"before": f"{one.before / 100:g}", "after": f"{(one.figure or 0) / 100:g}"}
    return platform.Duty(_(CHANGED[one.kind], title=one.title, **points), _("查看成绩"), f"/exams/{one.code}/result")
