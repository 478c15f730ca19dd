"""Reviews and comments, both append-only; the database itself refuses a reviewer who is the author."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base


class ItemReviewRow(Base):
    """One decision on one version. `written_by` is the version's own, held by a foreign key."""

    __tablename__ = "item_review"
    __table_args__ = (
        CheckConstraint("decision IN ('approve', 'send_back')", name="decision"),
        CheckConstraint("reviewer_id <> written_by", name="four_eyes"),
        UniqueConstraint("id", "version_id", "decision"),
        ForeignKeyConstraint(["version_id", "written_by"], ["item_version.id", "item_version.written_by"]),
        Index("ix_item_review_version_id", "version_id"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    version_id: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[int] = mapped_column(BigInteger)
    reviewer_id: Mapped[int] = mapped_column(BigInteger)
    decision: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str] = mapped_column(String)
    at: Mapped[datetime]


class ItemCommentRow(Base):
    """One remark on a version, outside a decision."""

    __tablename__ = "item_comment"
    __table_args__ = (Index("ix_item_comment_version_id", "version_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"))
    person_id: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(String)
    at: Mapped[datetime]
