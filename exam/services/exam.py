"""Exams: making them, listing them, and their state on the learner's plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tomllib import loads

from exam.domain import admission
from exam.domain import blueprint as blueprints
from exam.domain.admission import NO_EXTRAS, Extras, Standing
from exam.domain.attempt import State
from exam.domain.blueprint import Blueprint
from exam.domain.exam import Exam
from exam.domain.exam_settings import ExamSettings
from exam.domain.waiting_room import EARLY
from exam.store import attempt as attempts
from exam.store import exam as store
from exam.store import extra_attempt as extra_attempts
from exam.store import outage as outages
from exam.store import packet as packets
from exam.store import paper as papers
from exam.store import waiting_room
from exam.store.exam import Newest
from lms import api as platform
from lms.domain.activity import Activity, ActivityState
from lms.domain.exam_terms import ExamTerms
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid, Missing

KIND = "exam"
FOLDER = Path(__file__).parent.parent / "blueprints"


class ExamMissing(Missing):
    """There is no such exam."""

    code = "exam_missing"
    message = N_("没有找到这场考试。")


class ExamTaken(Conflict):
    """An exam of this code exists."""

    code = "exam_taken"
    message = N_("这个考试代码已被使用，请换一个。")


class SourcesChanged(Conflict):
    """While papers were drawn, the exam was given another bank or blueprint."""

    code = "exam_sources_changed"
    message = N_("组卷期间，这场考试换了题库或细目表，没有保存试卷。请重新组卷。")


class ExamFrozen(Conflict):
    """From the opening of the waiting room on, and once a paper was taken, the papers stay."""

    code = "exam_frozen"
    message = N_("开考前 30 分钟起，或已有人作答后，已组的试卷就冻结了，不能换；不够时系统会自动补卷。")


class MayStillSit(Forbidden):
    """Who may be given one of the papers neither sees them, nor marks them, nor opens or corrects their keys."""

    code = "may_still_sit"
    message = N_("您自己报名了这个培训项目，考试全部结束、应急包处理完之前不能查看试卷和答卷，也不能同意开启答案或参与更正。请由没有报名的同事办理。")


class ExamMismatch(Invalid):
    """The blueprint and the settings do not agree."""

    code = "exam_mismatch"
    message = N_("考试的题量或总分与双向细目表不一致。")


def bundled_blueprints() -> dict[str, Blueprint]:
    """Return the blueprints that come with the product, by name."""
    return {path.stem: blueprints.from_mapping(loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml"))}


def bundled_blueprint(name: str) -> Blueprint:
    """Return one of the blueprints that come with the product."""
    found = bundled_blueprints()
    if name not in found:
        raise ExamMissing(blueprint=name)
    return found[name]


def add(
    session: Session, code: str, programme_code: str, settings: ExamSettings, blueprint: Blueprint, *, actor_id: int | None, now: datetime, **detail: object
) -> int:
    """Keep an exam and its place on the programme's plan; it is a draft until papers are assembled. Raises ExamTaken."""
    store.hold_code(session, code)
    if store.by_code(session, code):
        raise ExamTaken
    exam_id = store.add(
        session,
        code=code,
        programme_code=programme_code,
        settings=settings,
        blueprint=blueprint,
        blueprint_id=store.add_blueprint(session, blueprint, created_by=actor_id, now=now),
        activity_id=platform.add_activity(session, lesson_id=None, programme_code=programme_code, kind=KIND, ref=code, title=settings.title),
    )
    audit.record(session, actor_id=actor_id, action="exam.create", subject=f"exam:{exam_id}", now=now, code=code, **detail)
    return exam_id


def found(session: Session, code: str) -> Exam:
    """Return an exam or raise ExamMissing."""
    exam = store.by_code(session, code)
    if exam is None:
        raise ExamMissing
    return exam


def is_frozen(session: Session, exam: Exam, now: datetime) -> bool:
    """Tell whether the waiting room has opened or a paper was taken: nothing of the exam changes any more."""
    return now >= exam.opens - EARLY or bool(papers.taken(session, exam.id))


