import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import xlsxwriter
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from lms import api
from lms.domain import attendance as rules
from lms.domain.attendance import DayPart, Held, ListKind
from lms.domain.hours import HoursKind, Worth
from lms.kernel.db import transaction
from lms.services import attendance, enrolment, grade, hours, programme, progress
from lms.store import certificate as certificate_store
from lms.store import grade as grade_store
from lms.store import progress as progress_store
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import CAO, LIN, PENG, SAM, YUAN, id_of
from tests.support.database import until_somebody_waits


def workbook(*rows: tuple[object, ...], header: tuple[str, ...] = ("账号", "姓名", "学校", "学时"), title: str | None = None) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        lines = [*([(title,)] if title else []), header, *rows]
        for number, row in enumerate(lines):
            sheet.write_row(number, 0, row)
    return target.getvalue()


@pytest.fixture
def lin(app: Flask) -> int:
    return learning.enrolled(LIN, SAM)


YESTERDAY = Held(date(2026, 11, 21), DayPart.MORNING)


def bring_in(content: bytes, *, kind: ListKind = ListKind.OFFLINE, component: str | None = None, actor: int | None = None, held: Held = YESTERDAY) -> int:
    return attendance.stage(
        content, file_name="名单.xlsx", programme_code=learning.CODE, kind=kind, component=component, actor_id=actor or id_of(PENG), now=NOON,
        held=held if kind is ListKind.OFFLINE else None,
    )  # fmt: skip


def commit(list_id: int) -> int:
    return attendance.commit(list_id, actor_id=id_of(PENG), now=NOON)


def undo(list_id: int) -> None:
    attendance.undo(list_id, actor_id=id_of(PENG), now=NOON)


def marks(component: str, *rows: tuple[object, ...]) -> int:
    list_id = bring_in(workbook(*rows, header=("账号", "姓名", "学校", "成绩（百分制）")), kind=ListKind.ASSIGNMENT, component=component)
    commit(list_id)
    return list_id


def offline_of(person_id: int) -> Worth:
    with transaction() as session:
        found = enrolment.of_person(session, person_id, learning.CODE)
        assert found
        return progress_store.of_enrolment(session, found.id).offline


def work_of(person_id: int) -> int | None:
    with transaction() as session:
        found = enrolment.of_person(session, person_id, learning.CODE)
        assert found
        score = grade.of_enrolment(session, found.id, programme.programme(session, learning.CODE)).scores.get("work")
        return None if score is None else score.points * 10_000 // score.of_points


def test_nothing_counts_before_the_list_is_committed(lin: int) -> None:
    list_id = bring_in(workbook(("lin", "林晓梅", "", 1)))
    assert offline_of(lin) == Worth(0, 0)
    assert commit(list_id) == 1
    assert offline_of(lin) == Worth(2700, 0)


def test_faulty_rows_are_listed_and_the_good_ones_come_in(lin: int) -> None:
    list_id = bring_in(workbook(("lin", "", "", 0.5), ("nobody", "", "", 1), ("sam", "别人", "", 1), title="培训签到表"))
    found = attendance.view(list_id, actor_id=id_of(PENG))
    assert [(line.number, line.fault) for line in found.lines] == [(3, None), (4, "unknown"), (5, "other_name")]
    assert commit(list_id) == 1
    assert offline_of(lin) == Worth(1350, 0)


def test_undoing_takes_everything_back_and_leaves_the_record(lin: int) -> None:
    list_id = bring_in(workbook(("lin", "", "", 1), ("sam", "", "", 1)))
    commit(list_id)
    undo(list_id)
    assert offline_of(lin) == Worth(0, 0)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one() == 4
        assert session.execute(text("SELECT count(*) FROM audit_entry WHERE action LIKE 'attendance.%'")).scalar_one() == 2
        assert list(progress.verify(session, NOON)) == []
    for again in (undo, commit):
        with pytest.raises(rules.ListMoved):
            again(list_id)


def test_a_list_waits_for_everybody_s_grade_before_it_holds_the_log_of_certificates(lin: int) -> None:
    with transaction() as session:
        people = [enrolment.of_person(session, person_id, learning.CODE) for person_id in (lin, id_of(SAM))]
        first, second = (one.id for one in people if one)
        hours.enter(session, api.in_force(session, learning.CODE), enrolment_id=first, kind=HoursKind.ONLINE, worth=Worth(4050, 1), evidence="list:1", now=NOON)
        for component in api.programme(session, learning.CODE).assessment.components:
            api.post_score(
                session, person_id=lin, programme_code=learning.CODE, component=component.code, points=9000, of_points=10_000, evidence="w", now=NOON
            )
    list_id = bring_in(workbook(("lin", "", "", 1), ("sam", "", "", 1)))
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            grade_store.lock(session, second, NOON)
            done = pool.submit(commit, list_id)
            until_somebody_waits(done.done)
            assert session.execute(text("SELECT pg_try_advisory_xact_lock(727275)")).scalar_one(), "else who holds a grade waits for the log for ever"
        assert done.result(10) == 2
    with transaction() as session:
        assert len(certificate_store.of_person(session, lin)) == 1


def test_the_same_file_comes_in_once_and_again_after_undoing(lin: int) -> None:
    content = workbook(("lin", "", "", 1))
    first = bring_in(content)
    second = bring_in(content)
    commit(first)
    with pytest.raises(rules.ListTwice):
        bring_in(content)
    with pytest.raises(rules.ListTwice):
        commit(second)
    undo(first)
    commit(second)
    assert offline_of(lin) == Worth(2700, 0)


