"""Whoever a browser was lifted for, whose lifting was taken back, or who came before it was asked for: each way to begin asks as things stand (IN-08)."""

import json
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam.services import token as tokens
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.store.role_grant import RoleGrantRow
from tests.conftest import NOON
from tests.exam.web.test_safe_exam_browser import CONFIG, asking, by_header, entered, lin, post, public, requests, started
from tests.support import exams, rows
from tests.support.cast import LIN, PENG, Member, enter, id_of

__all__ = ["lin", "public"]  # fixtures
INVIGILATION = f"/invigilation/{exams.EXAM}"
FORM = {"browser-account": "lin", "browser-reason": "考场电脑装不上"}


def lift(app: Flask, **again: str) -> None:
    """Lift the browser for Lin, or ask for it again."""
    assert enter(app, PENG).post(f"{INVIGILATION}/browser", data=FORM | again).status_code == 302


def begun(client: FlaskClient, body: dict[str, Any], headers: dict[str, str] | None = None) -> object:
    """Start, and return what is refused, or nothing."""
    answer = post(client, "start", body, headers or {})
    return answer.get_json().get("code")


def set_for_exam(**settings: object) -> None:
    """Set something of the exam when its pages are open already."""
    with transaction() as session:
        session.execute(text("UPDATE exam SET settings = settings || CAST(:asked AS jsonb)"), {"asked": json.dumps(settings)})


def test_in_08_a_lifting_taken_back_holds_for_an_entry_from_before(lin: FlaskClient, public: Flask) -> None:
    lift(public)
    body = entered(lin)
    lift(public, **{"browser-again": "y"})
    assert begun(lin, body) == "safe_exam_browser"
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM attempt")) == 0
    room = post(lin, "start", body, by_header("/api/exam/start")).get_json()
    assert post(lin, "save", requests(room)["save"], {}).status_code == 403, "and so does the token that it begins with"
    assert begun(lin, body) == "safe_exam_browser", "nor does it lead back into an attempt"


def test_in_08_who_it_is_lifted_for_begins_in_any_browser(lin: FlaskClient, public: Flask) -> None:
    lift(public)
    room = post(lin, "start", entered(lin), {}).get_json()
    assert post(lin, "save", requests(room)["save"], {}).status_code == 200


def test_an_entry_from_before_the_exam_asked_for_a_browser_or_an_identity_begins_nothing_without(public: Flask) -> None:
    exams.prepared()
    id_of(LIN)
    exams.enrolled("lin")
    client = enter(public, LIN)
    body = entered(client)
    set_for_exam(config_keys=[CONFIG])
    assert begun(client, body) == "safe_exam_browser"
    set_for_exam(config_keys=[], browser_exam_keys=[CONFIG])
    assert begun(client, body) == "safe_exam_browser"
    set_for_exam(browser_exam_keys=[], asks_identity=True)
    assert begun(client, body) == "identity_missing"
    set_for_exam(asks_identity=False)
    assert begun(client, body) is None


def test_in_08_the_token_of_every_coming_back_asks_for_the_browser(lin: FlaskClient) -> None:
    sent = requests(started(lin))["resume"]
    for taking in ({}, {"device": "another-device", "takeover": True}):
        back = post(lin, "resume", sent | taking, by_header("/api/exam/resume")).get_json()
        assert post(lin, "remaining", {"token": back["token"]}, {}).status_code == 403
        assert post(lin, "remaining", {"token": back["token"]}, by_header("/api/exam/remaining")).status_code == 200


def test_in_08_the_token_of_a_slower_start_asks_for_the_browser(lin: FlaskClient) -> None:
    body, held = entered(lin), tokens.read_entry(entered(lin)["entry"], NOON)
    keys = tokens.browser_keys(held.browser)
    body["entry"] = tokens.entry(held.person_id, held.login_id, exams.EXAM, asks_learning=False, asks_identity=True, browser=keys, now=NOON)
    room = post(lin, "start", body, by_header("/api/exam/start")).get_json()
    assert room["resumed"] is False
    assert post(lin, "save", requests(room)["save"], {}).status_code == 403
    assert post(lin, "save", requests(room)["save"], by_header("/api/exam/save")).status_code == 200


def test_in_08_who_waits_in_the_line_proves_the_browser_when_her_turn_comes(public: Flask, clock: FixedClock) -> None:
    asking(config_keys=[CONFIG])
    id_of(LIN)
    exams.enrolled("lin")
    client = enter(public, LIN)
    clock.instant = NOON - timedelta(minutes=80)
    body, right = entered(client), by_header("/api/exam/start")
    assert begun(client, body) == "safe_exam_browser", "nobody else gets a place"
    body["ticket"] = post(client, "start", body, right).get_json()["ticket"]
    clock.advance(minutes=20)
    assert begun(client, body) == "safe_exam_browser"
    assert begun(client, body, right) is None


def test_in_08_a_manager_lifts_it_where_she_manages_exams_not_wherever_she_watches(lin: FlaskClient, public: Flask) -> None:
    watcher = Member("zhu", "朱监考", (Role.INVIGILATOR,))
    with transaction() as session:
        far = rows.unit_tree(session).far_city
    watcher_id = id_of(watcher)
    with transaction() as session:
        session.add(RoleGrantRow(person_id=watcher_id, role=Role.PROVINCE_MANAGER.value, unit_id=far.id, granted_at=NOON))
    enter(public, watcher).post(f"{INVIGILATION}/browser", data=FORM)
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM exam_accommodation")) == 0
    assert begun(lin, entered(lin)) == "safe_exam_browser"
