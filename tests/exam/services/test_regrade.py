"""A key corrected after the exam: previewed, approved by two others, carried out, taken back (EX-15)."""

import hashlib
import re
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from threading import get_ident
from time import perf_counter

import pytest
from flask import Flask
from sqlalchemy import event, text

from exam.domain.regrade import AnswerUnfit, Effect, FiguresMoved, OwnRegrade, RegradeClosed, RegradeRuns
from exam.services import regrade, scoring, sealed_key, verification
from exam.services.regrade import ItemNotGiven
from exam.store import regrade as regrades
from lms.kernel import db, jobs
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Role
from lms.services import certificate, grade
from question_bank.domain.item import LETTERS
from tests.conftest import NOON
from tests.support import exams, rows
from tests.support.cast import PENG, Member, enter, id_of, sign_in
from tests.support.crowd import FIRST, PASS, crowd

LATER = NOON + timedelta(hours=2)
ITEM = FIRST  # its key is B, worth 200
GIVEN = (
    "SELECT a.id FROM attempt a JOIN paper p ON p.id = a.paper_id WHERE p.version_ids &&"
    " ARRAY(SELECT v.id FROM item_version v JOIN item i ON i.id = v.item_id WHERE i.external_id = :item)"
)
NEWEST_OF_ITEM = (
    "SELECT DISTINCT ON (r.attempt_id) r.attempt_id, r.item_points"
    "[array_position(p.version_ids, (SELECT approved_version_id FROM item WHERE external_id = :item))]"
    " FROM result r JOIN attempt a ON a.id = r.attempt_id JOIN paper p ON p.id = a.paper_id"
    f" WHERE a.id IN ({GIVEN}) ORDER BY r.attempt_id, r.version DESC"
)


def staff(session: Session, account: str) -> int:
    """Return somebody who may propose or approve."""
    return rows.person_id(session, account) or rows.person(session, account=account, name=f"甲{account}", roles=())


def due(session: Session, options: list[int] | None) -> dict[int, int]:
    """Work the points of every attempt out by other means: SQL only, `options` being the only right ones of the item."""
    rows_of = session.execute(
        text(
            "SELECT a.id, sum(CASE WHEN given.options = right_ones.options THEN given.worth ELSE 0 END) FROM attempt a JOIN paper p ON p.id = a.paper_id"
            " CROSS JOIN LATERAL (SELECT v.id AS version, i.external_id, CASE v.type WHEN 'single' THEN 200 WHEN 'multiple' THEN 300 ELSE 100 END AS worth,"
            "  v.key->'options' AS key, ARRAY(SELECT get_byte(p.orders, ((n - 1) * (octet_length(p.orders) / cardinality(p.version_ids)))::int + one::int)"
            "   FROM unnest(string_to_array(a.answers[n], ',')) one ORDER BY 1) AS options"
            "  FROM unnest(p.version_ids) WITH ORDINALITY AS place(version_id, n) JOIN item_version v ON v.id = version_id"
            " JOIN item i ON i.id = v.item_id) given"
            " CROSS JOIN LATERAL (SELECT CASE WHEN given.external_id = :item AND CAST(:options AS int[]) IS NOT NULL THEN CAST(:options AS int[])"
            "   ELSE ARRAY(SELECT jsonb_array_elements_text(given.key)::int ORDER BY 1) END AS options) right_ones GROUP BY a.id"
        ),
        {"item": ITEM, "options": options},
    )
    return {int(attempt): int(points) for attempt, points in rows_of}


def held(session: Session) -> dict[int, int]:
    found = session.execute(text("SELECT DISTINCT ON (attempt_id) attempt_id, points FROM result ORDER BY attempt_id, version DESC"))
    return {int(attempt): int(points) for attempt, points in found}


def state(session: Session) -> str:
    """Return one sign for everything a score touches: results, grades, who holds a certificate."""
    parts = [
        "SELECT DISTINCT ON (attempt_id) attempt_id, points, of_points, item_points, topics FROM result ORDER BY attempt_id, version DESC",
        "SELECT enrolment_id, total, qualified FROM grade ORDER BY enrolment_id",
        "SELECT enrolment_id FROM certificate c WHERE NOT EXISTS (SELECT FROM certificate_revocation r WHERE r.certificate_id = c.id) ORDER BY 1",
    ]
    return hashlib.sha256(repr([session.execute(text(part)).all() for part in parts]).encode()).hexdigest()


