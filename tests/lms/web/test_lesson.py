from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask

from lms import api
from lms.domain.activity import Activity, ActivityState, LearningRules, Panel
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.services import activity, lesson
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import CHEN, LIN, SAM, enter, id_of
from tests.support.queries import query_budget

ASKED: list[int] = []


def states(session: Session, person_id: int, wanted: Sequence[Activity], now: datetime) -> Mapping[int, ActivityState]:
    ASKED.append(len(wanted))
    return {one.id: ActivityState(one.id, done=False, fraction=0.4, text="已看 40%") for one in wanted}


def panel(session: Session, person_id: int, one: Activity, rules: LearningRules, now: datetime) -> Panel:
    assert rules.programme_code == learning.CODE
    return Panel(template="components/notice.html", page=one, scripts=("enhance.js",), styles=("base.css",))


@pytest.fixture
def taught(app: Flask) -> tuple[learning.Taught, ...]:
    activity.register_activity_kind(api.ActivityKind("test_video", states, panel))
    learning.load()
    person_id = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, person_id)
        return learning.taught(session, "第一讲", "第二讲", "第三讲")


def test_a_lesson_shows_its_panels_its_state_and_every_lesson(app: Flask, taught: tuple[learning.Taught, ...]) -> None:
    client = enter(app, LIN)
    ASKED.clear()
    with query_budget(12):
        answer = client.get(f"/lessons/{taught[0].lesson_id}")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert text.count("enhance.js") == 2  # the page's own, and the panel's
    assert text.count("已看 40%") == 3
    assert ASKED == [3]  # one question for all lessons
    assert "课后小测" in text
    assert 'aria-current="page"' in text


def test_a_credited_lesson_leads_to_the_next(app: Flask, taught: tuple[learning.Taught, ...]) -> None:
    learning.learn(id_of(LIN), taught[0])
    text = enter(app, LIN).get(f"/lessons/{taught[0].lesson_id}").get_data(as_text=True)
    assert "下一节课" in text
    assert "已计入学时" in text
    assert enter(app, LIN).get("/lessons").location.endswith(f"/lessons/{taught[1].lesson_id}")


def test_outside_her_window_she_may_look_and_is_told_that_it_earns_nothing(app: Flask, taught: tuple[learning.Taught, ...], clock: FixedClock) -> None:
    for away, words in ((-6, "现在观看不计学时"), (40, "结束，现在观看不计学时")):
        clock.instant = NOON + timedelta(days=away)
        assert words in enter(app, LIN).get(f"/lessons/{taught[0].lesson_id}").get_data(as_text=True)


def test_a_lesson_of_another_s_does_not_exist_and_another_role_is_refused(app: Flask, taught: tuple[learning.Taught, ...]) -> None:
    path = f"/lessons/{taught[0].lesson_id}"
    assert enter(app, SAM).get(path).status_code == 404
    assert enter(app, CHEN).get(path).status_code == 403
    assert enter(app, LIN).get("/lessons/999999").status_code == 404
    assert app.test_client().get(path).status_code == 302


def test_an_unpublished_lesson_does_not_exist(app: Flask, taught: tuple[learning.Taught, ...]) -> None:
    with transaction() as session:
        course_id = lesson.lesson(session, taught[0].lesson_id).course_id
        lesson.publish(session, course_id, shown=False, actor_id=None, now=NOON)
    assert enter(app, LIN).get(f"/lessons/{taught[0].lesson_id}").status_code == 404
    assert enter(app, LIN).get("/lessons").status_code == 302
