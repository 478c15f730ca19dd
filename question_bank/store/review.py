"""Reviews and comments, both append-only; the database itself refuses a reviewer who is the author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, String, UniqueConstraint, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.review import Decision, Status
from question_bank.domain.version import Version
from question_bank.store.item import ItemRow


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
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str] = mapped_column(String)
    at: Mapped[datetime]


class ItemCommentRow(Base):
    """One remark on a version, outside a decision."""

    __tablename__ = "item_comment"
    __table_args__ = (Index("ix_item_comment_version_id", "version_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(String)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Remark:
    """A decision or a comment, as shown beside an item."""

    version_id: int
    person_id: int
    decision: str  # approve, send_back, or empty for a comment
    text: str
    at: datetime


_REMARKS = (
    "SELECT version_id, reviewer_id, decision, comment, at FROM item_review WHERE version_id {0}"
    " UNION ALL SELECT version_id, person_id, '', text, at FROM item_comment WHERE version_id {0} ORDER BY at, version_id, reviewer_id, decision, comment"
)


def remarks(session: Session, version_ids: Sequence[int]) -> list[Remark]:
    """Return decisions and comments on some versions, oldest first."""
    asked = {"versions": list(version_ids)}
    return [Remark(*row) for row in session.execute(text(_REMARKS.format("= ANY(:versions)")), asked)]


def remarks_of_newest(session: Session, bank_id: int, item_id: int) -> list[Remark]:
    """Return decisions and comments on the newest version of an item of a bank, oldest first."""
    newest = "= (SELECT latest_version_id FROM item WHERE id = :item AND bank_id = :bank)"
    return [Remark(*row) for row in session.execute(text(_REMARKS.format(newest)), {"item": item_id, "bank": bank_id})]


def waiting(session: Session, person_id: int) -> list[tuple[str, str, int]]:
    """Return code and name of each bank, and how many of its items in review a person may decide on: she wrote nothing of them since they were approved."""
    rows = session.execute(
        text(
            "SELECT b.code, b.name, w.number FROM bank b CROSS JOIN LATERAL (SELECT count(*) AS number FROM item i"
            " WHERE i.bank_id = b.id AND i.status = 'in_review' AND NOT EXISTS (SELECT FROM item_version v WHERE v.item_id = i.id"
            "  AND v.author_id = :person AND (v.id > coalesce(i.approved_version_id, 0) OR v.id = i.latest_version_id))) w"
            " WHERE w.number > 0 ORDER BY b.id"
        ),
        {"person": person_id},
    )
    return [(code, name, number) for code, name, number in rows]


def add_comment(session: Session, version_id: int, person_id: int, words: str, now: datetime) -> None:
    """Save a comment."""
    session.add(ItemCommentRow(version_id=version_id, person_id=person_id, text=words, at=now))


def add_reviews(session: Session, versions: Sequence[Version], *, reviewer_id: int, decision: Decision, comment: str, now: datetime) -> None:
    """Save one decision for each version, and what follows for its item."""
    rows = [
        ItemReviewRow(version_id=version.version_id, written_by=version.author_id or 0, reviewer_id=reviewer_id, decision=decision, comment=comment, at=now)
        for version in versions
    ]
    session.add_all(rows)
    session.flush()
    changes: list[dict[str, object]] = []
    for version, row in zip(versions, rows, strict=True):
        change: dict[str, object] = {"id": version.item_id, "status": Status.DRAFT, "changed_at": now}
        if decision is Decision.APPROVE:
            change |= {"status": Status.APPROVED, "approved_version_id": row.version_id, "approved_review_id": row.id, "approved_decision": decision}
        changes.append(change)
    if changes:
        session.execute(update(ItemRow), changes)


def set_status(session: Session, item_ids: Sequence[int], status: Status, now: datetime) -> None:
    """Write where items stand; one that is retired loses its approval, so that coming back takes a new review."""
    values: dict[str, object] = {"status": status, "changed_at": now}
    if status is Status.RETIRED:
        values |= {"approved_version_id": None, "approved_review_id": None, "approved_decision": None}
    session.execute(update(ItemRow).where(ItemRow.id.in_(item_ids)).values(**values))
