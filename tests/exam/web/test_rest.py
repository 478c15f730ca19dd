"""Rests of one's own: granted beforehand, taken in the room, never longer than granted (AX-02)."""

import math
import random
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam import jobs
from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.services import attempt, rest
from exam.services.payload import ResumeExam
from exam.services.verification import verify
from exam.store import attempt as attempts
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import IVY, LIN, SAM, enter

MINUTE = timedelta(minutes=1)
ROOM = f"/invigilation/{exams.EXAM}"


@pytest.fixture
def lin(app: Flask) -> exams.Sitter:
    """Let a learner sit who may rest for ten minutes."""
    exams.prepared()
    who = exams.enrolled("lin")
    told = enter(app, IVY).post(
        f"{ROOM}/accommodation",
        data={"accommodation-account": "lin", "accommodation-percent": "100", "accommodation-rest_minutes": "10", "accommodation-reason": "糖尿病"},
        follow_redirects=True,
    )
    assert "可自主休息共 10 分钟" in told.get_data(as_text=True)
    assert "共 10 分钟" in enter(app, LIN).get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    return exams.seated(*who)


def _rest(client: FlaskClient, lin: exams.Sitter, act: str) -> dict[str, object]:
    answer = client.post("/api/exam/rest", json={"token": lin.opened.token, "act": act})
    return {"status": answer.status_code, **answer.get_json()}


def _deadline(lin: exams.Sitter) -> timedelta:
    with transaction() as session:
        deadline: datetime = session.execute(text("SELECT deadline FROM attempt WHERE id = :id"), {"id": exams.attempt_id(session, lin)}).scalar_one()
        return deadline - NOON


def test_the_clock_stands_while_she_rests_and_what_was_granted_runs_down(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    page = enter(app, LIN)
    assert "共 10 分钟" not in page.get(f"/exams/{exams.EXAM}").get_data(as_text=True), "she sits already"
    assert 'id="rest"' in page.get(f"/exams/{exams.EXAM}/room").get_data(as_text=True)
    assert _rest(page, lin, "look")["left_ms"] == 600_000
    clock.advance(seconds=1_800)
    for _again in range(2):
        told = _rest(page, lin, "begin")
        assert (told["resting"], told["paused"], told["left_ms"], told["remaining_ms"]) == (True, True, 600_000, 3_600_000)
    clock.advance(seconds=240)
    with pytest.raises(rules.AttemptPaused):
        lin.save(lin.change(1, [0]), at=clock.instant)
    told = _rest(page, lin, "look")
    assert (told["left_ms"], told["remaining_ms"]) == (360_000, 3_600_000)
    for _again in range(2):
        told = _rest(page, lin, "end")
        assert (told["resting"], told["paused"], told["left_ms"], told["remaining_ms"]) == (False, False, 360_000, 3_600_000)
    assert _deadline(lin) == 94 * MINUTE
    assert lin.save(lin.change(1, [0]), at=clock.instant).saved[0].status == "saved"
    with transaction() as session:
        number = exams.attempt_id(session, lin)
        assert list(verify(session, clock.instant)) == []
    line = enter(app, IVY).get(f"/invigilation/attempt/{number}").get_data(as_text=True)
    assert "考生自主休息" in line
    assert "糖尿病" in enter(app, IVY).get(f"{ROOM}/incidents").get_data(as_text=True)


def test_who_does_not_come_back_has_what_was_granted_and_is_ended_like_everybody(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    page = enter(app, LIN)
    _rest(page, lin, "begin")
    clock.advance(seconds=599)
    jobs.sweep(clock.instant)
    assert _rest(page, lin, "look")["resting"]
    clock.advance(seconds=1_201)
    jobs.sweep(clock.instant)
    told = _rest(page, lin, "begin")
    assert (told["status"], told["code"]) == (409, "no_rest_left")
    assert _deadline(lin) == 100 * MINUTE
    assert lin.save(lin.change(1, [0]), at=clock.instant).saved[0].status == "saved"
    clock.advance(seconds=4_200 + 100)
    jobs.sweep(clock.instant)
    with pytest.raises(rules.AttemptClosed):
        attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), clock.instant)


