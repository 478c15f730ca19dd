"""An exam set up by people: from the page, from the command line, and by whoever may not."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam.domain import assembly as rules
from exam.services import attempt
from exam.services import token as tokens
from exam.services.payload import EnterExam
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams, learning
from tests.support.cast import LIN, PENG, RUI, WEI, enter, id_of
from tests.support.exam_form import fields_of, settings_form

NEW = f"/admin/exams/for/{learning.CODE}"


@pytest.fixture
def peng(app: Flask) -> FlaskClient:
    """The province's manager, with a programme, a bank and a blueprint."""
    learning.load()
    with transaction() as session:
        exams.bank(session)
    client = enter(app, PENG)
    cells = [("单选题", "20", "single", "crisis", "2"), ("单选题", "20", "single", "group", "2"), ("判断题", "1", "true_false", "crisis", "1")]
    table: dict[str, object] = {"action": "save", "code": "small", "title": "小卷", "tolerance": "3", "exposure": "60", "bank": exams.BANK}
    for place, name in enumerate(("section", "points", "type", "topic", "count")):
        table[name] = [cell[place] for cell in cells]
    table |= {name: [""] * len(cells) for name in ("level", "hardest", "easiest")}
    assert client.post("/admin/blueprints", data=table).status_code == 302
    return client


def made(client: FlaskClient, **changes: str) -> dict[str, str]:
    """Fill the form of a new exam as it stands, with changes."""
    return settings_form(client, programme=learning.CODE) | {"action": "save", "bank_code": exams.BANK, "blueprint": "small@1"} | changes


def test_from_an_empty_product_to_a_learner_who_sits(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    (tmp_path / "programme.toml").write_text(learning.programme_text(), encoding="utf-8")
    items = [
        {"id": f"i-{number}", "type": "single", "topic": topic, "stem": f"第 {number} 题：{topic} 先做什么？", "options": ["倾听", "走开"], "key": [0]}
        for number, topic in enumerate(["crisis", "group"] * 6)
    ]  # fmt: skip
    (tmp_path / "items.jsonl").write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in items), encoding="utf-8")
    (tmp_path / "blueprint.toml").write_text(
        'code = "short"\ntitle = "短卷"\ntolerance = "5"\nexposure_percent = 90\n[[sections]]\ntitle = "单选题"\ntype = "single"\npoints = 10\n'
        '[[sections.cells]]\ntopics = ["crisis", "group"]\ncount = 2\n',
        encoding="utf-8",
    )
    id_of(WEI), id_of(RUI)
    for command in (
        ["programme", "load", str(tmp_path / "programme.toml")],
        ["bank", "create", "main", "--name", "题库", "--topic", "crisis=危机干预", "--topic", "group=团体辅导"],
        ["bank", "import", str(tmp_path / "items.jsonl"), "--bank", "main", "--author", "wei", "--pool", "exam"],
        ["bank", "submit", "--bank", "main", "--as", "wei"],
        ["bank", "approve", "--bank", "main", "--as", "rui"],
    ):
        answer = run(args=command)
        assert answer.exit_code == 0, answer.output
    create = ["exam", "create", learning.CODE, "--bank", "main", "--blueprint", str(tmp_path / "blueprint.toml"), "--code", "first"]
    refused = run(args=[*create, "--opens", "2026-11-22T18:00", "--closes", "2026-11-22T09:00", "--minutes", "0", "--bank", "none"])
    assert refused.exit_code == 1
    assert all(f"  {name}: " in refused.output for name in ("closes", "minutes", "bank_code")), refused.output
    assert "60.255" in run(args=[*create, "--pass-points", "60.255"]).output, "points are whole hundredths"
    answer = run(args=[*create, "--opens", "2026-11-22T09:00", "--closes", "2026-11-24T09:00", "--attempts", "2", "--wait-days", "1", "--open-to-all"])
    assert answer.exit_code == 0, answer.output
    assert "first: 2026-11-22 09:00 to 2026-11-24 09:00, 90 minutes" in answer.output
    assert "blueprint: not as the programme's file says" in answer.output
    assert run(args=create).exit_code == 1, "the code is taken"
    assert run(args=["exam", "assemble", "first", "--papers", "4"]).exit_code == 0

    lin_id, login_id = exams.enrolled("lin")
    assert "可以参加" in enter(app, LIN).get("/exams").get_data(as_text=True)
    entry = tokens.entry(lin_id, login_id, "first", asks_learning=False, now=NOON)
    opened = attempt.enter(EnterExam(entry, "device-one", honesty=True), NOON).wait()
    assert opened.deadline == NOON + timedelta(minutes=90)


