"""Banks and the names of their topics."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base


class BankRow(Base):
    """One bank of items."""

    __tablename__ = "bank"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class BankTopicRow(Base):
    """The name of a topic of one bank; items carry the code."""

    __tablename__ = "bank_topic"

    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(Integer)


def hold_code(session: Session, code: str) -> None:
    """Let nobody else make or rename a bank of this code until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('bank:' || :code, 0))"), {"code": code})


def by_code(session: Session, code: str) -> BankRow | None:
    """Return a bank."""
    return session.scalar(select(BankRow).where(BankRow.code == code))


def everything(session: Session) -> list[BankRow]:
    """Return every bank, oldest first."""
    return list(session.scalars(select(BankRow).order_by(BankRow.id)))


def names(session: Session) -> dict[str, str]:
    """Return the names of the banks by their codes, oldest first."""
    return {row.code: row.name for row in everything(session)}


def topics(session: Session, bank_id: int) -> dict[str, str]:
    """Return the names of a bank's topics by code, in their order."""
    rows = session.scalars(select(BankTopicRow).where(BankTopicRow.bank_id == bank_id).order_by(BankTopicRow.position, BankTopicRow.code))
    return {row.code: row.name for row in rows}


def topics_by_bank(session: Session) -> dict[str, dict[str, str]]:
    """Return the names of the topics of every bank that names any."""
    query = select(BankRow.code, BankTopicRow.code, BankTopicRow.name).join(BankRow, BankRow.id == BankTopicRow.bank_id)
    found: dict[str, dict[str, str]] = {}
    for bank, topic, name in session.execute(query.order_by(BankTopicRow.position, BankTopicRow.code)):
        found.setdefault(bank, {})[topic] = name
    return found


def name_topics(session: Session, bank_id: int, names: Mapping[str, str]) -> None:
    """Add topics, or rename those already there."""
    known = {row.code: row for row in session.scalars(select(BankTopicRow).where(BankTopicRow.bank_id == bank_id))}
    for position, (code, name) in enumerate(names.items(), start=len(known)):
        if code in known:
            known[code].name = name
        else:
            session.add(BankTopicRow(bank_id=bank_id, code=code, name=name, position=position))
    session.flush()


def topics_of(session: Session, code: str) -> dict[str, str]:
    """Return the names of the topics of the bank with this code."""
    bank = by_code(session, code)
    return topics(session, bank.id) if bank else {}


def add(session: Session, code: str, name: str, now: datetime) -> BankRow:
    """Save a bank."""
    row = BankRow(code=code, name=name, created_at=now)
    session.add(row)
    session.flush()
    return row


def code_of(session: Session, bank_id: int) -> str:
    """Return the code of a bank."""
    return session.get_one(BankRow, bank_id).code
