"""The exam board's pages, as the province's manager and as others."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text

from exam.services import assembly, result, scoring
from exam.services.exam import ExamFrozen, found
from exam.services.payload import PaperContent
from exam.store import exam as store
from exam.store import paper as papers
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.i18n import ZONE
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import LIN, PENG, enter
from tests.support.crowd import people
from tests.support.database import until_somebody_waits
from tests.support.exam_form import settings_form
from tests.support.measured import measure

ENEMIES = (
    "INSERT INTO item_enemy (item_id, enemy_id) SELECT a.id, b.id FROM item a, item b WHERE a.id < b.id"
    " AND a.external_id = ANY(:them) AND b.external_id = ANY(:them)"
)
PAGES = ("/admin/exams", f"/admin/exams/{exams.EXAM}", f"/admin/exams/{exams.EXAM}/fairness")


def test_the_board_sees_blueprint_supply_papers_and_counts(app: Flask) -> None:
    exams.prepared()
    exams.sitting("lin")
    peng = enter(app, PENG)
    assert "线上测试" in peng.get("/admin/exams").get_data(as_text=True)
    text = peng.get(PAGES[1]).get_data(as_text=True)
    for words in ("题库足够", "预期平均分", "正在作答", "单选题"):
        assert words in text


def test_enemies_count_once_in_the_table_as_in_what_is_lacking(app: Flask) -> None:
    exams.prepared()
    with transaction() as session:
        session.execute(text(ENEMIES), {"them": ["i-1", "i-2", "i-3", "i-4"]})
    page = enter(app, PENG).get(PAGES[1]).get_data(as_text=True)
    assert "需要 2 题，可用 1 题" in page
    first = next(row for row in page.split("<tr") if row.count("<td") and "单选题" in row)
    assert re.findall(r">([^<>]*\S[^<>]*)<", first)[-3:] == ["2", "1", "缺 1 题"], first


def test_without_exams_the_list_says_so(app: Flask) -> None:
    assert "还没有考试" in enter(app, PENG).get("/admin/exams").get_data(as_text=True)


def test_papers_are_drawn_from_the_page(app: Flask) -> None:
    exams.prepared(papers=2, opens=NOON + timedelta(hours=1))
    peng = enter(app, PENG)
    assert peng.post(f"{PAGES[1]}/papers", data={"papers": "5"}).status_code == 302
    assert "已组卷 5 份" in peng.get(PAGES[1]).get_data(as_text=True)
    assert peng.post(f"{PAGES[1]}/papers", data={"papers": "6", "forms": "2"}).status_code == 302
    with transaction() as session:
        assert session.scalar(text("SELECT count(DISTINCT hash) FROM paper WHERE taken_at IS NULL")) == 2
    assert peng.post(f"{PAGES[1]}/papers", data={"papers": "0"}).status_code == 422
    assert peng.post(f"{PAGES[1]}/papers", data={"papers": "many"}).status_code == 422


def test_many_papers_are_drawn_in_the_background_once_at_a_time(app: Flask) -> None:
    exams.prepared(papers=2, opens=NOON + timedelta(hours=1))
    peng, papers = enter(app, PENG), f"{PAGES[1]}/papers"

    def shown() -> str:
        return peng.get(PAGES[1]).get_data(as_text=True)

    assert "已开始组卷" in peng.post(papers, data={"papers": "501"}, follow_redirects=True).get_data(as_text=True)
    assert "已在排队等待组卷" in shown()
    assert "Refresh" in peng.get(PAGES[1]).headers
    for more in ("5", "501"):
        assert "正在组卷或排队等待组卷" in peng.post(papers, data={"papers": more}).get_data(as_text=True)
    assert "已取消" in peng.post(f"{papers}/cancel", follow_redirects=True).get_data(as_text=True)
    assert peng.post(papers, data={"papers": "501", "forms": "3"}).status_code == 302
    with transaction() as session:
        asked = session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = :job AND status = 'todo'"), {"job": assembly.JOB}).scalar_one()
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo' AND task_name = :job"), {"job": assembly.JOB})
    assert "正在组卷，每万份约十秒" in shown()
    assert "不能取消" in peng.post(f"{papers}/cancel", follow_redirects=True).get_data(as_text=True)
    assembly.draw(NOON, **asked)
    with transaction() as session:
        assert session.execute(text("SELECT count(*), count(DISTINCT hash) FROM paper WHERE taken_at IS NULL")).one() == (501, 3)
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing' AND task_name = :job"), {"job": assembly.JOB})
    assert "上次组卷没有完成" in shown()
    assert peng.post(papers, data={"papers": "5"}).status_code == 302
    assert "上次组卷没有完成" not in shown()


def test_what_the_bank_cannot_give_is_said_before_many_papers_are_drawn(app: Flask) -> None:
    exams.prepared(papers=2, opens=NOON + timedelta(hours=1))
    with transaction() as session:
        session.execute(text("UPDATE item SET status = 'retired'"))
    refused = enter(app, PENG).post(f"{PAGES[1]}/papers", data={"papers": "501"})
    assert (refused.status_code, "已开始组卷" in refused.get_data(as_text=True)) == (422, False)


def test_papers_stay_from_the_waiting_room_on_even_those_that_open_while_others_are_drawn(app: Flask, clock: FixedClock) -> None:
    exams.prepared(papers=2, opens=NOON + timedelta(minutes=31))
    with transaction() as session:
        before = session.scalars(text("SELECT id FROM paper ORDER BY id")).all()
    with ThreadPoolExecutor(1) as pool:
        with transaction() as holding:
            store.lock(holding, found(holding, exams.EXAM).id)
            drawing = pool.submit(assembly.assemble, exams.EXAM, papers=5, now=NOON)
            until_somebody_waits(drawing.done)
            holding.execute(text("UPDATE exam SET opens = :now"), {"now": NOON})
        with pytest.raises(ExamFrozen):
            drawing.result(30)
    clock.advance(minutes=2)
    peng = enter(app, PENG)
    assert peng.post(f"{PAGES[1]}/papers", data={"papers": "5"}).status_code == 409
    assert "不能换" in peng.get(PAGES[1]).get_data(as_text=True)
    with transaction() as session:
        assert session.scalars(text("SELECT id FROM paper ORDER BY id")).all() == before


def test_once_a_paper_is_taken_only_more_of_the_same_pool_are_drawn(app: Flask, clock: FixedClock) -> None:
    exams.prepared(papers=1, each=6)
    exams.sitting("lin")
    assert enter(app, PENG).post(f"{PAGES[1]}/papers", data={"papers": "5"}).status_code == 409
    with transaction() as session:
        session.execute(text("UPDATE item SET status = 'retired' WHERE external_id = 'i-1'"))
        exams.more_items(session)
    assert assembly.top_up(clock.instant) == 1
    with transaction() as session:
        drawn = set(
            session.scalars(
                text(
                    "SELECT DISTINCT i.external_id FROM paper p, unnest(p.version_ids) x JOIN item_version v ON v.id = x"
                    " JOIN item i ON i.id = v.item_id WHERE p.taken_at IS NULL"
                )
            )
        )
    assert drawn
    assert drawn <= {f"i-{number}" for number in range(2, 37)}
    peng = enter(app, PENG)
    assert re.search(r"试卷份数</dt>\s*<dd[^>]*>51<", peng.get(f"{PAGES[1]}/fairness").get_data(as_text=True)), "all sets are judged, not the newest alone"
    first, last = (peng.get(f"{PAGES[1]}/papers/{number}").get_data(as_text=True) for number in (1, 51))
    assert "共 51 份" in first
    assert "试卷 51" in last


def test_further_papers_go_beyond_a_rule_rather_than_leave_people_without_and_it_is_told(app: Flask, clock: FixedClock) -> None:
    exams.prepared(papers=1, blueprint=exams.small_blueprint(exposure=60))
    exams.sitting("lin")
    for gone in (["i-1"], ["i-2", "i-3"]):  # of four, two of which stand in each paper: three show too often, one is none
        with transaction() as session:
            session.execute(text("UPDATE paper SET taken_at = :now"), {"now": NOON})
            session.execute(text("UPDATE item SET status = 'retired' WHERE external_id = ANY(:gone)"), {"gone": gone})
        assert assembly.top_up(clock.instant) == 1
    with transaction() as session:
        (first,) = session.scalars(text("SELECT v.id FROM item_version v JOIN item i ON i.id = v.item_id WHERE i.external_id = 'i-1'"))
        assert session.scalar(text("SELECT count(*) FROM paper WHERE taken_at IS NULL")) == 50
        assert not session.scalar(text("SELECT count(*) FROM paper WHERE number > 1 AND :first = ANY(version_ids)"), {"first": first})
        session.execute(text("UPDATE item SET status = 'retired'"))
    replayed = app.test_cli_runner().invoke(args=["exam", "replay", exams.EXAM])
    assert (replayed.exit_code, replayed.output.count("the same papers")) == (0, 3), "each way of drawing can be done again, whatever became of the bank"
    peng = enter(app, PENG)
    for page in (f"{PAGES[1]}/fairness", f"{PAGES[1]}/preflight", f"/invigilation/{exams.EXAM}", f"/invigilation/{exams.EXAM}/incidents"):
        told = peng.get(page).get_data(as_text=True)
        assert "50 份补充试卷里有的试题用得比曝光上限更多" in told, page
        assert "50 份补充试卷用回了组卷后停用或改版的试题" in told, page
    with transaction() as session:  # a set as an earlier version left it
        session.execute(
            text(
                "WITH pools AS (SELECT a.id, jsonb_object_agg(key, value - 6 - 5 - 4) AS pool FROM assembly a, jsonb_each(a.pool)"
                " GROUP BY a.id ORDER BY a.id LIMIT 1),"
                " old AS (INSERT INTO assembly (exam_id, seed, hash, pool, statistics, made_at, asked)"
                " SELECT exam_id, seed, hash, pools.pool, statistics, made_at, '{}'"
                " FROM assembly JOIN pools USING (id) RETURNING id) INSERT INTO paper (exam_id, assembly_id, number, version_ids, orders, expected, hash)"
                " SELECT exam_id, old.id, 102, version_ids, orders, expected, hash FROM paper, old WHERE number = 1"
            )
        )
    replayed = app.test_cli_runner().invoke(args=["exam", "replay", exams.EXAM])
    assert (replayed.exit_code, replayed.output.count("the same papers"), replayed.output.count("cannot be drawn again")) == (0, 3, 1)


def test_before_the_bell_papers_are_drawn_for_all_who_may_come(app: Flask) -> None:
    exams.prepared(papers=3, opens=NOON + timedelta(minutes=20))
    with transaction() as session:
        people(session, 60)
    assert assembly.top_up(NOON - timedelta(minutes=15)) == 0, "the waiting room is shut"
    assert assembly.top_up(NOON) == 1
    with transaction() as session:
        assert papers.counts(session, found(session, exams.EXAM).id) == (60, 60)
        assert session.scalars(text("SELECT number FROM paper ORDER BY number")).all() == list(range(1, 61))
    assert assembly.top_up(NOON) == 0


def test_the_fairness_sheet_says_in_words_what_the_papers_are_worth(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam.web.board.EQUAL_POINTS", -1.0)
    exams.prepared(papers=20)
    peng = enter(app, PENG)
    before = peng.get(f"{PAGES[1]}/fairness").get_data(as_text=True)
    assert "还没有同校的两位考生开考" in before
    assert "若按题型随机抽题" in before
    assert "请收紧容差后重新组卷" in before
    for account in ("lin", "cai", "gan"):
        sitter = exams.sitting(account)
        sitter.save(sitter.change(1, [0]), sitter.change(2, [1]))
        sitter.submit()
    scoring.score_outstanding(clock.instant)
    assert "点“分析试题”" in peng.get(f"{PAGES[1]}/fairness").get_data(as_text=True)
    measure(exams.BANK, clock.instant, source=f"exam:{exams.EXAM}")
    after = peng.get(f"{PAGES[1]}/fairness").get_data(as_text=True)
    assert "同校先后开考的 2 对考生" in after
    assert "考后按实测难度复核" in after
    assert "实测时间" in after
    assert "不能重新组卷，请对照考后复核" in after


def test_results_are_released_once_by_hand(app: Flask, clock: FixedClock) -> None:
    exams.prepared(release="by_hand", closes=datetime(2026, 11, 25, tzinfo=ZONE))
    sitter = exams.sitting("lin")
    sitter.submit()
    scoring.score_outstanding(sitter.opened.started_at)
    peng = enter(app, PENG)
    text = peng.get(PAGES[1]).get_data(as_text=True)
    assert ("公布成绩" in text, "考试到 2026年11月24日 24:00 才结束。现在公布" in text) == (True, True)
    assert "2026年11月24日 24:00 结束" in peng.get(f"{PAGES[1]}/preflight").get_data(as_text=True)
    clock.advance(days=400)
    assert "才结束。现在公布" not in enter(app, PENG).get(PAGES[1]).get_data(as_text=True)
    assert "考试的开放时间已过" in enter(app, PENG).get(f"{PAGES[1]}/preflight").get_data(as_text=True)
    clock.instant = NOON
    assert peng.post(f"{PAGES[1]}/release").status_code == 302
    text = peng.get(PAGES[1]).get_data(as_text=True)
    assert "已公布 1 人" in text
    assert 'action="/admin/exams/test-exam/release"' not in text


def test_others_are_refused(app: Flask) -> None:
    exams.prepared()
    for page in PAGES:
        assert enter(app, LIN).get(page).status_code == 403
        assert app.test_client().get(page).status_code == 302
    assert enter(app, LIN).post(f"{PAGES[1]}/release").status_code == 403


def test_an_unknown_exam_is_missing(app: Flask) -> None:
    assert enter(app, PENG).get("/admin/exams/nothing").status_code == 404


def test_the_policy_is_chosen_before_the_exam_opens_and_frozen_afterwards(app: Flask, clock: FixedClock) -> None:
    exams.prepared(opens=clock.instant + timedelta(hours=1))
    peng = enter(app, PENG)
    asked = {"multiple": "half_when_incomplete", "attempts": "2", "wait_days": "1", "counts": "last", "double_percent": "10", "tolerance_percent": "25"}
    form = settings_form(peng, exams.EXAM)
    assert peng.post(f"{PAGES[1]}/settings", data=form | asked | {"wait_days": "-1"}).status_code == 422
    assert peng.post(f"{PAGES[1]}/settings", data=form | asked | {"counts": "worst"}).status_code == 422
    assert peng.post(f"{PAGES[1]}/settings", data=form | asked).status_code == 302
    clock.advance(minutes=30)
    assert peng.post(f"{PAGES[1]}/settings", data=form | asked | {"wait_days": "0"}).status_code == 409
    clock.advance(minutes=90)
    said = peng.get(PAGES[1]).get_data(as_text=True)
    for words in ("考试设置就冻结了", "取最后一次", "多选题少选得一半分"):
        assert words in said
    frozen = peng.get(f"{PAGES[1]}/settings").get_data(as_text=True)
    assert "disabled" in frozen
    assert 'value="save"' not in frozen, "nothing is offered that would be refused"
    lin = exams.sitting("lin", at=clock.instant)
    options = msgspec.json.decode(lin.opened.paper, type=PaperContent).items[4].options
    one_right = [at for at, option in enumerate(options) if option.endswith("选项 0")]
    lin.submit(lin.change(5, one_right), at=clock.instant)
    scoring.score_outstanding(clock.instant)
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert sheet.points == 150, "some right, none wrong: half of three points"
    teacher = enter(app, LIN)
    briefing = teacher.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    for words in ("多选题少选得一半分", "以最后一次的成绩为准", "起可以再考"):
        assert words in briefing
