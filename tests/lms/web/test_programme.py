import pytest
from flask import Flask

from lms.domain.unit import UnitKind
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.support import learning, rows
from tests.support.cast import LIN, PENG, enter, sign_in


@pytest.fixture
def loaded(app: Flask) -> None:
    learning.load()


def page(app: Flask) -> str:
    return enter(app, LIN).get(f"/programmes/{learning.CODE}").get_data(as_text=True)


def test_a_programme_tells_what_is_asked_and_where_it_departs_from_its_notice(app: Flask, loaded: None) -> None:
    text = page(app)
    for words in ("赣教基办函", "各地学习时段", "与通知原文不同的地方", "通知没有写、系统补充的规定", "与原培训项目不同的地方", "1.5 学时"):
        assert words in text
    assert "确认报名" not in text
    assert enter(app, LIN).get("/programmes/nothing").status_code == 404
    assert enter(app, LIN).post(f"/programmes/{learning.CODE}/enrol", data={"participants": "young"}).status_code == 403


def test_learners_enrol_themselves_where_the_notice_says_so(app: Flask, clock: FixedClock) -> None:
    told = learning.load(learning.programme_text().replace('by = "school"', 'by = "learner"'))
    clock.instant = told.enrolment.opens
    with transaction() as session:
        city = rows.unit(session, rows.unit_tree(session).province, UnitKind.CITY, learning.CITY, "南山市")
        school = rows.unit(session, city, UnitKind.SCHOOL, "360700-01", "南山市第二小学")
        person_id = rows.person(session, account="bai", name="白露", unit=school)
    client = app.test_client()
    sign_in(client, person_id)
    assert told.title in client.get("/").get_data(as_text=True)
    assert "确认报名" in client.get(f"/programmes/{learning.CODE}").get_data(as_text=True)
    path = f"/programmes/{learning.CODE}/enrol"
    assert client.post(path, data={"participants": ["nobody"]}).status_code == 200
    assert client.post(path, data={"participants": ["young", "homeroom"]}).status_code == 302
    assert "确认报名" not in client.get(f"/programmes/{learning.CODE}").get_data(as_text=True)
    assert "45岁以下青年教师、班主任" in client.get("/").get_data(as_text=True)
    assert client.post(path, data={"participants": ["young"]}).status_code == 409
    assert enter(app, LIN).post(path, data={"participants": ["young"]}).status_code == 422  # her city has no seats


def test_the_list_of_programmes_is_for_the_province(app: Flask, loaded: None) -> None:
    assert learning.CODE in enter(app, PENG).get("/manage/programmes").get_data(as_text=True)
    assert enter(app, LIN).get("/manage/programmes").status_code == 403