def approved(regrade_id: int, *accounts: str) -> None:
    """Preview, have it approved, carry it out."""
    regrade.preview(LATER, regrade_id)
    for account in accounts or ("yi", "bing"):
        with transaction() as session:
            actor = staff(session, account)
        regrade.approve(regrade_id, seen=sign(regrade_id), actor_id=actor, now=LATER)
    regrade.carry_out(LATER, regrade_id)


def sign(regrade_id: int) -> str:
    return regrade.one(exams.EXAM, regrade_id).row.digest or ""


def proposed(effect: Effect = Effect.REPLACE, written: str = "C", item: str = ITEM) -> int:
    with transaction() as session:
        actor = staff(session, "jia")
    return regrade.propose(exams.EXAM, item=item, effect=effect, written=written, reason="第一题答案有误", actor_id=actor, now=LATER)


def differences() -> list[str]:
    """Let every verifier recompute everything."""
    with transaction() as session:
        return [*verification.verify(session, LATER), *grade.verify(session, LATER), *certificate.verify(session, LATER)]


def golden(count: int) -> dict[str, float]:
    """Prove EX-15 on so many attempts; returns how long each part took, in seconds."""
    took: dict[str, float] = {}

    def lap(name: str) -> None:
        took[name] = perf_counter() - sum(took.values())

    took["before"] = perf_counter()
    crowd(count)
    lap("set-up")
    with transaction() as session:
        before, first = held(session), state(session)
        assert before == due(session, None)
        wanted = due(session, [2])
    lap("oracle")
    one = proposed()
    approved(one)
    lap("regrade")
    told = regrade.one(exams.EXAM, one).preview
    assert told is not None
    moved = [attempt for attempt in wanted if wanted[attempt] != before[attempt]]
    passing = sum(before[attempt] < PASS <= wanted[attempt] for attempt in wanted)
    failing = sum(wanted[attempt] < PASS <= before[attempt] for attempt in wanted)
    assert passing
    assert failing
    assert (told.changed, told.passing, told.failing, told.issued, told.revoked) == (len(moved), passing, failing, passing, failing)
    with transaction() as session:
        assert held(session) == wanted
        assert state(session) != first
    lap("comparison")
    assert differences() == []
    lap("verifiers")
    with transaction() as session:
        actor = staff(session, "jia")
    back = regrade.propose_reversal(one, reason="维持原答案", actor_id=actor, now=LATER)
    approved(back)
    with transaction() as session:
        assert state(session) == first
    lap("reversal")
    assert differences() == []
    lap("verifiers again")
    return took | {"attempts": told.attempts, "changed": told.changed, "passing": passing, "failing": failing}


def test_ex_15_a_corrected_key_moves_scores_grades_and_certificates_and_comes_back_whole(app: Flask) -> None:
    golden(60)


@pytest.mark.soak
def test_ex_15_ten_thousand_attempts_are_regraded_within_five_minutes(app: Flask) -> None:
    took = golden(10_000)
    sys.stdout.write(f"\n{ {name: round(figure, 1) for name, figure in took.items()} }\n")
    assert took["regrade"] < 300


def test_each_way_of_correcting_says_what_a_response_is_worth(app: Flask) -> None:
    crowd(12)
    with transaction() as session:
        before, given = held(session), {row[0] for row in session.execute(text(GIVEN), {"item": ITEM})}
        other = due(session, [2])
    full = proposed(Effect.FULL, "")
    approved(full)
    with transaction() as session:
        points = {int(row[0]): int(row[1]) for row in session.execute(text(NEWEST_OF_ITEM), {"item": ITEM})}
        assert set(points.values()) == {200}
        assert set(points) == given
    approved(regrade.propose_reversal(full, reason="撤销", actor_id=1, now=LATER))
    approved(proposed(Effect.ACCEPT, "C"))
    with transaction() as session:
        assert held(session) == {attempt: max(before[attempt], other[attempt]) for attempt in before}
    approved(proposed(Effect.DROP, ""))
    with transaction() as session:
        for attempt, points_now, items in session.execute(
            text("SELECT DISTINCT ON (attempt_id) attempt_id, points, item_points FROM result ORDER BY 1, version DESC")
        ):
            whole = Fraction(sum(items)) * 1600 / 1400 if attempt in given else Fraction(sum(items))
            assert points_now == int(whole + Fraction(1, 2))
    assert differences() == []


