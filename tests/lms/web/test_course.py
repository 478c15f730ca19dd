import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import learning
from tests.support.cast import CHEN, LIN, PENG, enter
from tests.support.queries import query_budget


@pytest.fixture
def chen(app: Flask) -> FlaskClient:
    learning.load()
    return enter(app, CHEN)


def add(client: FlaskClient, page: str, title: str, **changes: object) -> None:
    form = {"title": title, "topic": "crisis", "minutes": "45", "quiz": "y"} | changes
    assert client.post(f"{page}/lessons", data=form).status_code == 302


def test_a_course_is_made_filled_ordered_and_published(chen: FlaskClient) -> None:
    page = chen.post("/manage/courses", data={"programme": learning.CODE, "title": "危机干预", "summary": ""}).location
    add(chen, page, "第一讲")
    add(chen, page, "第二讲")
    with query_budget(12):
        text = chen.get(page).get_data(as_text=True)
    assert "还没有视频，还没有小测" in text
    assert text.index("第一讲") < text.index("第二讲")
    assert chen.post(f"{page}/lessons/2/earlier").status_code == 302
    text = chen.get(page).get_data(as_text=True)
    assert text.index("第二讲") < text.index("第一讲")
    assert chen.post(f"{page}/publish").status_code == 302
    assert "已发布" in chen.get(page).get_data(as_text=True)
    assert chen.post(f"{page}/hide").status_code == 302
    assert "未发布" in chen.get("/manage/courses").get_data(as_text=True)


def test_a_lesson_is_changed(chen: FlaskClient) -> None:
    page = chen.post("/manage/courses", data={"programme": learning.CODE, "title": "课", "summary": ""}).location
    add(chen, page, "第一讲")
    lesson = "/manage/courses/lessons/1"
    assert "第一讲" in chen.get(lesson).get_data(as_text=True)
    form = {"title": "第一讲（修订）", "topic": "crisis", "minutes": "30"}
    assert chen.post(lesson, data=form).status_code == 302
    assert "第一讲（修订）" in chen.get(page).get_data(as_text=True)
    assert chen.post(lesson, data=form | {"minutes": "0"}).status_code == 200


def test_faults_stay_on_the_page(chen: FlaskClient) -> None:
    answer = chen.post("/manage/courses", data={"programme": "nothing", "title": ""})
    assert answer.status_code == 200
    assert "有几处需要修改" in answer.get_data(as_text=True)


def test_others_do_not_edit_courses(app: Flask, chen: FlaskClient) -> None:
    page = chen.post("/manage/courses", data={"programme": learning.CODE, "title": "课", "summary": ""}).location
    for member in (LIN, PENG):
        assert enter(app, member).get(page).status_code == 403
    assert app.test_client().get(page).status_code == 302
    assert chen.get("/manage/courses/999").status_code == 404
    assert chen.get("/manage/courses/lessons/999").status_code == 404
