"""The blueprint editor, as the province's manager and as others."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import LIN, PENG, enter

ROWS = (("单选题", "2", "single", "crisis", "", "", "", "2"), ("判断题", "1", "true_false", "", "", "", "", "1"), ("", "", "", "", "", "", "", ""))
COLUMNS = ("section", "points", "type", "topic", "level", "hardest", "easiest", "count")


def typed(action: str = "save", *, rows: tuple[tuple[str, ...], ...] = ROWS, **head: str) -> MultiDict[str, str]:
    form = MultiDict({"code": "autumn", "title": "秋季细目表", "tolerance": "3", "exposure": "60", "bank": exams.BANK, "action": action, **head})
    for row in rows:
        for name, value in zip(COLUMNS, row, strict=True):
            form.add(name, value)
    return form


def test_a_table_is_written_measured_saved_and_versioned(app: Flask) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    measured = peng.post("/admin/blueprints", data=typed("check")).get_data(as_text=True)
    assert "题库足够" in measured
    assert peng.post("/admin/blueprints", data=typed()).location.startswith("/admin/blueprints/autumn")
    peng.post("/admin/blueprints", data=typed(rows=((*ROWS[0][:7], "1"), ROWS[1])))
    page = peng.get("/admin/blueprints/autumn").get_data(as_text=True)
    assert "第 2 版，共 2 版" in page
    assert "单选题 · 单选题 · crisis：2 题，每题 2 分 → 1 题，每题 2 分" in page.split("这一版改了什么")[1]
    peng.post("/admin/blueprints", data=typed(rows=((*ROWS[0][:7], "1"),), tolerance="2"))
    page = peng.get("/admin/blueprints/autumn").get_data(as_text=True).split("这一版改了什么")[1]
    assert "各卷预期得分允许相差（分）：3 → 2" in page
    assert "判断题 · 判断题 · 不限专题：1 题，每题 1 分 → 无" in page
    assert "秋季细目表" in peng.get("/admin/blueprints").get_data(as_text=True)
    assert peng.get("/admin/blueprints/autumn?version=9").status_code == 404


def test_what_lacks_and_what_would_help_is_said(app: Flask) -> None:
    exams.prepared()
    page = enter(app, PENG).post("/admin/blueprints", data=typed("check", rows=((*ROWS[0][:4], "evaluate", "", "", "2"),))).get_data(as_text=True)
    assert "需要 2 题，可用 0 题" in page
    assert "不限认知层次，则有" in page


def test_items_that_the_cap_on_exposure_asks_for_are_said(app: Flask) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    page = peng.post("/admin/blueprints", data=typed("check", exposure="10")).get_data(as_text=True)
    assert "每卷 2 题，至少要有 20 题可用，现有 " in page
    assert "每人一卷时，有的试题会用得太多" not in peng.post("/admin/blueprints", data=typed("check", exposure="100")).get_data(as_text=True)


def test_settings_of_the_table_and_rows_that_meet_are_told_in_words(app: Flask) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    for exposure in ("abc", "0", "101", "²"):
        answer = peng.post("/admin/blueprints", data=typed(exposure=exposure, tolerance="x"))
        assert answer.status_code == 422
        assert "须填 1 到 100 的整数" in answer.get_data(as_text=True)
        assert "允许相差的分数须是数字" in answer.get_data(as_text=True)
    page = peng.post("/admin/blueprints", data=typed("check", rows=(ROWS[0], (*ROWS[0][:3], "", "", "0.5", "", "1")))).get_data(as_text=True)
    assert "“单选题 · crisis”和“单选题 · 不限专题 · 得分率 0.5–1”有重叠" in page


def test_every_fault_is_told_with_its_row_and_nothing_is_stored(app: Flask) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    rows = (("", "0", "?", "", "?", "0.9", "0.1", "many"), ("甲", "2", "single", "", "", "", "", "1"), ("甲", "3", "multiple", "", "", "", "", "1"))
    answer = peng.post("/admin/blueprints", data=typed(rows=rows, title=""))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for words in ("请填写代码和名称", "第 1 行：缺少大题名称", "请选择题型", "认知层次无法识别", "题数须是", "每题分值须大于 0", "得分率须在", "分值不一致"):
        assert words in page
    assert "autumn" not in peng.get("/admin/blueprints").get_data(as_text=True)


def test_an_exam_takes_a_version_into_use_only_before_it_opens(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    counts = {"single": ("2", "4"), "multiple": ("3", "2"), "true_false": ("1", "2")}
    peng.post("/admin/blueprints", data=typed(rows=tuple((kind, points, kind, "", "", "", "", count) for kind, (points, count) in counts.items())))
    adopting = {"exam": exams.EXAM, "version": "1"}
    assert peng.post("/admin/blueprints/autumn/adopt", data=adopting).status_code == 409
    clock.instant = NOON - timedelta(days=1)
    assert "用于“线上测试”" in peng.get("/admin/blueprints/autumn").get_data(as_text=True)
    assert peng.post("/admin/blueprints/autumn/adopt", data=adopting).status_code == 302
    assert "还没有组卷" in peng.get(f"/admin/exams/{exams.EXAM}").get_data(as_text=True)
    with transaction() as session:
        assert session.execute(text("SELECT e.state, (SELECT count(*) FROM paper) FROM exam e")).one() == ("draft", 0)


def test_others_are_refused(app: Flask) -> None:
    assert enter(app, LIN).get("/admin/blueprints").status_code == 403
    assert enter(app, LIN).post("/admin/blueprints", data=typed()).status_code == 403
