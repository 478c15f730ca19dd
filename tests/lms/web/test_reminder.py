"""Reminding those who are behind: one click, once a day, a notice until dismissed."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import LIN, SAM, TAO, YUAN, enter, id_of


@pytest.fixture
def lin(app: Flask) -> int:
    """Lin and Sam, enrolled and behind."""
    return learning.enrolled(LIN, SAM)


def school() -> int:
    with transaction() as session:
        return rows.unit_tree(session).school.id


def home(app: Flask, member: object = LIN) -> str:
    return enter(app, member).get("/").get_data(as_text=True)  # type: ignore[arg-type]


def test_who_is_behind_is_reminded_once_a_day_until_she_puts_it_away(app: Flask, lin: int, clock: FixedClock) -> None:
    tao, address = enter(app, TAO), f"/classes/{school()}/reminders"
    assert "提醒学时未完成的教师" in tao.get(f"/classes/{school()}?state=behind").get_data(as_text=True)
    assert "班级管理员提醒您" not in home(app)
    assert "已提醒 1 位教师" in tao.post(address, follow_redirects=True).get_data(as_text=True)
    assert "2026年11月22日：您的学时还没有完成，线上学习还差 1.5 学时" in home(app)
    assert "班级管理员提醒您" not in home(app, SAM), "another school's teacher is left alone"
    assert enter(app, LIN).post("/reminders/dismiss").status_code == 302
    assert "班级管理员提醒您" not in home(app)
    assert "1 位教师今天已经提醒过" in tao.post(address, follow_redirects=True).get_data(as_text=True)
    assert "班级管理员提醒您" not in home(app), "once a day"
    clock.instant = NOON + timedelta(days=1)
    tao.post(address)
    assert "2026年11月23日：您的学时还没有完成" in home(app)
    with transaction() as session:
        audited = session.execute(text("SELECT actor_id, detail FROM audit_entry WHERE action = 'reminder.send' ORDER BY id")).all()
    assert [tuple(one) for one in audited] == [(id_of(TAO), {"sent": sent, "behind": 1}) for sent in (1, 0, 1)]


def test_who_has_her_hours_is_not_reminded(app: Flask, lin: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE learner_progress SET online_complete = true, offline_complete = true"))
    answer = enter(app, TAO).post(f"/classes/{school()}/reminders", follow_redirects=True).get_data(as_text=True)
    assert "没有学时未完成的教师" in answer


def test_only_who_looks_after_a_unit_reminds_there(app: Flask, lin: int) -> None:
    address = f"/classes/{school()}/reminders"
    assert [enter(app, member).post(address).status_code for member in (YUAN, LIN)] == [404, 403]
    refused = app.test_client().post(address)
    assert (refused.status_code, "请先登录" in refused.get_data(as_text=True)) == (401, True)