def test_the_form_comes_filled_from_the_programme_and_leads_on_to_the_next_steps(peng: FlaskClient) -> None:
    assert "/admin/exams/new" in peng.get("/admin/exams").get_data(as_text=True)
    asked = fields_of(peng.get("/admin/exams/new").get_data(as_text=True))
    programme = learning.load()
    assert asked["opens"] == f"{programme.exam.opens:%Y-%m-%dT%H:%M}"
    assert (asked["minutes"], asked["attempts"], asked["title"], asked["window_rule"]) == ("90", "1", "线上测试", "finish_by")
    assert "requires_learning" in asked
    answer = peng.post(NEW, data=made(peng, pass_points="60"))
    assert answer.status_code == 302
    page = peng.get(answer.location).get_data(as_text=True)
    assert re.search(r"及格分</dt>\s*<dd[^>]*>60</dd>", page)
    for words in ("考试已建立", "下一步", f"{answer.location}/preflight", f'href="{answer.location}#paper-set"', "与培训项目文件不同：及格分、双向细目表。"):
        assert words in page
    assert peng.post(f"{answer.location}/papers", data={"papers": "3"}).status_code == 302
    refused = peng.post(f"{answer.location}/papers", data={"papers": "0"})
    assert refused.status_code == 422
    assert "取最高分" in refused.get_data(as_text=True), "the settings are shown whatever other form was sent"
    with transaction() as session:
        kept = session.execute(text("SELECT actor_id, detail FROM audit_entry WHERE action = 'exam.create'")).one()
    assert kept.actor_id == id_of(PENG)
    assert kept.detail["differs"] == ["pass_points", "blueprint"]
    second = settings_form(peng, programme=learning.CODE)
    assert second["code"] != asked["code"], "the suggestion is free"


def test_every_fault_stands_at_its_field_before_anything_is_stored(peng: FlaskClient) -> None:
    wrong = {"opens": "2026-11-23T09:00", "closes": "2026-11-23T09:30", "attempts": "0", "code": "Ä", "pass_points": "900", "bank_code": exams.BANK}
    page = peng.post(NEW, data=made(peng, **wrong, action="check"))
    assert page.status_code == 200
    said = page.get_data(as_text=True)
    for name in ("code", "minutes", "attempts", "pass_points"):
        assert f'id="{name}-error"' in said, name
    assert peng.post(NEW, data=made(peng, **wrong)).status_code == 422
    odd = [("opens", "0001-01-01T00:00"), ("closes", "9999-12-31T23:59"), ("pass_points", "nan"), ("pass_points", "60.555"), ("code", "for")]
    for name, value in [("minutes", "soon"), ("opens", ""), ("bank_code", "other"), ("blueprint", "small@7"), ("code", "new"), *odd]:
        answer = peng.post(NEW, data=made(peng, **{name: value}))
        assert answer.status_code == 422, name
        assert f'id="{name}-error"' in answer.get_data(as_text=True), name
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM exam")) == 0


