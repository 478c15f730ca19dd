"""Second factors: the sealed secret, the last step used, and the hashes of unused recovery codes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, any_, delete, func, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from lms.store.person import PersonRow


class SecondFactorRow(Base):
    """One person's second factor; it holds once it is confirmed."""

    __tablename__ = "second_factor"

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    recovery: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    last_step: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


def one(session: Session, person_id: int) -> SecondFactorRow | None:
    """Return a person's second factor, as the database holds it now."""
    return session.get(SecondFactorRow, person_id, populate_existing=True)


def begin(session: Session, person_id: int, secret_sealed: bytes) -> None:
    """Keep a fresh secret, unless one is confirmed."""
    fresh = {"secret_sealed": secret_sealed, "recovery": [], "last_step": 0}
    statement = insert(SecondFactorRow).values(person_id=person_id, **fresh)
    session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=fresh, where=SecondFactorRow.confirmed_at.is_(None)))


def confirm(session: Session, person_id: int, now: datetime) -> None:
    """Let the second factor hold from now on."""
    session.execute(update(SecondFactorRow).where(SecondFactorRow.person_id == person_id).values(confirmed_at=now))


def set_recovery(session: Session, person_id: int, hashes: Sequence[bytes]) -> None:
    """Keep the hashes of fresh recovery codes; older ones are void."""
    session.execute(update(SecondFactorRow).where(SecondFactorRow.person_id == person_id).values(recovery=list(hashes)))


def use_step(session: Session, person_id: int, step: int) -> bool:
    """Use a step of time, once; tells whether it was still unused."""
    query = update(SecondFactorRow).where(SecondFactorRow.person_id == person_id, SecondFactorRow.last_step < step).values(last_step=step)
    return session.execute(query.returning(SecondFactorRow.person_id)).first() is not None


def use_recovery(session: Session, person_id: int, hashed: bytes) -> bool:
    """Use a recovery code, once; tells whether there was one."""
    mine = (SecondFactorRow.person_id == person_id) & (hashed == any_(SecondFactorRow.recovery))
    query = update(SecondFactorRow).where(mine).values(recovery=func.array_remove(SecondFactorRow.recovery, hashed))
    return session.execute(query.returning(SecondFactorRow.person_id)).first() is not None


def remove(session: Session, person_id: int) -> bool:
    """Forget a second factor; tells whether there was one."""
    return session.execute(delete(SecondFactorRow).where(SecondFactorRow.person_id == person_id).returning(SecondFactorRow.person_id)).first() is not None
