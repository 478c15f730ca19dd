"""Fill a database of its own for a load test, through the product's own use cases; a live database refuses."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from demo.exams import create_exam
from exam.domain.blueprint import Blueprint, from_mapping
from exam.services import assembly, exam, quiz, waiting_room
from exam.services.exam import FOLDER as BLUEPRINTS
from lms import api as platform
from lms.domain.programme import Programme, parse
from lms.domain.stretch import Stretch, stretches
from lms.domain.unit import UnitKind
from lms.kernel import installation
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import enrolment, lesson, programme_version, roster, unit
from lms.store import unit as unit_store
from load_tests.film import film
from media.services import asset, transcoding, upload
from question_bank.services import bank, exchange, review

ITEMS = Path(__file__).parent.parent / "demo/items"
BANK = "load-test"
EXAM = "load-test"
LONG_EXAM = "load-test-long"
PASSWORD = "river-stone-2026"  # noqa: S105 - of invented people in a database of its own
PROVINCE = "36"
SCHOOL_SIZE = 100
NOTE = "seeded.json"
PRESENT = "present.json"  # the cookies of those who are signed in when a run begins
FAMILIES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张"
GIVEN = [first + second for first in "安博晨丹恩芳国海嘉凯丽明宁鹏" for second in "平文华云清远宏静春林"]
STAFF = {"editor": Role.COURSE_EDITOR, "writer": Role.AUTHOR, "reviewer": Role.REVIEWER, "manager": Role.PROVINCE_MANAGER}


class TooManyPeople(ValueError):
    """More people are asked for than the programme has seats."""


class Wanted(msgspec.Struct, frozen=True):
    """How large the seed is."""

    people: int
    window: int = 1
    film_seconds: int = 20
    tries: int = 1
    long_exam: bool = False
    papers: int | None = None  # how many sit the exam, where not everybody does
    lessons: int = 1  # all show the same film
    rate: float = 0.0  # starts a second that the waiting room admits; 0: how many are borne is what a load test finds out


class Lesson(msgspec.Struct, frozen=True):
    """A lesson with its film and its quiz."""

    lesson_id: int
    video: int
    quiz: int


class Seeded(msgspec.Struct, frozen=True):
    """What the clients of a load test need to know."""

    programme: str
    window: int
    accounts: list[str]
    person_ids: list[int]
    cities: list[str]
    password: str
    lessons: list[Lesson]
    exam: str
    long_exam: str | None

    @property
    def lesson_id(self) -> int:
        """Return the first lesson."""
        return self.lessons[0].lesson_id

    @property
    def video_activity(self) -> int:
        """Return the film of the first lesson."""
        return self.lessons[0].video

    @property
    def quiz_activity(self) -> int:
        """Return the quiz of the first lesson."""
        return self.lessons[0].quiz


def seed(settings: Settings, text: str, wanted: Wanted) -> Seeded:
    """Fill an empty, migrated database whose app is built, and set its clock to a morning of the window."""
    programme = parse(text)
    real = installation.read_clock()[0]
    stretch = stretches(programme)[wanted.window]
    homes = homes_of(programme, stretch, wanted.people)
    now = instant(stretch)
    with transaction() as session:
        installation.rehearse(session, now, real)
    ids = _people(settings, homes, now)
    programme_version.load(text, now=now)
    learners = {account: person_id for account, person_id in ids.items() if account.startswith("t")}
    _enrol(programme, list(learners.values()), homes)
    lesson_ids = _lessons(settings, programme, ids["editor"], wanted, now)
    _bank(programme, ids, now)
    lessons = [_with_quiz(programme, lesson_id) for lesson_id in lesson_ids]
    with transaction() as session:
        lesson.publish(session, platform.lesson(session, lesson_ids[0]).course_id, shown=True, actor_id=ids["editor"], now=now)
    _exam(EXAM, programme, exam.bundled_blueprint("final-test"), wanted, now)
    if wanted.long_exam:
        _exam(LONG_EXAM, programme, from_mapping(_doubled()), wanted, now)
    seeded = Seeded(
        programme=programme.code,
        window=wanted.window,
        accounts=list(learners),
        person_ids=list(learners.values()),
        cities=[one.city for one in homes],
        password=PASSWORD,
        lessons=lessons,
        exam=EXAM,
        long_exam=LONG_EXAM if wanted.long_exam else None,
    )
    (settings.var_dir / NOTE).write_bytes(msgspec.json.encode(seeded))
    return seeded


def read(folder: Path) -> Seeded | None:
    """Return what a folder was seeded with, if it was."""
    path = folder / NOTE
    return msgspec.json.decode(path.read_bytes(), type=Seeded) if path.exists() else None


def instant(stretch: Stretch) -> datetime:
    """Return the instant under test: nine o'clock on a window's third day, when its first rush is over, or seven in the evening of an exam's last."""
    return stretch.closes - timedelta(hours=5) if stretch.exam else stretch.opens + timedelta(days=2, hours=9)


