from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask

from lms import api
from lms.domain.activity import Activity, ActivityState, LearningRules, Panel
from lms.domain.hours import HoursKind, Worth
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.services import activity, enrolment, hours
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import CHEN, EMIN, LIN, PENG, SAM, enter, id_of
from tests.support.queries import query_budget


def states(session: Session, person_id: int, wanted: Sequence[Activity], now: datetime) -> Mapping[int, ActivityState]:
    return {one.id: ActivityState(one.id, done=False, fraction=0.4, text="已看 40%") for one in wanted}


def panel(session: Session, person_id: int, one: Activity, rules: LearningRules, now: datetime) -> Panel | None:
    return None


@pytest.fixture
def lin(app: Flask) -> int:
    activity.register_activity_kind(api.ActivityKind("test_video", states, panel))
    learning.load()
    person_id = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, person_id)
    return person_id


def shown(app: Flask, path: str = "/") -> str:
    with query_budget(12):
        answer = enter_lin(app).get(path)
    assert answer.status_code == 200
    said: str = answer.get_data(as_text=True)
    return said


def enter_lin(app: Flask):  # type: ignore[no-untyped-def]
    return enter(app, LIN)


def test_the_next_lesson_is_one_button(app: Flask, lin: int) -> None:
    with transaction() as session:
        one, two = learning.taught(session, "第一讲", "第二讲")
    text = shown(app)
    assert text.count("button-large") == 1
    assert f"/lessons/{one.lesson_id}" in text
    assert "线上学习还差 1.5 学时" in text
    assert "学习时段还剩" in text
    learning.learn(lin, one)
    text = shown(app)
    assert f"/lessons/{two.lesson_id}" in text
    assert "线上学习还差 0.5 学时" in text


def test_the_first_page_stays_in_its_budget(app: Flask, lin: int) -> None:
    with transaction() as session:
        learning.taught(session, *(f"第{number}讲" for number in range(12)))
    client = enter(app, LIN)
    client.get("/")
    with query_budget(7):
        assert client.get("/").status_code == 200


def test_before_her_window_she_may_look_and_is_told_when_it_opens(app: Flask, lin: int, clock: FixedClock) -> None:
    with transaction() as session:
        learning.taught(session)
    clock.instant = NOON - timedelta(days=5)
    assert "您的学习时段还没有开始" in shown(app)


def test_after_her_window_the_way_out_is_named(app: Flask, lin: int, clock: FixedClock) -> None:
    clock.instant = NOON + timedelta(days=30)
    assert "个人学习时段" in shown(app)
    clock.instant = NOON + timedelta(days=1000)
    over = shown(app)
    assert "您的学习时段已经结束" in over
    assert "个人学习时段" not in over, "the training itself is over: there is no form behind that button"


def test_without_lessons_she_is_told_to_wait(app: Flask, lin: int) -> None:
    assert "请等待新课程发布" in shown(app)


def test_when_the_hours_are_there_the_exam_comes_next(app: Flask, lin: int) -> None:
    with transaction() as session:
        lessons = learning.taught(session, "第一讲", "第二讲")
    for one in lessons:
        learning.learn(lin, one)
    assert "参加线下培训" in shown(app)
    with transaction() as session:
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        hours.enter(
            session,
            api.in_force(session, learning.CODE),
            enrolment_id=found.id,
            kind=HoursKind.OFFLINE,
            worth=Worth(2700, 0),
            evidence="x",
            now=NOON,
        )
    text = shown(app)
    assert "去参加测试" in text
    assert "学时要求已经全部达到" in text


def test_who_takes_part_in_nothing_is_told_so(app: Flask, lin: int) -> None:
    text = enter(app, SAM).get("/").get_data(as_text=True)
    assert "您还没有参加培训" in text


@pytest.mark.parametrize("member", [PENG, CHEN, EMIN])
def test_staff_see_their_areas_of_work(app: Flask, member: object) -> None:
    answer = enter(app, member).get("/")  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert "您好" in answer.get_data(as_text=True)


def test_nobody_is_led_to_sign_in(app: Flask) -> None:
    assert app.test_client().get("/").status_code == 302


def test_the_plan_names_every_requirement_with_dates(app: Flask, lin: int) -> None:
    text = shown(app, "/plan")
    for words in ("心理活动课程设计", "个人成长报告", "线下培训", "总评不低于 60 分", "90 分钟", "占 60%"):
        assert words in text


def test_a_plan_of_somebody_else_s_programme_does_not_exist(app: Flask, lin: int) -> None:
    assert enter(app, SAM).get(f"/plan?programme={learning.CODE}").status_code == 404
    assert "您还没有参加培训" in enter(app, SAM).get("/plan").get_data(as_text=True)
    assert enter(app, PENG).get("/plan").status_code == 403
