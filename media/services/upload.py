"""Take videos in: from a browser piece by piece, or from a file on this machine."""

import fcntl
import re
import secrets
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from lms.kernel import audit, jobs
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Malformed
from media.domain.asset import (
    LARGEST_BYTES,
    PIECE_BYTES,
    POSTER,
    Asset,
    AssetMissing,
    AssetState,
    NoRoom,
    PieceOutOfPlace,
    TooManyUploads,
    UploadEmpty,
    UploadTooLarge,
)
from media.services import captions, probing
from media.services.library import library
from media.store import asset as store

MOST_OPEN = 5
FORGOTTEN = timedelta(hours=24)
KEPT_FREE = 1024**3


def new_code() -> str:
    """Return the code of a new video: short, and not to be guessed."""
    return f"v{secrets.token_hex(6)}"


def title_of(title: str, file_name: str) -> str:
    """Return the title, or the file's name where there is none."""
    return (title.strip() or Path(file_name).stem)[:200]


def announce(*, title: str, now: datetime, created_by: int | None = None) -> Asset:
    """Make a place for a video whose file is still to come, so that lessons can be laid out before it is recorded."""
    with transaction() as session:
        asset = store.add(session, code=new_code(), title=title, file_name="", size=0, created_by=created_by, now=now)
        audit.record(session, actor_id=created_by, action="asset.announce", subject=f"asset:{asset.code}", now=now)
        return asset


def import_file(
    path: Path, *, now: datetime, title: str = "", captions_path: Path | None = None, created_by: int | None = None, into: str | None = None
) -> Asset:
    """Check a local file and keep it; its renditions follow in the background. The same bytes twice give the same video.

    `into` is the code of an announced video that this is the file of.

    Raises VideoRefused (`facts["reason"]`), CaptionsRefused, UploadTooLarge, UploadEmpty or NoRoom; then nothing is kept.
    """
    path = path.resolve()
    size = path.stat().st_size
    _check_size(size)
    cues = captions.checked(captions_path.read_bytes()) if captions_path else None
    digest = probing.digest_of(path)
    with transaction() as session:
        asset = store.same_file(session, digest)
    if asset is None:
        code = into or new_code()
        with tempfile.TemporaryDirectory() as folder:
            poster = Path(folder) / POSTER
            found = probing.look_into(path, poster)
            probing.keep(code, path, found, poster)
        with transaction() as session:
            asset = (
                store.fill(session, into, file_name=path.name[:200], size=size, now=now)
                if into
                else store.add(session, code=code, title=title_of(title, path.name), file_name=path.name[:200], size=size, created_by=created_by, now=now)
            )
            probing.accept(session, asset, found, digest, now)
            audit.record(session, actor_id=created_by, action="asset.import", subject=f"asset:{code}", now=now)
    if cues is not None:
        captions.keep(asset.code, cues, actor_id=created_by, now=now)
    with transaction() as session:
        return store.asset(session, asset.code)


def begin_upload(*, person_id: int, title: str, file_name: str, size: int, now: datetime) -> Asset:
    """Open an upload; pieces follow."""
    _check_size(size)
    with transaction() as session:
        if store.open_uploads(session, person_id) >= MOST_OPEN:
            raise TooManyUploads
        name = re.sub(r"[\x00-\x1f/\\]", "_", file_name)[-200:]
        asset = store.add(session, code=new_code(), title=title_of(title, name), file_name=name, size=size, created_by=person_id, now=now)
        audit.record(session, actor_id=person_id, action="asset.upload", subject=f"asset:{asset.code}", now=now)
    library().incoming.mkdir(parents=True, exist_ok=True)
    (library().incoming / asset.code).touch()
    return asset


def add_piece(*, person_id: int, code: str, offset: int, piece: bytes, now: datetime) -> int:
    """Write a piece behind those that came; returns how many bytes are there. A piece sent twice is no fault."""
    if not 0 < len(piece) <= PIECE_BYTES:
        raise Malformed
    with transaction() as session:
        asset = _own(session, person_id, code)
        store.change(session, asset.id, now)
    path = library().incoming / code
    if not path.exists():
        raise AssetMissing
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        received = file.seek(0, 2)
        if offset + len(piece) <= received:
            return received
        if offset != received or received + len(piece) > asset.bytes:
            raise PieceOutOfPlace(received=received)
        file.write(piece)
        return received + len(piece)


def end_upload(*, person_id: int, code: str, now: datetime) -> Asset:
    """Close an upload whose bytes are all there, and queue its check."""
    with transaction() as session:
        asset = _own(session, person_id, code)
        path = library().incoming / code
        received = path.stat().st_size if path.exists() else 0
        if received != asset.bytes:
            raise PieceOutOfPlace(received=received)
        store.change(session, asset.id, now, state=AssetState.UPLOADED.value)
        jobs.enqueue(session, "media.probe")
        return store.by_id(session, asset.id)


def clear_forgotten(now: datetime) -> None:
    """Job: remove uploads that nobody went on with for a day."""
    with transaction() as session:
        for asset in store.forgotten_uploads(session, now - FORGOTTEN):
            store.remove(session, asset.id)
            (library().incoming / asset.code).unlink(missing_ok=True)


def _own(session: Session, person_id: int, code: str) -> Asset:
    asset = store.asset(session, code)
    if asset.created_by != person_id or asset.state is not AssetState.UPLOADING:
        raise AssetMissing
    return asset


def _check_size(size: int) -> None:
    if size <= 0:
        raise UploadEmpty
    if size > LARGEST_BYTES:
        raise UploadTooLarge
    library().folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(library().folder).free < 3 * size + KEPT_FREE:
        raise NoRoom
