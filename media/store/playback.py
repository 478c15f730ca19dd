"""Watched seconds and the reports behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.kernel.statement import Statement
from media.domain.asset import VIDEO_KIND
from media.domain.interval import Spans
from media.domain.lease import Lease
from media.domain.playback import Reason, Refused, Watched
from media.store.lease import ROOM
from media.store.spans import SpansColumn, from_text

_REASONS = ", ".join(f"'{reason.value}'" for reason in Reason)


class WatchedRow(Base):
    """One learner's seconds of one video: the one home of watched time. `accepted` only grows."""

    __tablename__ = "watched"
    __table_args__ = (
        Index("ix_watched_unsettled", "waiting_since", postgresql_where=text("waiting_since IS NOT NULL OR NOT isempty(undelivered)")),
        {"postgresql_with": ROOM},
    )

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("activity.id"), primary_key=True)
    asset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("asset.id"), primary_key=True)
    length_ms: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[Spans] = mapped_column(SpansColumn())
    waiting: Mapped[Spans] = mapped_column(SpansColumn())
    waiting_since: Mapped[datetime | None]
    undelivered: Mapped[Spans] = mapped_column(SpansColumn())
    resume_ms: Mapped[int] = mapped_column(Integer)
    done_ms: Mapped[int] = mapped_column(Integer)
    done_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class BeatRow(Base):
    """One report as it came, and the seconds gained by it.

    No foreign key: the only writer has just found the lease and holds its account, and the check would cost as much as the row.
    """

    __tablename__ = "beat"
    __table_args__ = ({"info": APPEND_ONLY},)

    lease_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    arrived_at: Mapped[datetime]
    claimed: Mapped[Spans] = mapped_column(SpansColumn())
    accepted: Mapped[Spans] = mapped_column(SpansColumn())


