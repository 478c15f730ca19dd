"""The forecast as an operator sees it, and windows that really move."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import python_calamine
from flask import Flask
from sqlalchemy import select

from lms.kernel.audit import AuditEntry
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.services import enrolment, programme
from lms.services import forecast as service
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, OU, PENG, SAM, enter, id_of

ADDRESS = f"/manage/programmes/{learning.CODE}/forecast"


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Thirty cases instead of two hundred, and no measurement of the machine the tests happen to run on."""
    monkeypatch.setattr(service, "_CASES", 30)
    monkeypatch.setattr(service, "MEASURED", tmp_path / "bench.json")


def test_an_operator_sees_every_window_and_the_better_windows(app: Flask) -> None:
    learning.load()
    page = enter(app, OU).get(ADDRESS).get_data(as_text=True)
    for words in ("第一时段", "第二时段", "第三时段", "线上测试", "41,150", "2,500", "日期也调，峰值最低", "尚未测量", "条件未知", "大码流"):
        assert words in page, words
    assert "load-limit" not in page
    assert "按取值" in page
    assert re.search(r"第二时段 · 登录次数.{0,400}?一次看多久", page, re.DOTALL), "each kind of request has figures of its own that move it most"
    assert re.search(r"线上测试 · 正在考试.{0,400}?最后一天考试的加码", page, re.DOTALL)
    assert "同时进行：第二时段 + 线上测试" in page  # the programme of the tests opens its exam early


def test_what_there_is_is_stated_once_and_every_window_measured_against_it(app: Flask) -> None:
    learning.load()
    service.MEASURED.write_text('{"figures": [{"name": "heartbeat", "server_us": 3000000, "database_us": 3000}]}', encoding="utf-8")
    peng = enter(app, PENG)
    for wrong, words in (({"gbits": "many"}, "请输入数字"), ({"gbits": "0"}, "数值须在"), ({"nodes": "0"}, "数值须在")):
        assert words in peng.post(f"{ADDRESS}/limits", data=wrong).get_data(as_text=True)
    assert enter(app, LIN).post(f"{ADDRESS}/limits", data={"nodes": "1"}).status_code == 403
    assert peng.post(f"{ADDRESS}/limits", data={"gbits": "0.05", "nodes": "900"}).status_code == 302
    page = enter(app, OU).get(ADDRESS).get_data(as_text=True)
    assert f"现有条件由{PENG.name}于" in page
    assert "现有 0.05 Gbit/s" in page
    assert "现有 900 个" in page
    assert page.count("badge-danger") > 6, "three windows and the choices are short of line"
    assert page.count('class="load-limit"') >= 3
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "load.state_limits")).one()
    assert (entry.actor_id, entry.detail) == (id_of(PENG), {"gbits": 0.05, "nodes": 900})
    # What was stated last counts, and what is not known is not judged.
    assert peng.post(f"{ADDRESS}/limits", data={"gbits": "100000", "nodes": ""}).status_code == 302
    page = enter(app, OU).get(ADDRESS).get_data(as_text=True)
    assert page.count("badge-danger") == 1, "one node less than are needed would not do"
    assert "已知的够用" in page
    live = enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load?stretch=w2").get_data(as_text=True)
    assert "余量" in live


def test_requests_that_were_never_measured_are_named_beside_the_nodes(app: Flask) -> None:
    learning.load()
    service.MEASURED.write_text('{"figures": [{"name": "heartbeat", "server_us": 700, "database_us": 300}]}', encoding="utf-8")
    page = enter(app, OU).get(ADDRESS).get_data(as_text=True)
    assert "有的请求还没有测量过：登录次数、" in page
    assert "小测开始" in page.split("它们没有计入")[0]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(enter(app, OU).get(f"{ADDRESS}/workbook").data))
    machines = book.get_sheet_by_name("机器与线路").to_python()[2]
    assert (machines[0], machines[1]) == ("第二时段", 1)
    assert str(machines[6]).startswith("登录次数、")
    assert "尚未测量" not in page


