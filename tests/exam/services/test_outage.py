"""Outages measured by the server are given back to all and only those they hit (EX-08)."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import text

from exam.domain.outage import Mark, gaps
from exam.services import attempt, outage
from exam.services.payload import EnterExam
from exam.services.result import verify
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import PENG, enter, id_of

MINUTE = timedelta(minutes=1)


def _beats(begin: datetime, end: datetime) -> None:
    """Leave a mark at the beginning and the end of a time in which the app lived."""
    at = begin
    while at <= end:
        outage.mark(at, at)
        at += timedelta(seconds=15)


def _deadlines() -> dict[int, datetime]:
    with transaction() as session:
        return {row.person_id: row.deadline for row in session.execute(text("SELECT person_id, deadline FROM attempt"))}


def _accommodated(account: str, percent: int) -> int:
    person_id, _login = exams.enrolled(account)
    with transaction() as session:
        session.execute(text("INSERT INTO exam_accommodation SELECT id, :p, :c FROM exam"), {"p": person_id, "c": percent})
    attempt.enter(EnterExam(exams.entry(account), "device-one", honesty=True), NOON)
    return person_id


def test_seven_minutes_are_given_back_to_all_and_only_those_who_sat(app: Flask) -> None:
    exams.prepared(papers=8)
    lin, done = exams.sitting("lin"), exams.sitting("cai")
    quarter = _accommodated("gan", 125)
    _beats(NOON, NOON + 10 * MINUTE)
    done.submit(at=NOON + 5 * MINUTE)
    down, up = NOON + 10 * MINUTE, NOON + 17 * MINUTE
    _beats(up, up + MINUTE)
    after = exams.sitting("hua", at=up + MINUTE)
    for _worker in range(2):
        outage.settle(up + MINUTE)
    found = _deadlines()
    assert found[lin.person_id] == NOON + (90 + 7) * MINUTE
    assert found[quarter] == NOON + (112.5 + 7) * MINUTE
    assert found[done.person_id] == NOON + 90 * MINUTE
    assert found[after.person_id] == up + (1 + 90) * MINUTE
    with transaction() as session:
        assert session.execute(text("SELECT state, attempts, began_at, ended_at FROM outage")).all() == [("given_back", 2, down, up)]
        assert list(verify(session, up)) == []


def test_the_sweeper_waits_for_the_outage_to_end_and_to_be_settled(app: Flask) -> None:
    exams.prepared()
    lin, early = exams.sitting("lin", at=NOON), exams.sitting("cai", at=NOON - 30 * MINUTE)
    _beats(NOON + 85 * MINUTE, NOON + 86 * MINUTE)  # early ended at 60
    assert attempt.finalise_overdue(NOON + 95 * MINUTE) == 1
    with transaction() as session:
        assert session.execute(text("SELECT person_id FROM attempt WHERE state = 'open'")).scalars().all() == [lin.person_id]
    _beats(NOON + 96 * MINUTE, NOON + 96 * MINUTE)
    assert attempt.finalise_overdue(NOON + 96 * MINUTE) == 0
    assert _deadlines()[lin.person_id] == NOON + (90 + 10) * MINUTE  # four minutes were left when it began
    lin.save(lin.change(1, [0]), at=NOON + 97 * MINUTE)
    assert early.person_id


def test_half_an_hour_raises_a_decision_and_nobody_is_ended_before_it(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting("lin")
    _beats(NOON + 60 * MINUTE, NOON + 61 * MINUTE)
    back = NOON + 92 * MINUTE
    _beats(back, back + MINUTE)
    outage.mark(NOON + 120 * MINUTE)  # alive by the real clock, too
    assert attempt.finalise_overdue(NOON + 120 * MINUTE) == 0
    assert _deadlines()[lin.person_id] == NOON + 90 * MINUTE
    peng = enter(app, PENG)
    assert "系统中断超过 30 分钟" in peng.get("/invigilation").get_data(as_text=True)
    number = outage.waiting()[0].id
    outage.decide(number, give_back=True, reason="停电", actor_id=id_of(PENG), now=NOON + 121 * MINUTE)
    assert _deadlines()[lin.person_id] == NOON + (121 + 29) * MINUTE
    assert "系统中断超过 30 分钟" not in peng.get("/invigilation").get_data(as_text=True)


def test_a_rescheduled_attempt_ends_without_more_time(app: Flask) -> None:
    exams.prepared()
    exams.sitting("lin")
    _beats(NOON + 60 * MINUTE, NOON + 60 * MINUTE)
    _beats(NOON + 91 * MINUTE, NOON + 91 * MINUTE)
    outage.settle(NOON + 91 * MINUTE)
    answer = enter(app, PENG).post(f"/invigilation/outage/{outage.waiting()[0].id}", data={"outage-reason": "下周补考", "decision": "reschedule"})
    assert answer.status_code == 302
    outage.mark(NOON + 93 * MINUTE)
    assert attempt.finalise_overdue(NOON + 93 * MINUTE) == 1


def test_a_moved_clock_and_a_short_breath_are_no_outage() -> None:
    real = [NOON, NOON + timedelta(seconds=5), NOON + timedelta(seconds=25)]
    assert not list(gaps([Mark(real[0], real[0]), Mark(real[0] + timedelta(hours=9), real[1]), Mark(real[0] + timedelta(hours=9, seconds=20), real[2])]))
