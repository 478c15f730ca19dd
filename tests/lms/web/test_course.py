from pathlib import Path

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
    form = {name: value for name, value in ({"title": title, "topic": "crisis", "minutes": "45", "quiz": "y"} | changes).items() if value}
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
    for lesson_id in (1, 2):
        learning.with_quiz(lesson_id)
    assert chen.post(f"{page}/publish").status_code == 302
    assert "课程已发布" in chen.get(page).get_data(as_text=True)
    assert chen.post(f"{page}/hide").status_code == 302
    assert "未发布" in chen.get("/manage/courses").get_data(as_text=True)


def test_a_lesson_that_lacks_its_quiz_is_not_published_and_the_refusal_says_which(app: Flask, chen: FlaskClient, tmp_path: Path) -> None:
    page = chen.post("/manage/courses", data={"programme": learning.CODE, "title": "危机干预", "summary": ""}).location
    add(chen, page, "第一讲")
    add(chen, page, "第二讲")
    learning.with_quiz(1)
    said = chen.post(f"{page}/publish", follow_redirects=True).get_data(as_text=True)
    assert "还不能发布：《第二讲》" in said
    assert "未发布" in said
    file = tmp_path / "programme.toml"
    file.write_text(learning.programme_text(), encoding="utf-8")
    told = app.test_cli_runner().invoke(args=["programme", "check", str(file), "--courses"]).output
    assert "课《第二讲》" in told
    assert "[lesson_without_quiz]" in told
    assert "第一讲" not in told

    file.write_text(learning.programme_text().replace("quiz_required = true", "quiz_required = false", 1), encoding="utf-8")
    told = app.test_cli_runner().invoke(args=["programme", "check", str(file), "--courses"]).output
    assert "lesson_without_quiz" not in told, "a programme that asks for no quiz credits without one"
    file.write_text(learning.programme_text(), encoding="utf-8")

    learning.with_quiz(2)
    assert "课程已发布" in chen.post(f"{page}/publish", follow_redirects=True).get_data(as_text=True)
    assert "lesson_without_quiz" not in app.test_cli_runner().invoke(args=["programme", "check", str(file), "--courses"]).output
    asking = {"title": "第三讲", "topic": "crisis", "minutes": "45", "quiz": "y"}
    assert "请先不勾选" in chen.post(f"{page}/lessons", data=asking).get_data(as_text=True), "published at once, without its quiz"
    add(chen, page, "第三讲", quiz="")
    lesson = "/manage/courses/lessons/3"
    assert "请先在下面为这节课配好小测" in chen.post(lesson, data=asking).get_data(as_text=True)
    learning.with_quiz(3)
    assert chen.post(lesson, data=asking).status_code == 302


def test_a_programme_that_asks_for_no_quiz_publishes_a_lesson_without_one(chen: FlaskClient) -> None:
    learning.load(learning.programme_text().replace("quiz_required = true", "quiz_required = false", 1))
    page = chen.post("/manage/courses", data={"programme": learning.CODE, "title": "危机干预", "summary": ""}).location
    add(chen, page, "第一讲")
    assert "课程已发布" in chen.post(f"{page}/publish", follow_redirects=True).get_data(as_text=True)
    add(chen, page, "第二讲")
    add(chen, page, "第三讲", quiz="")
    asking = {"title": "第三讲", "topic": "crisis", "minutes": "45", "quiz": "y"}
    assert chen.post("/manage/courses/lessons/3", data=asking).status_code == 302


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