def test_she_who_rests_till_long_behind_the_bell_comes_back_to_what_she_had(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    page = enter(app, LIN)
    clock.advance(seconds=89 * 60)
    _rest(page, lin, "begin")
    clock.advance(seconds=9 * 60)
    jobs.sweep(clock.instant)
    told = _rest(page, lin, "end")
    assert (told["remaining_ms"], told["left_ms"]) == (60_000, 60_000)
    clock.advance(seconds=90)
    assert _rest(page, lin, "begin")["code"] == "time_is_up"


def test_only_she_herself_where_she_leads_and_was_granted_it(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    sam = exams.sitting("sam")
    other = enter(app, SAM)
    assert _rest(other, sam, "begin")["code"] == "no_rest_left"
    assert 'id="rest"' not in other.get(f"/exams/{exams.EXAM}/room").get_data(as_text=True)
    assert _rest(other, lin, "begin")["code"] == "attempt_closed"
    assert app.test_client().post("/api/exam/rest", json={"token": lin.opened.token, "act": "begin"}).status_code == 401
    page = enter(app, LIN)
    taken = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), clock.instant)
    assert _rest(page, lin, "begin")["code"] == "other_device_leads"
    lin.opened = taken
    assert _rest(page, lin, "begin")["resting"]
    assert _deadline(lin) == 90 * MINUTE


def test_a_pause_by_the_staff_takes_a_rest_over_and_others_rests_are_left_alone(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    ivy, page = enter(app, IVY), enter(app, LIN)
    _rest(page, lin, "begin")
    clock.advance(seconds=60)
    ivy.post(f"{ROOM}/resume", data={})
    assert _rest(page, lin, "look")["resting"], "whoever lets all go on did not mean her"
    ivy.post(f"{ROOM}/pause", data={"pause-reason": "停电"})
    told = _rest(page, lin, "end")
    assert (told["resting"], told["paused"], told["left_ms"]) == (False, True, 600_000)
    clock.advance(seconds=1_800)
    assert _rest(page, lin, "begin")["code"] == "attempt_paused"
    ivy.post(f"{ROOM}/resume", data={})
    assert _deadline(lin) == 90 * MINUTE + 31 * MINUTE
    _rest(page, lin, "begin")
    clock.advance(seconds=60)
    with transaction() as session:
        number = exams.attempt_id(session, lin)
    ivy.post(f"/invigilation/attempt/{number}/resume", data={})
    assert _rest(page, lin, "look")["left_ms"] == 540_000
    assert _deadline(lin) == 122 * MINUTE


def test_a_pause_by_the_staff_takes_over_no_rest_that_has_run_out(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    ivy, page = enter(app, IVY), enter(app, LIN)
    _rest(page, lin, "begin")
    clock.advance(seconds=630)
    ivy.post(f"{ROOM}/pause", data={"pause-reason": "停电"})
    assert _deadline(lin) == 100 * MINUTE
    clock.advance(seconds=60)
    ivy.post(f"{ROOM}/resume", data={})
    assert _deadline(lin) == 101 * MINUTE
    assert _rest(page, lin, "begin")["code"] == "no_rest_left"


def test_a_rest_in_an_annulled_attempt_gives_no_time_any_more(app: Flask, clock: FixedClock, lin: exams.Sitter) -> None:
    _rest(enter(app, LIN), lin, "begin")
    with transaction() as session:
        number = exams.attempt_id(session, lin)
        attempts.annul(session, number, State.ANNULLED, clock.instant)
    clock.advance(seconds=900)
    jobs.sweep(clock.instant)
    assert _deadline(lin) == 90 * MINUTE
    with transaction() as session:
        assert list(verify(session, clock.instant)) == []


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_rests_gives_more_than_was_granted(app: Flask, clock: FixedClock, lin: exams.Sitter, seed: int) -> None:
    page, chance, given, rested, since = enter(app, LIN), random.Random(seed), 0, 0.0, None
    for _step in range(40):
        passed = chance.choice((0, 0.5, 1, 20.5, 45))
        clock.advance(seconds=passed)
        at = (clock.instant - NOON).total_seconds()
        if since is not None and at - since >= 600 - math.ceil(rested):
            rest.end_overdue(clock.instant)
            given, rested, since = given + 600 - math.ceil(rested), 600, None
        act = chance.choice(("begin", "end", "look"))
        told = _rest(page, lin, act)
        if act == "begin" and since is None and math.ceil(rested) < 600:
            since = at
        elif act == "end" and since is not None:
            given, rested, since = given + math.floor(at - since), rested + at - since, None
        assert told["status"] == (409 if act == "begin" and since is None else 200)
        assert _deadline(lin) == 90 * MINUTE + timedelta(seconds=given)
    assert 0 < given <= rested