def test_a_best_attempt_that_sinks_gives_way_to_another_of_hers(app: Flask) -> None:
    crowd(20, tries=2)
    approved(proposed())
    with transaction() as session:
        best = session.execute(
            text(
                "SELECT a.person_id, max(r.points), (SELECT l.points FROM grade_line l JOIN enrolment n ON n.id = l.enrolment_id"
                " WHERE n.person_id = a.person_id"
                " AND l.component = 'test' ORDER BY l.id DESC LIMIT 1) FROM attempt a JOIN LATERAL (SELECT points FROM result WHERE attempt_id = a.id"
                " ORDER BY version DESC LIMIT 1) r ON true GROUP BY 1"
            )
        ).all()
    assert len(best) == 20
    assert all(most == posted for _person, most, posted in best)
    assert differences() == []


def test_a_certificate_follows_any_result_that_falls_and_nobody_scores_into_a_regrade(app: Flask) -> None:
    crowd(12)
    with transaction() as session:
        person, enrolled, attempt, exam_id = session.execute(
            text(
                "SELECT a.person_id, e.id, a.id, a.exam_id FROM certificate c JOIN enrolment e ON e.id = c.enrolment_id"
                " JOIN attempt a USING (person_id) ORDER BY c.id LIMIT 1"
            )
        ).one()
        session.execute(text("CREATE TEMP TABLE kept AS SELECT answers FROM attempt WHERE id = :id"), {"id": attempt})
        session.execute(text("UPDATE attempt SET answers = array_fill(NULL::text, ARRAY[items]) WHERE id = :id"), {"id": attempt})
        scoring.rescore(session, attempt, reason="packet:1", now=LATER)
        assert not certificate.standing_among(session, [enrolled])
        session.execute(text("UPDATE attempt SET answers = (SELECT answers FROM kept) WHERE id = :id"), {"id": attempt})
        scoring.rescore(session, attempt, reason="packet:2", now=LATER)
        assert certificate.standing_among(session, [enrolled])
        session.execute(text("DROP TABLE kept"))
    assert differences() == []
    with transaction() as session:  # a list taken back has cost the grade, not the certificate: what is scored meanwhile leaves it alone
        session.execute(
            text("UPDATE grade SET qualified = false WHERE enrolment_id IN (SELECT id FROM enrolment WHERE person_id = :person)"), {"person": person}
        )
        session.execute(text("UPDATE attempt SET answers = array_fill(NULL::text, ARRAY[items]) WHERE id = :id"), {"id": attempt})
        scoring.rescore(session, attempt, reason="packet:3", now=LATER)
        assert certificate.standing_among(session, [enrolled])
    with transaction() as regrading, transaction() as session:
        regrades.hold_scoring(regrading, exam_id, alone=True)
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(RegradeRuns):
            scoring.rescore(session, attempt, reason="marking", now=LATER)


