"""An attempt is annulled by two people, and who needs one more is given it: grades, windows and the plan follow."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain.admission import NotOpenYet, WindowClosed
from exam.domain.attempt import AttemptClosed, NewerAttempt, State
from exam.domain.exam import Release
from exam.domain.review import Review
from exam.services import adjustment, annulment, assembly, attempt, extra_attempt, outage, posting, result, review, room, scoring
from exam.services import exam as exam_service
from exam.services.adjustment import OwnAttempt
from exam.services.annulment import AnnulmentWaits, SecondPerson
from exam.services.attempt import AttemptMissing
from exam.services.payload import EnterExam
from exam.services.verification import verify
from exam.store import annulment as store
from exam.store import personal_data
from lms import api as platform
from lms.domain.activity import ActivityState
from lms.domain.hours import HoursKind, Worth
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Role
from lms.services import certificate, hours, plan
from tests.conftest import NOON
from tests.support import exams, learning
from tests.support.cast import LIN, PENG, Member, enter, id_of

NING = Member("ning", "宁考务", (Role.PROVINCE_MANAGER,))
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def _number(sitter: exams.Sitter) -> int:
    with transaction() as session:
        return exams.attempt_id(session, sitter)


def _posted(sitter: exams.Sitter, *numbers: int) -> tuple[str, int] | None:
    with transaction() as session:
        evidence = {sitter.person_id: [f"attempt:{number}" for number in numbers]}
        return platform.posted_scores(session, learning.CODE, evidence)[sitter.person_id]


def _score(session: Session, sitter: exams.Sitter, component: str, evidence: str) -> None:
    platform.post_score(
        session, person_id=sitter.person_id, programme_code=learning.CODE, component=component, points=9000, of_points=10_000, evidence=evidence, now=NOON
    )


def _planned(sitter: exams.Sitter, at: datetime) -> ActivityState:
    (state,) = plan.plan(sitter.person_id, learning.CODE, at).exam_states.values()
    return state


def _again(sitter: exams.Sitter, at: datetime) -> exams.Sitter:
    return exams.Sitter(sitter.person_id, sitter.login_id, attempt.enter(EnterExam(exams.entry("lin", at), "device-one", honesty=True), at).wait())


def test_two_people_annul_a_released_attempt_and_the_grade_follows(app: Flask, clock: FixedClock) -> None:
    exams.prepared(release=Release.AT_ONCE)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    scoring.score_outstanding(NOON + MINUTE)
    number = _number(lin)
    assert _posted(lin, number)
    peng, ning = enter(app, PENG), enter(app, NING)
    page = f"/invigilation/attempt/{number}"
    assert peng.post(f"{page}/annul", data={"annul-reason": "替考"}).status_code == 302
    with pytest.raises(AnnulmentWaits):
        annulment.propose(id_of(NING), number, reason="替考", now=NOON)
    with pytest.raises(SecondPerson):
        annulment.decide(id_of(PENG), number, agree=True, now=NOON)
    assert "同意作废" not in peng.get(page).get_data(as_text=True)
    assert "等您确认" not in peng.get("/").get_data(as_text=True)
    assert "林晓梅" in ning.get("/").get_data(as_text=True)
    assert "同意作废" in ning.get(page).get_data(as_text=True)
    assert ning.post(f"{page}/annulment", data={"decision": "annul"}).status_code == 302
    assert _posted(lin, number) is None
    with transaction() as session:
        kept = personal_data.decided(session, lin.person_id)
        assert [(one["exam"], one["attempt"], one["reason"], one["annulled"]) for one in kept["annulments"]] == [(exams.EXAM, 1, "替考", True)]
        assert [one["version"] for one in kept["results"]] == [1]
        assert posting.counting(session, exam_service.found(session, exams.EXAM), lin.person_id) is None
        assert list(verify(session, clock.instant)) == []
    shown = ning.get(page).get_data(as_text=True)
    assert "替考" in shown
    assert "作废" in shown
    assert "提出作废" in ning.get(f"/invigilation/{exams.EXAM}/incidents").get_data(as_text=True)


def test_a_certificate_goes_with_the_only_attempt_that_is_annulled_and_comes_back_with_the_grade(app: Flask) -> None:
    exams.prepared(release=Release.AT_ONCE)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    scoring.score_outstanding(NOON + MINUTE)
    number = _number(lin)
    with transaction() as session:
        in_force = platform.in_force(session, learning.CODE)
        (enrolled,) = session.scalars(text("SELECT id FROM enrolment WHERE person_id = :p"), {"p": lin.person_id})
        for kind, seconds in ((HoursKind.ONLINE, 4050), (HoursKind.OFFLINE, 2700)):
            hours.enter(session, in_force, enrolment_id=enrolled, kind=kind, worth=Worth(seconds, 1), evidence=f"list:{kind}", now=NOON)
        for component in in_force[1].assessment.components:
            evidence = f"attempt:{number}" if component.code == "test" else "list:1"
            _score(session, lin, component.code, evidence)
        assert certificate.standing_among(session, [enrolled])
    annulment.propose(id_of(PENG), number, reason="替考", now=NOON + 2 * MINUTE)
    annulment.decide(id_of(NING), number, agree=True, now=NOON + 3 * MINUTE)
    with transaction() as session:
        assert not certificate.standing_among(session, [enrolled])
    assert "理由：成绩更正：替考" in enter(app, LIN).get("/certificates").get_data(as_text=True)
    with transaction() as session:
        _score(session, lin, "test", "attempt:again")
        assert certificate.standing_among(session, [enrolled])


def test_an_open_attempt_that_is_annulled_takes_nothing_more_and_a_dropped_proposal_changes_nothing(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin = exams.sitting("lin")
    number = _number(lin)
    annulment.propose(id_of(PENG), number, reason="身份不符", now=NOON)
    annulment.decide(id_of(PENG), number, agree=False, now=NOON)
    lin.save(lin.change(1, [0]), at=NOON)
    annulment.propose(id_of(PENG), number, reason="身份不符", now=NOON)
    annulment.decide(id_of(NING), number, agree=True, now=NOON + MINUTE)
    with pytest.raises(AttemptClosed):
        lin.save(lin.change(1, [0], 1), at=NOON + MINUTE)
    assert attempt.finalise_overdue(NOON + DAY) == 0
    assert scoring.score_outstanding(NOON + DAY) == 0
    assert _planned(lin, NOON + 2 * MINUTE).spent, "no attempt is left, though the exam is open"
    assert plan.plan(lin.person_id, learning.CODE, NOON + 2 * MINUTE).standing.exam_spent
    clock.advance(minutes=2)
    learner = enter(app, LIN)
    shown = learner.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "您的作答已作废" in shown
    assert "正在评分" not in shown
    assert "第 1 次作答已作废" in learner.get("/").get_data(as_text=True)


def test_an_annulled_attempt_hides_nothing_of_the_one_that_counts(app: Flask, clock: FixedClock) -> None:
    exams.prepared(release=Release.AT_ONCE, attempts_allowed=2)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    scoring.score_outstanding(NOON + MINUTE)
    assert _planned(lin, NOON + 2 * MINUTE).text == "已完成，还可以再考"
    _again(lin, NOON + 2 * MINUTE)
    second = _number(lin)
    annulment.propose(id_of(PENG), second, reason="替考", now=NOON + 3 * MINUTE)
    annulment.decide(id_of(NING), second, agree=True, now=NOON + 4 * MINUTE)
    clock.advance(minutes=5)
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert (sheet.released, sheet.annulled, [(one.number, one.counts) for one in sheet.tries]) == (True, False, [(1, True)])
    assert "得分" in enter(app, LIN).get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    planned = _planned(lin, NOON + 5 * MINUTE)
    assert (planned.done, planned.spent, planned.text) == (True, False, "已完成")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_every_attempt_is_annulled_no_score_of_any_stands(app: Flask, order: tuple[int, int]) -> None:
    exams.prepared(release=Release.AT_ONCE, attempts_allowed=2)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    scoring.score_outstanding(NOON + MINUTE)
    numbers = [_number(lin)]
    again = _again(lin, NOON + 2 * MINUTE)
    again.submit(at=NOON + 3 * MINUTE)
    scoring.score_outstanding(NOON + 3 * MINUTE)
    numbers.append(_number(again))
    for at in order:
        annulment.propose(id_of(PENG), numbers[at], reason="替考", now=NOON + 4 * MINUTE)
        annulment.decide(id_of(NING), numbers[at], agree=True, now=NOON + 5 * MINUTE)
    assert _posted(lin, *numbers) is None
    with transaction() as session:
        assert list(verify(session, NOON + 6 * MINUTE)) == []


def test_an_extra_attempt_has_its_own_window_after_the_exams_and_is_used_once(app: Flask, clock: FixedClock) -> None:
    exams.prepared(papers=1)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    first = _number(lin)
    opens, peng = NOON + 5 * DAY, enter(app, PENG)
    with pytest.raises(extra_attempt.WindowTooShort):
        extra_attempt.grant(id_of(PENG), first, opens=opens, closes=opens + 90 * MINUTE, reason="考场停电", now=NOON)
    adjustment.accommodate(None, exams.EXAM, "lin", 120, reason="", now=NOON)
    with pytest.raises(extra_attempt.WindowTooShort):
        extra_attempt.grant(id_of(PENG), first, opens=opens, closes=opens + 108 * MINUTE, reason="考场停电", now=NOON)
    adjustment.accommodate(None, exams.EXAM, "lin", 100, reason="", now=NOON)
    window = {"extra-opens": "2026-11-27T12:00", "extra-closes": "2026-11-27T15:00", "extra-reason": "考场停电"}
    said = peng.post(f"/invigilation/attempt/{first}/extra", data=window, follow_redirects=True).get_data(as_text=True)
    assert "已给予一次补考机会" in said
    with pytest.raises(extra_attempt.ExtraWaits):
        extra_attempt.grant(id_of(PENG), first, opens=opens, closes=opens + DAY, reason="考场停电", now=NOON)
    with pytest.raises(NotOpenYet):
        _again(lin, NOON + 4 * DAY)
    planned = _planned(lin, NOON + 4 * DAY)
    assert (planned.text, planned.done, planned.terms and planned.terms.opens) == ("未到考试时间", False, opens)
    clock.advance(days=5, minutes=-10)
    soon = enter(app, LIN).get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert "距离开放" in soon
    assert "进入候场" not in soon
    clock.advance(minutes=10)
    assert _planned(lin, opens).text == "考试开放中"
    assert [assembly.top_up(opens), assembly.top_up(opens)] == [1, 0], "the exam is over: papers are drawn for the extra attempt"
    brief = room.exam_of(lin.person_id, exams.EXAM, opens).briefing
    assert (brief.refusal, brief.attempts_left, brief.exam.opens) == (None, 1, opens)
    page = enter(app, LIN).get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert "2026年11月27日" in page
    again = _again(lin, opens)
    assert again.opened.deadline == opens + 90 * MINUTE
    again.save(again.change(1, [0]), at=opens)
    planned = _planned(lin, opens)
    assert (planned.text, planned.terms and planned.terms.contains(opens)) == ("正在作答", True)
    again.submit(at=opens + MINUTE)
    assert (_planned(lin, opens + 2 * MINUTE).done, _planned(lin, opens + 2 * MINUTE).pending) == (True, True)
    with pytest.raises(WindowClosed):
        _again(lin, opens + 2 * MINUTE)
    with pytest.raises(NewerAttempt):
        adjustment.reopen(id_of(PENG), first, minutes=5, reason="误交", now=opens + 2 * MINUTE)
    with transaction() as session:
        assert session.execute(text("SELECT number, state FROM attempt ORDER BY number")).all() == [(1, State.SUBMITTED), (2, State.SUBMITTED)]


def test_all_whom_a_long_outage_hit_are_given_one_more_with_the_decision(app: Flask) -> None:
    exams.prepared()
    lin, done = exams.sitting("lin"), exams.sitting("cai")
    done.submit(at=NOON + 5 * MINUTE)
    for at in (NOON + 60 * MINUTE, NOON + 95 * MINUTE):
        outage.mark(at, at)
    outage.settle(NOON + 95 * MINUTE)
    (waiting,) = outage.waiting(id_of(PENG), NOON + 95 * MINUTE)
    window = {"outage-opens": "2026-11-29T09:00", "outage-closes": "2026-11-29T12:00"}
    peng = enter(app, PENG)
    half = {"outage-reason": "停电", "decision": "reschedule", "outage-opens": window["outage-opens"]}
    assert "都填上" in peng.post(f"/invigilation/outage/{waiting.outage.id}", data=half, follow_redirects=True).get_data(as_text=True)
    assert peng.post(f"/invigilation/outage/{waiting.outage.id}", data=half | window).status_code == 302
    with transaction() as session:
        assert session.execute(text("SELECT person_id FROM extra_attempt")).scalars().all() == [lin.person_id]
    assert not outage.waiting(id_of(PENG), NOON + 95 * MINUTE)
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO outage (began_at, ended_at, attempts, state, settled_at, reason) SELECT began_at, ended_at, 1, 'undecided', now(), '' FROM outage"
            )
        )
    (second,) = outage.waiting(id_of(PENG), NOON + 95 * MINUTE)
    again = partial(
        extra_attempt.decide_outage, second.outage.id, handed_in=True, opens=NOON + DAY, reason="停电", actor_id=id_of(PENG), now=NOON + 96 * MINUTE
    )
    with pytest.raises(extra_attempt.WindowTooShort):
        again(give_back=True, closes=NOON + DAY + MINUTE)  # nobody needs it, but it was typed
    again(give_back=False, closes=NOON + 2 * DAY)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM extra_attempt")).scalar_one() == 1, "two outages give one"
    log = peng.get(f"/invigilation/{exams.EXAM}/incidents").get_data(as_text=True)
    for words in ("中断 35", "另行安排考试，1 人，停电", "2026年11月29日 09:00"):
        assert words in log, words


def test_an_extra_attempt_is_taken_back_while_it_is_unused_alone_or_with_all_given_by_the_same_act(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    lin, cai, hua, own = (exams.sitting(one) for one in ("lin", "cai", "hua", PENG.account))
    with transaction() as session:
        session.execute(text('UPDATE exam SET settings = settings || \'{"review": "after_window"}\''))
    for at in (NOON + 60 * MINUTE, NOON + 95 * MINUTE):
        outage.mark(at, at)
    outage.settle(NOON + 95 * MINUTE)
    opens, decided_at = NOON + 5 * DAY, NOON + 96 * MINUTE
    (waiting,) = outage.waiting(id_of(PENG), decided_at)
    extra_attempt.decide_outage(
        waiting.outage.id, give_back=False, handed_in=True, opens=opens, closes=opens + DAY, reason="停电", actor_id=id_of(PENG), now=decided_at
    )
    for one in (lin, cai, hua, own):
        one.submit(at=NOON + 97 * MINUTE, bell=True)
    page = f"/invigilation/attempt/{_number(lin)}"
    assert "给予一次补考机会" not in peng.get(page).get_data(as_text=True)
    assert "撤回补考机会" in peng.get(page).get_data(as_text=True)
    assert peng.post(f"{page}/extra/withdraw", data={"withdraw-reason": "重复给予"}).status_code == 302
    with transaction() as session:
        assert sorted(session.scalars(text("SELECT person_id FROM extra_attempt"))) == sorted([cai.person_id, hua.person_id, own.person_id])
    assert review.current_rule(exams.EXAM) is Review.AFTER_WINDOW
    with pytest.raises(extra_attempt.NothingWaits):
        extra_attempt.withdraw(id_of(PENG), _number(lin), all_given_with_it=False, reason="重复给予", now=decided_at)
    with pytest.raises(WindowClosed):
        _again(lin, opens)
    with transaction() as session:
        one_exam = session.scalar(text("SELECT id FROM exam"))
    begun = exams.Sitter(cai.person_id, cai.login_id, attempt.enter(EnterExam(exams.entry("cai", opens), "device-one", honesty=True), opens).wait())
    assert extra_attempt.withdraw(id_of(PENG), _number(hua), all_given_with_it=True, reason="改期", now=decided_at) == 1
    assert review.current_rule(exams.EXAM) is Review.NEVER, "they kept the keys; other dates may follow"
    begun.save(begun.change(1, [0]), at=opens)
    with transaction() as session:
        left = sorted(session.scalars(text("SELECT person_id FROM extra_attempt")))
        assert left == sorted([cai.person_id, own.person_id]), "what is begun stays, and what is one's own"
        acts = session.execute(text("SELECT subject, detail -> 'people' FROM audit_entry WHERE action = 'exam.extra_back' ORDER BY id")).all()
        assert acts == [(f"attempt:{_number(lin)}", [lin.person_id]), (f"exam:{one_exam}", [hua.person_id])]
        kept = personal_data.decided(session, lin.person_id)
        assert [(one["attempt"], one["annulled"]) for one in kept["annulments"]] == []
        begun_by_cai = personal_data.decided(session, cai.person_id)["extra_attempts"]
        assert [(one["exam"], one["reason"], one["begun_as_attempt"]) for one in begun_by_cai] == [(exams.EXAM, "停电", 2)]
    assert "1 人，重复给予" in peng.get(f"/invigilation/{exams.EXAM}/incidents").get_data(as_text=True)


def test_nobody_decides_about_her_own_attempt_and_none_is_asked_outside_her_scope(app: Flask) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    hers = exams.sitting(PENG.account)
    number = _number(hers)
    with pytest.raises(OwnAttempt):
        extra_attempt.grant(id_of(PENG), number, opens=NOON, closes=NOON + DAY, reason="补考", now=NOON)
    shown = peng.get(f"/invigilation/attempt/{number}").get_data(as_text=True)
    assert ("不能处理自己的作答" in shown, f"{number}/pause" in shown, f"{number}/extra" in shown) == (True, False, False)
    annulment.propose(id_of(NING), number, reason="替考", now=NOON)
    with transaction() as session:
        assert personal_data.decided(session, id_of(PENG))["annulments"] == [], "what nobody has decided is no export's"
    with pytest.raises(OwnAttempt):
        annulment.decide(id_of(PENG), number, agree=False, now=NOON)
    with pytest.raises(OwnAttempt):
        adjustment.accommodate(id_of(PENG), exams.EXAM, PENG.account, 150, reason="便利", now=NOON)
    with transaction() as session:
        with pytest.raises(OwnAttempt):
            adjustment.target_of(session, id_of(PENG), number)
        everybody = adjustment.target(session, id_of(PENG), exams.EXAM, None)
        with pytest.raises(OwnAttempt):
            adjustment.give(session, everybody, minutes=10, percent=0, reason="停电", actor_id=id_of(PENG), now=NOON)
        with pytest.raises(OwnAttempt):
            adjustment.pause(session, everybody, reason="停电", actor_id=id_of(PENG), now=NOON)
        assert adjustment.give(session, everybody, minutes=10, percent=0, reason="停电", actor_id=id_of(NING), now=NOON) == 1
    exams.sitting("lin")
    said = peng.post(f"/invigilation/{exams.EXAM}/time", data={"time-minutes": "5", "time-reason": "停电"}, follow_redirects=True).get_data(as_text=True)
    assert ("已为 1 名" in said, "您自己的作答不在其中" in said) == (True, True)
    hers.submit()
    with pytest.raises(OwnAttempt):
        adjustment.reopen(id_of(PENG), number, minutes=10, reason="误交", now=NOON)
    with pytest.raises(AttemptMissing):
        annulment.decide(id_of(NING), number + 2, agree=True, now=NOON)
    with transaction() as session:
        assert list(annulment.to_decide(session, id_of(NING), NOON)) == []
        assert store.waiting_for(session, id_of(PENG) + 999, ["/"], 1) == [(number, PENG.name)]
        assert store.waiting_for(session, id_of(PENG) + 999, ["/9999/"], 1) == []
    assert "提出作废" not in peng.get("/").get_data(as_text=True)


def test_an_annulled_attempt_whose_points_stand_is_found(app: Flask, clock: FixedClock) -> None:
    exams.prepared(release=Release.AT_ONCE)
    lin = exams.sitting("lin")
    lin.submit(at=NOON + MINUTE)
    scoring.score_outstanding(NOON + MINUTE)
    with transaction() as session:
        session.execute(text("UPDATE attempt SET state = 'annulled'"))
        assert list(verify(session, clock.instant)) == [f"attempt {_number(lin)} is annulled and its points stand on the grade sheet"]
