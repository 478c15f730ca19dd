"""The paper with keys and explanations, only when the exam allows; and the appeal against a result."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from demo.exams import create_exam
from exam.domain.packet import OPEN_FOR
from exam.domain.regrade import Effect
from exam.domain.review import Review
from exam.services import attempt, outage, review, scoring
from exam.services.payload import EnterExam
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.exam.services.test_item_types import BLANK_ITEM, sat
from tests.exam.services.test_packet import brought, packed
from tests.exam.services.test_regrade import approved, proposed
from tests.exam.services.test_submission import right_choices
from tests.support import exams, learning
from tests.support.cast import LIN, PENG, SAM, enter, id_of
from tests.support.exams import EXAM

CLOSES = NOON + timedelta(days=3)
REVIEW = f"/exams/{EXAM}/review"
ADMIN = f"/admin/exams/{EXAM}"


@pytest.fixture
def lin(app: Flask) -> FlaskClient:
    """Lin, whose attempt is scored."""
    exams.prepared()
    id_of(LIN)
    sitter = exams.sitting("lin")
    sitter.submit(sitter.change(1, [0]))
    scoring.score_outstanding(NOON)
    return enter(app, LIN)


def opened(app: Flask, clock: FixedClock) -> None:
    """Allow the review, after the window as it must be."""
    clock.instant = CLOSES
    enter(app, PENG).post(f"{ADMIN}/review", data={"review": "after_window"})


def test_keys_and_explanations_are_seen_only_when_the_exam_allows(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    peng = enter(app, PENG)
    for rule, now, status in (
        (None, NOON, 403),
        (None, CLOSES, 403),
        ("after_window", CLOSES, 200),
        (None, NOON, 403),  # released and scored, but others may still be given the same items
        ("never", CLOSES, 403),
    ):
        clock.instant = now
        if rule:
            assert peng.post(f"{ADMIN}/review", data={"review": rule}).status_code == 302
        answer = lin.get(REVIEW)
        body = answer.get_data(as_text=True)
        assert (answer.status_code, "secret reason" in body, "正确答案" in body) == (status, status == 200, status == 200), rule
        assert ("查看试卷与解析" in lin.get(f"/exams/{EXAM}/result").get_data(as_text=True)) is (status == 200)
    assert lin.post(f"{ADMIN}/review", data={"review": "after_window"}).status_code == 403


def test_a_corrected_item_shows_what_is_right_now_and_what_became_of_its_points(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    with transaction() as session:
        found = text(
            "SELECT i.external_id, get_byte(p.orders, 0), v.key->'options'->0 FROM attempt a JOIN paper p ON p.id = a.paper_id"
            " JOIN item_version v ON v.id = p.version_ids[1] JOIN item i ON i.id = v.item_id"
        )
        item, chosen, key = session.execute(found).one()  # she chose what stands first at position 1
    right, wrong = "is-key", "is-wrong"
    opened(app, clock)

    def first() -> str:
        return lin.get(REVIEW).get_data(as_text=True).split('id="item-2"')[0].split('id="item-1"')[1]

    assert (("2 / 2 分" in first()), wrong in first()) == (chosen == key, chosen != key)
    other = next(at for at in range(4) if at not in (chosen, key))
    for effect, written, points, marked, words in (
        (Effect.REPLACE, "ABCD"[chosen], "2 / 2 分", [1, 0], "这道题的答案已更正"),
        (Effect.REPLACE, "ABCD"[other], "0 / 2 分", [1, 1], "这道题的答案已更正"),
        (Effect.ACCEPT, "ABCD"[chosen], "2 / 2 分", [2, 0], "另有一种答案也算对"),
        (Effect.DROP, "", "不计分", [0, 0], "其余题按满分折算"),
        (Effect.FULL, "", "2 / 2 分", [0, 0], "拿到它的人都得满分"),
    ):
        approved(proposed(effect, written, item))
        body = first()
        assert (points in body, [body.count(right), body.count(wrong)], words in body) == (True, marked, True), (effect, body)


def test_a_corrected_fill_in_shows_each_number_with_its_tolerance(app: Flask, clock: FixedClock) -> None:
    sat([BLANK_ITEM])[0].submit()
    scoring.score_outstanding(NOON)
    opened(app, clock)
    for effect, written, right in ((Effect.ACCEPT, "38；变温", "37 ± 0.5 或 38 ± 0.5；恒温 或 变温"), (Effect.REPLACE, "；冷血", "37 ± 0.5 或 38 ± 0.5；冷血")):
        approved(proposed(effect, written, "n-0"))
        assert right in enter(app, LIN).get(REVIEW).get_data(as_text=True), effect


def test_nobody_changes_the_rule_while_the_exam_runs(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    peng = enter(app, PENG)
    said = peng.post(f"{ADMIN}/review", data={"review": "after_window"}, follow_redirects=True).get_data(as_text=True)
    assert "考试期间不能改变试卷开放的规定" in said
    clock.instant = CLOSES
    assert review.current_rule(EXAM) is Review.NEVER
    assert lin.get(REVIEW).status_code == 403


def test_no_key_is_shown_after_the_window_while_anybody_sits_or_may_still_come(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    opened(app, clock)
    cai = exams.sitting("cai", at=CLOSES - timedelta(hours=2))
    assert lin.get(REVIEW).status_code == 403, "somebody still sits"
    cai.submit(at=CLOSES - timedelta(hours=1))
    assert lin.get(REVIEW).status_code == 403, "until four hours after her bell she may bring a packet"
    clock.instant = late = CLOSES - timedelta(minutes=30) + OPEN_FOR
    brought(cai, packed(cai, 1), at=late)
    clock.instant = late = late + timedelta(seconds=1)
    assert lin.get(REVIEW).status_code == 403, "and hers waits for a decision"
    enter(app, PENG).post(f"{ADMIN}/packets/1/refuse", data={"reason": "无断网记录"})
    assert lin.get(REVIEW).status_code == 200
    with transaction() as session:
        turn = {"asked": CLOSES - timedelta(minutes=1), "turn": late + timedelta(minutes=5)}
        session.execute(text("UPDATE exam_gate SET asked_at = :asked, next_at = :turn"), turn)
        session.execute(text("UPDATE exam_place SET asked_at = :asked, turn = :turn"), turn)
    assert lin.get(REVIEW).status_code == 403, "somebody still has her turn"
    clock.instant = late + timedelta(minutes=20)
    assert lin.get(REVIEW).status_code == 200


def test_no_key_is_shown_while_another_exam_of_the_bank_is_not_over_or_people_are_to_sit_again(app: Flask, lin: FlaskClient, clock: FixedClock) -> None:
    opened(app, clock)
    assert lin.get(REVIEW).status_code == 200
    create_exam(
        code="again", programme_code=learning.CODE, title="第二场", bank_code=exams.BANK, blueprint=exams.small_blueprint(), now=CLOSES,
        opens=CLOSES + timedelta(days=1), closes=CLOSES + timedelta(days=2), minutes=90,
    )  # fmt: skip
    assert lin.get(REVIEW).status_code == 403, "its papers will be drawn from the same items"
    peng = enter(app, PENG)
    told = peng.get(f"{ADMIN}/appeals").get_data(as_text=True)
    assert ("同一题库的“第二场”还没有结束，或还能上交应急包" in told, '/admin/exams/again"' in told) == (True, True)
    clock.instant = CLOSES + timedelta(days=2, minutes=15)
    assert lin.get(REVIEW).status_code == 200
    with transaction() as session:
        page = f"/invigilation/attempt/{session.scalar(text('SELECT id FROM attempt'))}"
    assert "试卷和解析已经开放查看" in peng.get(page).get_data(as_text=True)
    with transaction() as session:
        session.execute(text("UPDATE attempt SET ended_at = started_at + interval '45 minutes'"))
        at = {"began": NOON + timedelta(minutes=1), "ended": NOON + timedelta(minutes=41)}
        number = session.scalar(
            text(
                "INSERT INTO outage (began_at, ended_at, attempts, state, settled_at, reason) VALUES (:began, :ended, 1, 'undecided', :ended, '') RETURNING id"
            ),
            at,
        )
    assert lin.get(REVIEW).status_code == 403, "who handed in behind an outage that nobody has decided on may come back"
    with transaction() as session:
        session.execute(text("UPDATE attempt SET ended_at = NULL, state = 'open', reopened = reopened + 1"))
    outage.decide(int(number or 0), give_back=False, reason="停电，另行安排", actor_id=id_of(PENG), now=clock.instant)
    assert review.current_rule(EXAM) is Review.NEVER, "they are to sit again, and nobody has said when"


def test_a_paper_is_not_opened_while_another_try_is_left(app: Flask, clock: FixedClock) -> None:
    exams.prepared(attempts_allowed=2)
    id_of(LIN)
    exams.sitting("lin").submit()
    scoring.score_outstanding(NOON)
    opened(app, clock)
    clock.instant = NOON
    assert enter(app, LIN).get(REVIEW).status_code == 403
    clock.instant = CLOSES
    assert enter(app, LIN).get(REVIEW).status_code == 200
    assert enter(app, SAM).get(REVIEW).status_code == 403


def test_an_appeal_is_about_the_attempt_that_counts(app: Flask, clock: FixedClock) -> None:
    exams.prepared(attempts_allowed=2)
    id_of(LIN)
    first = exams.sitting("lin")
    first.submit(*(first.change(at, choices) for at, choices in enumerate(right_choices(first), start=1)))
    exams.Sitter(first.person_id, first.login_id, attempt.enter(EnterExam(exams.entry("lin"), "device-one", honesty=True), NOON).wait()).submit()
    scoring.score_outstanding(NOON)
    clock.instant = NOON + timedelta(days=3)
    enter(app, LIN).post(f"/exams/{EXAM}/appeal", data={"words": "第一次的成绩有误"})
    with transaction() as session:
        numbers = session.execute(text("SELECT a.number FROM exam_appeal p JOIN attempt a ON a.id = p.attempt_id")).scalars().all()
        points = session.execute(text("SELECT r.points FROM result r JOIN attempt a ON a.id = r.attempt_id ORDER BY a.number")).scalars().all()
    assert points[0] > points[1] == 0
    assert numbers == [1]


def test_an_appeal_is_answered_once_and_the_teacher_reads_the_answer(app: Flask, lin: FlaskClient) -> None:
    sheet = f"/exams/{EXAM}/result"
    for words in ("x", "第一题的答案有争议", "再来一次"):  # a slip of the thumb is no appeal
        lin.post(f"/exams/{EXAM}/appeal", data={"words": words})
    peng = enter(app, PENG)
    listed = peng.get(f"{ADMIN}/appeals").get_data(as_text=True)
    assert "第一题的答案有争议" in listed
    assert "再来一次" not in listed, "one appeal at a time"
    assert "/invigilation/attempt/" in listed
    assert lin.get(f"{ADMIN}/appeals").status_code == 403
    assert "有 1 条成绩复核申请等您答复" in peng.get("/").get_data(as_text=True)
    appeal = int(listed.split("/appeals/")[1].split("/")[0])
    peng.post(f"{ADMIN}/appeals/{appeal}/refuse", data={"answer": ""})
    assert "正在处理" in lin.get(sheet).get_data(as_text=True)
    for decision, answer in (("refuse", "核对无误"), ("uphold", "改主意")):
        peng.post(f"{ADMIN}/appeals/{appeal}/{decision}", data={"answer": answer})
    said = lin.get(sheet).get_data(as_text=True)
    assert "核对无误" in said
    assert "改主意" not in said
    assert "的成绩复核已有答复" in lin.get("/").get_data(as_text=True)