def test_it_takes_two_others_and_the_figures_they_saw(app: Flask) -> None:
    crowd(12)
    one = proposed()
    with transaction() as session:
        jia, yi, bing = (staff(session, account) for account in ("jia", "yi", "bing"))
    with pytest.raises(FiguresMoved):  # nothing is worked out yet
        regrade.approve(one, seen="", actor_id=yi, now=LATER)
    regrade.preview(LATER, one)
    with transaction() as session:
        assert held(session) == due(session, None)  # a preview leaves nothing behind
    with pytest.raises(OwnRegrade):
        regrade.approve(one, seen=sign(one), actor_id=jia, now=LATER)
    assert not regrade.approve(one, seen=sign(one), actor_id=yi, now=LATER)
    assert not regrade.approve(one, seen=sign(one), actor_id=yi, now=LATER)  # twice the same is one
    old = sign(one)
    approved(proposed(Effect.FULL, ""), "ding", "wu")  # what the figures rest on has moved meanwhile
    assert regrade.approve(one, seen=old, actor_id=bing, now=LATER)
    regrade.carry_out(LATER, one)
    assert regrade.one(exams.EXAM, one).row.state == "proposed"
    assert sign(one) != old
    assert regrade.one(exams.EXAM, one).approvers == {}
    with pytest.raises(FiguresMoved):
        regrade.approve(one, seen=old, actor_id=bing, now=LATER)
    regrade.withdraw(one, actor_id=jia, now=LATER)
    with pytest.raises(RegradeClosed):
        regrade.approve(one, seen=sign(one), actor_id=yi, now=LATER)


def test_ov_08_of_a_person_one_proposal_is_worked_out_at_a_time(app: Flask) -> None:
    crowd(2)
    peng, page = enter(app, PENG), f"/admin/exams/{exams.EXAM}/regrades"
    asked = {"item": ITEM, "effect": "full", "answer": "", "reason": "印错"}
    one = peng.post(page, data=asked).location.rsplit("/", 1)[1]
    again = peng.post(page, data=asked | {"effect": "drop"})
    assert (again.status_code, "还在计算影响，算完后再提" in again.get_data(as_text=True)) == (409, True)
    proposed()
    assert peng.post(f"{page}/{one}/withdrawal").status_code == 302
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'exam.regrade_preview'")) == 1, "of the other person"
    two = int(peng.post(page, data=asked).location.rsplit("/", 1)[1])
    regrade.preview(LATER, two)
    assert peng.post(page, data=asked | {"effect": "drop"}).status_code == 302, "the figures of the last one stand"


