"""Appeals against seconds that did not count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, TextClause, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base, Session
from media.domain.interval import Spans, length
from media.store.spans import SpansColumn


class AppealRow(Base):
    """One learner asks the class administrator to count seconds of one video."""

    __tablename__ = "appeal"
    __table_args__ = (
        Index("ix_appeal_person_id", "person_id", "activity_id"),
        Index("ix_appeal_state", "state", "made_at"),
        Index("uq_appeal_open", "person_id", "activity_id", unique=True, postgresql_where=text("state = 'open'")),
        CheckConstraint("state IN ('open', 'accepted', 'declined')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    activity_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("activity.id"))
    asset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("asset.id"))
    made_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(String(500))
    spans: Mapped[Spans] = mapped_column(SpansColumn())
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal as it is read."""

    id: int
    person_id: int
    activity_id: int
    asset_id: int
    made_at: datetime
    words: str
    spans: Spans
    state: str
    answer: str
    decided_at: datetime | None

    @property
    def seconds(self) -> int:
        """Return how many seconds it is about."""
        return -(-length(self.spans) // 1000)


def _appeal(row: AppealRow) -> Appeal:
    return Appeal(row.id, row.person_id, row.activity_id, row.asset_id, row.made_at, row.words, row.spans, row.state, row.answer, row.decided_at)


def add(session: Session, *, person_id: int, activity_id: int, asset_id: int, words: str, spans: Spans, now: datetime) -> int | None:
    """Insert an appeal; None where one is open already."""
    taken = select(AppealRow.id).where(AppealRow.person_id == person_id, AppealRow.activity_id == activity_id, AppealRow.state == "open")
    if session.execute(taken).first() is not None:
        return None
    row = AppealRow(person_id=person_id, activity_id=activity_id, asset_id=asset_id, made_at=now, words=words, spans=spans)
    session.add(row)
    session.flush()
    return row.id


def of_person(session: Session, person_id: int, activity_id: int) -> tuple[Appeal, ...]:
    """Return a learner's appeals about one video, newest first."""
    found = select(AppealRow).where(AppealRow.person_id == person_id, AppealRow.activity_id == activity_id).order_by(AppealRow.id.desc())
    return tuple(_appeal(row) for row in session.execute(found).scalars())


_BELOW = "EXISTS (SELECT FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.id = appeal.person_id AND u.path LIKE ANY(:below))"


def _within(scope: Sequence[str]) -> TextClause:
    """Return the condition that an appeal is of somebody below the paths."""
    return text(_BELOW).bindparams(below=[f"{path}%" for path in scope])


def count_open(session: Session, scope: Sequence[str], *, but: int) -> int:
    """Count the open appeals of people below the paths, but for one person's own."""
    waiting = select(func.count()).select_from(AppealRow).where(AppealRow.state == "open", AppealRow.person_id != but, _within(scope))
    return session.execute(waiting).scalar_one()


def newest(session: Session, scope: Sequence[str], *, is_open: bool, limit: int) -> tuple[Appeal, ...]:
    """Return open appeals of people below the paths, oldest first, or decided ones, newest first."""
    chosen = select(AppealRow).where(_within(scope))
    if is_open:
        chosen = chosen.where(AppealRow.state == "open").order_by(AppealRow.made_at, AppealRow.id)
    else:
        chosen = chosen.where(AppealRow.state != "open").order_by(AppealRow.decided_at.desc(), AppealRow.id.desc())
    return tuple(_appeal(row) for row in session.execute(chosen.limit(limit)).scalars())


def lock(session: Session, appeal_id: int) -> Appeal | None:
    """Return an appeal and lock it."""
    row = session.execute(select(AppealRow).where(AppealRow.id == appeal_id).with_for_update()).scalar_one_or_none()
    return None if row is None else _appeal(row)


def decide(session: Session, appeal_id: int, *, state: str, answer: str, decided_by: int, now: datetime) -> None:
    """Store the decision."""
    row = session.get_one(AppealRow, appeal_id)
    row.state, row.answer, row.decided_by, row.decided_at = state, answer, decided_by, now
    session.flush()
