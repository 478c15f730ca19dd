from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lms.domain.plan import NextAction, Standing, StepCode, StepState, next_action, steps
from lms.domain.programme import parse, window_of
from tests.support.learning import CITY, programme_text

PROGRAMME = parse(programme_text())
WINDOW = window_of(PROGRAMME, CITY)
assert WINDOW
NOW = WINDOW.opens
SECOND = timedelta(seconds=1)
BEGINNER = Standing(online_complete=False, offline_complete=False, window=WINDOW, has_lessons=True, exam_done=False)
LEARNED = replace(BEGINNER, online_complete=True, offline_complete=True)
SAT = replace(LEARNED, exam_done=True)
MARKED = replace(SAT, scored=frozenset({"lesson-plan", "growth-report"}))


@pytest.mark.parametrize(
    ("standing", "now", "action"),
    [
        (BEGINNER, NOW - SECOND, NextAction.WAIT_FOR_WINDOW),
        (BEGINNER, NOW, NextAction.LEARN),
        (replace(BEGINNER, sits=True), NOW, NextAction.BACK_TO_EXAM),
        (replace(MARKED, certified=True, sits=True), NOW, NextAction.BACK_TO_EXAM),
        (BEGINNER, WINDOW.closes - SECOND, NextAction.LEARN),
        (BEGINNER, WINDOW.closes, NextAction.WINDOW_IS_OVER),
        (replace(BEGINNER, has_lessons=False), NOW, NextAction.WAIT_FOR_LESSONS),
        (replace(BEGINNER, window=None), NOW, NextAction.LEARN),
        (replace(BEGINNER, online_complete=True), NOW, NextAction.OFFLINE),
        (LEARNED, NOW, NextAction.SIT_EXAM),
        (LEARNED, PROGRAMME.exam.opens - SECOND, NextAction.ASSIGNMENTS),
        (replace(MARKED, exam_done=False), PROGRAMME.exam.opens - SECOND, NextAction.WAIT_FOR_EXAM),
        (replace(MARKED, exam_done=False), PROGRAMME.exam.closes, NextAction.EXAM_IS_OVER),
        (SAT, NOW, NextAction.ASSIGNMENTS),
        (MARKED, NOW, NextAction.WAIT_FOR_RESULT),
        (replace(MARKED, certified=True, lapsed=True), NOW, NextAction.CERTIFICATE_LAPSED),
        (replace(MARKED, qualified=False), NOW, NextAction.NOT_QUALIFIED),
        (replace(MARKED, qualified=False, again_at=NOW), NOW, NextAction.SIT_AGAIN),
        (replace(MARKED, qualified=False, again_at=NOW + SECOND), NOW, NextAction.SIT_AGAIN),
        (replace(MARKED, qualified=False, online_complete=False, again_at=NOW + SECOND), NOW, NextAction.LEARN),
        (replace(MARKED, qualified=False, online_complete=False, again_at=NOW), NOW, NextAction.SIT_AGAIN),
        (replace(MARKED, qualified=False, pending=True), NOW, NextAction.WAIT_FOR_RESULT),
        (replace(MARKED, revoked=True), NOW, NextAction.CERTIFICATE_REVOKED),
        (replace(MARKED, revoked=True, qualified=False), NOW, NextAction.NOT_QUALIFIED),
        (replace(MARKED, certified=True), NOW, NextAction.CERTIFICATE),
    ],
)
def test_there_is_one_thing_to_do_next(standing: Standing, now: datetime, action: NextAction) -> None:
    assert next_action(PROGRAMME, standing, now) is action


def test_a_programme_may_let_people_sit_before_they_have_learned() -> None:
    programme = replace(PROGRAMME, exam=replace(PROGRAMME.exam, requires_learning=False))
    assert next_action(programme, replace(BEGINNER, online_complete=True), NOW) is NextAction.SIT_EXAM


def test_who_has_no_attempt_left_is_not_sent_to_an_exam_that_is_still_open() -> None:
    spent = replace(BEGINNER, online_complete=True, offline_complete=True, scored=frozenset(one.code for one in PROGRAMME.assignments), exam_spent=True)
    now = PROGRAMME.exam.opens
    assert (next_action(PROGRAMME, spent, now), next_action(PROGRAMME, replace(spent, exam_spent=False), now)) == (NextAction.EXAM_IS_OVER, NextAction.SIT_EXAM)
    assert {step.state for step in steps(PROGRAMME, spent, now) if step.code is StepCode.EXAM} == {StepState.FAILED}


def test_the_steps_stand_as_their_dates_and_results_say() -> None:
    def states(standing: Standing, now: datetime) -> dict[StepCode, StepState]:
        return {step.code: step.state for step in steps(PROGRAMME, standing, now)}

    begun = states(BEGINNER, NOW)
    assert (begun[StepCode.ENROL], begun[StepCode.ONLINE], begun[StepCode.CERTIFICATE]) == (StepState.DONE, StepState.NOW, StepState.LATER)
    late = states(BEGINNER, PROGRAMME.closes + timedelta(days=30))
    assert (late[StepCode.ONLINE], late[StepCode.EXAM]) == (StepState.FAILED, StepState.FAILED)
    assert (late[StepCode.OFFLINE], late[StepCode.ASSIGNMENTS]) == (StepState.NOW, StepState.NOW)  # results still come in from lists
    assert set(states(replace(MARKED, certified=True), NOW).values()) == {StepState.DONE}
    for failed in (replace(MARKED, qualified=False), replace(MARKED, revoked=True)):
        assert states(failed, NOW)[StepCode.CERTIFICATE] is StepState.FAILED
    assert states(replace(MARKED, qualified=False, again_at=NOW), NOW)[StepCode.CERTIFICATE] is StepState.LATER
    sitting = PROGRAMME.exam.opens
    exam = [states(replace(MARKED, qualified=False, again_at=at), sitting)[StepCode.EXAM] for at in (None, sitting)]
    assert exam == [StepState.DONE, StepState.NOW], "who may try again is not through with it"


def test_a_programme_without_offline_hours_or_assignments_lacks_those_steps() -> None:
    from decimal import Decimal

    programme = replace(PROGRAMME, hours=replace(PROGRAMME.hours, offline=Decimal(0)), assignments=())
    assert [step.code for step in steps(programme, BEGINNER, NOW)] == [StepCode.ENROL, StepCode.ONLINE, StepCode.EXAM, StepCode.CERTIFICATE]
    assert next_action(programme, replace(SAT, offline_complete=False), NOW) is NextAction.WAIT_FOR_RESULT
