"""The line and the nodes that somebody has said there are; the newest statement counts, the older ones stay as their history."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.limits import Limits
from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.store.person import PersonRow


class LimitsRow(Base):
    """One statement of what there is; nothing where it is not known."""

    __tablename__ = "load_limits"
    __table_args__ = (
        CheckConstraint("gbits > 0", name="line_above_zero"),
        CheckConstraint("nodes > 0", name="nodes_above_zero"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    gbits: Mapped[float | None]
    nodes: Mapped[int | None] = mapped_column(Integer)
    stated_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"))
    stated_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Stated:
    """What there is, and who said so when."""

    limits: Limits
    by: str
    at: datetime


def add(session: Session, limits: Limits, *, stated_by: int, now: datetime) -> None:
    """Keep a statement."""
    session.add(LimitsRow(gbits=limits.gbits, nodes=limits.nodes, stated_by=stated_by, stated_at=now))


def newest(session: Session) -> Stated | None:
    """Return the statement that counts."""
    found = session.execute(
        select(LimitsRow.gbits, LimitsRow.nodes, PersonRow.name, LimitsRow.stated_at)
        .join(PersonRow, PersonRow.id == LimitsRow.stated_by)
        .order_by(LimitsRow.id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else Stated(Limits(found.gbits, found.nodes), found.name, found.stated_at)
