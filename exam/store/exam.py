"""Exams, their blueprints and the accommodations of their learners: tables and statements."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, String, UniqueConstraint, bindparam, false, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain import blueprint as blueprints
from exam.domain.admission import NO_ACCOMMODATION, Accommodation
from exam.domain.attempt import State
from exam.domain.blueprint import Blueprint
from exam.domain.exam import Counts, Exam, ExamPolicy, Release, WindowRule
from exam.domain.exam_settings import ExamSettings
from exam.domain.packet import HOLDS_FOR, OPEN_FOR
from exam.domain.safe_exam_browser import BrowserKeys
from exam.store.packet import LAST_BELL, UNDECIDED
from lms.kernel.db import APPEND_ONLY, Base
from lms.kernel.statement import Statement
from question_bank.domain.scoring import MultiplePolicy


class BlueprintRow(Base):
    """One version of a blueprint."""

    __tablename__ = "blueprint"
    __table_args__ = (UniqueConstraint("code", "version"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(Integer)
    body: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigInteger, default=None)


class ExamRow(Base):
    """One exam."""

    __tablename__ = "exam"
    __table_args__ = (
        CheckConstraint("opens < closes", name="window"),
        CheckConstraint("window_rule IN ('start_by', 'finish_by')", name="window_rule"),
        CheckConstraint("release IN ('at_once', 'by_hand')", name="release"),
        CheckConstraint("state IN ('draft', 'ready')", name="state"),
        CheckConstraint("minutes > 0 AND attempts > 0 AND items > 0 AND points > 0", name="sizes"),
        CheckConstraint("counts IN ('best', 'last')", name="counts"),
        CheckConstraint("multiple IN ('all_or_nothing', 'half_when_incomplete', 'share_when_incomplete', 'right_minus_wrong')", name="multiple"),
        CheckConstraint("wait_days >= 0 AND double_percent BETWEEN 0 AND 100 AND tolerance_percent BETWEEN 0 AND 100", name="policy"),
        Index("ix_exam_programme_code", "programme_code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    programme_code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(120))
    component: Mapped[str] = mapped_column(String(60))
    bank_code: Mapped[str] = mapped_column(String(60))
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprint.id"))
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    window_rule: Mapped[str] = mapped_column(String(20))
    minutes: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    items: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(Integer)
    pass_points: Mapped[int | None] = mapped_column(Integer)
    requires_learning: Mapped[bool]
    release: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    activity_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    released_at: Mapped[datetime | None] = mapped_column(default=None)
    settings: Mapped[Any] = mapped_column(JSONB, default_factory=dict)
    multiple: Mapped[str] = mapped_column(String(30), default="all_or_nothing")
    counts: Mapped[str] = mapped_column(String(10), default="best")
    wait_days: Mapped[int] = mapped_column(Integer, default=0)
    double_percent: Mapped[int] = mapped_column(Integer, default=20)
    tolerance_percent: Mapped[int] = mapped_column(Integer, default=20)


class AccommodationRow(Base):
    """What one person is granted in one exam: time in per cent of the limit, any browser, rests of her own."""

    __tablename__ = "exam_accommodation"
    __table_args__ = (
        CheckConstraint("percent BETWEEN 100 AND 300", name="percent"),
        CheckConstraint("rest_minutes BETWEEN 0 AND 180", name="rest_minutes"),
    )

    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, default=100)
    any_browser: Mapped[bool] = mapped_column(default=False, server_default=false())
    rest_minutes: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


def add_blueprint(session: Session, blueprint: Blueprint, *, created_by: int | None, now: datetime) -> int:
    """Store a blueprint as the next version of its code, unless the newest is the same; returns its id."""
    body = blueprints.to_mapping(blueprint)
    newest = session.scalars(select(BlueprintRow).where(BlueprintRow.code == blueprint.code).order_by(BlueprintRow.version.desc()).limit(1)).first()
    if newest is not None and newest.body == body:
        return newest.id
    row = BlueprintRow(code=blueprint.code, version=newest.version + 1 if newest else 1, body=body, created_at=now, created_by=created_by)
    session.add(row)
    session.flush()
    return row.id


def blueprint_of(session: Session, exam_id: int) -> Blueprint:
    """Return the blueprint of an exam."""
    body = session.scalars(select(BlueprintRow.body).join(ExamRow, ExamRow.blueprint_id == BlueprintRow.id).where(ExamRow.id == exam_id)).one()
    return blueprints.from_mapping(body)


def add(session: Session, *, code: str, programme_code: str, settings: ExamSettings, blueprint: Blueprint, blueprint_id: int, activity_id: int) -> int:
    """Store an exam and return its id."""
    columns, others = _columns(settings)
    row = ExamRow(
        code=code, programme_code=programme_code, blueprint_id=blueprint_id, items=blueprint.items, points=blueprint.points, activity_id=activity_id,
        settings=others, **columns,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def ask_browser(row: ExamRow, keys: BrowserKeys) -> None:
    """Ask for these keys of Safe Exam Browser from now on."""
    row.settings = {**row.settings, **asdict(keys)}


def change(row: ExamRow, settings: ExamSettings, blueprint: Blueprint, blueprint_id: int) -> None:
    """Set everything of an exam anew; what was set elsewhere stays."""
    columns, others = _columns(settings)
    for name, value in {**columns, "blueprint_id": blueprint_id, "items": blueprint.items, "points": blueprint.points}.items():
        setattr(row, name, value)
    row.settings = {**row.settings, **others}


def _columns(settings: ExamSettings) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what has a column of its own, and what does not."""
    found = {name: value for name, value in asdict(settings).items() if name != "policy"} | asdict(settings.policy)
    return {name: value for name, value in found.items() if name not in _OTHERS}, {name: found[name] for name in _OTHERS}