@dataclass(frozen=True, slots=True)
class Place:
    """A school of the seed."""

    city: str
    sector: str
    code: str
    name: str


def homes_of(programme: Programme, stretch: Stretch, people: int) -> list[Place]:
    """Return a school for each teacher; more than the stretch has seats live all over the province, those whose time it is first."""
    if people <= stretch.people:
        return places(programme, stretch, people)
    return sorted(places(programme, stretches(programme)[-1], people), key=lambda one: one.city not in stretch.seats)


def places(programme: Programme, stretch: Stretch, people: int) -> list[Place]:
    """Return a school for each teacher: cities and sectors as the seats are, mixed, so that any first part of them is like the whole."""
    titles = {one.code: one.covers[0] if one.covers else one.title for one in programme.sectors}
    cells = [(city, sector, seats) for city in stretch.seats for sector, seats in programme.quotas.of(city).items() if seats]
    total = sum(seats for _city, _sector, seats in cells)
    if people > total:
        raise TooManyPeople(f"{stretch.code} has {total} seats, not {people}")
    turns = sorted(((number + 0.5) / seats, city, sector, number) for city, sector, seats in cells for number in range(-(-seats * people // total)))
    return [
        Place(city, sector, f"{city}-{sector}-{number // SCHOOL_SIZE}", f"示范{titles[sector]} {number // SCHOOL_SIZE}")
        for _turn, city, sector, number in turns[:people]
    ]


def _name(number: int) -> str:
    return FAMILIES[number % len(FAMILIES)] + GIVEN[number // len(FAMILIES) % len(GIVEN)]


def _people(settings: Settings, homes: Sequence[Place], now: datetime) -> dict[str, int]:
    """Make the units of the cities and the teachers in them."""
    schools = {one.code: one for one in homes}
    with transaction() as session:
        unit.ensure(session, parent=None, kind=UnitKind.PROVINCE, code=PROVINCE, name="示范省")
        for city in sorted({one.city for one in homes}):
            unit.ensure(session, parent=PROVINCE, kind=UnitKind.CITY, code=city, name=f"示范市 {city}")
            unit.ensure(session, parent=city, kind=UnitKind.COUNTY, code=f"{city}-1", name=f"示范县 {city}")
        for code, one in schools.items():
            unit.ensure(session, parent=f"{one.city}-1", kind=UnitKind.SCHOOL, code=code, name=one.name)
        teachers = [roster.NewPerson(account=f"t{number:05d}", name=_name(number), unit_code=home.code, post="教师") for number, home in enumerate(homes)]
        staff = [
            roster.NewPerson(account=account, name=account, unit_code=homes[0].code, roles=((role, PROVINCE),), post="") for account, role in STAFF.items()
        ]
        return roster.bulk_load(session, [*teachers, *staff], password=PASSWORD, seal=Seal(settings.field_key), now=now)


def _enrol(programme: Programme, learners: Sequence[int], homes: Sequence[Place]) -> None:
    with transaction() as session:
        ids = unit_store.ids_by_code(session, {one.code for one in homes})
        enrolment.enrol_many(
            session,
            [(person_id, ids[home.code]) for person_id, home in zip(learners, homes, strict=True)],
            programme_code=programme.code,
            participants=(programme.participants[1].code,),
            now=programme.enrolment.opens,
        )


def _lessons(settings: Settings, programme: Programme, editor: int, wanted: Wanted, now: datetime) -> list[int]:
    """Lay out one course whose lessons share a film that is transcoded."""
    with transaction() as session:
        course_id = lesson.create_course(session, programme_code=programme.code, title="心理健康教育", summary="", actor_id=editor, now=now)
        made = [
            lesson.create_lesson(
                session,
                course_id=course_id,
                title=f"如何倾听 {number}",
                topic=programme.topics[0].code,
                seconds=wanted.film_seconds,
                quiz=True,
                actor_id=editor,
                now=now,
            )
            for number in range(1, wanted.lessons + 1)
        ]
    video = upload.import_file(film(settings.var_dir / "film.mp4", wanted.film_seconds), now=now, title="如何倾听", created_by=editor)
    for lesson_id in made:
        asset.attach_to_lesson(code=video.code, lesson_id=lesson_id, actor_id=editor, now=now)
    transcoding.transcode_waiting(now)
    return made


def _with_quiz(programme: Programme, lesson_id: int) -> Lesson:
    """Give a lesson its quiz from the bank."""
    with transaction() as session:
        attached = quiz.attach_quiz(session, lesson_id=lesson_id, programme_code=programme.code, bank_code=BANK, topic=programme.topics[0].code, title="小测")
        return Lesson(lesson_id, next(one.id for one in platform.activities(session, "video") if one.lesson_id == lesson_id), attached)


def _bank(programme: Programme, ids: Mapping[str, int], now: datetime) -> None:
    """Take the demo's items in: written by one person, approved by another."""
    bank.create(BANK, "题库", now, {topic.code: topic.title for topic in programme.topics})
    for path in sorted(ITEMS.glob("*.jsonl")):
        exchange.import_file(BANK, path.read_bytes(), author_id=ids["writer"], now=now)
    review.submit_all(BANK, person_id=ids["writer"], now=now)
    review.approve_all(BANK, reviewer_id=ids["reviewer"], now=now)


def _exam(code: str, programme: Programme, blueprint: Blueprint, wanted: Wanted, now: datetime) -> None:
    """Make an exam with a paper for every try and some to spare: open when the programme says, or now where a city window is tested."""
    stretch = stretches(programme)[wanted.window]
    component = next((part.code for part in programme.assessment.components if part.source == "exam"), "test") if programme.assessment else "test"
    create_exam(
        code=code,
        programme_code=programme.code,
        title="线上测试",
        bank_code=BANK,
        blueprint=blueprint,
        opens=stretch.opens if stretch.exam else now - timedelta(hours=1),
        closes=stretch.closes if stretch.exam else now + timedelta(days=30),
        minutes=90,
        attempts_allowed=wanted.tries,
        component=component,
        now=now,
    )
    waiting_room.set_rate(code, wanted.rate, actor_id=None, now=now)
    assembly.assemble(code, papers=(wanted.papers or wanted.people) * wanted.tries + 10, now=now, seed=1)


def _doubled() -> dict[str, Any]:
    """Return the bundled blueprint with twice the items."""
    found = tomllib.loads((BLUEPRINTS / "final-test.toml").read_text(encoding="utf-8"))
    found["code"], found["tolerance"], found["exposure_percent"] = "long", "4", 60
    for section in found["sections"]:
        for cell in section["cells"]:
            cell["count"] *= 2
    return found
