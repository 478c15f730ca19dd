"""Fill a database with the demo province, through the product's own use cases."""

import io
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter

from demo import lectures, people, planned_exam, sat_exam
from demo.cast import BEGUN, FILLED, PASSWORD
from demo.programme import DEMO_CODE, derive
from exam.services import assembly, exam_settings, quiz
from lms import api as platform
from lms.domain.activity import REHEARSED
from lms.domain.attendance import DayPart, Held, ListKind
from lms.domain.lesson import Lesson
from lms.domain.programme_tree import Programme
from lms.domain.unit import UnitKind
from lms.kernel import installation
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import ZONE
from lms.kernel.refusal import Conflict
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import attendance, enrolment, lesson, programme_version, roster, unit
from lms.store import unit as units
from media.services import asset as assets
from media.services import upload
from question_bank.services import bank, exchange, review

FOLDER = Path(__file__).parent
BANK = "mental-health"
TOPICS = {
    "principles": "学校心理健康教育基本原理",
    "positive": "积极心理学方法与技术",
    "home_school": "家校沟通",
    "group": "团体辅导",
    "crisis": "心理危机干预",
}
UNITS = (
    (None, UnitKind.PROVINCE, people.PROVINCE, "示范省"),
    (people.PROVINCE, UnitKind.CITY, people.CITY, "赣州（演示）"),
    (people.CITY, UnitKind.COUNTY, people.COUNTY, "云溪县（虚构）"),
    (people.COUNTY, UnitKind.SCHOOL, people.SCHOOL, "云溪县春晖实验学校"),
    (people.COUNTY, UnitKind.SCHOOL, people.KINDERGARTEN, "云溪县青禾幼儿园"),
    (people.SCHOOL, UnitKind.CLASS, people.CLASS, "春晖实验学校研修班"),
)
PAPERS = 60


class DatabaseInUse(Conflict):
    """The database holds a province that the demo did not make."""

    code = "database_in_use"
    message = "the database holds a province already that is not the demo's; give `make demo` an empty one (`make clean` forgets its own)"


def fill(settings: Settings, now: datetime) -> Generator[str]:
    """Fill an empty database; yields one sentence per step. `demo.__main__` throws away what an interruption leaves."""
    with transaction() as session:
        installation.require_rehearsal(session)
        if units.units_in(session, ("/",)):
            raise DatabaseInUse
        installation.set_fact(session, BEGUN, value=True)
    ids = _people(settings, now)
    _programme(ids, now)
    yield f"programme {DEMO_CODE} loaded, {len(people.learners())} teachers enrolled"
    first = _courses(settings, ids["kang"], now)
    yield "courses laid out, the first lecture recorded"
    items = _bank(BANK, "学校心理健康教育题库", FOLDER / "items", ids, now)
    items += _bank(planned_exam.BANK, "学校心理健康教育题库·补考", FOLDER / "items/makeup", ids, now)
    yield f"{items} items written by one person and approved by another"
    _exam(ids["ning"], now)
    planned_exam.plan(ids["ning"], now)
    yield f"{PAPERS} papers assembled, another exam planned"
    scripts = sat_exam.sit(BANK, ids, now)
    yield f"an exam sat by {len(people.colleagues())} teachers, {scripts} short texts to be marked"
    _history(first, ids, now)
    with transaction() as session:
        installation.set_fact(session, FILLED, value=_calendar(platform.programme(session, DEMO_CODE)))
    yield "attendance and marks taken in from signed lists"


def _people(settings: Settings, now: datetime) -> dict[str, int]:
    with transaction() as session:
        for parent, kind, code, name in UNITS:
            unit.ensure(session, parent=parent, kind=kind, code=code, name=name)
        return roster.bulk_load(session, people.everyone(), password=PASSWORD, seal=Seal(settings.field_key), now=now)


def _programme(ids: dict[str, int], now: datetime) -> None:
    text = (FOLDER.parent / "lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8")
    programme_version.load(derive(text, now.astimezone(ZONE).date()), now=now)
    with transaction() as session:
        programme = platform.programme(session, DEMO_CODE)
        participants = (programme.participants[1].code,)
        for account, unit_code in people.learners():
            enrolment.enrol(
                session,
                person_id=ids[account],
                programme_code=DEMO_CODE,
                participants=participants,
                unit_id=unit.ensure(session, parent=people.COUNTY, kind=UnitKind.SCHOOL, code=unit_code, name="").id,
                now=programme.enrolment.opens,
            )


def _calendar(programme: Programme) -> dict[str, str]:
    """Return mornings worth rehearsing, by what they are."""
    days = {
        "schools enrol": programme.enrolment.opens,
        "the third window opens, hers is over": programme.windows[2].opens,
        "the exam's last week": programme.exam.closes - timedelta(days=7),
    }
    return {words: (day.astimezone(ZONE) + timedelta(hours=9)).isoformat(timespec="minutes") for words, day in days.items()}


