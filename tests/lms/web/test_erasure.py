"""One's own data: taken along, and erased by request as far as it need not be kept."""

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import roster
from lms.services.roster import NewPerson
from tests.support import cast, learning, rows
from tests.support.cast import CAO, PENG, TAO, YUAN, enter, sign_in


@pytest.fixture
def gu(app: Flask, settings: Settings, clock: FixedClock) -> int:
    """A teacher with a phone and a credited lesson."""
    learning.load()
    with transaction() as session:
        tree = rows.unit_tree(session)
        one = NewPerson(account="gu2026", name="顾园", unit_code=tree.school.code, phone="13900000001", post="教导主任")
        person_id = roster.bulk_load(session, [one], password="平安的 Garden 71", seal=Seal(settings.field_key), now=clock.now())["gu2026"]
        learning.enrol(session, person_id)
        (first,) = learning.taught(session)
    learning.learn(person_id, first)
    return person_id


def test_her_export_holds_her_hours(app: Flask, gu: int) -> None:
    client = app.test_client()
    sign_in(client, gu)
    (learnt,) = client.post("/account/export").get_json()["learning"]
    assert [(one["kind"], one["seconds"]) for one in learnt["hours"]] == [("online", 2700)]


def test_a_request_is_decided_by_who_stands_above_and_what_must_be_kept_is_kept(app: Flask, gu: int) -> None:
    client, address = app.test_client(), f"/people/{gu}/erasure"
    sign_in(client, gu)
    assert "姓名、单位以及学时、成绩、证书和审计记录按规定保留" in client.get("/account").get_data(as_text=True)
    assert [client.post("/account/erasure").status_code for _twice in range(2)] == [302, 409]
    assert "等待处理" in client.get("/account").get_data(as_text=True)
    cao = enter(app, CAO)
    assert "顾园" in cao.get("/people?q=nobody").get_data(as_text=True)
    assert "同意删除" in cao.get(f"/people/{gu}").get_data(as_text=True)
    assert [enter(app, member).post(address, data={"granted": "yes"}).status_code for member in (YUAN, TAO)] == [404, 403]
    assert cao.post(address, data={"granted": "no"}).status_code == 422
    assert cao.post(address, data={"granted": "no", "answer": "培训尚未结束"}).status_code == 302
    assert "没有同意：培训尚未结束" in client.get("/account").get_data(as_text=True)
    assert cao.post(address, data={"granted": "yes"}).status_code == 409
    client.post("/account/erasure")
    window = {"first_day": "2026-12-20", "last_day": "2026-12-26", "reason": "住院手术"}
    client.post(f"/plan/{learning.CODE}/window", data=window)
    cao.post("/window-requests/1", data={"step": "refuse", "answer": "请补交病历"})
    client.post(f"/plan/{learning.CODE}/window", data=window)
    assert enter(app, PENG).post(address, data={"granted": "yes"}).status_code == 302
    assert client.get("/account").status_code == 302, "signed out, and disabled"
    with transaction() as session:
        kept = session.execute(text("SELECT name, phone_sealed, phone_blind, post, password_hash, active FROM person WHERE id = :id"), {"id": gu}).one()
        entries = session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one()
        acts = session.execute(text("SELECT action, actor_id FROM audit_entry WHERE action LIKE 'erasure.%' ORDER BY id")).all()
        requests = session.execute(text("SELECT id, reason, answer, granted FROM window_request")).all()
    assert [tuple(one) for one in requests] == [(1, "", "", False)], "what she wrote of her health is gone, and the open request with it"
    assert (tuple(kept), entries) == (("顾园", None, None, "", None, False), 1)
    expected = [("ask", gu), ("refuse", cast.id_of(CAO)), ("ask", gu), ("grant", cast.id_of(PENG))]
    assert [tuple(one) for one in acts] == [(f"erasure.{act}", actor) for act, actor in expected]
