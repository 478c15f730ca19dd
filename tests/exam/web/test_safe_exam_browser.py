"""An exam that asks for Safe Exam Browser: its pages and JSON routes, the board's form, and whom it is lifted for (IN-08)."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from exam.domain.safe_exam_browser import request_hash
from exam.part import part
from exam.services import token as tokens
from exam.web import safe_exam_browser
from lms.kernel.app import build_app
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from lms.part import part as platform
from tests.conftest import NOON
from tests.support import exams, learning
from tests.support.cast import IVY, LIN, PENG, enter, id_of
from tests.support.exam_form import settings_form

BASE = "https://exam.example.cn"
CONFIG, OTHER, EXAM_KEY = "a1" * 32, "b2" * 32, "c3" * 32
START, ROOM = f"/exams/{exams.EXAM}", f"/exams/{exams.EXAM}/room"
SEB = {"User-Agent": "Mozilla/5.0 (Macintosh) AppleWebKit/605.1 SEB/3.5"}


@pytest.fixture
def public(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The product at a public address behind TLS, which the client's own requests know nothing of."""
    safe_exam_browser.mount(replace(settings, base_url=BASE))
    yield app
    safe_exam_browser.mount(settings)


def asking(**settings: object) -> None:
    """Make an exam that asks for the browser."""
    exams.prepared()
    with transaction() as session:
        session.execute(text("UPDATE exam SET settings = settings || CAST(:asked AS jsonb)"), {"asked": json.dumps(settings)})


@pytest.fixture
def lin(public: Flask) -> FlaskClient:
    """Lin, who may sit an exam that asks for one Config Key."""
    asking(config_keys=[CONFIG, "d4" * 32], browser_configuration="https://school.example.cn/one.seb")
    id_of(LIN)
    exams.enrolled("lin")
    return enter(public, LIN)


def by_header(path: str, key: str | None = CONFIG) -> dict[str, str]:
    """Return what the browser sends by itself."""
    return {"X-SafeExamBrowser-ConfigKeyHash": request_hash(f"{BASE}{path}", key)} if key else {}


def by_script(page: str, key: str = CONFIG) -> dict[str, str]:
    """Return what a page's script sends where the browser sends nothing."""
    return SEB | {"X-Exam-Page": f"{BASE}{page}", "X-Exam-Config-Key-Hash": request_hash(f"{BASE}{page}", key)}


def post(client: FlaskClient, name: str, body: dict[str, Any], headers: dict[str, str]) -> TestResponse:
    """Send to one of the exam's JSON routes."""
    return client.post(f"/api/exam/{name}", json=body, headers=headers)


def entered(client: FlaskClient) -> dict[str, Any]:
    """Return what the start page would send."""
    shown = re.search(r'data-entry="([^"]+)"', client.get(START).text)
    assert shown
    return {"entry": shown[1], "device": "device-of-lin", "honesty": True}


