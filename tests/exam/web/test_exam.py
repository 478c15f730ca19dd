"""A learner's first page follows her exam: a failed try that may be repeated is offered again, a revoked certificate is called so."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from demo.exams import create_exam
from exam.domain.exam import ExamPolicy
from exam.services import assembly, attempt, scoring
from exam.services import token as tokens
from exam.services.payload import EnterExam
from lms import api as platform
from lms.domain.hours import HoursKind, Worth
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.services import certificate, hours, plan
from lms.services import forecast as forecasts
from tests.support import exams, learning
from tests.support.cast import LIN, OU, enter

WHOLE = 10_000


def posted(person_id: int, clock: FixedClock, **points: int) -> None:
    """Post scores of components, in hundredths of 100 points."""
    with transaction() as session:
        for component, earned in points.items():
            platform.post_score(
                session, person_id=person_id, programme_code=learning.CODE, component=component, points=earned, of_points=WHOLE, evidence=component,
                now=clock.instant,
            )  # fmt: skip


def test_a_failed_try_is_offered_again_as_soon_as_it_may_be_repeated(app: Flask, clock: FixedClock) -> None:
    exams.prepared(attempts_allowed=2, policy=ExamPolicy(wait_days=1))
    lin, sitter = enter(app, LIN), exams.sitting("lin")
    sitter.submit()
    posted(sitter.person_id, clock, work=WHOLE)
    scoring.score_outstanding(clock.instant)
    posted(sitter.person_id, clock, test=0)
    page = lin.get("/").get_data(as_text=True)
    assert "2026年11月23日 12:00 起可以再次参加测试" in page
    clock.instant += timedelta(days=1)
    page = lin.get("/").get_data(as_text=True)
    assert "测试开放还剩" in page
    assert "去再考一次" in page
    assert f'href="/exams/{exams.EXAM}"' in page
    door = lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert "还可以再考" in door
    assert "可以查看成绩，也可以再考 1 次" in lin.get("/exams").text
    assert f'href="/exams/{exams.EXAM}/result"' in door, "what she has, before she sits again"
    opened = attempt.enter(EnterExam(exams.entry("lin", clock.instant), "device-one", honesty=True), clock.instant).wait()
    exams.Sitter(sitter.person_id, sitter.login_id, opened).submit(at=clock.instant)
    assert "总评还没有达到" not in lin.get("/").get_data(as_text=True), "the second try is being scored"
    scoring.score_outstanding(clock.instant)
    assert "总评未达到合格要求" in lin.get("/").get_data(as_text=True), "no try is left"
    _set_up_another(clock)
    page = lin.get("/").get_data(as_text=True)
    assert "2027年1月2日 12:00 起可以再次参加测试" in page, "at another exam"
    assert 'href="/exams/again"' in page


def test_a_learner_and_the_forecast_go_by_the_exam_as_it_was_set_up(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 10)
    exams.prepared(opens=clock.instant + timedelta(days=40), closes=clock.instant + timedelta(days=42, hours=12), minutes=75, attempts_allowed=3)
    exams.enrolled("lin")
    written = learning.load().exam
    shown = enter(app, LIN).get(f"/plan?programme={learning.CODE}").get_data(as_text=True)
    assert shown.count("2027年1月1日至2027年1月3日") == 2, "as a step, and among what the exam is like"
    assert (written.opens.month, written.minutes) != (1, 75)
    assert "75 分钟" in shown
    assert "3 次" in shown
    stretch = forecasts.view(learning.CODE, clock.instant)[1].forecasts[-1].stretch
    assert [one.minutes for one in stretch.exam] == [75]
    assert (stretch.opens, stretch.days) == (clock.instant + timedelta(days=40), 2.5)
    assert stretch.opens.hour == 12, "an evening is one of the programme's own zone"


def _set_up_another(clock: FixedClock) -> None:
    create_exam(
        code="again", programme_code=learning.CODE, title="补考", bank_code=exams.BANK, blueprint=exams.small_blueprint(), minutes=35, now=clock.instant,
        opens=clock.instant + timedelta(days=40), closes=clock.instant + timedelta(days=41),
    )  # fmt: skip


def test_every_exam_is_on_the_plan_and_in_the_forecast_and_who_is_done_keeps_hers(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 10)
    exams.prepared()
    _set_up_another(clock)
    lin, sitter = enter(app, LIN), exams.sitting("lin")
    sitter.submit()
    scoring.score_outstanding(clock.instant)
    clock.instant += timedelta(days=4)  # the first exam is over
    page = lin.get(f"/plan?programme={learning.CODE}").get_data(as_text=True)
    assert page.index("90 分钟") < page.index("35 分钟"), "each with its own terms"
    assert "未到考试时间" in page
    assert page.count("2027年1月1日") == 1, "the step is the exam she has done, not the one to come"
    missed = plan.plan(exams.enrolled("cai")[0], learning.CODE, clock.instant)
    assert (missed.exam and missed.exam.ref, missed.programme.exam.minutes) == ("again", 35), "who missed the first goes to the next"
    found = forecasts.view(learning.CODE, clock.instant)[1]
    first, again = [one for one in found.forecasts if one.stretch.exam]
    assert (first.stretch.title, again.stretch.title, again.stretch.code) == ("线上测试", "补考", "final-test-2")
    assert again.peaks["in_exam"].median < 0.5 * first.peaks["in_exam"].median, "few come again"
    live = enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load?stretch=final-test-2").get_data(as_text=True)
    assert re.search(r"aria-current[^>]*>\s*补考", live)


def test_the_first_page_leads_to_the_exam_she_sits_beside_one_that_is_done_and_a_newer_programme(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin, sitter = enter(app, LIN), exams.sitting("lin")
    sitter.submit()
    scoring.score_outstanding(clock.instant)
    _set_up_another(clock)
    learning.load(learning.programme_text("another-programme"))
    with transaction() as session:
        learning.enrol(session, sitter.person_id, code="another-programme")
    assert "/room" not in lin.get("/").text
    clock.instant += timedelta(days=40)
    assembly.assemble("again", papers=1, now=clock.instant)
    entry = tokens.entry(sitter.person_id, sitter.login_id, "again", asks_learning=False, now=clock.instant)
    attempt.enter(EnterExam(entry, "device-one", honesty=True), clock.instant).wait()
    assert 'href="/exams/again/room"' in lin.get("/").text
    assert "/room" not in lin.get("/?programme=another-programme").text, "she asked for this one"


def test_a_revoked_certificate_is_called_so(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin, sitter = enter(app, LIN), exams.sitting("lin")
    sitter.submit()
    scoring.score_outstanding(clock.instant)
    with transaction() as session:
        facts = platform.enrolment_of(session, sitter.person_id, learning.CODE)
        assert facts is not None
        for kind, seconds in ((HoursKind.ONLINE, 4050), (HoursKind.OFFLINE, 2700)):
            hours.enter(
                session,
                platform.in_force(session, learning.CODE),
                enrolment_id=facts.id,
                kind=kind,
                worth=Worth(seconds, 1),
                evidence=f"list:{kind}",
                now=clock.instant,
            )
    posted(sitter.person_id, clock, work=WHOLE, test=WHOLE)
    assert "祝贺您，培训合格" in lin.get("/").get_data(as_text=True)
    with transaction() as session:
        certificate.revoke(session, 1, reason="姓名有误", actor_id=None, now=clock.instant)
    assert "祝贺您" not in lin.get("/").get_data(as_text=True)
    assert "您的证书已被撤销" in lin.get("/").get_data(as_text=True)
