import io

import pytest
from flask import Flask

from tests.lms.services.test_attendance import workbook
from tests.support import learning
from tests.support.cast import CAO, LIN, PENG, SAM, YUAN, enter
from tests.support.queries import query_budget

LISTS = f"/manage/attendance/{learning.CODE}"


@pytest.fixture
def lin(app: Flask) -> int:
    return learning.enrolled(LIN)


def send(app: Flask, member: object, content: bytes, what: str = "offline"):  # type: ignore[no-untyped-def]
    return enter(app, member).post(LISTS, data={"what": what, "held_on": "2026-11-21", "held_part": "day", "file": (io.BytesIO(content), "签到.xlsx")})  # type: ignore[arg-type]


def test_a_list_is_uploaded_looked_through_committed_and_undone(app: Flask, lin: int) -> None:
    answer = send(app, CAO, workbook(("lin", "", "", 1), ("nobody", "", "", 1)))
    assert answer.status_code == 302
    client = enter(app, CAO)
    page = answer.location
    with query_budget(12):
        text = client.get(page).get_data(as_text=True)
    assert "确认导入 1 行" in text
    assert "没有找到这位学员" in text
    assert "线下培训学时：2026-11-21 全天" in text
    assert "已有学时" in text
    assert client.post(f"{page}/commit").status_code == 302
    assert "撤销这次导入" in client.get(page).get_data(as_text=True)
    assert client.post(f"{page}/undo").status_code == 302
    assert "已撤销" in client.get(page).get_data(as_text=True)
    assert client.post(f"{page}/undo").status_code == 409


def test_what_is_no_list_is_told_on_the_page(app: Flask, lin: int) -> None:
    answer = send(app, CAO, b"nothing")
    assert answer.status_code == 422
    assert "下载模板" in answer.get_data(as_text=True)
    assert enter(app, CAO).post(LISTS, data={"what": "offline"}).status_code == 200


def test_attendance_without_a_day_is_refused_with_what_is_missing(app: Flask, lin: int) -> None:
    form = {"what": "offline", "held_part": "day", "file": (io.BytesIO(workbook(("lin", "", "", 1))), "签到.xlsx")}
    answer = enter(app, CAO).post(LISTS, data=form)
    assert answer.status_code == 422
    assert "请填写这一场线下培训的日期" in answer.get_data(as_text=True)


def test_marks_are_for_the_province(app: Flask, lin: int) -> None:
    content = workbook(("lin", "", "", 90), header=("账号", "姓名", "学校", "成绩"))
    assert send(app, PENG, content, "assignment:lesson-plan").status_code == 302
    assert "/lists/" not in (send(app, CAO, content, "assignment:lesson-plan").location or "")
    assert enter(app, CAO).get(f"{LISTS}/template?what=assignment").status_code == 403
    assert enter(app, PENG).get(f"{LISTS}/template?what=assignment").status_code == 200


def test_another_s_list_does_not_exist_and_another_role_is_refused(app: Flask, lin: int) -> None:
    page = send(app, CAO, workbook(("lin", "", "", 1))).location
    assert enter(app, YUAN).get(page).status_code == 404
    assert enter(app, YUAN).post(f"{page}/commit").status_code == 404
    assert enter(app, PENG).get(page).status_code == 200
    for path in (page, LISTS, "/manage/attendance"):
        assert enter(app, SAM).get(path).status_code == 403
        assert app.test_client().get(path).status_code == 302


def test_the_lists_of_a_programme_stay_in_their_budget(app: Flask, lin: int) -> None:
    for number in range(3):
        send(app, CAO, workbook(("lin", "", "", number / 10)))
    client = enter(app, CAO)
    with query_budget(8):
        text = client.get(LISTS).get_data(as_text=True)
    assert text.count("签到.xlsx") == 3
    assert client.get("/manage/attendance").location.endswith(LISTS)
