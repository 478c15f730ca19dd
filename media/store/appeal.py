"""Appeals against seconds that did not count."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base
from media.domain.interval import Spans
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
