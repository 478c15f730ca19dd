"""A window of one's own: asked for on the plan, verified nearby, granted by the province, shown on the first page."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from lms.domain.window_request import OwnRequest, RequestPast
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.services import window_request as service
from lms.store.role_grant import RoleGrantRow
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import CAO, LIN, OU, PENG, SONG, TAO, YUAN, enter, id_of

ASK = f"/plan/{learning.CODE}/window"
WANTED = {"first_day": "2026-12-20", "last_day": "2026-12-26", "reason": "住院手术，有医院证明"}
LIST = "/window-requests"


@pytest.fixture
def lin(app: Flask) -> FlaskClient:
    """A teacher who takes part."""
    learning.load()
    lin_id = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, lin_id)
    return enter(app, LIN)


def said(client: FlaskClient, address: str, **form: str) -> str:
    return client.post(address, data=form, follow_redirects=True).get_data(as_text=True)


def test_asked_on_the_plan_verified_by_the_county_granted_by_the_province(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    assert "申请个人学习时段" in lin.get("/plan").get_data(as_text=True)
    assert "等待学校或县核实" in said(lin, ASK, **WANTED)
    assert "正在等待处理" in said(lin, ASK, **WANTED), "one at a time"
    cao, peng = enter(app, CAO), enter(app, PENG)
    assert "1 份申请" in cao.get("/people").get_data(as_text=True)
    assert "1 份个人学习时段的申请等待您处理" in cao.get("/").get_data(as_text=True)
    assert "份申请" not in peng.get("/people").get_data(as_text=True), "not the province's turn"
    listed = peng.get(LIST).get_data(as_text=True)
    assert "等待学校或县核实" in listed, "but it sees it"
    assert "须由另一位省级管理员批准" in listed
    assert "须由另一位省级管理员批准" not in cao.get(LIST).get_data(as_text=True)
    assert 'value="grant"' not in cao.get(LIST).get_data(as_text=True)
    assert "还没有核实" in said(peng, f"{LIST}/1", step="grant")
    assert "已上报" in said(cao, f"{LIST}/1", step="verify")
    assert cao.post(f"{LIST}/1", data={"step": "grant"}).status_code == 404, "a county grants nothing"
    assert "已由他人处理" in said(cao, f"{LIST}/1", step="refuse", answer="不行"), "from a page of before: it lies with the province now"
    assert "学校或县已核实" in lin.get("/plan").get_data(as_text=True)
    assert "1 份申请" in peng.get("/people").get_data(as_text=True)
    assert "已批准" in said(peng, f"{LIST}/1", step="grant")
    assert "已由他人处理" in said(peng, f"{LIST}/1", step="grant")
    home = lin.get("/").get_data(as_text=True)
    assert "个人学习时段" in home
    assert "2026年12月20日至2026年12月26日" in home
    clock.instant = NOON + timedelta(days=20)
    assert "您的学习时段还没有开始" in lin.get("/").get_data(as_text=True), "the city's is over, hers lies ahead"
    assert "2026年12月20日至2026年12月26日" in lin.get("/plan").get_data(as_text=True)
    with transaction() as session:
        kept = session.execute(text("SELECT granted_by, opens, closes FROM personal_window")).one()
        acts = session.execute(text("SELECT action, actor_id FROM audit_entry WHERE action LIKE 'window.%' OR action = 'enrolment.grant_window'"))
        audited = {str(action): actor for action, actor in acts}
    assert kept.granted_by == id_of(PENG)
    assert kept.closes - kept.opens == timedelta(days=7)
    assert audited == {"window.ask": id_of(LIN), "window.verify": id_of(CAO), "enrolment.grant_window": id_of(PENG)}
    assert [one["reason"] for one in lin.post("/account/export").get_json()["learning"][0]["window_requests"]] == [WANTED["reason"]]


def test_a_refusal_needs_a_reason_that_the_teacher_reads(app: Flask, lin: FlaskClient) -> None:
    said(lin, ASK, **WANTED)
    song = enter(app, SONG)
    assert "请写明理由" in said(song, f"{LIST}/1", step="refuse")
    assert "已答复" in said(song, f"{LIST}/1", step="refuse", answer="请补交证明")
    plan = lin.get("/plan").get_data(as_text=True)
    assert "没有同意：请补交证明" in plan
    assert 'name="first_day"' in plan, "she may ask anew"
    assert "请补交证明" in song.get(LIST).get_data(as_text=True)


def test_faults_stand_at_their_fields(lin: FlaskClient) -> None:
    for wrong, field in (
        ({"last_day": "2026-12-19"}, "last_day"),
        ({"first_day": "2026-11-01", "last_day": "2026-11-02"}, "last_day"),
        ({"last_day": "2031-01-01"}, "last_day"),
        ({"first_day": "2001-01-01"}, "first_day"),
        ({"first_day": "0001-01-01"}, "first_day"),
        ({"last_day": "9999-12-31"}, "last_day"),
        ({"first_day": "soon"}, "first_day"),
        ({"reason": "病"}, "reason"),
    ):
        answer = lin.post(ASK, data=WANTED | wrong)
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.get_data(as_text=True), wrong
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM window_request")) == 0


def test_where_nobody_nearer_can_verify_the_province_is_told_and_what_she_verified_waits_for_another(app: Flask, lin: FlaskClient) -> None:
    said(lin, ASK, **WANTED)
    peng_id = id_of(PENG)
    with transaction() as session:
        other = rows.person(session, account="meng", name="孟省厅", roles=(Role.PROVINCE_MANAGER,), role_unit=rows.unit_tree(session).province)
    assert service.waiting(peng_id) == 1, "no school, county or city has a manager"
    cao_id, yuan_id = id_of(CAO), id_of(YUAN)
    assert (service.waiting(peng_id), service.waiting(cao_id), service.waiting(yuan_id)) == (0, 1, 0)
    with transaction() as session:
        session.execute(text("UPDATE person SET active = false WHERE id = :id"), {"id": cao_id})
    assert service.waiting(peng_id) == 1, "who left verifies nothing, nor does the manager of another city"
    service.verify(peng_id, 1, NOON)
    assert (service.waiting(peng_id), service.waiting(other)) == (0, 1)


def test_who_has_nothing_left_to_learn_asks_for_no_window(lin: FlaskClient) -> None:
    with transaction() as session:
        session.execute(text("UPDATE learner_progress SET online_complete = true"))
    assert "现在不能申请" in said(lin, ASK, **WANTED)
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM window_request")) == 0


def test_strangers_and_lesser_roles_are_refused(app: Flask, lin: FlaskClient) -> None:
    said(lin, ASK, **WANTED)
    yuan = enter(app, YUAN)
    assert "没有等待处理的申请" in yuan.get(LIST).get_data(as_text=True), "another city"
    assert yuan.post(f"{LIST}/1", data={"step": "verify"}).status_code == 404
    assert [enter(app, member).post(f"{LIST}/1", data={"step": "verify"}).status_code for member in (LIN, TAO, OU)] == [403, 403, 403]
    assert enter(app, CAO).post(f"{LIST}/1", data={"step": "dance"}).status_code == 404
    assert enter(app, PENG).post(ASK, data=WANTED).status_code == 403


def test_nobody_deals_with_her_own_request_nor_takes_both_steps_nor_grants_what_is_past(app: Flask, lin: FlaskClient) -> None:
    said(lin, ASK, **WANTED)
    lin_id, peng_id = id_of(LIN), id_of(PENG)
    with transaction() as session:
        province = rows.unit_tree(session).province.id
        session.add(RoleGrantRow(person_id=lin_id, role=Role.PROVINCE_MANAGER.value, unit_id=province, granted_at=NOON))
    with pytest.raises(OwnRequest):
        service.verify(lin_id, 1, NOON)
    with pytest.raises(OwnRequest):
        service.refuse(lin_id, 1, "算了", NOON)
    service.verify(peng_id, 1, NOON)
    for person_id in (peng_id, lin_id):
        with pytest.raises(OwnRequest):
            service.grant(person_id, 1, NOON)
    with transaction() as session:
        other = rows.person(session, account="meng", name="孟省厅", roles=(Role.PROVINCE_MANAGER,), role_unit=rows.unit_tree(session).province)
    with pytest.raises(RequestPast):
        service.grant(other, 1, NOON + timedelta(days=60))
    service.grant(other, 1, NOON)
