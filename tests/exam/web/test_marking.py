"""The story of a short text on its pages: taken, marked twice, decided, released, read by its writer."""

import re
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam.domain.exam import ExamPolicy
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.support import exams, scripts
from tests.support.cast import LIN, Member, enter, id_of
from tests.support.exams import EXAM
from tests.support.queries import query_budget
from tests.support.scripts import DONE

EMMA = Member("emma", "阅卷甲", (Role.EXAMINER,), home="far_school")
EDA = Member("eda", "阅卷乙", (Role.EXAMINER,), home="far_school")
PAN = Member("pan", "潘省厅", (Role.PROVINCE_MANAGER,), home="far_school")
PEI = Member("pei", "裴省厅", (Role.PROVINCE_MANAGER,), home="far_school")
ADMIN = f"/admin/exams/{EXAM}/marking"


def body(client: FlaskClient, path: str) -> str:
    return client.get(path, follow_redirects=True).get_data(as_text=True)


def taken(client: FlaskClient) -> str:
    """Take the next script; returns its page's address."""
    answer = client.post(f"/marking/{EXAM}/next")
    assert answer.status_code == 302
    return str(answer.location)


def linked(page: str, act: str) -> str:
    """Return the first address on a page at which a script is acted on."""
    (number, *_more) = re.findall(rf"marking/(\d+)/{act}", page)
    return f"{ADMIN}/{number}/{act}"


def counted(page: str) -> dict[str, int]:
    return {label: int(figure) for label, figure in re.findall(r'stat-label">([^<]+)</dt>\s*<dd class="stat-value"><span class="figure">(\d+)<', page)}


def test_a_short_text_goes_from_its_writer_to_examiners_and_back(app: Flask, clock: FixedClock) -> None:
    clock.instant = DONE
    id_of(LIN)
    scripts.handed_in("lin", policy=ExamPolicy(double_percent=100))
    lin, emma, eda, pan = (enter(app, member) for member in (LIN, EMMA, EDA, PAN))
    pan.post(f"{ADMIN}/until", data={"day": "2026-11-24"})
    assert 'value="2026-11-24"' in body(pan, ADMIN)
    with query_budget(12):
        home = body(emma, "/")
    assert "“线上测试”有 1 份答卷等您评阅，请在 2026年11月24日 24:00 前评完。" in home
    assert "等您评阅" not in body(lin, "/")
    clock.advance(days=3)
    assert "已经逾期" in body(emma, "/")
    clock.instant = DONE
    pan.post(f"{ADMIN}/until", data={"day": ""})
    assert "等您评阅</p>" in body(emma, "/")
    assert "等待您评阅" in body(emma, "/marking")
    page = taken(emma)
    shown = body(emma, page)
    for words in ("学生说不想上学", "我会先听他说。lin", "先倾听，再一起想办法。", "倾听", "0 至 6 分"):
        assert words in shown
    assert "林晓梅" not in shown
    assert "答卷" not in body(eda, page) or "已由他人领取" in body(eda, page), "who does not hold the script does not read it"
    assert emma.post(f"{page}/draft", data={"points-0": "5.5", "points-1": "", "remark": "好"}).status_code == 204
    assert 'value="5.5"' in body(emma, page)
    assert emma.post(f"{page}/on", data={"points-0": "６", "points-1": "4.001", "remark": "好"}).location == page, "loading it anew sends nothing twice"
    assert "请给每条评分标准打分" in body(emma, page)
    assert "没有等待您评阅的答卷" in emma.post(f"{page}/on", data={"points-0": "６", "points-1": "4", "remark": "好"}, follow_redirects=True).get_data(
        as_text=True
    )
    assert "10 / 10 分" in body(emma, "/marking")
    assert eda.post(f"{taken(eda)}/done", data={"points-0": "1", "points-1": "0", "remark": ""}).status_code == 302

    assert "等您评阅" not in body(emma, "/"), "nothing is left"
    assert "有 1 份答卷两位阅卷人评分相差较大，等您裁定" in body(pan, "/")
    overview = body(pan, ADMIN)
    for words in ("等待您裁定", "阅卷甲", "10、1 / 10", "100%"):
        assert words in overview, words
    board = body(pan, f"/admin/exams/{EXAM}")
    assert "还有 1 份简答题答卷没有评完" in board
    assert counted(board) == {"正在作答": 0, "已交卷，待评分": 0, "到时收卷，待评分": 0, "已评分": 0, "已作废": 0, "待人工评阅": 1}
    pan.post(f"/admin/exams/{EXAM}/release")
    assert "简答题正在由阅卷人评阅" in body(lin, f"/exams/{EXAM}/result")
    decided = str(pan.post(linked(overview, "decide")).location)
    assert "1 / 10 分" in body(pan, decided)
    assert "提交裁定" in body(pan, decided)
    answer = pan.post(f"{decided}/decided", data={"points-0": "4", "points-1": "2.5", "remark": "倾听到位，办法不具体"})
    assert answer.location == ADMIN, "who decides goes back to what is left to decide"
    assert "8.5" in body(lin, f"/exams/{EXAM}/result")
    assert "重新评阅" not in body(lin, f"/exams/{EXAM}/result"), "the first marking changed nothing that was out"
    clock.instant = DONE + timedelta(days=3)
    pan.post(f"/admin/exams/{EXAM}/review", data={"review": "after_window"})
    review = body(lin, f"/exams/{EXAM}/review")
    for words in ("倾听：4 / 6 分", "办法：2.5 / 4 分", "评语：倾听到位，办法不具体", "先倾听，再一起想办法。"):
        assert words in review
    assert ">好<" not in review
    found = body(pan, f"{ADMIN}?account=lin")
    assert "6.5 / 10 分" in found
    lin.post(f"/exams/{EXAM}/appeal", data={"words": "请复核简答题"})
    (asked,) = re.findall(r"marking\?attempt=(\d+)", body(pan, f"/admin/exams/{EXAM}/appeals"))
    assert "6.5 / 10 分" in body(pan, f"{ADMIN}?attempt={asked}"), "an appeal leads to the scripts"
    alone = pan.post(linked(found, "reopen"), data={"reason": "申请复核"}, follow_redirects=True).get_data(as_text=True)
    assert "除您以外，还没有能裁定这份答卷的考试管理员" in alone
    id_of(PEI)
    reopened = pan.post(linked(found, "reopen"), data={"reason": "申请复核"}, follow_redirects=True)
    for words in ("已转为待裁定，由另一位考试管理员裁定", "由您转为裁定或评过的答卷"):
        assert words in reopened.get_data(as_text=True), words
    with transaction() as session:
        acts = session.execute(text("SELECT action, count(*) FROM audit_entry WHERE action LIKE 'marking.%' GROUP BY 1"))
        audited = {str(action): int(number) for action, number in acts}
    assert (audited["marking.hand_in"], audited["marking.reopen"]) == (3, 1)
    assert audited["marking.key_view"] >= 4
    assert "您的得分由" not in body(lin, "/"), "a first marking changed nothing, and this one is not done"
    pei = enter(app, PEI)
    again = str(pei.post(linked(body(pei, ADMIN), "decide")).location)
    pei.post(f"{again}/decided", data={"points-0": "1", "points-1": "1", "remark": "没有说到办法"})
    assert "“线上测试”的简答题重新评阅过，您的得分由 8.5 分改为 4 分。" in body(lin, "/")
    assert "简答题重新评阅，得分由 8.5 分改为 4 分。" in body(lin, f"/exams/{EXAM}/result")


