"""An exam's items analysed from real attempts on random papers."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import event, text

from exam.domain.regrade import Effect
from exam.jobs import JOBS
from exam.services import analysis, integrity, scoring
from exam.store import analysis as store
from exam.store import archive
from lms.kernel import db
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import Cancelled
from lms.store import hours
from question_bank import api as bank
from question_bank.services import analysis as measured
from tests.conftest import NOON
from tests.exam.services.test_regrade import approved, proposed
from tests.support import exams, rows, scripts
from tests.support.cast import PENG, RUI, enter


def positions(session: Session, sitter: exams.Sitter) -> list[tuple[int, list[int], int]]:
    """Return of each position of somebody's paper: the version, the shown places of its key, the original option shown first."""
    versions, orders = session.execute(
        text("SELECT p.version_ids, p.orders FROM attempt a JOIN paper p ON p.id = a.paper_id WHERE a.person_id = :p"), {"p": sitter.person_id}
    ).one()
    keys, width = bank.keys(session, versions), len(orders) // len(versions)
    rows = [bytes(orders)[at * width : (at + 1) * width] for at in range(len(versions))]
    return [(version, [row.index(option) for option in keys[version].options], row[0]) for version, row in zip(versions, rows, strict=True)]


def test_answers_on_random_papers_reach_the_bank_in_canonical_order(app: Flask) -> None:
    exams.prepared()
    right: dict[int, int] = {}
    first: dict[tuple[int, str], int] = {}
    for account in ("lin", "hua", "mei", "qin"):
        sitter = exams.sitting(account)
        with transaction() as session:
            shown = positions(session, sitter)
        changes = []
        for at, (version, key, original) in enumerate(shown):
            chosen = key if account in {"lin", "hua"} else [0]
            changes.append(sitter.change(at + 1, sorted(chosen)))
            if account != "qin":
                right[version] = right.get(version, 0) + (sorted(chosen) == sorted(key))
            if account == "mei":
                first[version, "ABCDEFGH"[original]] = 1
        sitter.submit(*([] if account == "qin" else changes))  # one hands in an empty paper: that says nothing about the items
    with pytest.raises(analysis.NothingScored):
        analysis.request(exams.EXAM, actor_id=None, now=NOON)
    scoring.score_outstanding(NOON)

    peng = enter(app, PENG)
    page = peng.get(f"/admin/exams/{exams.EXAM}").get_data(as_text=True)
    assert "分析试题" in page
    assert peng.post(f"/admin/exams/{exams.EXAM}/analysis").status_code == 302
    assert "已开始分析试题" in peng.get(f"/admin/exams/{exams.EXAM}").get_data(as_text=True)
    with transaction() as session:
        waiting = session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'exam.analyse'")).scalars().all()
    assert waiting == [{"exam_code": exams.EXAM}]
    assert analysis.analyse(exams.EXAM, NOON) == 3

    found = {item.version_id: item for item in measured.page(exams.BANK).items}
    assert {version: round(item.report.statistics.difficulty * item.report.statistics.answers) for version, item in found.items()} == right
    assert sum(item.report.statistics.answers for item in found.values()) == 3 * len(shown)
    for (version, label), count in first.items():
        options = {option.label: option.count for option in found[version].report.statistics.options}
        assert options[label] >= count
    runs = measured.page(exams.BANK).runs
    assert [(run.title, run.people, run.complete) for run in runs] == [("线上测试", 3, False)]

    dropped = next(iter(found.values()))
    with transaction() as session:
        name = session.scalar(text("SELECT i.external_id FROM item_version v JOIN item i ON i.id = v.item_id WHERE v.id = :id"), {"id": dropped.version_id})
    approved(proposed(Effect.DROP, "", str(name)))
    analysis.analyse(exams.EXAM, NOON)
    again = {item.version_id for item in measured.page(exams.BANK).items}
    assert again == set(found) - {dropped.version_id}, "what counts for nobody says nothing, and what it said before holds no longer"