def started(client: FlaskClient) -> dict[str, Any]:
    """Start with the right browser."""
    answer = post(client, "start", entered(client), by_header("/api/exam/start"))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def requests(room: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a page in the room sends, by route."""
    change = {"position": 1, "seq": room["seq_from"], "revision": 0, "choices": [1]}
    return {
        "resume": {"exam": exams.EXAM, "device": "device-of-lin"},
        "remaining": {"token": room["token"]},
        "save": {"token": room["token"], "changes": [change]},
        "submit": {"token": room["token"], "key": "one-random-key"},
    }


WRONG = [
    {},
    SEB,
    by_header("/api/exam/start", OTHER),
    by_header("/api/exam/save") | by_header("/exams/another/room"),
    by_script(START, OTHER),
    by_script("/exams/another-exam"),
    by_script("/exams/another-exam/room"),
    by_script(START) | {"X-Exam-Page": f"https://evil.example.cn{START}"},
    by_script(START) | {"X-Exam-Config-Key-Hash": CONFIG},
]


@pytest.mark.parametrize("headers", WRONG)
def test_in_08_nothing_starts_without_the_exam_s_own_key(lin: FlaskClient, headers: dict[str, str]) -> None:
    refused = post(lin, "start", entered(lin), headers)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "safe_exam_browser")
    assert "Safe Exam Browser" in refused.get_json()["message"]
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM attempt")) == 0


@pytest.mark.parametrize("page", [START, f"{START}?from=plan", ROOM])
def test_in_08_the_key_of_one_of_the_exam_s_pages_starts(lin: FlaskClient, page: str) -> None:
    assert post(lin, "start", entered(lin), by_script(page)).status_code == 200


@pytest.mark.parametrize("name", ["resume", "remaining", "save", "submit"])
def test_in_08_inside_the_room_every_request_shows_the_key(lin: FlaskClient, name: str) -> None:
    body = requests(started(lin))[name]
    epochs = text("SELECT epoch, resumes FROM attempt")
    with transaction() as session:
        before = session.execute(epochs).one()
    for headers in (*WRONG, by_header("/api/exam/start")):
        refused = post(lin, name, body | ({"takeover": True, "device": "another-device"} if name == "resume" else {}), headers)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "safe_exam_browser")
    with transaction() as session:
        assert session.execute(epochs).one() == before, "nobody takes the lead in another browser"
        assert session.scalar(text("SELECT count(*) FROM response_event")) == 0
        assert session.scalar(text("SELECT count(*) FROM submission")) == 0
    assert post(lin, name, body, by_script(ROOM)).status_code == 200


@pytest.mark.parametrize("name", ["resume", "remaining", "save", "submit"])
def test_in_08_the_browser_s_own_headers_do_for_every_request(lin: FlaskClient, name: str) -> None:
    assert post(lin, name, requests(started(lin))[name], by_header(f"/api/exam/{name}")).status_code == 200


def test_in_08_the_room_opens_in_the_right_browser_and_any_other_is_told_what_to_do(lin: FlaskClient) -> None:
    started(lin)
    for headers in ({}, by_header(ROOM, OTHER), by_header(START), SEB | by_header(ROOM, OTHER), {"X-SafeExamBrowser-RequestHash": "é"}):
        refused = lin.get(ROOM, headers=headers)
        assert refused.status_code == 403
        assert "请用 Safe Exam Browser 打开" in refused.text
        assert 'href="sebs://school.example.cn/one.seb"' in refused.text
        assert 'id="room"' not in refused.text
    assert 'id="room"' in lin.get(ROOM, headers=by_header(ROOM)).text
    by_its_script = lin.get(ROOM, headers=SEB)
    assert 'id="room"' in by_its_script.text, "where the browser sends no headers its page's script shows the key, before any paper is given"
    rehearsed = lin.get(f"{START}/rehearsal")
    assert rehearsed.status_code == 404, "the bank has no practice items; a rehearsal asks nothing of the browser"


def test_in_08_after_a_dropped_line_a_plain_get_leads_back_to_every_answer(lin: FlaskClient, clock: FixedClock) -> None:
    sent = requests(started(lin))
    assert post(lin, "save", sent["save"], by_header("/api/exam/save")).status_code == 200
    clock.advance(minutes=15)
    assert 'id="room"' in lin.get(ROOM, headers=by_header(ROOM)).text
    assert lin.get(START, headers=by_header(START)).status_code == 200
    back = post(lin, "resume", sent["resume"], by_header("/api/exam/resume")).get_json()
    assert [answer["choices"] for answer in back["answers"]] == [[1]]
    handed_in = post(lin, "submit", sent["submit"] | {"token": back["token"]}, by_header("/api/exam/submit"))
    assert (handed_in.status_code, handed_in.get_json()["answered"]) == (200, 1)
    assert lin.get(f"{START}/receipt").status_code == 200, "the receipt asks nothing of the browser"


def test_in_08_both_kinds_of_key_are_asked_for_where_both_are_set(public: Flask) -> None:
    asking(config_keys=[CONFIG], browser_exam_keys=[EXAM_KEY])
    id_of(LIN)
    exams.enrolled("lin")
    client = enter(public, LIN)
    url = f"{BASE}/api/exam/start"
    both = by_header("/api/exam/start") | {"X-SafeExamBrowser-RequestHash": request_hash(url, EXAM_KEY)}
    for headers in ({name: value} for name, value in both.items()):
        assert post(client, "start", entered(client), headers).status_code == 403
    assert post(client, "start", entered(client), both).status_code == 200
    page = f"{BASE}{ROOM}"
    script = by_script(ROOM) | {"X-Exam-Browser-Exam-Key-Hash": request_hash(page, EXAM_KEY)}
    assert post(client, "resume", {"exam": exams.EXAM, "device": "device-of-lin"}, script).status_code == 200


@pytest.mark.parametrize("path", ["/api/exam/remaining", ROOM])
def test_in_08_behind_proxies_the_public_address_counts_whatever_a_request_says_of_itself(
    lin: FlaskClient, settings: Settings, clock: FixedClock, path: str
) -> None:
    token = started(lin)["token"]
    behind = build_app(replace(settings, base_url=BASE, trusted_proxies=1), (platform, part), clock)
    signed_in = enter(behind, LIN).get_cookie("lms")
    assert signed_in
    client = behind.test_client(use_cookies=False)
    forwarded = {"Host": "10.0.0.7:8000", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example.cn"}
    forwarded["Cookie"] = f"{signed_in.key}={signed_in.value}"

    def status(headers: dict[str, str]) -> int:
        answer = client.get(path, headers=headers) if path == ROOM else client.post(path, json={"token": token}, headers=headers)
        return answer.status_code

    assert status(forwarded | by_header(path)) == 200
    forged = {"X-SafeExamBrowser-ConfigKeyHash": request_hash(f"https://evil.example.cn{path}", CONFIG)}
    assert status(forwarded | forged) == 403
    assert status({**forwarded, "Host": "exam.example.cn", "X-Forwarded-Proto": "http"} | by_header(path)) == 200


def test_in_08_the_start_page_says_how_to_open_it(lin: FlaskClient) -> None:
    for headers, words in (
        ({}, "请用 Safe Exam Browser 载入本场考试的配置"),
        (by_header(START, OTHER), "载入的不是本场考试的配置"),
        (SEB, "进入考场时自动核对配置"),
        (by_header(START), "配置已核对"),
    ):
        page = lin.get(START, headers=headers).text
        assert words in page
        assert ('href="sebs://school.example.cn/one.seb"' in page) is (headers in ({}, by_header(START, OTHER)))
        assert CONFIG not in page


def test_in_08_no_token_tells_its_holder_the_keys(lin: FlaskClient) -> None:
    room = started(lin)
    held = tokens.read(room["token"])
    assert held.browser
    assert CONFIG not in repr(held)
    assert tokens.browser_keys(held.browser).config_keys[0] == CONFIG


def test_an_exam_that_asks_for_no_browser_has_nothing_of_it_in_its_tokens(app: Flask) -> None:
    exams.prepared()
    id_of(LIN)
    exams.enrolled("lin")
    client = enter(app, LIN)
    body = entered(client)
    assert tokens.read_entry(body["entry"], NOON).browser == ""
    opened = post(client, "start", body, {})
    assert tokens.read(opened.get_json()["token"]).browser == ""
    assert client.get(ROOM, headers=by_header(ROOM, OTHER)).status_code == 200
    assert "Safe Exam Browser" not in client.get(START).text


def test_in_08_it_is_lifted_for_one_with_a_reason_and_asked_for_again(lin: FlaskClient, public: Flask) -> None:
    started(lin)
    peng, ivy, decision = enter(public, PENG), enter(public, IVY), f"/invigilation/{exams.EXAM}/browser"
    form = {"browser-account": "lin", "browser-reason": "考场电脑装不上"}
    assert ivy.post(decision, data=form).status_code == 403
    assert lin.post(decision, data=form).status_code == 403
    for wrong in ({"browser-reason": ""}, {"browser-account": "nobody"}, {"browser-account": PENG.account}):
        peng.post(decision, data=form | wrong)
        assert lin.get(ROOM).status_code == 403, wrong
    assert "已免除 lin 的浏览器要求" in peng.post(decision, data=form, follow_redirects=True).text
    assert 'id="room"' in lin.get(ROOM).text
    back = post(lin, "resume", {"exam": exams.EXAM, "device": "device-of-lin"}, {}).get_json()
    sent = requests(back)
    assert [post(lin, name, sent[name], {}).status_code for name in ("remaining", "save")] == [200, 200]
    assert "Safe Exam Browser" not in lin.get(START).text
    log = peng.get(f"/invigilation/{exams.EXAM}/incidents").text
    assert "免除，可用任何浏览器，考场电脑装不上" in log
    with transaction() as session:
        kept = session.execute(text("SELECT actor_id, detail FROM audit_entry WHERE action = 'exam.browser'")).one()
        assert session.execute(text("SELECT percent, any_browser FROM exam_accommodation")).one() == (100, True)
    assert (kept.actor_id, kept.detail["lifted"]) == (id_of(PENG), True)
    peng.post(f"/invigilation/{exams.EXAM}/browser", data=form | {"browser-again": "y"})
    assert lin.get(ROOM).status_code == 403
    assert post(lin, "resume", sent["resume"], {}).status_code == 403


def widen(client: FlaskClient, **form: str) -> str:
    """Let a client change what all are asked for; returns the page that follows."""
    sent = {f"keys-{name}": value for name, value in ({"reason": "配置文件重新保存过"} | form).items()}
    return client.post(f"/invigilation/{exams.EXAM}/browser-keys", data=sent, follow_redirects=True).text


def test_in_08_a_key_is_added_for_all_while_they_sit(lin: FlaskClient, public: Flask) -> None:
    room = started(lin)
    peng, sent, anew = enter(public, PENG), requests(room), lin.get(START, headers=by_header(START))
    assert anew.status_code == 200
    assert post(lin, "resume", sent["resume"], by_header("/api/exam/resume", OTHER)).status_code == 403
    assert enter(public, IVY).post(f"/invigilation/{exams.EXAM}/browser-keys", data={"keys-config_keys": OTHER, "keys-reason": "原因"}).status_code == 403
    for form, words in (
        ({"config_keys": OTHER, "reason": ""}, "原因："),
        ({"config_keys": "short"}, "每行一个密钥"),
        ({}, "每行一个密钥"),
        ({"browser_exam_keys": EXAM_KEY}, "没有要求这一种密钥"),
        ({"config_keys": "\n".join(f"{number:064x}" for number in range(19))}, "最多 20 个"),
    ):
        assert words in widen(peng, **form), form
    assert post(lin, "resume", sent["resume"], by_header("/api/exam/resume", OTHER)).status_code == 403
    assert "已增加密钥" in widen(peng, config_keys=OTHER.upper())
    assert post(lin, "save", sent["save"], by_header("/api/exam/save", OTHER)).status_code == 403, "the token holds what was asked when it was made"
    back = requests(post(lin, "resume", sent["resume"], by_header("/api/exam/resume", OTHER)).get_json())
    assert post(lin, "save", back["save"], by_header("/api/exam/save", OTHER)).status_code == 200
    assert post(lin, "submit", back["submit"], by_header("/api/exam/submit")).status_code == 200, "the keys from before still do"
    log = peng.get(f"/invigilation/{exams.EXAM}/incidents").text
    assert "增加密钥 " in log
    assert "配置文件重新保存过" in log
    with transaction() as session:
        kept = session.execute(text("SELECT actor_id, detail FROM audit_entry WHERE action = 'exam.browser'")).one()
        facts = session.scalar(text("SELECT facts FROM incident WHERE kind = 'browser'"))
    assert kept.actor_id == id_of(PENG)
    assert OTHER not in f"{kept.detail}{facts}{log}"


def test_in_08_it_is_lifted_for_all_while_they_sit(lin: FlaskClient, public: Flask, clock: FixedClock) -> None:
    room = started(lin)
    peng, sent = enter(public, PENG), requests(room)
    assert "已对全体考生免除浏览器要求" in widen(peng, lifted="y")
    assert 'id="room"' in lin.get(ROOM).text
    back = requests(post(lin, "resume", sent["resume"], {}).get_json())
    assert [post(lin, name, back[name], {}).status_code for name in ("remaining", "save", "submit")] == [200, 200, 200]
    assert "全体免除，可用任何浏览器" in peng.get(f"/invigilation/{exams.EXAM}/incidents").text
    assert "没有要求使用 Safe Exam Browser" in widen(peng, config_keys=OTHER), "nothing is asked for anew of those who sit"
    clock.advance(days=90)
    assert "已经全部结束" in widen(enter(public, PENG), lifted="y")


def test_in_08_nobody_changes_for_all_what_is_asked_of_herself(lin: FlaskClient, public: Flask) -> None:
    id_of(PENG)
    exams.enrolled("peng")
    assert "不能处理自己的作答" in widen(enter(public, PENG), lifted="y")
    assert lin.get(START).status_code == 200
    with transaction() as session:
        assert session.scalar(text("SELECT settings ->> 'config_keys' FROM exam")).startswith("[")


def test_in_08_it_is_lifted_for_those_of_the_exam_alone(lin: FlaskClient, public: Flask) -> None:
    peng = enter(public, PENG)
    id_of(IVY)

    def lift(account: str) -> str:
        form = {"browser-account": account, "browser-reason": "考场电脑装不上"}
        return peng.post(f"/invigilation/{exams.EXAM}/browser", data=form, follow_redirects=True).text

    assert "没有报名这场考试" in lift(IVY.account)
    assert "已免除 lin" in lift("lin")
    with transaction() as session:
        session.execute(text("UPDATE exam SET settings = settings - 'config_keys'"))
    assert "没有要求使用 Safe Exam Browser" in lift("lin")
    assert lin.get(START).status_code == 200


def test_in_08_who_comes_back_reads_on_the_start_page_how(lin: FlaskClient) -> None:
    started(lin)
    for headers, words in (
        ({}, "请用 Safe Exam Browser 载入本场考试的配置"),
        (by_header(START, OTHER), "载入的不是本场考试的配置"),
        (SEB, "进入考场时自动核对配置"),
    ):
        page = lin.get(START, headers=headers).text
        assert "回到考场" in page
        assert words in page
        assert "还有考试次数" not in page
    assert f'href="{ROOM}"' in lin.get(ROOM).text, "to try again"
    assert "sebs://school.example.cn/one.seb" in lin.get(ROOM, headers=SEB).text, "for its script to show"


@pytest.mark.parametrize("base", ["https://Exam.Example.cn", "https://exam.example.cn:443"])
def test_in_08_the_public_address_is_compared_as_browsers_write_it(lin: FlaskClient, public: Flask, settings: Settings, base: str) -> None:
    safe_exam_browser.mount(replace(settings, base_url=base))
    assert started(lin)["token"]
    assert "resumed" in post(lin, "resume", {"exam": exams.EXAM, "device": "device-of-lin"}, by_script(ROOM)).get_json()


def test_in_08_who_is_given_more_time_keeps_what_was_lifted(lin: FlaskClient, public: Flask) -> None:
    peng = enter(public, PENG)
    peng.post(f"/invigilation/{exams.EXAM}/browser", data={"browser-account": "lin", "browser-reason": "读屏软件"})
    more = {"accommodation-account": "lin", "accommodation-percent": "150", "accommodation-reason": "读屏软件"}
    peng.post(f"/invigilation/{exams.EXAM}/accommodation", data=more)
    opened = post(lin, "start", entered(lin), {}).get_json()
    assert opened["remaining_ms"] == 135 * 60_000


def test_in_08_the_board_sets_the_keys_and_no_log_tells_them(public: Flask, clock: FixedClock) -> None:
    exams.prepared(opens=NOON + timedelta(hours=2))
    peng = enter(public, PENG)
    assert "出示的校验值可以照抄" in peng.get(f"/admin/exams/{exams.EXAM}/settings").text, "the board reads there what it does not prove"
    form = settings_form(peng, exams.EXAM) | {"action": "save", "browser_exam_keys": ""}
    for name, value in (("config_keys", "a" * 63), ("browser_exam_keys", "x" * 64), ("browser_configuration", "ftp://school.example.cn/one.seb")):
        answer = peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form | {"config_keys": CONFIG, name: value})
        assert answer.status_code == 422
        assert f'id="{name}-error"' in answer.text
    alone = peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form | {"config_keys": "", "browser_configuration": "https://school.example.cn/one.seb"})
    assert "任何浏览器都能进入考场" in alone.text
    keys = f"{CONFIG.upper()}\r\n{OTHER}\r\n"
    assert peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form | {"config_keys": keys}).status_code == 302
    shown = peng.get(f"/admin/exams/{exams.EXAM}/settings").text
    assert CONFIG in shown
    assert OTHER in shown
    board = peng.get(f"/admin/exams/{exams.EXAM}").text
    assert "2 个" in board
    assert CONFIG not in board
    with transaction() as session:
        changed = session.scalar(text("SELECT detail FROM audit_entry WHERE action = 'exam.change'"))["changed"]
    assert list(changed) == ["config_keys"]
    assert CONFIG not in str(changed)
    assert "本场考试要求使用 Safe Exam Browser" in peng.get(f"/invigilation/{exams.EXAM}").text
    assert "密钥 2 个" in peng.get(f"/admin/exams/{exams.EXAM}/preflight").text or "不是 https" in peng.get(f"/admin/exams/{exams.EXAM}/preflight").text
    clock.instant = NOON + timedelta(minutes=91)
    assert "考试设置就冻结了" in peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form | {"config_keys": ""}).text


def test_in_08_the_command_sets_the_keys_too(app: Flask) -> None:
    exams.prepared()
    create = ["exam", "create", learning.CODE, "--bank", exams.BANK, "--blueprint", "final-test", "--code", "locked"]
    answer = app.test_cli_runner().invoke(args=[*create, "--config-key", "short"])
    assert "config_keys" in answer.output
