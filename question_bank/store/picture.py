"""Pictures of a bank's items: each kept once in a bank, by the digest of its bytes."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, LargeBinary, String, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.exchange import Picture
from question_bank.store.bank import BankRow


class PictureRow(Base):
    """One picture as it was written anew."""

    __tablename__ = "item_picture"
    __table_args__ = (
        CheckConstraint("media_type IN ('image/png', 'image/jpeg', 'image/webp')", name="media_type"),
        CheckConstraint("digest = encode(sha256(content), 'hex')", name="digest"),
        {"info": APPEND_ONLY},
    )

    bank_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bank.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


def keep(session: Session, bank_id: int, pictures: Iterable[Picture], now: datetime) -> None:
    """Save pictures; those the bank has already stay as they are."""
    for picture in pictures:
        values = {
            "bank_id": bank_id,
            "digest": picture.digest,
            "media_type": picture.media_type,
            "content": picture.content,
            "width": picture.width,
            "height": picture.height,
            "created_at": now,
        }
        session.execute(insert(PictureRow).values(values).on_conflict_do_nothing())


def known(session: Session, bank_id: int, digests: Collection[str]) -> frozenset[str]:
    """Return which of the digests the bank has."""
    if not digests:
        return frozenset()
    return frozenset(session.scalars(select(PictureRow.digest).where(PictureRow.bank_id == bank_id, PictureRow.digest.in_(digests))))


def of_bank(session: Session, bank_id: int, digests: Collection[str]) -> list[Picture]:
    """Return the pictures of a bank with these digests."""
    rows = session.scalars(select(PictureRow).where(PictureRow.bank_id == bank_id, PictureRow.digest.in_(digests)).order_by(PictureRow.digest))
    return [Picture(row.digest, row.media_type, row.content, row.width, row.height) for row in rows]


def by_code(session: Session, bank_code: str, digest: str) -> Picture | None:
    """Return a picture of the bank of this code."""
    bank_id = session.scalar(select(BankRow.id).where(BankRow.code == bank_code))
    found = of_bank(session, bank_id, [digest]) if bank_id is not None else []
    return found[0] if found else None


def sizes(session: Session, digests: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return width and height of pictures; the same bytes are of the same size in every bank."""
    if not digests:
        return {}
    rows = session.execute(select(PictureRow.digest, PictureRow.width, PictureRow.height).where(PictureRow.digest.in_(digests)))
    return {digest: (width, height) for digest, width, height in rows}