def test_the_workbook_holds_every_hour_of_every_window(app: Flask) -> None:
    learning.load()
    answer = enter(app, PENG).get(f"{ADDRESS}/workbook")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names[:4] == ["峰值", "机器与线路", "时段方案", "假设"]
    rows = book.get_sheet_by_name("w2").to_python()
    assert len(rows) == 1 + 14 * 24
    place = rows[0].index("同时观看 中位数")
    assert max(float(str(row[place])) for row in rows[1:]) > 500
    assert [row[3] for row in book.get_sheet_by_name("时段方案").to_python()[1:4]] == [26_850, 41_150, 32_000]


def test_only_who_manages_programmes_sees_it(app: Flask) -> None:
    learning.load()
    assert [enter(app, one).get(ADDRESS).status_code for one in (LIN, SAM)] == [403, 403]
    assert enter(app, OU).get("/manage/programmes/none/forecast").status_code == 404


def test_adopted_windows_are_those_that_teachers_learn_in(app: Flask, clock: FixedClock) -> None:
    loaded = learning.load()
    clock.instant = loaded.windows[0].opens - timedelta(days=1)
    lin = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, lin, city="360300")  # its window is the second by the notice
    assert 'name="choice"' in enter(app, PENG).get(ADDRESS).get_data(as_text=True)
    answer = enter(app, PENG).post(ADDRESS, data={"choice": "near", "reason": "出口带宽只有10G"})
    assert answer.status_code == 302
    with transaction() as session:
        version, now_in_force = programme.in_force(session, learning.CODE)
        rules = enrolment.rules_for(session, lin, learning.CODE)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "programme.move_windows")).one()
    assert version.number == 2
    assert [one.opens for one in now_in_force.windows] == [one.opens for one in loaded.windows]
    assert rules is not None
    assert (rules.opens, rules.closes) == (loaded.windows[2].opens, loaded.windows[2].closes)
    assert entry.actor_id == id_of(PENG)
    assert entry.detail["moved"]["360300"].endswith(str(loaded.windows[2].last_day))
    deviation = now_in_force.deviations[-1]
    assert (deviation.path, deviation.reason) == ("windows[*]", "出口带宽只有10G")
    shown = enter(app, LIN).get(f"/programmes/{learning.CODE}").get_data(as_text=True)
    assert "出口带宽只有10G" in shown
    assert deviation.notice.startswith(f"{loaded.windows[0].first_day} 至 {loaded.windows[0].last_day}：")
    # What is in force already is neither offered nor made a version again.
    offered = enter(app, PENG).get(ADDRESS).get_data(as_text=True)
    assert ('value="near"' in offered, 'value="lowest"' in offered) == (False, True)
    enter(app, PENG).post(ADDRESS, data={"choice": "near", "reason": "再来一次"})
    with transaction() as session:
        assert programme.in_force(session, learning.CODE)[0].number == 2
    # A second move replaces the record of the first instead of contradicting it; what the notice says stays what it said.
    assert enter(app, PENG).post(ADDRESS, data={"choice": "lowest", "reason": "日期也可以调"}).status_code == 302
    with transaction() as session:
        twice = programme.programme(session, learning.CODE)
    (second,) = [one for one in twice.deviations if one.path == "windows[*]"]
    assert (second.reason, second.notice) == ("日期也可以调", deviation.notice)
    assert second.file.startswith(f"{twice.windows[0].first_day} 至 {twice.windows[0].last_day}：")
    assert second.file != deviation.file


def test_nothing_that_has_begun_is_moved(app: Flask) -> None:
    learning.load()  # noon is the third day of the second window
    page = enter(app, PENG).get(ADDRESS).get_data(as_text=True)
    assert ("学习时段已经开始" in page, 'name="choice"' in page) == (True, False), "what would be refused is not offered"
    answer = enter(app, PENG).post(ADDRESS, data={"choice": "near", "reason": "晚了一步"})
    assert answer.status_code == 409
    assert "学习时段已经开始" in answer.get_data(as_text=True)
    assert enter(app, PENG).post(ADDRESS, data={"choice": "near", "reason": ""}).status_code == 200
    assert enter(app, LIN).post(ADDRESS, data={"choice": "near", "reason": "不该成功"}).status_code == 403
    with transaction() as session:
        assert programme.in_force(session, learning.CODE)[0].number == 1
    assert service.view(learning.CODE, NOON)[1].programme.windows[1].opens < NOON
