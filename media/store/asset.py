"""The videos: their rows, and the locks of those that work on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Integer, String, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base, Session, connection
from media.domain.asset import Asset, AssetMissing, AssetState, Captions, Rendition

_STATES = ", ".join(f"'{state.value}'" for state in AssetState)
_LOCK_FAMILY = 0x6D65  # advisory locks of videos, apart from anybody else's


class AssetRow(Base):
    """One video."""

    __tablename__ = "asset"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_percent"),
        Index("ix_asset_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    file_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16), default="video")
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    length_ms: Mapped[int] = mapped_column(Integer, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[int] = mapped_column(Integer, default=0)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    mp4: Mapped[bool] = mapped_column(Boolean, default=False)
    poster: Mapped[bool] = mapped_column(Boolean, default=False)
    build: Mapped[str] = mapped_column(String(16), default="")
    captions: Mapped[list[Any]] = mapped_column(JSONB, default_factory=list)
    renditions: Mapped[list[Any]] = mapped_column(JSONB, default_factory=list)
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("person.id"), default=None)


def _asset(row: AssetRow) -> Asset:
    return Asset(
        id=row.id,
        code=row.code,
        title=row.title,
        state=AssetState(row.state),
        file_name=row.file_name,
        bytes=row.bytes,
        length_ms=row.length_ms,
        sha256=row.sha256,
        reason=row.reason,
        progress=row.progress,
        mp4=row.mp4,
        poster=row.poster,
        build=row.build,
        captions=tuple(Captions(**one) for one in row.captions),
        renditions=tuple(Rendition(**one) for one in row.renditions),
        created_by=row.created_by,
        created_at=row.created_at,
    )


def add(session: Session, *, code: str, title: str, file_name: str, size: int, created_by: int | None, now: datetime) -> Asset:
    """Keep a video that is about to arrive."""
    row = AssetRow(
        code=code,
        title=title,
        state=AssetState.UPLOADING.value,
        file_name=file_name,
        bytes=size,
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return _asset(row)


def fill(session: Session, code: str, *, file_name: str, size: int, now: datetime) -> Asset:
    """Note the file of an announced video; raises AssetMissing where none waits under this code."""
    row = session.scalar(select(AssetRow).where(AssetRow.code == code, AssetRow.file_name == "").with_for_update())
    if row is None:
        raise AssetMissing
    row.file_name, row.bytes, row.updated_at = file_name, size, now
    session.flush()
    return _asset(row)


def asset(session: Session, code: str) -> Asset:
    """Return one video."""
    row = session.scalar(select(AssetRow).where(AssetRow.code == code))
    if row is None:
        raise AssetMissing
    return _asset(row)


def by_id(session: Session, asset_id: int) -> Asset:
    """Return one video by its id."""
    row = session.get(AssetRow, asset_id, populate_existing=True)
    if row is None:
        raise AssetMissing
    return _asset(row)


def every(session: Session) -> tuple[Asset, ...]:
    """Return every video, the newest first."""
    return tuple(_asset(row) for row in session.scalars(select(AssetRow).order_by(AssetRow.id.desc())))


def same_file(session: Session, sha256: str) -> Asset | None:
    """Return the video that was made of the same bytes and is not lost."""
    lost = (AssetState.REFUSED.value, AssetState.FAILED.value)
    row = session.scalar(select(AssetRow).where(AssetRow.sha256 == sha256, AssetRow.state.not_in(lost)).order_by(AssetRow.id).limit(1))
    return _asset(row) if row else None


def change(session: Session, asset_id: int, now: datetime, **values: object) -> None:
    """Change some columns of a video."""
    session.execute(update(AssetRow).where(AssetRow.id == asset_id).values(updated_at=now, **values))


def keep_captions(session: Session, asset_id: int, captions: Captions, now: datetime) -> None:
    """Put captions in the place of those of the same language."""
    row = session.get(AssetRow, asset_id, with_for_update=True)
    if row is None:
        raise AssetMissing
    row.captions = [*(one for one in row.captions if one["language"] != captions.language), asdict(captions)]
    row.updated_at = now


def begin_try(session: Session, asset_id: int, state: AssetState, now: datetime) -> int:
    """Enter a state of work and return which try this is; a killed process leaves the count behind."""
    return session.execute(
        update(AssetRow)
        .where(AssetRow.id == asset_id)
        .values(state=state.value, tries=AssetRow.tries + 1, progress=0, updated_at=now)
        .returning(AssetRow.tries)
    ).scalar_one()


def waiting(session: Session, states: Sequence[AssetState]) -> tuple[Asset, ...]:
    """Return the videos in one of these states: first those that cannot be played yet, then the short ones."""
    wanted = [state.value for state in states]
    rows = session.scalars(select(AssetRow).where(AssetRow.state.in_(wanted)).order_by(AssetRow.mp4, AssetRow.length_ms, AssetRow.id))
    return tuple(_asset(row) for row in rows)


def open_uploads(session: Session, person_id: int) -> int:
    """Count the uploads of a person that have not arrived."""
    query = select(func.count()).where(AssetRow.created_by == person_id, AssetRow.state == AssetState.UPLOADING.value)
    return session.scalar(query) or 0


def forgotten_uploads(session: Session, before: datetime) -> tuple[Asset, ...]:
    """Return uploads that nothing was added to since."""
    query = select(AssetRow).where(AssetRow.state == AssetState.UPLOADING.value, AssetRow.file_name != "", AssetRow.updated_at < before)
    return tuple(_asset(row) for row in session.scalars(query))


def remove(session: Session, asset_id: int) -> None:
    """Forget an upload that never arrived."""
    row = session.get(AssetRow, asset_id)
    if row is not None:
        session.delete(row)


@contextmanager
def working_on(asset_id: int) -> Iterator[bool]:
    """Hold the video's lock while at work; False when somebody else holds it. A killed process lets go by dying."""
    link = connection()
    try:
        row = link.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_FAMILY, asset_id)).fetchone()
        yield bool(row and row[0])
    finally:
        link.close()


def signed_in(session: Session, login_id: int, now: datetime) -> bool:
    """Tell whether a sign-in still stands."""
    found = session.scalar(
        text(
            "SELECT EXISTS (SELECT FROM login JOIN person ON person.id = login.person_id "
            "WHERE login.id = :id AND login.ended_at IS NULL AND login.ends_at > :now AND person.active)"
        ),
        {"id": login_id, "now": now},
    )
    return bool(found)
