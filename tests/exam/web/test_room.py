"""The pages around an attempt, as the teacher, another role and strangers; and nothing that an attempt must not tell (EX-17, EX-22, IN-02)."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam.domain.receipt import written
from exam.services import attempt, scoring
from exam.services import token as tokens
from exam.services.payload import EnterExam, StartExam
from exam.web.response import HOT_ROUTES
from lms.kernel.app import build_app
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.part import Part
from lms.kernel.settings import Settings
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import LIN, SAM, WEI, enter, id_of

PAGES = ("", "/room", "/receipt", "/result")
NEVER = ("correct", '"key"', "explanation", "secret reason", "score", "feedback", "weight", "difficulty", "is_right", "解析")


@pytest.fixture
def lin(app: Flask) -> FlaskClient:
    """Lin, enrolled, with an exam she may sit."""
    exams.prepared()
    id_of(LIN)
    exams.enrolled("lin")
    return enter(app, LIN)


def start(client: FlaskClient, **changes: object) -> dict[str, object]:
    """Start by JSON as the page does."""
    now = client.application.extensions["clock"].now()
    answer = client.post("/api/exam/start", json={"entry": exams.entry("lin", now), "device": "device-of-lin", "honesty": True, **changes})
    body = answer.get_json()
    assert isinstance(body, dict)
    return body


def test_the_list_says_what_can_be_sat(lin: FlaskClient) -> None:
    text = lin.get("/exams").get_data(as_text=True)
    assert "线上测试" in text
    assert "可以参加" in text


def test_who_takes_part_in_nothing_sees_an_empty_list(app: Flask) -> None:
    assert "现在没有您的考试" in enter(app, SAM).get("/exams").get_data(as_text=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_does_not_learn_that_the_exam_exists(app: Flask, lin: FlaskClient, page: str) -> None:
    start(lin)
    assert enter(app, SAM).get(f"/exams/{exams.EXAM}{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_another_role_is_refused(app: Flask, lin: FlaskClient, page: str) -> None:
    assert enter(app, WEI).get(f"/exams/{exams.EXAM}{page}").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_nobody_signed_in_is_sent_to_the_door(client: FlaskClient, page: str) -> None:
    assert client.get(f"/exams/{exams.EXAM}{page}").status_code == 302


def test_ex_17_the_time_is_said_before_the_button(lin: FlaskClient, clock: FixedClock) -> None:
    assert "您将有 90 分钟" in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    clock.instant = NOON + timedelta(days=3) - timedelta(minutes=5)
    text = lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert "您将有 4 分钟" in text
    assert 235_000 <= int(str(start(lin)["remaining_ms"])) <= 241_000


def test_ex_17_after_the_end_there_is_no_button_and_no_start(lin: FlaskClient, clock: FixedClock) -> None:
    clock.instant = NOON + timedelta(days=3)
    assert 'id="start"' not in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert start(lin)["code"] == "window_closed"


def test_ov_01_from_half_an_hour_before_the_bell_the_start_page_leads_to_the_waiting_room(lin: FlaskClient, clock: FixedClock) -> None:
    clock.instant = NOON - timedelta(minutes=95)
    assert 'id="start"' not in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    clock.advance(minutes=10)
    shown = lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    for words in ("进入候场", "开始后，您将有 90 分钟", "距离开放"):
        assert words in shown, words
    told = start(lin)
    assert (told["code"], told["bell_ms"], told["ahead"]) == ("waiting", 25 * 60_000, 0)
    clock.advance(minutes=25)
    assert start(lin, ticket=told["ticket"])["remaining_ms"] == 90 * 60_000


def test_an_open_attempt_is_led_back_to_the_room(lin: FlaskClient) -> None:
    start(lin)
    text = lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert "回到考场" in text
    assert 'id="start"' not in text
    assert lin.get(f"/exams/{exams.EXAM}/room").status_code == 200
    home = lin.get("/").text
    assert (f'/exams/{exams.EXAM}/room"' in home, "回到考场" in home, "开始学习" in home) == (True, True, False), "a clock that runs goes before every lesson"


def test_without_an_open_attempt_the_room_leads_to_the_start_page(lin: FlaskClient) -> None:
    assert lin.get(f"/exams/{exams.EXAM}/room").headers["Location"] == f"/exams/{exams.EXAM}"


def test_the_clock_tells_the_time_left_and_who_leads(lin: FlaskClient, clock: FixedClock) -> None:
    asked = {"token": start(lin)["token"]}
    clock.advance(minutes=10)
    body = lin.post("/api/exam/remaining", json=asked).get_json()
    assert (body["remaining_ms"], body["leads"], body["open"]) == (80 * 60_000, True, True)
    assert lin.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "another-device", "takeover": True}).status_code == 200
    assert lin.post("/api/exam/remaining", json=asked).get_json()["leads"] is False
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = :now"), {"now": NOON})
    assert lin.post("/api/exam/remaining", json=asked).get_json()["code"] == "signed_out"


def test_the_clock_of_another_is_not_told(lin: FlaskClient) -> None:
    token = str(start(lin)["token"])
    forged = token[:-1] + ("A" if token[-1] != "A" else "w")
    assert lin.post("/api/exam/remaining", json={"token": forged}).get_json()["code"] == "token_refused"
    other = tokens.sign(msgspec.structs.replace(tokens.read(token), person_id=tokens.read(token).person_id + 1))
    assert lin.post("/api/exam/remaining", json={"token": other}).status_code == 404


def test_the_receipt_holds_what_the_server_holds_and_anybody_may_check_it(app: Flask, lin: FlaskClient) -> None:
    opened = start(lin)
    change = {"position": 1, "seq": opened["seq_from"], "revision": 0, "choices": [1]}
    assert lin.post("/api/exam/save", json={"token": opened["token"], "changes": [change]}).status_code == 200
    submitted = lin.post("/api/exam/submit", json={"token": opened["token"], "key": "one-random-key"}).get_json()
    page = lin.get(f"/exams/{exams.EXAM}/receipt").get_data(as_text=True)
    code = "-".join(re.findall("....", submitted["receipt"]))
    assert code in page
    assert f"/receipts/{submitted['receipt']}" in page
    assert "1 / 8 题" in page
    assert lin.get(f"/exams/{exams.EXAM}/room").headers["Location"].endswith("/receipt")
    stranger = app.test_client()
    assert stranger.get(f"/receipts?code={code.lower()}").headers["Location"] == f"/receipts/{submitted['receipt']}"
    told = stranger.get(f"/receipts/{submitted['receipt']}").get_data(as_text=True)
    assert "回执真实，答案完整保存" in told
    assert submitted["receipt"].lower() in told, "the digest begins with the code"
    assert "林**" in told
    assert "林晓梅" not in told
    assert "1 / 8 题" in told
    with transaction() as session:  # somebody with the database's own rights adds to the log behind everybody's back
        columns = "attempt_id, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at, login_id, epoch, hash"
        session.execute(text(f"INSERT INTO response_event (position, {columns}) SELECT 2, {columns} FROM response_event"))
    assert "回执与保存的答案不符" in stranger.get(f"/receipts/{submitted['receipt']}").get_data(as_text=True)
    assert "没有这张回执" in stranger.get("/receipts/0000000000000000").get_data(as_text=True)
    for _ in range(60):
        answer = stranger.get("/receipts/0000000000000000")
    assert answer.status_code == 429


def test_each_attempt_has_its_receipt_and_the_code_says_which_it_is(app: Flask) -> None:
    id_of(LIN)
    exams.prepared(attempts_allowed=2)
    sitter, later = exams.sitting("lin"), NOON + timedelta(minutes=1)
    first = sitter.submit().receipt
    scoring.score_outstanding(NOON)
    sitter.opened = attempt.enter(EnterExam(exams.entry("lin", later), "device-one", honesty=True), later).wait()
    second = sitter.submit(at=later).receipt
    scoring.score_outstanding(later)
    lin, page = enter(app, LIN), f"/exams/{exams.EXAM}/receipt"
    newest, earlier = (lin.get(f"{page}{asked}").get_data(as_text=True) for asked in ("", "?attempt=1"))
    assert (written(second) in newest, "attempt=1" in newest) == (True, True)
    assert (written(first) in earlier, written(second) in earlier) == (True, False)
    assert lin.get(f"{page}?attempt=3").status_code == 404
    assert "attempt=2" in lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    told = [app.test_client().get(f"/receipts/{code}").get_data(as_text=True) for code in (first, second)]
    assert ["第 1 次" in told[0], "第 2 次" in told[1], "第 1 次" in told[1]] == [True, True, False]


def test_the_result_shows_the_profile_once_it_is_scored_and_none_of_few_items_before_the_exam_is_settled(lin: FlaskClient, clock: FixedClock) -> None:
    opened = start(lin)
    lin.post("/api/exam/submit", json={"token": opened["token"], "key": "one-random-key"})
    assert "成绩还没有公布" in lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    scoring.score_outstanding(NOON)
    text = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "各专题得分" in text
    assert "/ 16" in text
    assert "题目较少的专题合并显示或暂不显示" in text
    assert "/ 8 分" not in text, "two of its four items are worth the same: its points tell much of each"
    clock.advance(days=30)
    text = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "合并显示" not in text
    assert "/ 8 分" in text


def test_the_result_lists_every_attempt_and_says_which_one_counts(app: Flask) -> None:
    exams.prepared(attempts_allowed=2)
    id_of(LIN)
    exams.enrolled("lin")
    lin = enter(app, LIN)
    for number in (1, 2):
        opened = start(lin)
        lin.post("/api/exam/submit", json={"token": opened["token"], "key": f"one-random-key-{number}"})
        if number == 1:
            scoring.score_outstanding(NOON)
            assert "各次考试" not in lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    waiting = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "第 2 次" in waiting
    assert "正在评分" in waiting
    scoring.score_outstanding(NOON)
    text = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert text.index("不计入") < text.index("第 2 次") < text.index("计入总评</span>"), "of two equal ones the newest counts, as the grade sheet has it"


def test_results_held_back_show_no_figure(app: Flask) -> None:
    exams.prepared(release="by_hand")
    id_of(LIN)
    exams.enrolled("lin")
    lin = enter(app, LIN)
    opened = start(lin)
    lin.post("/api/exam/submit", json={"token": opened["token"], "key": "one-random-key"})
    scoring.score_outstanding(NOON)
    text = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "成绩由考试管理员统一公布" in text
    assert "各专题得分" not in text


def test_in_02_no_answer_inside_an_attempt_tells_key_score_or_explanation(lin: FlaskClient) -> None:
    opened = start(lin)
    token, first = opened["token"], int(str(opened["seq_from"]))
    change = {"position": 1, "seq": first, "revision": 0, "choices": [1]}
    answers = [
        lin.get("/exams"), lin.get(f"/exams/{exams.EXAM}"), lin.get(f"/exams/{exams.EXAM}/room"),
        lin.post("/api/exam/start", json={"entry": exams.entry("lin"), "device": "device-of-lin", "honesty": True}),
        lin.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "device-of-lin"}),
        lin.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "other-device"}),
        lin.post("/api/exam/remaining", json={"token": token}),
        lin.post("/api/exam/save", json={"token": token, "changes": [change]}),
        lin.post("/api/exam/save", json={"token": token, "changes": [{**change, "seq": first + 1, "choices": [2]}]}),
        lin.post("/api/exam/save", json={"token": token, "changes": [{**change, "seq": first + 2, "position": 99}]}),
        lin.post("/api/exam/save", json={"token": token, "changes": []}),
        lin.post("/api/exam/save", data=b"{"),
        lin.post("/api/exam/submit", json={"token": token, "key": "one-random-key"}),
        lin.post("/api/exam/save", json={"token": token, "changes": [{**change, "seq": first + 3}]}),
        lin.get(f"/exams/{exams.EXAM}/receipt"),
    ]  # fmt: skip
    for answer in answers:
        text = answer.get_data(as_text=True)
        assert not [word for word in NEVER if word in text], (answer.request.path, answer.status_code)
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_ex_09_what_waits_for_a_thread_is_judged_by_the_proxy_s_stamp(lin: FlaskClient, settings: Settings, clock: FixedClock, tmp_path: Path) -> None:
    opened = start(lin)
    deadline = clock.instant + timedelta(milliseconds=int(str(opened["remaining_ms"])))
    part = Part("answers", tmp_path, hot_routes=HOT_ROUTES)
    behind = build_app(replace(settings, arrival_header="X-Arrival"), (part,), clock).test_client()
    clock.instant = deadline + timedelta(seconds=90)  # now a thread takes it up

    def saved(position: int, stamp: str | float) -> object:
        change = {"position": position, "seq": int(str(opened["seq_from"])) + position, "revision": 0, "choices": [1]}
        answer = behind.post("/api/exam/save", json={"token": opened["token"], "changes": [change]}, headers={"X-Arrival": str(stamp)})
        body = answer.get_json()
        return body["saved"][0]["late"] if answer.status_code == 200 else body["code"]

    at = deadline.timestamp()
    assert (saved(1, at - 1), saved(2, at + 30)) == (False, True)
    # No stamp, one of a clock that is ahead, one that is too old to be queueing, and rubbish: our own look at the clock holds.
    assert [saved(3, stamp) for stamp in ("", at + 91, at - 500, "yesterday", "nan", "inf")] == ["time_is_up"] * 6


def test_ex_22_the_paper_is_given_by_an_open_attempt_only(app: Flask, lin: FlaskClient) -> None:
    asked = {"exam": exams.EXAM, "device": "device-of-lin"}
    outside = [
        lin.post("/api/exam/resume", json=asked),
        enter(app, SAM).post("/api/exam/resume", json=asked),
        lin.post("/api/exam/start", json={"entry": exams.entry("sam"), "device": "device-of-lin", "honesty": True}),
        lin.post("/api/exam/start", json={"entry": "forged", "device": "device-of-lin", "honesty": True}),
        *(lin.get(f"/exams/{exams.EXAM}{page}") for page in PAGES),
    ]
    opened = start(lin)
    assert "选项" in str(opened["paper"])
    lin.post("/api/exam/submit", json={"token": opened["token"], "key": "one-random-key"})
    outside += [lin.post("/api/exam/resume", json=asked), *(lin.get(f"/exams/{exams.EXAM}{page}") for page in PAGES)]
    for answer in outside:
        assert "选项 " not in answer.get_data(as_text=True), answer.request.path


def test_the_device_starts_once_and_another_is_told(lin: FlaskClient) -> None:
    start(lin)
    assert start(lin, device="another-device")["code"] == "other_device_leads"
    assert start(lin, honesty=False)["resumed"] is True
    assert attempt.finalise_overdue(NOON) == 0
    assert StartExam(exams.EXAM, "device-of-lin").honesty is False


def test_the_entry_of_the_start_page_starts_once_it_is_fresh_and_its_sign_in_stands(lin: FlaskClient, clock: FixedClock) -> None:
    shown = re.search(r'data-entry="([^"]+)"', lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True))
    assert shown
    clock.advance(minutes=16)
    assert start(lin, entry=shown[1])["code"] == "entry_old"
    clock.advance(minutes=-16)
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = :now"), {"now": NOON})
    assert start(lin, entry=shown[1])["code"] == "signed_out"
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = NULL"))
    assert start(lin, entry=shown[1][:-1] + ("A" if shown[1][-1] != "A" else "w"))["code"] == "token_refused"
    assert start(lin, entry=shown[1])["resumed"] is False


def test_ex_20_the_rehearsal_shows_practice_items_only_and_keeps_nothing(lin: FlaskClient) -> None:
    page = f"/exams/{exams.EXAM}/rehearsal"
    assert lin.get(page).status_code == 404, "no practice items yet"
    with transaction() as session:
        session.execute(text("UPDATE item_pool SET pool = 'practice' WHERE item_id IN (SELECT id FROM item WHERE external_id IN ('i-1', 'i-2', 'i-5'))"))
    body = lin.get(page).get_data(as_text=True)
    shown = body.split('id="rehearsal-opened">')[1].split("</script>")[0]
    assert sorted(set(re.findall(r"i-\d+ ", shown))) == ["i-1 ", "i-2 ", "i-5 "]
    assert [word for word in NEVER if word in shown] == []
    assert lin.post("/api/exam/rehearsal", json={"changes": 3}).get_json() == {"changes": 3}
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM attempt")).scalar_one() == 0


def test_who_has_handed_in_reads_so_first_and_meets_no_conditions_any_more(app: Flask) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    lin = enter(app, LIN)
    sitter.submit(sitter.change(1, [0]))
    shown = lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert shown.index("已交卷") < shown.index("查看交卷回执") < shown.index("考试说明")
    assert "参加条件" not in shown
    assert "未通过" not in shown, "nobody has judged her yet"
