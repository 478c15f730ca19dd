"""What one database is: live or not, and whether its clock is being rehearsed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base, transaction
from lms.kernel.refusal import N_, Conflict

RESTORED = "backup_restored"  # when the base backup was taken that was last restored elsewhere and checked


class LiveDatabase(Conflict):
    """The act is for rehearsals and demos; this database is marked live."""

    code = "live_database"
    message = N_("这是正式运行的数据库，不能执行演练操作。")


class Installation(Base):
    """One named fact of this database."""

    __tablename__ = "installation"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)


def fact(session: Session, key: str, default: object = None) -> Any:
    """Return a fact of this database."""
    found = session.get(Installation, key)
    return default if found is None else found.value


def set_fact(session: Session, key: str, value: object) -> None:
    """Record a fact of this database."""
    session.merge(Installation(key=key, value=value))


def require_rehearsal(session: Session) -> None:
    """Raise LiveDatabase where the database is marked live."""
    if fact(session, "live", default=False):
        raise LiveDatabase


def rehearse(session: Session, at: datetime | None, real_now: datetime) -> None:
    """Move the clock of this database to an instant, or back to the real time."""
    require_rehearsal(session)
    offset = 0.0 if at is None else (at - real_now).total_seconds()
    set_fact(session, "rehearsal_offset_seconds", offset)


def read_clock() -> tuple[datetime, timedelta]:
    """Return the database's instant and the rehearsal offset, for the one clock."""
    with transaction() as session:
        instant, offset = session.execute(
            text("SELECT clock_timestamp(), (SELECT value::float FROM installation WHERE key = 'rehearsal_offset_seconds')")
        ).one()
    return instant, timedelta(seconds=offset or 0.0)
