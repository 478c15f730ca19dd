"""A learner's plan: the steps of her programme, where she stands, and the one thing to do next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lms.domain.programme import Programme
from lms.domain.window import Period


class StepCode(StrEnum):
    """The steps every programme is made of; one without offline hours or assignments lacks those."""

    ENROL = "enrol"
    ONLINE = "online"
    OFFLINE = "offline"
    ASSIGNMENTS = "assignments"
    EXAM = "exam"
    CERTIFICATE = "certificate"


class StepState(StrEnum):
    """How a step stands; the words are those of the page's `steps`."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    FAILED = "failed"


class NextAction(StrEnum):
    """The one thing to do, or to wait for."""

    BACK_TO_EXAM = "back_to_exam"
    WAIT_FOR_WINDOW = "wait_for_window"
    LEARN = "learn"
    WAIT_FOR_LESSONS = "wait_for_lessons"
    WINDOW_IS_OVER = "window_is_over"
    SIT_EXAM = "sit_exam"
    WAIT_FOR_EXAM = "wait_for_exam"
    EXAM_IS_OVER = "exam_is_over"
    OFFLINE = "offline"
    ASSIGNMENTS = "assignments"
    WAIT_FOR_RESULT = "wait_for_result"
    SIT_AGAIN = "sit_again"
    NOT_QUALIFIED = "not_qualified"
    CERTIFICATE = "certificate"
    CERTIFICATE_LAPSED = "certificate_lapsed"
    CERTIFICATE_REVOKED = "certificate_revoked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What has been reached; `scored` names components and assignments that have a score, `qualified` is None until decided.

    `pending` says that a result of the exam is on its way, `again_at` from when on it may be sat once more, `exam_spent` that no attempt
    is left and none counts, `revoked` that a certificate was issued and stands no longer, `lapsed` that it stands though the grade qualifies no
    longer, `sits` that her time for an exam is running.
    """

    online_complete: bool
    offline_complete: bool
    window: Period | None
    has_lessons: bool
    exam_done: bool
    scored: frozenset[str] = frozenset()
    qualified: bool | None = None
    certified: bool = False
    revoked: bool = False
    lapsed: bool = False
    pending: bool = False
    again_at: datetime | None = None
    exam_spent: bool = False
    sits: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its dates."""

    code: StepCode
    state: StepState
    period: Period | None


def steps(programme: Programme, standing: Standing, now: datetime) -> tuple[Step, ...]:
    """Lay out the steps of an enrolled learner."""
    found = [Step(StepCode.ENROL, StepState.DONE, programme.enrolment), _step(StepCode.ONLINE, standing.window, standing.online_complete, now)]
    if programme.hours.offline:
        found.append(_step(StepCode.OFFLINE, _stage(programme, "offline"), standing.offline_complete, now, results_follow=True))
    if programme.assignments:
        handed_in = all(one.code in standing.scored for one in programme.assignments)
        found.append(_step(StepCode.ASSIGNMENTS, _stage(programme, "assignments"), handed_in, now, results_follow=True))
    spent = standing.exam_spent and not standing.exam_done
    done = standing.exam_done and not (standing.qualified is False and standing.again_at)  # who may try again is not through with it
    found.append(Step(StepCode.EXAM, StepState.FAILED, programme.exam) if spent else _step(StepCode.EXAM, programme.exam, done, now))
    found.append(Step(StepCode.CERTIFICATE, _certificate_state(standing), None))
    return tuple(found)


def next_action(programme: Programme, standing: Standing, now: datetime) -> NextAction:
    """Name the one thing to do; what can be done now goes before what must be waited for, and a clock that runs before everything."""
    if standing.sits:
        return NextAction.BACK_TO_EXAM
    online = _online_action(standing, now)
    waits = not standing.certified and standing.again_at is not None and standing.again_at > now  # for the exam to be sat again
    if (standing.certified or standing.qualified is False) and not (waits and online is NextAction.LEARN):
        return _decided_action(standing)
    if online is NextAction.LEARN:
        return online
    exam = _exam_action(programme, standing, now)
    if exam is NextAction.SIT_EXAM and _may_sit(programme, standing):
        return exam
    revoked = NextAction.CERTIFICATE_REVOKED if standing.revoked else None
    for action in (online, _offline_action(programme, standing), revoked, _assignments_action(programme, standing), exam):
        if action is not None:
            return action
    return NextAction.WAIT_FOR_RESULT


def _decided_action(standing: Standing) -> NextAction:
    if standing.certified:
        return NextAction.CERTIFICATE_LAPSED if standing.lapsed else NextAction.CERTIFICATE
    if standing.pending:
        return NextAction.WAIT_FOR_RESULT
    return NextAction.SIT_AGAIN if standing.again_at else NextAction.NOT_QUALIFIED


def _online_action(standing: Standing, now: datetime) -> NextAction | None:
    if standing.online_complete:
        return None
    if standing.window is None or standing.window.contains(now):
        return NextAction.LEARN if standing.has_lessons else NextAction.WAIT_FOR_LESSONS
    return NextAction.WAIT_FOR_WINDOW if now < standing.window.opens else NextAction.WINDOW_IS_OVER


def _offline_action(programme: Programme, standing: Standing) -> NextAction | None:
    return NextAction.OFFLINE if programme.hours.offline and not standing.offline_complete else None


def _assignments_action(programme: Programme, standing: Standing) -> NextAction | None:
    return None if all(one.code in standing.scored for one in programme.assignments) else NextAction.ASSIGNMENTS


def _exam_action(programme: Programme, standing: Standing, now: datetime) -> NextAction | None:
    if standing.exam_done:
        return None
    if standing.exam_spent:
        return NextAction.EXAM_IS_OVER
    if programme.exam.contains(now):
        return NextAction.SIT_EXAM
    return NextAction.WAIT_FOR_EXAM if now < programme.exam.opens else NextAction.EXAM_IS_OVER


def _may_sit(programme: Programme, standing: Standing) -> bool:
    if not programme.exam.requires_learning:
        return True
    asked = programme.requirements
    return (standing.online_complete or not asked.online_complete) and (standing.offline_complete or not asked.offline_complete)


def _step(code: StepCode, period: Period | None, done: bool, now: datetime, *, results_follow: bool = False) -> Step:
    """Tell how a step stands; where results come in from lists, its end fails nobody."""
    if done:
        return Step(code, StepState.DONE, period)
    if period is None or period.contains(now) or (results_follow and period.closes <= now):
        return Step(code, StepState.NOW, period)
    return Step(code, StepState.LATER if now < period.opens else StepState.FAILED, period)


def _certificate_state(standing: Standing) -> StepState:
    if standing.certified:
        return StepState.NOW if standing.lapsed else StepState.DONE
    return StepState.FAILED if standing.revoked or (standing.qualified is False and not standing.again_at and not standing.pending) else StepState.LATER


def _stage(programme: Programme, activity: str) -> Period | None:
    return next((stage for stage in programme.stages if stage.activity == activity), None)