_OTHERS = ("keeps_offline", "asks_identity", "starts_per_second", "config_keys", "browser_exam_keys", "browser_configuration")


_READ = select(ExamRow.__table__)
_BY_CODE = Statement(_READ.where(ExamRow.code == bindparam("code")))
_NEWEST_STATES = Statement(
    text(
        "SELECT exam.*, newest.state AS newest_state, newest.number AS newest_number, newest.ended_at AS newest_ended_at,"
        " newest.deadline AS newest_deadline, (SELECT state FROM attempt WHERE exam_id = exam.id AND person_id = :person AND state <> 'annulled'"
        " ORDER BY number DESC LIMIT 1) AS standing FROM exam LEFT JOIN LATERAL"
        " (SELECT state, number, ended_at, deadline FROM attempt WHERE exam_id = exam.id AND person_id = :person ORDER BY number DESC LIMIT 1) newest ON true"
        " WHERE code = ANY(:codes)"
    )
)
_ACCOMMODATION = Statement(
    select(AccommodationRow.percent, AccommodationRow.any_browser, AccommodationRow.rest_minutes).where(
        AccommodationRow.exam_id == bindparam("exam"), AccommodationRow.person_id == bindparam("person")
    )
)


def hold_code(session: Session, code: str) -> None:
    """Let nobody else make an exam of this code until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('exam:' || :code, 0))"), {"code": code})


def by_code(session: Session, code: str) -> Exam | None:
    """Return an exam by its code."""
    row = _BY_CODE.row(session, code=code)
    return None if row is None else _exam(row)


def by_id(session: Session, exam_id: int) -> Exam:
    """Return an exam by its id."""
    return _exam(session.connection().execute(_READ.where(ExamRow.id == exam_id)).one())


def all_of(session: Session, programme_code: str | None = None) -> Sequence[Exam]:
    """Return the exams of a programme, or all, by opening."""
    query = _READ.order_by(ExamRow.opens, ExamRow.id)
    return [_exam(row) for row in session.execute(query.where(ExamRow.programme_code == programme_code) if programme_code else query)]


@dataclass(frozen=True, slots=True)
class Newest:
    """How a person's newest attempt stands, and which of hers it is; `standing`: the state of the newest that is not annulled."""

    state: State
    number: int
    ended_at: datetime | None
    deadline: datetime
    standing: State | None


def with_newest_state(session: Session, person_id: int, codes: Sequence[str]) -> dict[str, tuple[Exam, Newest | None]]:
    """Return exams by their codes, each with the person's newest attempt."""
    return {row.code: (_exam(row), _newest(row) if row.newest_state else None) for row in _NEWEST_STATES.rows(session, person=person_id, codes=list(codes))}


def _newest(row: Any) -> Newest:
    standing = State(row.standing) if row.standing else None
    return Newest(State(row.newest_state), row.newest_number, row.newest_ended_at, row.newest_deadline, standing)


def lock(session: Session, exam_id: int) -> ExamRow:
    """Lock an exam for a change of its settings or papers; starts, which only refer to it, go on."""
    return session.scalars(select(ExamRow).where(ExamRow.id == exam_id).with_for_update(key_share=True)).one()


def blueprint_ref(session: Session, exam_id: int) -> tuple[str, int]:
    """Return code and version of the blueprint of an exam."""
    query = select(BlueprintRow.code, BlueprintRow.version).join(ExamRow, ExamRow.blueprint_id == BlueprintRow.id).where(ExamRow.id == exam_id)
    code, version = session.execute(query).one()
    return code, version


def settings_of(session: Session, exam_id: int) -> dict[str, Any]:
    """Return the settings that no other column holds."""
    return dict(session.scalars(select(ExamRow.settings).where(ExamRow.id == exam_id)).one())


