"""Scripts that people mark, their leases and marks: tables and statements.

A lease stands on the script's own row, so that whoever waits for the row sees it anew and no two people ever hold one script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    bindparam,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from exam.domain.marking import Mark
from lms.kernel.db import Base, Session


class ScriptRow(Base):
    """One response that people mark; `revision` is the response's, `points` (by criterion) what counts of it, none of one that was cleared.

    `path`: the writer's unit when it came, so that what somebody may take is found without a look at its writer.
    """

    __tablename__ = "script"
    __table_args__ = (
        UniqueConstraint("attempt_id", "position"),
        CheckConstraint("state IN ('waiting', 'disputed', 'settled')", name="state"),
        CheckConstraint("num_nulls(leased_to, leased_until) IN (0, 2)", name="lease"),
        CheckConstraint("state <> 'settled' OR points IS NOT NULL", name="settled"),
        Index("ix_script_open", "exam_id", "state", "version_id", "waiting_since", "id", postgresql_where=text("state <> 'settled'")),
        Index("ix_script_oldest", "exam_id", "state", "waiting_since", "id", postgresql_where=text("state <> 'settled'")),
        Index("ix_script_path", "exam_id", "state", "path", postgresql_where=text("state <> 'settled'")),
        Index("ix_script_exam_id", "exam_id"),
        Index("ix_script_leased_to", "leased_to", postgresql_where=text("leased_to IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    position: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"))
    revision: Mapped[int] = mapped_column(Integer)
    worth: Mapped[int] = mapped_column(Integer)
    wanted: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10))
    waiting_since: Mapped[datetime]
    path: Mapped[str] = mapped_column(Text(collation="C"))
    points: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    leased_to: Mapped[int | None] = mapped_column(BigInteger, default=None)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    reopened_by: Mapped[int | None] = mapped_column(BigInteger, default=None)


class MarkRow(Base):
    """One person's mark of a script, a draft until it is handed in."""

    __tablename__ = "mark"
    __table_args__ = (
        UniqueConstraint("script_id", "examiner_id", "revision"),
        CheckConstraint("handed_in_at IS NULL OR array_position(points, NULL) IS NULL", name="whole"),
        Index("ix_mark_examiner_id", "examiner_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    script_id: Mapped[int] = mapped_column(ForeignKey("script.id"))
    examiner_id: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(Integer)
    decides: Mapped[bool]
    points: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
    remark: Mapped[str] = mapped_column(String(500))
    taken_at: Mapped[datetime]
    saved_at: Mapped[datetime | None] = mapped_column(default=None)
    handed_in_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, slots=True)
class Await:
    """A response that is to be marked by people."""

    exam_id: int
    attempt_id: int
    position: int
    version_id: int
    revision: int
    worth: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose scripts somebody may take: learners below the paths, never her own, never those of her own school (`own`: its path)."""

    person_id: int
    paths: tuple[str, ...]
    own: str | None


_FREE = """
  FROM script s JOIN attempt a ON a.id = s.attempt_id AND a.state = 'scored' AND a.person_id <> :me
  WHERE s.exam_id = :exam AND s.state = :state AND s.state <> 'settled' AND starts_with(s.path, CAST(:own AS text)) IS NOT TRUE
    AND s.reopened_by IS DISTINCT FROM :me AND (s.leased_until IS NULL OR s.leased_until <= :now)
    AND NOT EXISTS (SELECT FROM mark m WHERE m.script_id = s.id AND m.examiner_id = :me AND m.revision = s.revision AND m.handed_in_at IS NOT NULL)
"""
_OLDEST = "ORDER BY s.waiting_since, s.id LIMIT"


def await_marks(session: Session, waiting: Sequence[Await], now: datetime) -> None:
    """Put responses among those that wait; one that changed since it was marked is marked anew."""
    if waiting:
        session.execute(
            text(
                "INSERT INTO script (exam_id, attempt_id, position, version_id, revision, worth, wanted, state, waiting_since, path)"
                " SELECT :exam_id, :attempt_id, :position, :version_id, :revision, :worth, :wanted, 'waiting', :now, u.path"
                " FROM attempt a JOIN person p ON p.id = a.person_id JOIN unit u ON u.id = p.unit_id WHERE a.id = :attempt_id"
                " ON CONFLICT (attempt_id, position) DO UPDATE SET revision = excluded.revision, state = 'waiting', waiting_since = excluded.waiting_since,"
                " path = excluded.path, points = NULL, leased_to = NULL, leased_until = NULL, reopened_by = NULL WHERE script.revision <> excluded.revision"
            ),
            [
                {"exam_id": one.exam_id, "attempt_id": one.attempt_id, "position": one.position, "version_id": one.version_id,
                 "revision": one.revision, "worth": one.worth, "wanted": one.wanted, "now": now}
                for one in waiting
            ],
        )  # fmt: skip


def clear(session: Session, attempt_ids: Sequence[int]) -> None:
    """Settle, without points, what was written once and stands no more: whatever `await_marks` has left of another revision."""
    session.execute(
        text(
            "UPDATE script s SET state = 'settled', points = '{}', revision = a.revisions[s.position], leased_to = NULL, leased_until = NULL,"
            " reopened_by = NULL FROM attempt a WHERE a.id = s.attempt_id AND a.id = ANY(:ids) AND a.revisions[s.position] <> s.revision"
        ),
        {"ids": list(attempt_ids)},
    )


def points_of(session: Session, attempt_ids: Sequence[int], fixed: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return the points by attempt and position, of attempts all of whose scripts have theirs; items with `fixed` points hold up nothing."""
    rows = session.execute(
        text(
            "WITH due AS (SELECT s.attempt_id, s.position, s.points FROM script s JOIN attempt a ON a.id = s.attempt_id"
            " WHERE a.id = ANY(:ids) AND a.revisions[s.position] = s.revision AND s.version_id <> ALL(:fixed))"
            " SELECT attempt_id, position, (SELECT sum(one) FROM unnest(points) one) FROM due WHERE points <> '{}'"
            " AND NOT EXISTS (SELECT FROM due o WHERE o.attempt_id = due.attempt_id AND o.points IS NULL)"
        ),
        {"ids": list(attempt_ids), "fixed": list(fixed)},
    )
    found: dict[int, dict[int, int]] = {}
    for attempt_id, position, points in rows:
        found.setdefault(attempt_id, {})[position] = int(points)
    return found


def take(session: Session, exam_id: int, reach: Reach, state: str, *, script_id: int | None, now: datetime, until: datetime) -> ScriptRow | None:
    """Lease the next script, one of the item last marked if there is one; `script_id` asks for a certain one."""
    last = (
        "(SELECT o.version_id FROM mark m JOIN script o ON o.id = m.script_id WHERE m.examiner_id = :me AND o.exam_id = :exam"
        " ORDER BY m.taken_at DESC, m.id DESC LIMIT 1)"
    )
    certain = "AND s.id = coalesce(CAST(:script AS bigint), s.id)"
    for only in (f"AND s.version_id = {last}", ""):
        free = reached("SELECT s.id", reach, f"{certain} {only} {_OLDEST} 1 FOR UPDATE OF s SKIP LOCKED")
        found = session.execute(free, {**_values(exam_id, reach, state, now), "script": script_id}).scalar()
        if found is not None:
            row = lock(session, found)
            assert row is not None
            row.leased_to, row.leased_until = reach.person_id, until
            return row
    return None


def held_by(session: Session, exam_id: int, person_id: int) -> ScriptRow | None:
    """Lock and return the script that a person holds in an exam."""
    held = select(ScriptRow).where(ScriptRow.exam_id == exam_id, ScriptRow.leased_to == person_id)
    return session.scalars(held.order_by(ScriptRow.id).limit(1).with_for_update()).first()


def lock(session: Session, script_id: int) -> ScriptRow | None:
    """Lock a script."""
    return session.scalars(select(ScriptRow).where(ScriptRow.id == script_id).with_for_update()).first()


def attempt_of(session: Session, script_id: int) -> int | None:
    """Return the attempt a script is of."""
    return session.scalar(select(ScriptRow.attempt_id).where(ScriptRow.id == script_id))


def mark_of(session: Session, script: ScriptRow, examiner_id: int) -> MarkRow | None:
    """Return a person's mark of a script as it stands now."""
    mine = select(MarkRow).where(MarkRow.script_id == script.id, MarkRow.examiner_id == examiner_id, MarkRow.revision == script.revision)
    return session.scalars(mine).first()


def begin(session: Session, script: ScriptRow, examiner_id: int, *, criteria: int, decides: bool, now: datetime) -> None:
    """Begin a draft, or go on with the one from an earlier lease."""
    draft = mark_of(session, script, examiner_id)
    if draft is None:
        empty: list[int | None] = [None] * criteria
        draft = MarkRow(script_id=script.id, examiner_id=examiner_id, revision=script.revision, decides=decides, points=empty, remark="", taken_at=now)
        session.add(draft)
    draft.decides = decides
    session.flush()


def marks(session: Session, script: ScriptRow) -> list[Mark]:
    """Return the marks that were handed in, the oldest first."""
    rows = session.scalars(
        select(MarkRow)
        .where(MarkRow.script_id == script.id, MarkRow.revision == script.revision, MarkRow.handed_in_at.is_not(None))
        .order_by(MarkRow.handed_in_at, MarkRow.id)
    )
    return [Mark(row.examiner_id, tuple(one or 0 for one in row.points), row.remark, row.decides) for row in rows]


def of_attempts(session: Session, attempt_ids: Sequence[int]) -> list[ScriptRow]:
    """Return the scripts of attempts."""
    return list(session.scalars(select(ScriptRow).where(ScriptRow.attempt_id.in_(attempt_ids)).order_by(ScriptRow.attempt_id, ScriptRow.position)))


def exams_with_scripts(session: Session) -> list[int]:
    """Return the exams that have something to mark."""
    return list(session.scalars(text("SELECT id FROM exam WHERE EXISTS (SELECT FROM script WHERE exam_id = exam.id) ORDER BY id DESC")))


def exams_with_open_scripts(session: Session) -> list[int]:
    """Return the exams that have something to mark or to decide, the oldest first."""
    still = "SELECT FROM script WHERE exam_id = exam.id AND state <> 'settled'"
    return list(session.scalars(text(f"SELECT id FROM exam WHERE EXISTS ({still}) ORDER BY id")))  # noqa: S608 - our own text


def reachable(session: Session, exam_id: int, reach: Reach, state: str, *, now: datetime, most: int) -> tuple[int, datetime | None]:
    """Return how many scripts somebody could take now, counted up to a number, and since when the oldest waits."""
    oldest = reached("SELECT count(*), min(since) FROM (SELECT s.waiting_since AS since", reach, f"{_OLDEST} :most) oldest")
    count, since = session.execute(oldest, {**_values(exam_id, reach, state, now), "most": most}).one()
    return int(count), since


def takeable(session: Session, exam_id: int, reach: Reach, now: datetime, most: int) -> list[ScriptRow]:
    """Return the disputed scripts that somebody could decide, the oldest first."""
    ids = list(session.scalars(reached("SELECT s.id", reach, f"{_OLDEST} :most"), {**_values(exam_id, reach, "disputed", now), "most": most}))
    return list(session.scalars(select(ScriptRow).where(ScriptRow.id.in_(ids)).order_by(ScriptRow.waiting_since, ScriptRow.id)))


def could_take(session: Session, script: ScriptRow, reach: Reach, now: datetime) -> bool:
    """Tell whether somebody could take a script as it stands."""
    values = {**_values(script.exam_id, reach, script.state, now), "script": script.id}
    return session.execute(reached("SELECT s.id", reach, "AND s.id = :script"), values).first() is not None


def marked_by(session: Session, exam_id: int, person_id: int, most: int) -> list[tuple[ScriptRow, MarkRow]]:
    """Return what somebody handed in, the newest first."""
    joined = select(ScriptRow, MarkRow).join(MarkRow, MarkRow.script_id == ScriptRow.id)
    mine = joined.where(ScriptRow.exam_id == exam_id, MarkRow.examiner_id == person_id, MarkRow.handed_in_at.is_not(None))
    return [(script, mark) for script, mark in session.execute(mine.order_by(MarkRow.handed_in_at.desc(), MarkRow.id.desc()).limit(most))]


def reached(head: str, reach: Reach, tail: str) -> TextClause:
    """Return a statement over the free scripts below the paths.

    The paths stand in it as they are: only so is it known beforehand whether to read a few by their place, or the oldest of all.
    """
    # What lies below `/1/5/` sorts from there up to `/1/50`: after the slash comes the nought.
    ends = {f"{end}{number}": path[:-1] + last for number, path in enumerate(reach.paths) for end, last in (("from", "/"), ("to", "0"))}
    below = " OR ".join(f"s.path >= :from{number} AND s.path < :to{number}" for number in range(len(reach.paths))) or "false"
    return text(f"{head} {_FREE} AND ({below}) {tail}").bindparams(*(bindparam(name, end, literal_execute=True) for name, end in ends.items()))


def _values(exam_id: int, reach: Reach, state: str, now: datetime) -> dict[str, object]:
    return {"exam": exam_id, "me": reach.person_id, "own": reach.own, "state": state, "now": now}