def _courses(settings: Settings, editor: int, now: datetime) -> int:
    """Lay out every lesson; the shortest lecture is recorded at once, the others follow in the background. Returns the shortest one's lesson."""
    with transaction() as session:
        course_id = lesson.create_course(
            session, programme_code=DEMO_CODE, title="学校心理健康教育", summary="五个专题，七节课，由浅入深。", actor_id=editor, now=now
        )
    first = 0
    ordered = lectures.lessons()  # the shortest first: recorded first, too, so that a beginner never waits
    shortest = ordered[0]
    for one in ordered:
        with transaction() as session:
            lesson_id = lesson.create_lesson(
                session, course_id=course_id, title=one.title, topic=one.topic, seconds=one.seconds, quiz=True, actor_id=editor, now=now
            )
        asset = upload.announce(title=one.title, now=now, created_by=editor)
        assets.attach_to_lesson(code=asset.code, lesson_id=lesson_id, actor_id=editor, now=now)
        with transaction() as session:
            quiz.attach_quiz(session, lesson_id=lesson_id, programme_code=DEMO_CODE, bank_code=BANK, topic=one.topic, title=f"{one.title} · 小测")
            installation.set_fact(session, f"lecture:{one.code}", asset.code)
        if one is shortest:
            first = lesson_id
            record(one.code, settings, now)
    with transaction() as session:
        lesson.publish(session, course_id, shown=True, actor_id=editor, now=now)
    return first


def record(code: str, settings: Settings, now: datetime) -> None:
    """Make one lecture and bring it in as the file of its announced video; done once."""
    one = next(one for one in lectures.lessons() if one.code == code)
    with transaction() as session:
        place = installation.fact(session, f"lecture:{code}")
        if place is None or assets.asset(session, place).playable:
            return
    made = lectures.build(one.path, settings.var_dir / "lectures")
    upload.import_file(made.mp4, now=now, title=made.title, captions_path=made.vtt, into=place)


def _bank(code: str, name: str, folder: Path, ids: dict[str, int], now: datetime) -> int:
    writer, reviewer = ids["wei"], ids["rong"]
    bank.create(code, name, now, TOPICS)
    # One file of all five topics, since items name enemies in other topics.
    everything = b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
    exchange.import_file(code, everything, author_id=writer, now=now)
    review.submit_all(code, person_id=writer, now=now)
    return review.approve_all(code, reviewer_id=reviewer, now=now).done


def _exam(manager: int, now: datetime) -> None:
    asked = exam_settings.asked(DEMO_CODE)
    exam_settings.create(replace(asked, settings=replace(asked.settings, bank_code=BANK), blueprint="final-test"), actor_id=manager, now=now)
    assembly.assemble(asked.code, papers=PAPERS, now=now, actor_id=manager)


def _history(first: int, ids: dict[str, int], now: datetime) -> None:
    """Lin has everything but the shortest lesson, its quiz and the exam; hours and marks come from signed lists."""
    manager, person_id = ids["ning"], ids["lin"]
    with transaction() as session:
        assignments = platform.programme(session, DEMO_CODE).assignments
        for course in lesson.courses(session):
            for one in lesson.lessons_of_course(session, course.id):
                if one.id != first:
                    _learnt(session, person_id, one, now)
    lists = [(ListKind.OFFLINE, "线下学时", None, "1"), *((ListKind.ASSIGNMENT, "成绩", one.code, "86") for one in assignments)]
    for kind, heading, component, amount in lists:
        name = f"{heading}签字名单.xlsx"
        staged = attendance.stage(
            _signed_list(heading, amount),
            file_name=name,
            programme_code=DEMO_CODE,
            kind=kind,
            component=component,
            actor_id=manager,
            now=now,
            held=Held(now.astimezone(ZONE).date() - timedelta(days=1), DayPart.DAY) if kind is ListKind.OFFLINE else None,
        )
        attendance.commit(staged, actor_id=manager, now=now)


def _learnt(session: Session, person_id: int, one: Lesson, now: datetime) -> None:
    for kind, seconds in (("video", one.seconds), ("quiz", 0)):
        for activity in platform.activities(session, kind):
            if activity.lesson_id == one.id:
                platform.activity_done(session, person_id=person_id, activity_id=activity.id, seconds=seconds, evidence=REHEARSED, now=now)


def _signed_list(heading: str, amount: str) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        sheet.write_row(0, 0, ("账号", "姓名", "学校", heading))
        sheet.write_row(1, 0, ("lin", "林晓雨", "云溪县春晖实验学校", amount))
    return target.getvalue()
