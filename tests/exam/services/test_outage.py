"""Outages measured by the server are given back to all and only those they hit (EX-08)."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain.attempt import AttemptSettling, TimeIsUp, TimeLeft
from exam.domain.exam import Release
from exam.domain.outage import Mark, gaps
from exam.services import attempt, extra_attempt, outage, posting, rest, scoring
from exam.services.outage import Waiting
from exam.services.payload import EnterExam, ResumeExam
from exam.services.verification import verify
from exam.store import adjustment
from exam.store import attempt as attempts
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams, learning
from tests.support.cast import IVY, LIN, PENG, enter, id_of

MINUTE = timedelta(minutes=1)


def _beats(begin: datetime, end: datetime) -> None:
    """Leave the marks of a time in which the app lived, a day ago by the real clock: silence that lasts follows, until a mark without `real`."""
    at = begin
    with transaction() as session:
        shift = session.execute(
            text("SELECT date_trunc('hour', clock_timestamp() - interval '1 day') - CAST(:noon AS timestamptz)"), {"noon": NOON}
        ).scalar_one()
    while at <= end:
        outage.mark(at, at + shift)
        at += timedelta(seconds=15)


def _deadlines() -> dict[int, datetime]:
    with transaction() as session:
        return {row.person_id: row.deadline for row in session.execute(text("SELECT person_id, deadline FROM attempt"))}


def _accommodated(account: str, percent: int) -> int:
    person_id, _login = exams.enrolled(account)
    with transaction() as session:
        session.execute(text("INSERT INTO exam_accommodation SELECT id, :p, :c FROM exam"), {"p": person_id, "c": percent})
    attempt.enter(EnterExam(exams.entry(account), "device-one", honesty=True), NOON).wait()
    return person_id


def _waiting(at: datetime) -> list[Waiting]:
    return outage.waiting(id_of(PENG), at)


def test_seven_minutes_are_given_back_to_all_and_only_those_who_sat(app: Flask, clock: FixedClock) -> None:
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
    clock.advance(minutes=20)
    learner = enter(app, LIN)
    for page in ("/", f"/plan?programme={learning.CODE}"):
        assert "已为您补回 7 分 00 秒" in learner.get(page).get_data(as_text=True), page


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


def _back_after_ten_minutes(began: datetime) -> datetime:
    """Leave the marks of an outage of ten minutes; returns when it ended."""
    _beats(began - MINUTE, began)
    back = began + 10 * MINUTE
    _beats(back, back)
    return back


def test_a_bell_that_rings_in_an_outage_ends_nothing_before_it_is_settled(app: Flask) -> None:
    exams.prepared()
    lin, early = exams.sitting("lin"), exams.sitting("cai", at=NOON - 30 * MINUTE)
    back = _back_after_ten_minutes(NOON + 85 * MINUTE)  # early's bell had rung before, lin's rings in it
    with pytest.raises(AttemptSettling):
        lin.submit(at=back, bell=True)
    with pytest.raises(AttemptSettling):
        lin.submit(at=back)  # her finger was as late as the bell
    with pytest.raises(AttemptSettling):
        lin.save(lin.change(1, [0]), at=back)
    with pytest.raises(AttemptSettling):
        attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), back)
    with pytest.raises(TimeIsUp):
        early.save(early.change(1, [0]), at=back)
    assert early.submit(at=back, bell=True).by == "deadline"
    outage.settle(back)
    assert _deadlines()[lin.person_id] == back + 5 * MINUTE
    with pytest.raises(TimeLeft):
        lin.submit(at=back + MINUTE, bell=True)  # the page rings by what it knew
    assert [one.status for one in lin.save(lin.change(1, [0]), at=back + MINUTE).saved] == ["saved"]
    assert attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), back).remaining_ms == 300_000
    assert lin.submit(at=back + 2 * MINUTE).by == "learner"


def test_silence_that_lasts_is_not_settled_either(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting("lin")
    outage.mark(NOON + 85 * MINUTE)
    with transaction() as session:
        session.execute(text("UPDATE app_mark SET real_at = real_at - interval '21 seconds'"))
    with pytest.raises(AttemptSettling):
        lin.submit(at=NOON + 91 * MINUTE, bell=True)
    assert outage.mark(NOON + 91 * MINUTE), "whoever leaves the first mark is told, and settles"
    assert not outage.mark(NOON + 92 * MINUTE)


@pytest.mark.parametrize("release", Release)
def test_what_a_bell_ended_in_an_outage_opens_again_unless_its_result_is_out(app: Flask, release: Release) -> None:
    exams.prepared(release=release)
    lin, hand_in = exams.sitting("lin"), exams.sitting("cai")
    hand_in.submit(at=NOON + 80 * MINUTE)
    with transaction() as session:
        attempts.finalise(session, [exams.attempt_id(session, lin)], NOON + 92 * MINUTE)  # by a node that knew of nothing
    scoring.score_outstanding(NOON + 92 * MINUTE)
    back = _back_after_ten_minutes(NOON + 85 * MINUTE)
    outage.settle(back)
    opened = release is Release.BY_HAND
    with transaction() as session:
        states = {row.person_id: row.state for row in session.execute(text("SELECT person_id, state FROM attempt"))}
        told = session.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'attempt.reopen'")).scalar_one()
    assert states == {lin.person_id: "open" if opened else "scored", hand_in.person_id: "scored"}
    assert told == opened
    assert _deadlines() == {lin.person_id: back + 5 * MINUTE if opened else NOON + 90 * MINUTE, hand_in.person_id: NOON + 90 * MINUTE}
    if opened:
        lin.save(lin.change(1, [0]), at=back + MINUTE)
        lin.submit(at=back + 2 * MINUTE)
        assert scoring.score_outstanding(back + 2 * MINUTE) == 1
        with transaction() as session:
            assert list(verify(session, back)) == []


def test_a_pause_and_an_outage_give_the_same_minutes_once(app: Flask) -> None:
    exams.prepared()
    lin, hua, cai, gan = (exams.sitting(name) for name in ("lin", "hua", "cai", "gan"))
    with transaction() as session:
        rests = exams.attempt_id(session, gan)  # for five minutes, of which the server hears nothing more
        adjustment.pause(session, [rests], reason="", actor_id=None, now=NOON + 58 * MINUTE, most_seconds=300)
        still = exams.attempt_id(session, cai)
        adjustment.pause(session, [still], reason="停电", actor_id=None, now=NOON + 50 * MINUTE)
        backwards = {"id": still, "began": NOON + MINUTE, "ended": NOON}  # a rehearsal's clock was set back
        session.execute(text("INSERT INTO attempt_pause (attempt_id, reason, began_at, ended_at) VALUES (:id, '', :began, :ended)"), backwards)
        ids = [exams.attempt_id(session, one) for one in (lin, hua)]
        adjustment.pause(session, ids[:1], reason="停电", actor_id=None, now=NOON + 50 * MINUTE)
        adjustment.pause(session, ids[1:], reason="停电", actor_id=None, now=NOON + 64 * MINUTE)
    back = _back_after_ten_minutes(NOON + 60 * MINUTE)
    with transaction() as session:
        adjustment.resume(session, ids, actor_id=None, now=back + MINUTE)
    outage.settle(back + 2 * MINUTE)
    assert _deadlines() == {lin.person_id: NOON + 111 * MINUTE, hua.person_id: NOON + (90 + 7 + 4) * MINUTE, cai.person_id: NOON + 90 * MINUTE,
                            gan.person_id: NOON + (90 + 7) * MINUTE}  # fmt: skip
    rest.end_overdue(back + 3 * MINUTE)
    assert _deadlines()[gan.person_id] == NOON + (90 + 7 + 5) * MINUTE


def test_two_outages_in_one_look_are_both_given_back_once(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting("lin")
    first = _back_after_ten_minutes(NOON + 85 * MINUTE)
    second = _back_after_ten_minutes(first + 2 * MINUTE)
    outage.settle(second)
    assert _deadlines()[lin.person_id] == second + (5 - 1) * MINUTE  # five were left, one she had in between


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
    shown = peng.get("/invigilation").get_data(as_text=True)
    assert ("系统中断超过 30 分钟" in shown, "受影响的考试：线上测试" in shown, "由考试管理员决定" in shown) == (True, True, False)
    assert "由考试管理员决定，请尽快联系" in enter(app, IVY).get("/invigilation").get_data(as_text=True)
    number = outage.waiting(id_of(PENG), NOON + 121 * MINUTE)[0].outage.id
    outage.decide(number, give_back=True, reason="停电", actor_id=id_of(PENG), now=NOON + 121 * MINUTE)
    assert _deadlines()[lin.person_id] == NOON + (121 + 29) * MINUTE
    assert "系统中断超过 30 分钟" not in peng.get("/invigilation").get_data(as_text=True)


@pytest.mark.parametrize("newest_first", [False, True])
def test_two_long_outages_give_the_same_in_whichever_order_they_are_decided(app: Flask, newest_first: bool) -> None:
    exams.prepared()
    lin = exams.sitting("lin")
    _beats(NOON + 24 * MINUTE, NOON + 25 * MINUTE)
    _beats(NOON + 65 * MINUTE, NOON + 75 * MINUTE)
    _beats(NOON + 115 * MINUTE, NOON + 115 * MINUTE)
    outage.settle(NOON + 115 * MINUTE)
    for one in sorted(_waiting(NOON + 145 * MINUTE), key=lambda one: one.outage.id, reverse=newest_first):
        outage.decide(one.outage.id, give_back=True, reason="停电", actor_id=id_of(PENG), now=NOON + 145 * MINUTE)
    assert _deadlines()[lin.person_id] == NOON + (145 + 55) * MINUTE, "of ninety minutes she had 25 and 10"


def test_a_rescheduled_attempt_ends_without_more_time(app: Flask) -> None:
    exams.prepared()
    exams.sitting("lin")
    _beats(NOON + 60 * MINUTE, NOON + 60 * MINUTE)
    _beats(NOON + 91 * MINUTE, NOON + 91 * MINUTE)
    outage.settle(NOON + 91 * MINUTE)
    peng, page = enter(app, PENG), f"/invigilation/outage/{_waiting(NOON + 91 * MINUTE)[0].outage.id}"
    assert "请选择补回时间" in peng.post(page, data={"outage-reason": "下周补考"}, follow_redirects=True).get_data(as_text=True)
    assert _waiting(NOON + 91 * MINUTE), "nothing is decided by a post that says nothing"
    assert peng.post(page, data={"outage-reason": "下周补考", "decision": "reschedule"}).status_code == 302
    outage.mark(NOON + 93 * MINUTE)
    assert attempt.finalise_overdue(NOON + 93 * MINUTE) == 1


def _half_an_hour_and_two_who_hand_in_before_the_decision() -> tuple[exams.Sitter, exams.Sitter, datetime]:
    """Leave an outage from 60 to 95 minutes after the start; five minutes on one hands in, and one had never been hit."""
    exams.prepared(release=Release.BY_HAND, minutes=120)
    early, stays, done = exams.sitting("lin"), exams.sitting("hua"), exams.sitting("cai")
    done.submit(at=NOON + 30 * MINUTE)
    _beats(NOON + 59 * MINUTE, NOON + 60 * MINUTE)
    _beats(NOON + 95 * MINUTE, NOON + 95 * MINUTE)
    outage.settle(NOON + 95 * MINUTE)
    early.submit(at=NOON + 100 * MINUTE)
    scoring.score_outstanding(NOON + 101 * MINUTE)
    return early, stays, NOON + 130 * MINUTE


def test_who_hands_in_before_a_long_outage_is_decided_gets_what_the_others_get(app: Flask, clock: FixedClock) -> None:
    early, stays, decided_at = _half_an_hour_and_two_who_hand_in_before_the_decision()
    (waiting,) = _waiting(decided_at)
    assert ([(one.name, one.is_out) for one in waiting.handed_in], waiting.handed_in_all) == ([("林晓梅", False)], 1)
    clock.advance(minutes=130)
    peng = enter(app, PENG)
    shown = peng.get("/invigilation").get_data(as_text=True)
    assert "自己交了卷" in shown
    assert "维持交卷" in shown
    page = f"/invigilation/outage/{waiting.outage.id}"
    assert peng.post(page, data={"outage-reason": "停电", "decision": "give_back"}).status_code == 302
    found = _deadlines()
    assert found[early.person_id] == decided_at + (20 + 35) * MINUTE, "what was left when she handed in, and what the outage took"
    assert found[stays.person_id] == decided_at + 35 * MINUTE, "her bell rang at 120; she waited since"
    with transaction() as session:
        assert session.execute(text("SELECT state FROM attempt WHERE person_id = :p"), {"p": early.person_id}).scalar_one() == "open"
        assert list(verify(session, decided_at)) == []
    assert "其中 1 人在决定前已自行交卷" in peng.get(f"/invigilation/{exams.EXAM}/incidents").get_data(as_text=True)
    assert "您可以作答到" in enter(app, LIN).get("/").get_data(as_text=True)
    outage.mark(decided_at + 56 * MINUTE)
    assert attempt.finalise_overdue(decided_at + 58 * MINUTE) == 2, "who does not come back loses nothing"


@pytest.mark.parametrize("leave", [False, True])
def test_who_handed_in_before_the_decision_may_sit_again_with_the_others_or_is_left_as_she_is(app: Flask, leave: bool) -> None:
    early, stays, decided_at = _half_an_hour_and_two_who_hand_in_before_the_decision()
    peng, (waiting,) = enter(app, PENG), _waiting(decided_at)
    window = {"outage-opens": "2026-11-29T09:00", "outage-closes": "2026-11-29T12:00"} | ({"outage-leave": "y"} if leave else {})
    assert peng.post(f"/invigilation/outage/{waiting.outage.id}", data={"outage-reason": "停电", "decision": "reschedule"} | window).status_code == 302
    with transaction() as session:
        again = session.execute(text("SELECT person_id FROM extra_attempt ORDER BY person_id")).scalars().all()
        assert session.execute(text("SELECT state FROM attempt WHERE person_id = :p"), {"p": early.person_id}).scalar_one() == "scored"
    assert again == sorted([stays.person_id] if leave else [early.person_id, stays.person_id])


def test_whose_result_is_out_gets_an_extra_attempt_where_the_others_get_their_time(app: Flask) -> None:
    early, stays, decided_at = _half_an_hour_and_two_who_hand_in_before_the_decision()
    posting.release(exams.EXAM, actor_id=None, now=NOON + 102 * MINUTE)
    (waiting,) = _waiting(decided_at)
    assert [one.is_out for one in waiting.handed_in] == [True]
    opens = NOON + 7 * 1440 * MINUTE
    extra_attempt.decide_outage(
        waiting.outage.id, give_back=True, handed_in=True, opens=opens, closes=opens + 180 * MINUTE, reason="停电", actor_id=id_of(PENG), now=decided_at
    )
    assert _deadlines()[stays.person_id] == decided_at + 35 * MINUTE
    with transaction() as session:
        assert session.execute(text("SELECT person_id FROM extra_attempt")).scalars().all() == [early.person_id]


def test_a_moved_clock_and_a_short_breath_are_no_outage() -> None:
    real = [NOON, NOON + timedelta(seconds=5), NOON + timedelta(seconds=25)]
    assert not list(gaps([Mark(real[0], real[0]), Mark(real[0] + timedelta(hours=9), real[1]), Mark(real[0] + timedelta(hours=9, seconds=20), real[2])]))
