"""Leases and the accounts that hold them: the tables, and what the lease page writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base, Session
from media.domain.lease import Budget, Lease
from media.domain.presence import Presence

ROOM = {"fillfactor": 70}  # heartbeats rewrite the row: room on its page keeps them off the indexes


class PlaybackAccountRow(Base):
    """One account's newest lease and presence question; its row is the lock of everything below."""

    __tablename__ = "playback_account"
    __table_args__ = ({"postgresql_with": ROOM},)

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    lease_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    presence_left_ms: Mapped[int | None] = mapped_column(Integer, default=None)
    presence_number: Mapped[int] = mapped_column(Integer, default=0)
    presence_asked_at: Mapped[datetime | None] = mapped_column(default=None)


class PlaybackLeaseRow(Base):
    """One lease: its terms (also in the signed token) and its time."""

    __tablename__ = "playback_lease"
    __table_args__ = (Index("ix_playback_lease_person_id", "person_id", "activity_id"), {"postgresql_with": ROOM})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    login_id: Mapped[int] = mapped_column(BigInteger)
    activity_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("activity.id"))
    asset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("asset.id"))
    length_ms: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[datetime]
    opens: Mapped[datetime | None]
    closes: Mapped[datetime | None]
    rate: Mapped[int] = mapped_column(SmallInteger)
    done_ms: Mapped[int] = mapped_column(Integer)
    presence_from: Mapped[int | None] = mapped_column(SmallInteger)
    presence_to: Mapped[int | None] = mapped_column(SmallInteger)
    device: Mapped[str] = mapped_column(String(120))
    counted_at: Mapped[datetime]
    unspent_ms: Mapped[int] = mapped_column(Integer, default=0)
    lost_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the lock of an account shows: the newest lease, the question, the sign-ins that still stand."""

    lease_id: int | None
    presence: Presence
    logins: frozenset[int] = frozenset()


def lock_account(session: Session, person_id: int) -> AccountState:
    """Lock the account, making its row on first use."""
    session.execute(text("INSERT INTO playback_account (person_id, presence_number) VALUES (:person, 0) ON CONFLICT DO NOTHING"), {"person": person_id})
    row = session.execute(
        text("SELECT lease_id, presence_left_ms, presence_number, presence_asked_at FROM playback_account WHERE person_id = :person FOR UPDATE"),
        {"person": person_id},
    ).one()
    return AccountState(row[0], Presence(row[1], row[2], row[3]))


def save_account(session: Session, person_id: int, lease_id: int | None, presence: Presence) -> None:
    """Store the newest lease and the question."""
    session.execute(
        text(
            "UPDATE playback_account SET lease_id = :lease, presence_left_ms = :left, presence_number = :number, "
            "presence_asked_at = :asked WHERE person_id = :person"
        ),
        {"person": person_id, "lease": lease_id, "left": presence.left_ms, "number": presence.number, "asked": presence.asked_at},
    )


def add_lease(session: Session, terms: Lease, budget: Budget, device: str) -> int:
    """Insert a lease and return its id."""
    shortest, longest = terms.presence_minutes or (None, None)
    row = PlaybackLeaseRow(
        person_id=terms.person_id,
        login_id=terms.login_id,
        activity_id=terms.activity_id,
        asset_id=terms.asset_id,
        length_ms=terms.length_ms,
        opened_at=terms.opened_at,
        opens=terms.opens,
        closes=terms.closes,
        rate=terms.rate,
        done_ms=terms.done_ms,
        presence_from=shortest,
        presence_to=longest,
        device=device,
        counted_at=budget.counted_at,
    )
    session.add(row)
    session.flush()
    return row.id


def lease(session: Session, lease_id: int) -> tuple[Lease, Budget]:
    """Return a lease and its time; lock the account first."""
    row = session.get_one(PlaybackLeaseRow, lease_id, populate_existing=True)
    terms = Lease(
        id=row.id,
        person_id=row.person_id,
        login_id=row.login_id,
        activity_id=row.activity_id,
        asset_id=row.asset_id,
        length_ms=row.length_ms,
        opened_at=row.opened_at,
        opens=row.opens,
        closes=row.closes,
        rate=row.rate,
        done_ms=row.done_ms,
        presence_minutes=(row.presence_from, row.presence_to) if row.presence_from and row.presence_to else None,
    )
    return terms, Budget(row.counted_at, row.unspent_ms, row.lost_ms, row.closed_at)


def save_budget(session: Session, lease_id: int, budget: Budget) -> None:
    """Store a lease's time."""
    row = session.get_one(PlaybackLeaseRow, lease_id)
    row.counted_at, row.unspent_ms, row.lost_ms, row.closed_at = budget.counted_at, budget.unspent_ms, budget.lost_ms, budget.closed_at
    session.flush()
