"""An exam's items analysed from real attempts on random papers."""

import pytest
from flask import Flask
from sqlalchemy import event, text

from exam.domain.regrade import Effect
from exam.services import analysis, result
from exam.store import analysis as store
from exam.store import archive
from lms.kernel import db
from lms.kernel.db import Session, transaction
from lms.store import hours
from question_bank import api as bank
from question_bank.services import analysis as measured
from tests.conftest import NOON
from tests.exam.services.test_regrade import approved, proposed
from tests.support import exams, scripts
from tests.support.cast import PENG, enter


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
    result.score_outstanding(NOON)

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


def test_a_short_text_counts_by_the_share_of_its_points(app: Flask) -> None:
    scripts.handed_in("lin", "cai", "gan")
    with transaction() as session:
        settle = text("UPDATE script SET state = 'settled', points = :points WHERE id = (SELECT id FROM script WHERE state <> 'settled' ORDER BY id LIMIT 1)")
        for points in ([600, 400], [300, 200], [0, 0]):
            session.execute(settle, {"points": points})
        for attempt_id in session.scalars(text("SELECT attempt_id FROM script ORDER BY id")).all():
            result.rescore(session, attempt_id, reason="marking", now=scripts.DONE)
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