def test_ov_08_what_twenty_people_ask_five_times_is_worked_out_once_and_saves_go_on(app: Flask) -> None:
    exams.prepared()
    lin, hua = exams.sitting("lin"), exams.sitting("hua")
    lin.submit(lin.change(1, [0]))
    scoring.score_outstanding(NOON)
    with transaction() as session:
        people = [rows.person(session, account=f"m{number}", name="管理员") for number in range(20)]

    def ask(asked: tuple[int, str]) -> str:
        try:
            analysis.request(exams.EXAM, asked[1], actor_id=asked[0], now=NOON)
        except analysis.AnalysisRuns as refusal:
            return refusal.code
        return "asked"

    kinds = (analysis.JOB, integrity.JOB)
    with ThreadPoolExecutor(8) as pool:
        told = pool.map(ask, [(person, kind) for person in people for kind in kinds for _again in range(5)])
        assert [one.revision for one in hua.save(hua.change(1, [1]), hua.change(2, [0])).saved] == [1, 1]
    assert Counter(told) == {"asked": 2, "analysis_runs": 198}
    with transaction() as session:
        waiting = session.scalars(text("SELECT task_name FROM procrastinate_jobs WHERE task_name = ANY(:kinds)"), {"kinds": list(kinds)}).all()
    assert sorted(waiting) == sorted(kinds)


@pytest.mark.parametrize(("job", "page"), [(analysis.JOB, "analysis"), (integrity.JOB, "integrity")])
def test_an_analysis_is_cancelled_while_it_waits_and_while_it_runs(app: Flask, job: str, page: str) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    sitter.submit(sitter.change(1, [0]))
    scoring.score_outstanding(NOON)
    peng, there = enter(app, PENG), f"/admin/exams/{exams.EXAM}/{page}"
    shown = f"/admin/exams/{exams.EXAM}" + ("" if page == "analysis" else "/integrity")
    peng.post(there)
    assert "已在排队或进行" in peng.post(there, follow_redirects=True).get_data(as_text=True)
    assert "停止这次分析？" in peng.get(shown).get_data(as_text=True)
    assert "分析已停止" in peng.post(f"{there}/cancel", follow_redirects=True).get_data(as_text=True)
    assert "停止这次分析？" not in peng.get(shown).get_data(as_text=True)
    assert peng.post(f"{there}/cancel").status_code == 409
    peng.post(there)
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = :job"), {"job": job})
    assert "正在分析" in peng.get(shown).get_data(as_text=True)
    peng.post(f"{there}/cancel")
    assert "正在停止" in peng.get(shown).get_data(as_text=True)
    with pytest.raises(Cancelled):
        next(one for one in JOBS if one.name == job).run(NOON, exam_code=exams.EXAM)
    with transaction() as session:
        acts = session.scalars(text("SELECT action FROM audit_entry WHERE action LIKE :job || '%' ORDER BY id"), {"job": job}).all()
        assert acts == [job, f"{job}_cancel"] * 2
        assert session.scalar(text("SELECT count(*) FROM integrity_run")) == 0
    assert not measured.page(exams.BANK).runs
    assert enter(app, RUI).post(f"{there}/cancel").status_code == 403
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = :job"), {"job": job})
    assert "上次分析没有完成" in peng.get(shown).text
    assert peng.post(f"{there}/cancel").status_code == 409
    peng.post(there)
    assert "上次分析没有完成" not in peng.get(shown).text
    assert "停止这次分析？" in peng.get(shown).text


def test_a_short_text_counts_by_the_share_of_its_points(app: Flask) -> None:
    scripts.handed_in("lin", "cai", "gan")
    with transaction() as session:
        settle = text("UPDATE script SET state = 'settled', points = :points WHERE id = (SELECT id FROM script WHERE state <> 'settled' ORDER BY id LIMIT 1)")
        for points in ([600, 400], [300, 200], [0, 0]):
            session.execute(settle, {"points": points})
        for attempt_id in session.scalars(text("SELECT attempt_id FROM script ORDER BY id")).all():
            scoring.rescore(session, attempt_id, reason="marking", now=scripts.DONE)
    analysis.analyse(exams.EXAM, scripts.DONE)
    short = next(item.report for item in measured.page(exams.BANK).items if not item.report.statistics.options)
    assert (short.statistics.answers, short.statistics.difficulty, short.left_out) == (3, 0.5, "by_share")


def test_what_may_be_large_is_read_by_a_cursor_of_the_server(app: Flask) -> None:
    cursors: list[str] = []

    def note(_connection: object, cursor: object, *_rest: object) -> None:
        cursors.append(type(cursor).__name__)

    event.listen(db.engine(), "before_cursor_execute", note)
    with transaction() as session:
        assert [list(read) for read in (store.scored(session, 1), archive.marks(session, 1), hours.behind(session))] == [[], [], []]
    event.remove(db.engine(), "before_cursor_execute", note)
    assert cursors == ["ServerCursor"] * 3