def test_a_regrade_that_runs_is_looked_at_and_a_withdrawn_preview_stops(app: Flask) -> None:
    crowd(12)
    one, page = proposed(), f"/admin/exams/{exams.EXAM}/regrades"
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'exam.regrade_preview'"))
    peng, mine = enter(app, PENG), get_ident()
    statuses: list[int] = []
    locks: list[bool] = []
    withdrawals: list[Future[None]] = []

    def withdraw(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        locks.append("FROM regrade" in statement and statement.endswith("NOWAIT"))
        if get_ident() != mine or not statement.startswith("INSERT INTO result ") or statuses:
            return
        statuses.append(peng.get(f"{page}/{one}").status_code)
        answer = peng.post(f"{page}/{one}/approval", data={"seen": "0"})
        statuses.append(answer.status_code)
        assert "正在重新评分" in answer.text
        withdrawals.append(pool.submit(regrade.withdraw, one, actor_id=id_of(PENG), now=LATER))
        while True:
            with transaction() as session:
                found = jobs.standing(session, f"regrade_preview:{one}")
            if found is None or found.stopping:
                break

    event.listen(db.engine(), "before_cursor_execute", withdraw)
    try:
        with ThreadPoolExecutor(1) as pool, pytest.raises(jobs.Cancelled):
            regrade.preview(LATER, one)
        withdrawals[0].result()
    finally:
        event.remove(db.engine(), "before_cursor_execute", withdraw)
    assert statuses == [200, 409], "neither the page nor an approval waits for a preview"
    assert any(locks)
    assert regrade.one(exams.EXAM, one).row.state == "withdrawn"
    with transaction() as session:
        assert held(session) == due(session, None)


def test_a_regrade_that_is_carried_out_is_not_withdrawn_and_nobody_waits_for_it(app: Flask) -> None:
    crowd(2)
    one = proposed()
    regrade.preview(LATER, one)
    with transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    with transaction() as session:
        regrades.lock(session, one)
        began = perf_counter()
        with pytest.raises(RegradeRuns):
            regrade.withdraw(one, actor_id=id_of(PENG), now=LATER)
        assert perf_counter() - began < 5


def test_a_preview_that_failed_is_told_and_may_be_withdrawn(app: Flask) -> None:
    crowd(12)
    one = proposed()
    path, peng = f"/admin/exams/{exams.EXAM}/regrades/{one}", enter(app, PENG)
    assert "Refresh" in peng.get(path).headers
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'exam.regrade_preview'"))
    shown = peng.get(path)
    assert "影响没有算出来" in shown.text
    assert "Refresh" not in shown.headers
    peng.post(f"{path}/withdrawal")
    assert "影响没有算出来" not in peng.get(path).text
    assert "系统正在计算影响" not in peng.get(path).text
    regrade.preview(LATER, proposed())


def test_a_regrade_that_could_not_be_carried_out_is_told_and_may_be_withdrawn(app: Flask) -> None:
    crowd(12)
    one = proposed()
    regrade.preview(LATER, one)
    for account in ("yi", "bing"):
        with transaction() as session:
            actor = staff(session, account)
        regrade.approve(one, seen=sign(one), actor_id=actor, now=LATER)
    path, peng = f"/admin/exams/{exams.EXAM}/regrades/{one}", enter(app, PENG)
    assert "Refresh" in peng.get(path).headers
    assert peng.post(f"{path}/withdrawal").status_code == 409, "it is still to come"
    with transaction() as session:
        before = held(session)
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'exam.regrade'"))
    shown = peng.get(path)
    assert "重新评分没有执行成功，没有改动任何成绩" in shown.text
    assert "正在执行" not in shown.text
    assert "Refresh" not in shown.headers
    assert peng.post(f"{path}/withdrawal").status_code == 302
    regrade.carry_out(LATER, one)  # as an operator may start it by hand
    with transaction() as session:
        assert held(session) == before
    assert regrade.one(exams.EXAM, one).row.state == "withdrawn"
    assert "没有执行成功" not in peng.get(path).text
    approved(proposed())


def test_what_cannot_be_a_response_is_refused(app: Flask) -> None:
    exams.prepared()
    for item, letters in ((ITEM, "E"), (ITEM, ""), (ITEM, "AB"), (ITEM, "1")):
        with pytest.raises(AnswerUnfit):
            proposed(Effect.ACCEPT, letters, item)
    with pytest.raises(ItemNotGiven):
        proposed(Effect.FULL, "", "unknown")


def test_who_may_still_sit_has_no_part_in_a_regrade_which_would_tell_her_the_key(app: Flask, clock: FixedClock) -> None:
    crowd(12)
    done = proposed(Effect.ACCEPT)
    approved(done)
    one = proposed()
    regrade.preview(LATER, one)
    peng, page = enter(app, PENG), f"/admin/exams/{exams.EXAM}/regrades"
    assert "等您批准" in peng.get("/").text
    exams.enrolled(PENG.account)
    assert "等您批准" not in peng.get("/").text
    for answer in (
        peng.post(page, data={"item": ITEM, "effect": "accept", "answer": "B", "reason": "印错"}),
        peng.get(page),
        peng.get(f"{page}/{one}"),
        peng.post(f"{page}/{one}/approval", data={"seen": sign(one)}),
        peng.post(f"{page}/{done}/reversal", data={"reason": "维持原判"}),
    ):
        assert answer.status_code == 403
        assert "您自己报名了" in answer.text
        assert "改正答案" not in answer.text
    assert len(regrade.of_exam(exams.EXAM)[1]) == 2
    assert regrade.one(exams.EXAM, one).approvers == {}
    clock.advance(days=30)
    assert "改正答案" in peng.get(f"{page}/{one}").text
    assert peng.post(f"{page}/{one}/approval", data={"seen": sign(one)}).status_code == 302


def test_ex_15_the_pages_lead_from_the_proposal_to_the_reversal(app: Flask) -> None:
    crowd(12)
    peng, page = enter(app, PENG), f"/admin/exams/{exams.EXAM}/regrades"
    assert "还没有更正" in peng.get(page).get_data(as_text=True)
    assert peng.post(page, data={"item": ITEM, "effect": "accept", "answer": "Z", "reason": "印错"}).status_code == 422
    answer = peng.post(page, data={"item": ITEM, "effect": "full", "answer": "", "reason": "印错"})
    assert answer.status_code == 302
    one = int(answer.location.rsplit("/", 1)[1])
    assert "正在计算影响" in peng.get(answer.location).get_data(as_text=True)
    regrade.preview(LATER, one)
    words = peng.get(answer.location).get_data(as_text=True)
    assert "成绩有变化" in words
    assert "请另外两人批准" in words
    assert "已封存，由两位有权限的同事开启后显示" in words
    for account in ("jia", "ding"):
        with transaction() as session:
            holder = rows.person(session, account=account, name=f"钥{account}", roles=(Role.PROVINCE_MANAGER,), role_unit=rows.unit_tree(session).province)
        sealed_key.consent(exams.EXAM, holder, "核对要更正的答案", NOON)
    opened = peng.get(answer.location).get_data(as_text=True)
    with transaction() as session:
        (key,) = session.scalars(text("SELECT key->'options' FROM item_version JOIN item i ON i.id = item_id WHERE external_id = :item"), {"item": ITEM})
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'regrade.key_view'")) == 1
    assert "已封存" not in opened
    assert re.search(rf"题库中的答案</dt>\s*<dd[^>]*>{LETTERS[key[0]]}<", opened)
    assert peng.post(f"{page}/{one}/approval", data={"seen": sign(one)}).status_code == 403
    with transaction() as session:
        for account in ("yi", "bing"):
            rows.person(session, account=account, name=f"乙{account}", roles=(Role.PROVINCE_MANAGER,), role_unit=rows.unit_tree(session).province)
    for account in ("yi", "bing"):
        other = enter(app, Member(account, "", ()))
        assert "有 1 个重新评分方案等您批准" in other.get("/").get_data(as_text=True)
        assert sign(one) in other.get(answer.location).get_data(as_text=True)
        assert f"{one}/approval" in other.get(answer.location).get_data(as_text=True)
        assert other.post(f"{page}/{one}/approval", data={"seen": sign(one)}).status_code == 302
        assert f"{one}/approval" not in other.get(answer.location).get_data(as_text=True), "nobody is asked twice"
    regrade.carry_out(LATER, one)
    assert "撤销这次重新评分" in peng.get(answer.location).get_data(as_text=True)
    assert peng.post(f"{page}/{one}/reversal", data={"reason": "维持原判"}).status_code == 302
    assert "撤销：" in peng.get(page).get_data(as_text=True)
    with transaction() as session:
        changed = session.scalar(text("SELECT a.person_id FROM result r JOIN attempt a ON a.id = r.attempt_id WHERE r.version = 2 ORDER BY r.id LIMIT 1"))
    assert changed
    lin = app.test_client()
    sign_in(lin, int(changed))
    assert "更正了试题答案，得分由" in lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert "更正了试题答案，您的得分由" in lin.get("/").get_data(as_text=True)
    with transaction() as session:  # as the reversal leaves it
        session.execute(
            text(
                "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
                " SELECT attempt_id, version + 1, points + 100, of_points, item_points, topics, rule, 'regrade:' || g.id, at FROM result, regrade g"
                " WHERE version = 2 AND g.reverses_id IS NOT NULL"
            )
        )
    assert "撤回了先前对试题答案的更正，您的得分由" in lin.get("/").get_data(as_text=True)
    told = lin.get(f"/exams/{exams.EXAM}/result").get_data(as_text=True)
    assert told.index("更正了试题答案，得分由") < told.index("撤回了先前对试题答案的更正，得分由"), "each change in its turn"
    with transaction() as session:  # a response of hers is marked anew: what stands meanwhile is no result
        session.execute(
            text(
                "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
                " SELECT attempt_id, version + 1, points + 100, of_points, array_append(item_points, NULL), topics, rule, reason, at FROM result"
                " WHERE version = 3"
            )
        )
    assert "试题答案" not in lin.get("/").get_data(as_text=True)
    assert lin.get(page).status_code == 403
