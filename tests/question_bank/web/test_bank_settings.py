"""Making a bank and keeping its name and topics."""

import html
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from question_bank.services import bank as banks
from question_bank.store import bank as store
from tests.support import rows
from tests.support.cast import RUI, WEI, Member, enter
from tests.support.database import until_somebody_waits

FORM = {"name": "心理题库", "code": "psychology-2026", "topics": "crisis=危机干预\n\n 倾听 \n"}


def topics(code: str) -> dict[str, str]:
    with transaction() as session:
        return store.topics_of(session, code)


def seen(reviewer: FlaskClient, code: str) -> str:
    """Return what the form of a bank's settings was opened with."""
    return html.unescape(reviewer.get(f"/bank/{code}/settings").text.partition('name="seen" type="hidden" value="')[2].partition('"')[0])


def test_a_reviewer_makes_a_bank_names_its_topics_and_renames_them(app: Flask) -> None:
    reviewer = enter(app, RUI)
    assert "新建题库" in reviewer.get("/bank").text
    made = reviewer.post("/bank/new", data=FORM)
    assert made.status_code == 302
    empty = reviewer.get(made.location).text
    assert "名称与知识点" in empty
    assert "还没有试题" in empty
    assert topics("psychology-2026") == {"crisis": "危机干预", "倾听": "倾听"}
    assert "crisis=危机干预\n倾听" in reviewer.get("/bank/psychology-2026/settings").text
    changed = {"name": "心理健康题库", "topics": "crisis=危机识别与干预\n自伤", "seen": seen(reviewer, "psychology-2026")}
    kept = reviewer.post("/bank/psychology-2026/settings", data=changed)
    assert kept.status_code == 302
    assert topics("psychology-2026") == {"crisis": "危机识别与干预", "倾听": "倾听", "自伤": "自伤"}
    assert "心理健康题库" in reviewer.get("/bank").text
    again = reviewer.post("/bank/new", data=FORM)
    assert again.status_code == 409
    assert "请换一个" in again.text
    assert topics("psychology-2026")["crisis"] == "危机识别与干预"


def test_a_provinces_bank_keeps_its_thousands_of_topics(app: Flask) -> None:
    reviewer = enter(app, RUI)
    many = "\n".join(f"t{number}=第{number}个知识点：学生心理危机的识别" for number in range(2_500))
    assert reviewer.post("/bank/new", data=FORM | {"topics": many}).status_code == 302
    renamed = {"name": "心理题库", "topics": many.replace("识别", "干预"), "seen": seen(reviewer, "psychology-2026")}
    assert reviewer.post("/bank/psychology-2026/settings", data=renamed).status_code == 302
    assert len(topics("psychology-2026")) == 2_500
    assert topics("psychology-2026")["t2499"] == "第2499个知识点：学生心理危机的干预"
    assert reviewer.get("/bank/psychology-2026").status_code == 200
    assert reviewer.get("/bank/psychology-2026/coverage").status_code == 200
    assert "最多 3000 个知识点" in reviewer.post("/bank/new", data=FORM | {"code": "more", "topics": "\n".join(map(str, range(3_001)))}).text


def test_nobody_writes_back_what_another_has_renamed_meanwhile(app: Flask, clock: FixedClock) -> None:
    reviewer = enter(app, RUI)
    reviewer.post("/bank/new", data=FORM)
    opened = seen(reviewer, "psychology-2026")
    banks.create("psychology-2026", "心理题库", clock.now(), {"crisis": "危机识别", "自伤": "自伤"})
    typed = {"name": "心理健康题库", "topics": "crisis=危机干预\n倾听=积极倾听"}
    refused = reviewer.post("/bank/psychology-2026/settings", data=typed | {"seen": opened})
    assert refused.status_code == 409
    assert "<li>crisis: <del>危机干预</del> → <ins>危机识别</ins></li><li>自伤: <ins>自伤</ins></li></ul>" in refused.text
    assert "倾听=积极倾听" in refused.text
    assert topics("psychology-2026") == {"crisis": "危机识别", "倾听": "倾听", "自伤": "自伤"}
    assert reviewer.post("/bank/psychology-2026/settings", data=typed).status_code == 409  # who does not tell what she saw may write back anything
    assert reviewer.post("/bank/psychology-2026/settings", data=typed | {"seen": seen(reviewer, "psychology-2026")}).status_code == 302
    assert topics("psychology-2026") == {"crisis": "危机干预", "倾听": "积极倾听", "自伤": "自伤"}


def test_of_two_who_make_one_bank_at_once_the_second_is_told(app: Flask, clock: FixedClock) -> None:
    reviewer, answers = enter(app, RUI), []
    second = threading.Thread(target=lambda: answers.append(reviewer.post("/bank/new", data=FORM)))
    with transaction() as session:
        banks.made(session, "psychology-2026", "先建的题库", clock.now(), {})
        second.start()
        until_somebody_waits(lambda: bool(answers))
    second.join()
    assert answers[0].status_code == 409
    assert "请换一个" in answers[0].text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"code": "new"}, "请用小写字母"),
        ({"code": "心理"}, "请用小写字母"),
        ({"name": ""}, "请填写此项"),
        ({"name": "  "}, "请填写此项"),
        ({"topics": "a=甲\na=乙"}, "第 2 行：编号“a”重复"),
        ({"topics": "a="}, "第 1 行"),
        ({"topics": "甲" * 61}, "第 1 行"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_the_reason(app: Flask, changed: dict[str, str], words: str) -> None:
    answer = enter(app, RUI).post("/bank/new", data=FORM | changed)
    assert answer.status_code == 422
    assert words in answer.text


def test_authors_make_no_bank_and_only_its_owner_keeps_one(app: Flask, clock: FixedClock) -> None:
    author = enter(app, WEI)
    assert author.get("/bank/new").status_code == 403
    assert author.post("/bank/new", data=FORM).status_code == 403
    assert "新建题库" not in author.get("/bank").text
    banks.create("b", "本省题库", clock.now())
    owner = enter(app, Member("near", "近文", (Role.AUTHOR, Role.REVIEWER), scope="county"))
    with transaction() as session:
        far = rows.unit_tree(session).far_city.code
    assert owner.post("/bank/b/shares", data={"unit": far, "right": "write"}).status_code == 302
    guest = enter(app, Member("far", "范远", (Role.AUTHOR, Role.REVIEWER), home="far_school", scope="far_school"))
    assert guest.get("/bank/b").status_code == 200
    assert guest.get("/bank/b/settings").status_code == 403
    assert guest.post("/bank/b/settings", data={"name": "我的", "topics": ""}).status_code == 403
    assert owner.get("/bank/b/settings").status_code == 200
