"""Papers looked through by the board, their keys sealed until two people agree."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.support import exams
from tests.support.cast import AN, LIN, PENG, enter

PAPER = f"/admin/exams/{exams.EXAM}/papers/1"
KEYS = f"/admin/exams/{exams.EXAM}/keys"


def test_a_paper_is_seen_without_its_key_and_each_look_is_recorded(app: Flask) -> None:
    exams.prepared()
    page = enter(app, PENG).get(PAPER).get_data(as_text=True)
    assert page.count("paper-item") == 8
    assert "答案已封存" in page
    assert "paper-key" not in page
    assert "secret reason" not in page
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'exam.paper_view'")) == 1
    assert enter(app, PENG).get(PAPER.replace("/1", "/99")).status_code == 404
    assert enter(app, LIN).get(PAPER).status_code == 403


def test_who_may_still_be_given_a_paper_sees_none_and_opens_no_key(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    peng = enter(app, PENG)
    assert peng.get(PAPER).status_code == 200
    exams.enrolled(PENG.account)
    assert "您自己报名了" in peng.get(PAPER).get_data(as_text=True)
    assert peng.get(f"{PAPER}/pictures/{'0' * 64}").status_code == 403
    assert peng.post(KEYS, data={"reason": "监印"}).status_code == 403
    closes = clock.instant + timedelta(days=3)
    exams.sitting("lin", at=closes - timedelta(minutes=90)).submit(at=closes - timedelta(minutes=30))
    clock.advance(days=3, hours=3)
    assert enter(app, PENG).get(PAPER).status_code == 403, "packets may still come"
    clock.advance(hours=2)
    assert enter(app, PENG).get(PAPER).status_code == 200


def test_two_different_people_open_the_key(app: Flask) -> None:
    exams.prepared()
    peng, an = enter(app, PENG), enter(app, AN)
    assert peng.post(KEYS, data={"reason": ""}).status_code == 422
    assert peng.post(KEYS, data={"reason": "监印"}).status_code == 302
    assert peng.post(KEYS, data={"reason": "再来一次"}).status_code == 409
    assert "paper-key" not in peng.get(PAPER).get_data(as_text=True)
    assert "线上测试" in an.get("/admin/keys").get_data(as_text=True)
    assert an.post(KEYS, data={"reason": "监印"}).status_code == 302
    page = peng.get(PAPER).get_data(as_text=True)
    assert page.count("paper-key") == 8
    with transaction() as session:
        drawn = session.execute(
            text(
                "SELECT p.orders, v.key, i.external_id FROM (SELECT * FROM paper WHERE number = 1 ORDER BY id DESC LIMIT 1) p,"
                " unnest(p.version_ids) WITH ORDINALITY AS placed(version, at) JOIN item_version v ON v.id = version JOIN item i ON i.id = v.item_id"
                " ORDER BY at"
            )
        ).all()
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action IN ('exam.key_consent', 'exam.paper_key_view')")) == 3
    width = len(drawn[0].orders) // len(drawn)
    for at, (said, (orders, key, name)) in enumerate(zip(page.split("paper-key")[1:], drawn, strict=True)):
        order = bytes(orders)[at * width : (at + 1) * width]
        assert said.split("</strong>")[1].split("<")[0].strip() == "".join(sorted("ABCDE"[order.index(option)] for option in key["options"]))
        assert f"题库中为 {''.join('ABCDE'[option] for option in key['options'])}<" in said
        assert f"题库编号 {name}<" in page.split("paper-key")[at]


def test_a_consent_lapses_after_a_day_and_may_be_withdrawn_and_given_again(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    peng, an = enter(app, PENG), enter(app, AN)
    assert peng.post(f"{KEYS}/withdraw").status_code == 409
    peng.post(KEYS, data={"reason": "监印"})
    clock.advance(hours=2)
    an.post(KEYS, data={"reason": "监印"})
    clock.advance(hours=21, minutes=59)
    assert "答案已开启，至 2026年11月23日 12:00 为止" in an.get(KEYS).get_data(as_text=True), "until the earlier of the two lapses"
    assert "答案已开启，至 2026年11月23日 12:00 为止" in peng.get(PAPER).get_data(as_text=True)
    assert "paper-key" in peng.get(PAPER).get_data(as_text=True)
    clock.advance(minutes=1)
    assert "paper-key" not in peng.get(PAPER).get_data(as_text=True)
    assert peng.post(KEYS, data={"reason": "核对"}).status_code == 302, "given anew beside the one that holds"
    assert "paper-key" in peng.get(PAPER).get_data(as_text=True)
    assert an.post(f"{KEYS}/withdraw").status_code == 302
    assert "paper-key" not in peng.get(PAPER).get_data(as_text=True)
    assert "彭" in (seal := an.get(KEYS).get_data(as_text=True))
    assert "：监印" not in seal
    assert an.post(f"{KEYS}/withdraw").status_code == 409
    assert enter(app, LIN).post(f"{KEYS}/withdraw").status_code == 403
    with transaction() as session:
        said = session.scalars(text("SELECT action FROM audit_entry WHERE action LIKE 'exam.key_%' ORDER BY id")).all()
    assert said == ["exam.key_consent", "exam.key_consent", "exam.key_consent", "exam.key_withdraw"]


def test_others_do_not_even_see_the_seal(app: Flask) -> None:
    exams.prepared()
    assert enter(app, LIN).get(KEYS).status_code == 403
    assert enter(app, LIN).post(KEYS, data={"reason": "x"}).status_code == 403