def is_over(session: Session, exam: Exam, now: datetime) -> bool:
    """Tell whether nobody sits the exam, nor can begin: pauses, extra time and attempts, undecided outages and the line reach beyond its end."""
    if now < exam.closes or attempts.any_open(session, exam.id) or outages.waits_for(session, exam.id):
        return False
    return not (waiting_room.somebody_may_come(session, exam.id, exam.closes, now) or extra_attempts.waiting(session, exam.id, now))


def is_settled(session: Session, exam: Exam, now: datetime) -> bool:
    """Tell whether an exam is over and no answer of it can come any more by an emergency packet."""
    return is_over(session, exam, now) and packets.outstanding(session, exam.id).is_settled(now)


def may_still_sit(session: Session, exam: Exam, person_id: int, now: datetime) -> bool:
    """Tell whether somebody is enrolled herself and the exam is not settled: she may still be given a paper, or bring a packet of it."""
    return platform.enrolment_of(session, person_id, exam.programme_code) is not None and not is_settled(session, exam, now)


def require_outsider(session: Session, exam: Exam, person_id: int, now: datetime) -> None:
    """Refuse who may still sit: nobody sees her own papers and their keys beforehand, or decides on them."""
    if may_still_sit(session, exam, person_id, now):
        raise MayStillSit


def all_exams(programme_code: str | None = None) -> Sequence[Exam]:
    """Return the exams of a programme, or all."""
    with transaction() as session:
        return store.all_of(session, programme_code)


def states(session: Session, person_id: int, activities: Sequence[Activity], now: datetime) -> Mapping[int, ActivityState]:
    """Tell how far a learner is with the exams on her plan."""
    exams = store.with_newest_state(session, person_id, [activity.ref for activity in activities])
    extras = extra_attempts.of_person(session, person_id, now)
    return {
        activity.id: _state(activity.id, exam, newest, extras.get(exam.id, NO_EXTRAS), now)
        for activity in activities
        if activity.ref in exams
        for exam, newest in [exams[activity.ref]]
    }


def terms(session: Session, programme_code: str) -> tuple[ExamTerms, ...]:
    """Tell how the exams of a programme are held."""
    return tuple(_terms(one) for one in store.all_of(session, programme_code))


def _terms(exam: Exam) -> ExamTerms:
    return ExamTerms(
        title=exam.title,
        component=exam.component,
        opens=exam.opens,
        closes=exam.closes,
        minutes=exam.minutes,
        items=exam.items,
        points=exam.points // 100,
        attempts=exam.attempts,
        requires_learning=exam.requires_learning,
    )


def _state(activity_id: int, exam: Exam, newest: Newest | None, extras: Extras, now: datetime) -> ActivityState:
    """Tell how she stands with one exam, an extra attempt of hers with its own window included."""
    if newest and newest.state is State.OPEN:
        hers = replace(exam, opens=min(exam.opens, now), closes=max(exam.closes, newest.deadline))  # who sits it sees its end, not the window's
        return ActivityState(activity_id, done=False, fraction=0.5, text=_("正在作答"), again_at=now, terms=_terms(hers), sits=True)
    used = newest.number - extras.begun if newest else 0
    ended = newest.ended_at if newest else None
    standing = Standing(enrolled=True, learning_complete=True, missing=(), attempts_used=used, last_ended_at=ended, extra=extras.waiting)
    hers = admission.granted(exam, standing, now)
    told = partial(ActivityState, activity_id, terms=_terms(hers))
    if newest and newest.standing and hers is exam:
        if newest.standing is not State.SCORED:
            return told(done=True, fraction=1.0, text=_("已交卷，正在评分"), pending=True)
        again_at = admission.next_at(exam, standing, now)
        return told(done=True, fraction=1.0, text=_("已完成，还可以再考") if again_at else _("已完成"), again_at=again_at)
    told = partial(told, done=False, fraction=0.0, again_at=admission.next_at(hers, standing, now))
    if used >= hers.attempts:
        return told(text=_("没有剩余的考试次数"), spent=True)
    if now < hers.opens:
        return told(text=_("未到考试时间"))
    return told(text=_("考试开放中") if hers.starts_at(now) else _("考试时间已结束"))