def test_an_examiner_who_may_still_sit_the_exam_takes_no_script_before_its_end(app: Flask, clock: FixedClock) -> None:
    clock.instant = DONE
    id_of(LIN)
    scripts.handed_in("lin")
    emma = enter(app, EMMA)
    assert "等您评阅" in body(emma, "/")
    assert "领取一份" in body(emma, "/marking")
    held = taken(emma)
    assert "继续评阅" in body(emma, "/marking")
    exams.enrolled(EMMA.account)
    for answer in (emma.get(held, follow_redirects=True), emma.post(f"{held}/done", data={"points-0": "1", "points-1": "1"}, follow_redirects=True)):
        assert "您自己报名了这个培训项目" in answer.get_data(as_text=True)
        assert "先倾听" not in answer.get_data(as_text=True)
    assert "继续评阅" not in body(emma, "/marking"), "what she took before she enrolled goes on to somebody else"
    assert "等您评阅" not in body(emma, "/"), "what she cannot take is not counted for her"
    desk = body(emma, "/marking")
    assert "才能领取这场考试的答卷" in desk
    assert "领取一份" not in desk
    refused = emma.post(f"/marking/{EXAM}/next", follow_redirects=True).get_data(as_text=True)
    assert "您自己报名了这个培训项目" in refused
    assert "先倾听" not in refused, "the model response is a key"
    clock.advance(days=5)
    assert "先倾听，再一起想办法。" in body(emma, taken(emma))


def test_a_manager_who_may_still_sit_the_exam_is_not_told_to_decide_on_its_scripts(app: Flask, clock: FixedClock) -> None:
    clock.instant = DONE
    id_of(LIN)
    scripts.handed_in("lin")
    with transaction() as session:
        session.execute(text("UPDATE script SET state = 'disputed'"))
    pan = enter(app, PAN)
    assert "等您裁定" in body(pan, "/")
    assert "/decide" in body(pan, ADMIN)
    exams.enrolled(PAN.account)
    assert "等您裁定" not in body(pan, "/")
    assert "/decide" not in body(pan, ADMIN)
    clock.advance(days=5)
    assert "等您裁定" in body(pan, "/")


def test_others_are_refused(app: Flask) -> None:
    exams.prepared()
    lin, emma, stranger = enter(app, LIN), enter(app, EMMA), app.test_client()
    for path in ("/marking", "/marking/scripts/1", ADMIN):
        assert lin.get(path).status_code == 403
        assert stranger.get(path).status_code in (302, 401)
    assert emma.get(ADMIN).status_code == 403
    assert emma.post(f"{ADMIN}/1/decide").status_code == 403
    assert emma.post(f"{ADMIN}/until").status_code == 403
    assert emma.post("/marking/scripts/99/draft", data={}).status_code == 404
    assert "没有需要人工评阅的考试" in body(emma, "/marking")