def accommodation_of(session: Session, exam_id: int, person_id: int) -> Accommodation:
    """Return what a person is granted in one exam."""
    found = _ACCOMMODATION.row(session, exam=exam_id, person=person_id)
    return NO_ACCOMMODATION if found is None else Accommodation(found.percent, found.any_browser, found.rest_minutes)


def accommodations(session: Session, person_id: int) -> dict[int, Accommodation]:
    """Return a person's accommodations by exam."""
    rows = session.scalars(select(AccommodationRow).where(AccommodationRow.person_id == person_id))
    return {row.exam_id: Accommodation(row.percent, row.any_browser, row.rest_minutes) for row in rows}


def percents_in(session: Session, exam_id: int) -> dict[int, int]:
    """Return the accommodations in an exam, by person."""
    rows = session.execute(select(AccommodationRow.person_id, AccommodationRow.percent).where(AccommodationRow.exam_id == exam_id))
    return {person_id: percent for person_id, percent in rows}  # noqa: C416 - a Row is no pair for dict()


def accommodate(session: Session, exam_id: int, person_id: int, **changed: int) -> None:
    """Change what a person is granted in one exam (`percent`, `any_browser`, `rest_minutes`); more time is for attempts begun afterwards."""
    row = insert(AccommodationRow).values(exam_id=exam_id, person_id=person_id, **asdict(NO_ACCOMMODATION) | changed)
    session.execute(row.on_conflict_do_update(index_elements=["exam_id", "person_id"], set_=changed))


def _exam(row: Any) -> Exam:
    return Exam(
        id=row.id, code=row.code, programme_code=row.programme_code, title=row.title, component=row.component, bank_code=row.bank_code,
        opens=row.opens, closes=row.closes, window_rule=WindowRule(row.window_rule), minutes=row.minutes, attempts=row.attempts,
        items=row.items, points=row.points, pass_points=row.pass_points, requires_learning=row.requires_learning,
        release=Release(row.release), activity_id=row.activity_id, state=row.state, released=row.released_at is not None,
        policy=ExamPolicy(
            multiple=MultiplePolicy(row.multiple), counts=Counts(row.counts), wait_days=row.wait_days,
            double_percent=row.double_percent, tolerance_percent=row.tolerance_percent,
        ),
        keeps_offline=row.settings.get("keeps_offline", True), asks_identity=row.settings.get("asks_identity", False),
        starts_per_second=row.settings.get("starts_per_second"),
        config_keys=tuple(row.settings.get("config_keys", ())), browser_exam_keys=tuple(row.settings.get("browser_exam_keys", ())),
        browser_configuration=row.settings.get("browser_configuration", ""),
        marking_until=datetime.fromisoformat(row.settings["marking_until"]) if row.settings.get("marking_until") else None,
    )  # fmt: skip


_STILL_DRAWN = text(
    "SELECT e.code, e.title FROM exam e WHERE e.bank_code = :bank AND e.id <> :besides AND (e.closes > :since"  # noqa: S608 - constants of these files
    " OR EXISTS (SELECT FROM attempt a WHERE a.exam_id = e.id AND a.state = 'open')"
    " OR EXISTS (SELECT FROM extra_attempt x WHERE x.exam_id = e.id AND x.attempt_id IS NULL AND x.closes > :now)"
    f" OR ({LAST_BELL}) >= CAST(:now AS timestamptz) - CAST(:open_for AS interval)"
    f" OR ({LAST_BELL}) >= CAST(:now AS timestamptz) - CAST(:holds_for AS interval) AND EXISTS (SELECT FROM {UNDECIDED}))"
    " ORDER BY e.closes DESC LIMIT 1".format(exam="e.id")
)


def still_drawn(session: Session, bank_code: str, besides: int, since: datetime, now: datetime) -> tuple[str, str] | None:
    """Return code and title of another exam of a bank, planned or drawn, that was not over `since`, is being sat, may be sat again or may get a packet."""
    asked = {"bank": bank_code, "besides": besides, "since": since, "now": now, "open_for": OPEN_FOR, "holds_for": HOLDS_FOR}
    found = session.execute(_STILL_DRAWN, asked).one_or_none()
    return found and (found.code, found.title)


def drawing_on(session: Session, bank_code: str, now: datetime) -> list[Blueprint]:
    """Return the blueprints of the exams that draw on a bank and are not over."""
    used = select(ExamRow.blueprint_id).where(ExamRow.bank_code == bank_code, ExamRow.closes > now)
    return [blueprints.from_mapping(body) for body in session.scalars(select(BlueprintRow.body).where(BlueprintRow.id.in_(used)).order_by(BlueprintRow.code))]
