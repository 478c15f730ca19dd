"""Archives: the table of requests, and every row of an exam as JSON lines."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, String, Table, and_, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from exam.domain.archive import AlreadyAsked, ArchiveClosed, State
from lms.kernel.db import Base, Session, take_time

BATCH = 2_000
# Entries without words of staff: the exam itself, what was answered (whose log must add up to it), and names masked already.
VERBATIM = frozenset({"exam", "blueprint", "assembly", "paper", "attempt", "response_event", "exam_packet", "submission", "person", "login"})
LEFT_OUT = {"archived": False}  # Table.info: what an archive must not hold, or of which nothing remains


WAITING = text("state IN ('asked', 'queued')")  # what somebody waits for: one of a person and exam


class ExamArchiveRow(Base):
    """One archive that was asked for, and what became of it."""

    __tablename__ = "exam_archive"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'queued', 'ready', 'failed', 'expired', 'cancelled')", name="state"),
        Index("ix_exam_archive_exam_id", "exam_id"),
        Index("uq_exam_archive_waiting", "exam_id", "asked_by", unique=True, postgresql_where=WAITING),
        {"info": LEFT_OUT},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500))
    people: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    done: Mapped[int] = mapped_column(Integer, default=0)  # entries written so far
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    ready_at: Mapped[datetime | None] = mapped_column(default=None)
    keys: Mapped[bool] = mapped_column(default=False)  # whether the file holds the items' keys


def add(session: Session, **values: object) -> int:
    """Store a request and return its id; raises AlreadyAsked where the person waits for one of the exam."""
    adding = insert(ExamArchiveRow).values(**values).on_conflict_do_nothing(index_elements=["exam_id", "asked_by"], index_where=WAITING)
    archive_id: int | None = session.scalar(adding.returning(ExamArchiveRow.id))
    if archive_id is None:
        raise AlreadyAsked
    return archive_id


def tell(session: Session, archive_id: int, **values: object) -> None:
    """Write how far a worker has come; raises ArchiveClosed when nobody waits for the file any longer."""
    telling = update(ExamArchiveRow).where(ExamArchiveRow.id == archive_id, ExamArchiveRow.state == State.QUEUED).values(**values)
    if session.scalar(telling.returning(ExamArchiveRow.id)) is None:
        raise ArchiveClosed


def lock(session: Session, archive_id: int) -> ExamArchiveRow | None:
    """Lock a request."""
    return session.scalars(select(ExamArchiveRow).where(ExamArchiveRow.id == archive_id).with_for_update()).first()


def of_exam(session: Session, exam_id: int, most: int) -> Sequence[ExamArchiveRow]:
    """Return the newest requests of an exam."""
    return session.scalars(select(ExamArchiveRow).where(ExamArchiveRow.exam_id == exam_id).order_by(ExamArchiveRow.id.desc()).limit(most)).all()


def lock_over(session: Session, *, ready_before: datetime, asked_before: datetime) -> Sequence[ExamArchiveRow]:
    """Lock the archives whose time is over, and those that still wait for a second yes and were asked for by then."""
    row = ExamArchiveRow
    over = or_(and_(row.state == "ready", row.ready_at <= ready_before), and_(row.state == "asked", row.asked_at <= asked_before))
    return session.scalars(select(row).where(over).order_by(row.id).with_for_update()).all()


def lock_queued(session: Session, asked_before: datetime) -> Sequence[ExamArchiveRow]:
    """Lock the archives that were asked for by then and are to be written."""
    rows = select(ExamArchiveRow).where(ExamArchiveRow.state == "queued", ExamArchiveRow.asked_at <= asked_before)
    return session.scalars(rows.order_by(ExamArchiveRow.id).with_for_update()).all()


def hold(session: Session, archive_id: int) -> bool:
    """Hold an archive against other workers until the transaction ends, however long that takes; False when another does."""
    take_time(session)
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('archive', :archive))"), {"archive": archive_id}))


def people(session: Session, exam_id: int) -> int:
    """Count the people who sat an exam."""
    return int(session.execute(text("SELECT count(DISTINCT person_id) FROM attempt WHERE exam_id = :exam"), {"exam": exam_id}).scalar_one())


# Names are masked as lms.domain.certificate.masked does it.
_MORE = {
    "blueprint": "SELECT * FROM blueprint WHERE id = (SELECT blueprint_id FROM exam WHERE id = :exam)",
    "person": """
        SELECT p.id, p.account, left(p.name, 1) || repeat('*', greatest(1, length(p.name) - 1)) AS name, u.name AS unit, u.path
        FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.id IN (SELECT person_id FROM attempt WHERE exam_id = :exam) ORDER BY p.id
    """,
    "login": """
        SELECT l.id, l.person_id, l.device, l.created_at FROM login l WHERE l.id IN
          (SELECT e.login_id FROM response_event e JOIN attempt a ON a.id = e.attempt_id WHERE a.exam_id = :exam) ORDER BY l.id
    """,
    "outage": "SELECT o.* FROM outage o, exam x WHERE x.id = :exam AND o.began_at < x.closes AND o.ended_at > x.opens ORDER BY o.id",
    "audit_entry": """
        WITH mine AS (
          SELECT 'exam:' || CAST(:exam AS bigint) AS subject UNION ALL SELECT 'attempt:' || id FROM attempt WHERE exam_id = :exam
          UNION ALL SELECT 'regrade:' || id FROM regrade WHERE exam_id = :exam
          UNION ALL SELECT 'script:' || s.id FROM script s JOIN attempt a ON a.id = s.attempt_id WHERE a.exam_id = :exam
          UNION ALL SELECT 'script:' || id FROM script WHERE exam_id = :exam
        ) SELECT w.* FROM audit_entry w JOIN mine USING (subject) ORDER BY w.id
    """,
    "timeline": """
        WITH mine AS (SELECT * FROM attempt WHERE exam_id = :exam), told AS (
          SELECT id AS attempt_id, started_at AS at, 'started' AS kind, device AS words FROM mine
          UNION ALL SELECT attempt_id, at, 'time', seconds || ' s, ' || kind || ': ' || reason FROM deadline_adjustment
          UNION ALL SELECT attempt_id, began_at, CASE WHEN most_seconds IS NULL THEN 'pause' ELSE 'rest' END, reason FROM attempt_pause
          UNION ALL SELECT attempt_id, arrived_at, 'packet', digest FROM exam_packet
          UNION ALL SELECT attempt_id, submitted_at, 'ended', ended_by || ', ' || receipt FROM submission
          UNION ALL SELECT attempt_id, at, 'scored', reason || ', ' || points FROM result
          UNION ALL SELECT attempt_id, at, 'viewed', '' FROM result_view
          UNION ALL SELECT attempt_id, at, 'incident', text FROM incident
          UNION ALL SELECT mine.id, w.at, w.action, w.detail::text FROM mine JOIN audit_entry w ON w.subject = 'attempt:' || mine.id
        ) SELECT told.* FROM told WHERE attempt_id IN (SELECT id FROM mine) ORDER BY attempt_id, at, kind, words
    """,
}
_MARKS = text(
    """
    SELECT p.account, left(p.name, 1) || repeat('*', greatest(1, length(p.name) - 1)), u.name, a.number, a.state,
      to_char(a.started_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'), to_char(a.ended_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
      r.points / 100.0, r.of_points / 100.0, r.version
    FROM attempt a JOIN person p ON p.id = a.person_id JOIN unit u ON u.id = p.unit_id
      LEFT JOIN LATERAL (SELECT * FROM result WHERE attempt_id = a.id ORDER BY version DESC LIMIT 1) r ON true
    WHERE a.exam_id = :exam ORDER BY a.id
    """
)
_MINE = "SELECT id FROM attempt WHERE exam_id = :exam"


def freeze(session: Session) -> None:
    """Let everything that follows see one instant; the first statement of a transaction."""
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def statements() -> dict[str, str]:
    """Return the query of every entry: each table that hangs on the exam or on one of its attempts, and what belongs to it besides.

    Tables are found by their columns and foreign keys, so that a new table is archived without a word.
    """
    whose = {"exam": "id = :exam"}
    for table in Base.metadata.sorted_tables:
        condition = _condition(table, whose)
        if condition and table.name not in whose and table.info.get("archived", True):
            whose[table.name] = condition
    keys = {name: ", ".join(column.name for column in Base.metadata.tables[name].primary_key) for name in whose}
    return {name: f"SELECT * FROM {name} WHERE {condition} ORDER BY {keys[name]}" for name, condition in whose.items()} | _MORE  # noqa: S608 - names of tables


def _condition(table: Table, whose: dict[str, str]) -> str:
    if "exam_id" in table.columns:
        return "exam_id = :exam"
    if "attempt_id" in table.columns:
        return f"attempt_id IN ({_MINE})"
    for key in table.foreign_keys:
        target = key.column.table.name
        if target in whose and target != "exam":
            return f"{key.parent.name} IN (SELECT {key.column.name} FROM {target} WHERE {whose[target]})"  # noqa: S608 - names of tables
    return ""


def lines(session: Session, statement: str, exam_id: int) -> Iterator[bytes]:
    """Yield the rows of a query as JSON lines, read by a cursor of the server."""
    query = text(f"SELECT row_to_json(line)::text FROM ({statement}) line").execution_options(stream_results=True)  # noqa: S608 - a statement of this file
    for batch in session.scalars(query, {"exam": exam_id}).partitions(BATCH):
        yield "".join(f"{line}\n" for line in batch).encode()


def names(session: Session, exam_id: int) -> Iterator[str]:
    """Yield the names of the people who sat an exam."""
    sat = text("SELECT DISTINCT p.name FROM person p JOIN attempt a ON a.person_id = p.id WHERE a.exam_id = :exam")
    yield from session.scalars(sat, {"exam": exam_id})


def versions(session: Session, exam_id: int) -> list[int]:
    """Return the item versions of an exam's papers."""
    return list(session.scalars(text("SELECT DISTINCT unnest(version_ids) AS version FROM paper WHERE exam_id = :exam ORDER BY version"), {"exam": exam_id}))


def marks(session: Session, exam_id: int) -> Iterator[Sequence[object]]:
    """Yield a line for each attempt: account, masked name, unit, number, state, begin, end, points, of points, version of the result."""
    yield from session.execute(_MARKS, {"exam": exam_id}, execution_options={"yield_per": BATCH})