class RefusedSpanRow(Base):
    """Seconds that did not count, and why."""

    __tablename__ = "refused_span"
    __table_args__ = (
        Index("ix_refused_span_person_id", "person_id", "activity_id", "at"),
        CheckConstraint(f"reason IN ({_REASONS})", name="reason"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger)
    activity_id: Mapped[int] = mapped_column(BigInteger)
    lease_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("playback_lease.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(20))
    provisional: Mapped[bool]
    spans: Mapped[Spans] = mapped_column(SpansColumn())


class WatchedCorrectionRow(Base):
    """Seconds added outside a report: settled later, or awarded after an appeal."""

    __tablename__ = "watched_correction"
    __table_args__ = (Index("ix_watched_correction_person_id", "person_id", "activity_id", "asset_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    activity_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("activity.id"))
    asset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("asset.id"))
    at: Mapped[datetime]
    spans: Mapped[Spans] = mapped_column(SpansColumn())
    reason: Mapped[str] = mapped_column(String(400))
    actor_id: Mapped[int | None] = mapped_column(BigInteger, default=None)


def begin_watched(session: Session, terms: Lease, now: datetime) -> Watched:
    """Return the learner's seconds of the video, making the row on first use."""
    session.execute(
        text(
            "INSERT INTO watched (person_id, activity_id, asset_id, length_ms, accepted, waiting, undelivered, resume_ms, done_ms, updated_at) "
            "VALUES (:person, :activity, :asset, :length, '{}', '{}', '{}', 0, :done, :now) "
            "ON CONFLICT (person_id, activity_id, asset_id) DO UPDATE SET done_ms = EXCLUDED.done_ms, length_ms = EXCLUDED.length_ms"
        ),
        {"person": terms.person_id, "activity": terms.activity_id, "asset": terms.asset_id, "length": terms.length_ms, "done": terms.done_ms, "now": now},
    )
    found = watched(session, terms.person_id, terms.activity_id, terms.asset_id)
    assert found is not None
    return found[0]


def watched(session: Session, person_id: int, activity_id: int, asset_id: int) -> tuple[Watched, datetime | None] | None:
    """Return one learner's seconds of one video, and when they were enough."""
    row = session.get(WatchedRow, (person_id, activity_id, asset_id), populate_existing=True)
    return None if row is None else (Watched(row.accepted, row.waiting, row.waiting_since, row.undelivered, row.resume_ms), row.done_at)


@dataclass(frozen=True, slots=True)
class NewestWatched:
    """The seconds of the video an activity showed last."""

    asset_id: int
    watched: Watched


def newest_watched(session: Session, person_id: int, activity_id: int) -> NewestWatched | None:
    """Return one learner's seconds of an activity's newest video."""
    chosen = select(WatchedRow.asset_id).where(WatchedRow.person_id == person_id, WatchedRow.activity_id == activity_id)
    asset_id = session.execute(chosen.order_by(WatchedRow.updated_at.desc(), WatchedRow.asset_id.desc()).limit(1)).scalar()
    found = watched(session, person_id, activity_id, asset_id) if asset_id is not None else None
    return None if found is None or asset_id is None else NewestWatched(asset_id, found[0])


def newest_lease(session: Session, person_id: int, activity_id: int, asset_id: int) -> int:
    """Return the newest lease of one video."""
    found = session.execute(
        text("SELECT max(id) FROM playback_lease WHERE person_id = :person AND activity_id = :activity AND asset_id = :asset"),
        {"person": person_id, "activity": activity_id, "asset": asset_id},
    ).scalar_one()
    return int(found)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the lesson page needs of a video and one learner's seconds of it; the newest refusals first."""

    length_ms: int
    ready: bool
    watched: Watched
    done: bool
    refusals: list[tuple[datetime, Refused]]


MOST_REFUSALS = 500
_SHOWN = Statement(
    text(
        "SELECT v.length_ms, v.build <> '' OR v.mp4 AS ready, w.accepted::text, w.waiting::text, w.waiting_since, w.undelivered::text, "
        "coalesce(w.resume_ms, 0) AS resume_ms, w.done_at IS NOT NULL AS done, r.at, r.reasons, r.provisional, r.spans "
        "FROM asset v LEFT JOIN watched w ON w.person_id = :person AND w.activity_id = :activity AND w.asset_id = v.id "
        "CROSS JOIN (SELECT array_agg(at) AS at, array_agg(reason) AS reasons, array_agg(provisional) AS provisional, array_agg(spans::text) AS spans "
        "FROM (SELECT * FROM refused_span WHERE person_id = :person AND activity_id = :activity ORDER BY at DESC, id DESC LIMIT :limit) AS newest) AS r "
        "WHERE v.code = :code"
    )
)


def shown(session: Session, person_id: int, activity_id: int, code: str) -> Shown | None:
    """Return a video with one learner's seconds of it, by one statement."""
    row = _SHOWN.row(session, person=person_id, activity=activity_id, code=code, limit=MOST_REFUSALS)
    if row is None:
        return None
    refusals = zip(row.at, row.reasons, row.provisional, row.spans, strict=True) if row.at else ()
    return Shown(
        length_ms=row.length_ms,
        ready=row.ready,
        watched=Watched(from_text(row.accepted), from_text(row.waiting), row.waiting_since, from_text(row.undelivered), row.resume_ms),
        done=row.done,
        refusals=[(at, Refused(Reason(reason), from_text(spans), provisional)) for at, reason, provisional, spans in refusals],
    )


def save_watched(session: Session, terms: Lease, state: Watched, done_at: datetime | None, now: datetime) -> None:
    """Store one learner's seconds of one video."""
    row = session.get_one(WatchedRow, (terms.person_id, terms.activity_id, terms.asset_id))
    row.accepted, row.waiting, row.waiting_since, row.undelivered = state.accepted, state.waiting, state.waiting_since, state.undelivered
    row.done_at, row.updated_at = done_at, now
    session.flush()


def gap_since(session: Session, since: datetime) -> bool:
    """Tell whether deliveries may have been lost since then."""
    return bool(session.execute(text("SELECT EXISTS (SELECT FROM delivery_gap WHERE until_at >= :since)"), {"since": since}).scalar_one())


_STATES = Statement(
    text(
        "SELECT DISTINCT ON (activity_id) activity_id, "
        "(SELECT coalesce(sum(upper(span) - lower(span)), 0) FROM unnest(accepted) AS span)::int AS accepted_ms, done_ms, length_ms, "
        "done_at IS NOT NULL AS done FROM watched WHERE person_id = :person AND activity_id = ANY(:activities) "
        "ORDER BY activity_id, done_at NULLS LAST, updated_at DESC, asset_id DESC"
    )
)


def states(session: Session, person_id: int, activity_ids: Sequence[int]) -> dict[int, tuple[int, int, int, bool]]:
    """Return accepted, needed and whole milliseconds and whether it is done, for all activities at once."""
    rows = _STATES.rows(session, person=person_id, activities=list(activity_ids))
    return {row.activity_id: (row.accepted_ms, row.done_ms, row.length_ms, row.done) for row in rows}


def refusals(session: Session, person_id: int, activity_id: int, limit: int = MOST_REFUSALS) -> list[tuple[datetime, Refused]]:
    """Return the newest refused spans of one learner's activity."""
    rows = session.execute(
        text(
            "SELECT at, reason, provisional, spans::text FROM refused_span "
            "WHERE person_id = :person AND activity_id = :activity ORDER BY at DESC, id DESC LIMIT :limit"
        ),
        {"person": person_id, "activity": activity_id, "limit": limit},
    )
    return [(row[0], Refused(Reason(row[1]), from_text(row[3]), row[2])) for row in rows]


def add_refusals(session: Session, terms: Lease, refused: Sequence[Refused], now: datetime) -> None:
    """Note seconds that did not count."""
    for one in refused:
        session.add(
            RefusedSpanRow(
                person_id=terms.person_id, activity_id=terms.activity_id, lease_id=terms.id, at=now, reason=one.reason.value,
                provisional=one.provisional, spans=one.spans,
            )
        )  # fmt: skip


def add_correction(
    session: Session, *, person_id: int, activity_id: int, asset_id: int, spans: Spans, reason: str, actor_id: int | None, now: datetime
) -> None:
    """Note seconds added outside a report."""
    session.add(WatchedCorrectionRow(person_id=person_id, activity_id=activity_id, asset_id=asset_id, at=now, spans=spans, reason=reason, actor_id=actor_id))


def unsettled(session: Session, before: datetime, limit: int = 500) -> list[int]:
    """Return the newest lease of each video with seconds that waited since before then, or whose delivery became known late."""
    return list(
        session.execute(
            text(
                "SELECT max(l.id) FROM watched w JOIN playback_lease l USING (person_id, activity_id, asset_id) "
                "LEFT JOIN delivery d USING (person_id, asset_id) "
                "WHERE (w.waiting_since IS NOT NULL OR NOT isempty(w.undelivered)) "
                "AND (w.waiting_since <= :before OR w.undelivered && d.spans OR w.waiting && d.spans) "
                "GROUP BY w.person_id, w.activity_id, w.asset_id ORDER BY 1 LIMIT :limit"
            ),
            {"before": before, "limit": limit},
        ).scalars()
    )


def untold(session: Session, before: datetime, limit: int = 500) -> list[tuple[int, int, int]]:
    """Return the (person, activity, asset) that were watched before then and of which the platform does not know.

    lms's `activity_done` is read here by name: asking for each video ever watched would cost a query a row.
    """
    rows = session.execute(
        text(
            "SELECT w.person_id, w.activity_id, w.asset_id FROM watched w WHERE w.done_at <= :before AND NOT EXISTS "
            "(SELECT FROM activity_done d WHERE d.person_id = w.person_id AND d.activity_id = w.activity_id) ORDER BY 1, 2, 3 LIMIT :limit"
        ),
        {"before": before, "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def unwatched(session: Session, allowed: str) -> list[tuple[int, int]]:
    """Return the (person, activity) that the platform holds for watched, of which no union of ours was long enough; evidence that is allowed needs none."""
    rows = session.execute(
        text(
            "SELECT d.person_id, d.activity_id FROM activity_done d JOIN activity a ON a.id = d.activity_id AND a.kind = :video "
            "WHERE d.evidence <> :allowed AND NOT EXISTS (SELECT FROM watched w JOIN playback_lease l USING (person_id, activity_id, asset_id) "
            "CROSS JOIN LATERAL (SELECT coalesce(sum(upper(span) - lower(span)), 0) AS ms FROM unnest(w.accepted) AS span) AS held "
            "WHERE w.person_id = d.person_id AND w.activity_id = d.activity_id AND w.done_at IS NOT NULL "
            "AND d.evidence = concat('watched\\:', w.person_id, '/', w.activity_id, '/', w.asset_id) "
            "AND held.ms >= l.done_ms AND held.ms >= d.seconds * CAST(1000 AS bigint)) ORDER BY 1, 2"
        ),
        {"video": VIDEO_KIND, "allowed": allowed},
    )
    return [(row[0], row[1]) for row in rows]


def differences(session: Session) -> list[tuple[int, int, int]]:
    """Return the (person, activity, asset) whose accepted seconds are not the union of what reports and corrections gained."""
    rows = session.execute(
        text(
            "WITH gained AS ("
            "SELECT l.person_id, l.activity_id, l.asset_id, b.accepted AS spans FROM beat b JOIN playback_lease l ON l.id = b.lease_id "
            "UNION ALL SELECT person_id, activity_id, asset_id, spans FROM watched_correction), "
            "united AS (SELECT person_id, activity_id, asset_id, range_agg(spans) AS spans FROM gained "
            "WHERE NOT isempty(spans) GROUP BY person_id, activity_id, asset_id) "
            "SELECT person_id, activity_id, asset_id FROM watched w FULL JOIN united u USING (person_id, activity_id, asset_id) "
            "WHERE coalesce(w.accepted, '{}') <> coalesce(u.spans, '{}') ORDER BY 1, 2, 3"
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def unclaimed(session: Session) -> list[tuple[int, int, int]]:
    """Return the (person, activity, asset) whose reports gained seconds that no report claimed."""
    rows = session.execute(
        text(
            "SELECT l.person_id, l.activity_id, l.asset_id FROM beat b JOIN playback_lease l ON l.id = b.lease_id "
            "GROUP BY l.person_id, l.activity_id, l.asset_id "
            "HAVING NOT range_agg(b.accepted) <@ range_agg(b.claimed) ORDER BY 1, 2, 3"
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def overdrawn(session: Session) -> list[int]:
    """Return the people whose reports gained more than the time between opening and end of their leases allows."""
    rows = session.execute(
        text(
            "WITH told AS (SELECT b.lease_id, max(b.arrived_at) AS last_at, "
            "sum((SELECT coalesce(sum(upper(span) - lower(span)), 0) FROM unnest(b.accepted) AS span)) AS ms FROM beat b GROUP BY b.lease_id) "
            "SELECT l.person_id FROM told t JOIN playback_lease l ON l.id = t.lease_id GROUP BY l.person_id "
            "HAVING sum(t.ms) > sum(greatest(0, extract(epoch FROM least(coalesce(l.closed_at, t.last_at), t.last_at) - l.opened_at)) * l.rate + 10) "
            "ORDER BY 1"
        )
    )
    return list(rows.scalars())