def test_settings_change_until_the_waiting_room_opens_and_papers_follow_a_new_blueprint(peng: FlaskClient, clock: FixedClock) -> None:
    opens = clock.instant + timedelta(hours=2)
    local = f"{opens + timedelta(hours=8):%Y-%m-%dT%H:%M}"
    code = peng.post(NEW, data=made(peng, opens=local, attempts="1")).location.rsplit("/", 1)[1]
    peng.post(f"/admin/exams/{code}/papers", data={"papers": "3"})
    form = settings_form(peng, code)
    assert (form["opens"], form["blueprint"]) == (local, "small@1")
    assert peng.post(f"/admin/exams/{code}/settings", data=form | {"title": "期末测试", "minutes": "60"}).status_code == 302
    page = peng.get(f"/admin/exams/{code}").get_data(as_text=True)
    assert "期末测试" in page
    assert "与培训项目文件不同" in page
    with transaction() as session:
        assert session.scalar(text("SELECT title FROM activity WHERE kind = 'exam'")) == "期末测试"
        detail = session.scalar(text("SELECT detail FROM audit_entry WHERE action = 'exam.change'"))
        assert session.scalar(text("SELECT state FROM exam")) == "ready", "papers stay good"
    assert detail["changed"] == {"title": ["线上测试", "期末测试"], "minutes": ["90", "60"]}
    stale = peng.post(f"/admin/exams/{code}/settings", data=form | {"minutes": "45"})
    assert stale.status_code == 409
    assert "刚被别人改过" in stale.get_data(as_text=True)
    assert settings_form(peng, code)["minutes"] == "60", "what somebody else set meanwhile stands"
    form = settings_form(peng, code) | {"blueprint": "final-test"}
    assert peng.post(f"/admin/exams/{code}/settings", data=form).status_code == 302
    with transaction() as session:
        assert session.execute(text("SELECT state, items FROM exam")).one() == ("draft", 50)
        assert session.scalar(text("SELECT count(*) FROM paper")) == 0
    form = settings_form(peng, code)
    clock.advance(minutes=91)
    frozen = peng.post(f"/admin/exams/{code}/settings", data=form | {"title": "改不了"})
    assert (frozen.status_code, 'class="stack" disabled' in frozen.get_data(as_text=True), "改不了" in frozen.get_data(as_text=True)) == (409, True, False)
    assert "修改考试设置" not in peng.get(f"/admin/exams/{code}").get_data(as_text=True)


def test_papers_drawn_while_the_blueprint_was_exchanged_are_not_kept(peng: FlaskClient, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    opens = f"{clock.instant + timedelta(hours=10):%Y-%m-%dT%H:%M}"
    code = peng.post(NEW, data=made(peng, opens=opens)).location.rsplit("/", 1)[1]
    draw = rules.assemble

    def slow(*arguments: Any, **named: Any) -> rules.Assembly:
        drawn = draw(*arguments, **named)
        other = settings_form(peng, code) | {"blueprint": "final-test"}
        assert peng.post(f"/admin/exams/{code}/settings", data=other).status_code == 302
        return drawn

    monkeypatch.setattr(rules, "assemble", slow)
    answer = peng.post(f"/admin/exams/{code}/papers", data={"papers": "3"})
    assert "没有保存试卷" in answer.get_data(as_text=True)
    with transaction() as session:
        assert session.execute(text("SELECT state, (SELECT count(*) FROM paper) FROM exam")).one() == ("draft", 0)


def test_only_who_manages_exams_sets_one_up(app: Flask, peng: FlaskClient) -> None:
    form = made(peng)
    for address in ("/admin/exams/new", f"/admin/exams/{form['code']}/settings"):
        assert enter(app, LIN).get(address).status_code == 403
        assert app.test_client().get(address).status_code == 302
    assert enter(app, LIN).post(NEW, data=form).status_code == 403
    assert peng.post("/admin/exams/for/nothing", data=form).status_code == 404
    assert peng.get("/admin/exams/nothing/settings").status_code == 404


def test_without_a_programme_the_page_says_what_to_do_and_of_several_one_is_chosen(app: Flask) -> None:
    client = enter(app, PENG)
    assert "flask programme load" in client.get("/admin/exams/new").get_data(as_text=True)
    learning.load()
    learning.load(learning.programme_text("second"))
    assert "/admin/exams/new?programme=second" in client.get("/admin/exams/new").get_data(as_text=True)