def test_a_list_saved_again_as_another_file_counts_nobody_twice(lin: int) -> None:
    first = bring_in(workbook(("lin", "", "", 1)))
    rival = bring_in(workbook(("lin", "", "", 1), title="同一场，另存"))
    commit(first)
    with pytest.raises(rules.SessionCounted):
        commit(rival)
    again = bring_in(workbook(("lin", "", "", 1), ("sam", "", "", 1), title="同一场，再次另存"))
    found = attendance.view(again, actor_id=id_of(PENG))
    assert [line.fault for line in found.lines] == ["counted", None]
    assert found.standing[found.lines[0].enrolment_id or 0] == 100, "the preview shows the hours she has"
    assert commit(again) == 1
    assert (offline_of(lin), offline_of(id_of(SAM))) == (Worth(2700, 0), Worth(2700, 0))
    undo(first)
    assert commit(bring_in(workbook(("lin", "", "", 0.5)))) == 1
    assert offline_of(lin) == Worth(1350, 0)


def test_another_session_counts_and_a_whole_day_covers_its_parts(lin: int) -> None:
    sheet = workbook(("lin", "", "", 0.2))
    commit(bring_in(sheet))

    def fault(day: int, part: DayPart) -> str | None:
        list_id = bring_in(workbook(("lin", "", "", 0.2), title=f"{day} {part}"), held=Held(date(2026, 11, day), part))
        return attendance.view(list_id, actor_id=id_of(PENG)).lines[0].fault

    assert [fault(21, part) for part in DayPart] == ["counted", "counted", None, None]
    assert fault(20, DayPart.MORNING) is None
    with pytest.raises(rules.SessionUndated):
        fault(23, DayPart.DAY)


def test_a_manager_brings_in_only_people_of_the_own_scope(lin: int) -> None:
    content = workbook(("lin", "", "", 1), ("sam", "", "", 1))
    for member, faults in ((CAO, [None, "unknown"]), (YUAN, ["unknown", None])):
        list_id = bring_in(content, actor=id_of(member))
        assert [line.fault for line in attendance.view(list_id, actor_id=id_of(member)).lines] == faults
    with pytest.raises(rules.ListMissing):
        attendance.view(list_id, actor_id=id_of(CAO))


def test_a_list_without_a_good_row_is_not_committed(lin: int) -> None:
    with pytest.raises(rules.NothingToCommit):
        commit(bring_in(workbook(("nobody", "", "", 1))))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"account,hours", workbook(("a", "b"), header=("甲", "乙")), workbook()])
def test_what_is_no_list_is_refused(lin: int, content: bytes) -> None:
    with pytest.raises(rules.NotAList):
        bring_in(content)


def test_an_unknown_assignment_is_refused(lin: int) -> None:
    for kind, component in ((ListKind.ASSIGNMENT, "dance"), (ListKind.ASSIGNMENT, None), (ListKind.OFFLINE, "lesson-plan")):
        with pytest.raises(rules.UnknownAssignment):
            bring_in(workbook(("lin", "", "", 1)), kind=kind, component=component)


def test_marks_count_when_every_assignment_has_one(lin: int) -> None:
    marks("lesson-plan", ("lin", "", "", 80))
    assert work_of(lin) is None
    report = marks("growth-report", ("lin", "", "", 90))
    assert work_of(lin) == 8500
    undo(report)
    assert work_of(lin) is None


def test_a_later_list_counts_and_undoing_it_brings_the_earlier_back(lin: int) -> None:
    marks("lesson-plan", ("lin", "", "", 80))
    better = marks("lesson-plan", ("lin", "", "", 100))
    marks("growth-report", ("lin", "", "", 90))
    assert work_of(lin) == 9500
    undo(better)
    assert work_of(lin) == 8500
    with transaction() as session:
        assert list(grade.verify(session, NOON)) == []
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        assert all(line.posted_at == NOON for line in grade_store.lines(session, found.id))


def test_the_template_lists_those_within_reach_and_is_read_again(lin: int) -> None:
    content = attendance.template(learning.CODE, ListKind.OFFLINE, actor_id=id_of(CAO))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows == [["账号", "姓名", "学校", "学时"], ["lin", "林晓梅", "柳溪县第一小学", ""]]
    list_id = bring_in(content)
    assert [line.fault for line in attendance.view(list_id, actor_id=id_of(PENG)).lines] == ["no_amount"]


def test_offline_hours_wait_until_the_school_has_finished_online(app: Flask) -> None:
    learning.load(learning.programme_text().replace('offline_condition = "none"', 'offline_condition = "school_finished_online"', 1))
    lin, tao = id_of(LIN), id_of(CAO)
    with transaction() as session:
        tree = rows.unit_tree(session)
        for person_id in (lin, tao):
            learning.enrol(session, person_id, unit_id=tree.school.id)
        lessons = learning.taught(session)
    sheet = workbook(("lin", "林晓梅", "", 1))

    def faults() -> list[str | None]:
        return [line.fault for line in attendance.view(bring_in(sheet), actor_id=id_of(PENG)).lines]

    assert faults() == ["school_unfinished"]
    for taught in lessons:
        learning.learn(lin, taught, seconds=5400)
    assert faults() == ["school_unfinished"], "a colleague of hers is still learning"
    with transaction() as session:
        closes = next(one.closes for one in programme.programme(session, learning.CODE).windows if learning.CITY in one.cities)
    late = attendance.stage(
        sheet, file_name="名单.xlsx", programme_code=learning.CODE, kind=ListKind.OFFLINE, component=None, actor_id=id_of(PENG), now=closes, held=YESTERDAY
    )
    assert [line.fault for line in attendance.view(late, actor_id=id_of(PENG)).lines] == [None], "after the window nobody waits for a colleague"
    for taught in lessons:
        learning.learn(tao, taught, seconds=5400)
    assert faults() == [None]
