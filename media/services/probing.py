"""Check videos that arrived: what is playable is kept with its poster and index, what is not is refused with a reason."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from lms.kernel import jobs
from lms.kernel.db import Session, transaction
from media.domain.asset import MOST_TRIES, ORIGINAL, POSTER, WAITING_FOR_PROBE, Asset, AssetState, VideoRefused
from media.domain.timeline import timeline_of
from media.services.library import library
from media.store import asset as store

ROOT = Path(__file__).resolve().parents[2]
PROBE_SECONDS = 600
SOURCE = "source"  # a file that browsers do not play as it came
FACTS = "probe.json"
Facts = dict[str, Any]


def tool(name: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of one of our own tools; it is told no secrets."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    return [sys.executable, "-m", f"media.formats.{name}", *arguments], environment


def look_into(path: Path, poster: Path) -> Facts:
    """Probe a file in a process of its own; raises VideoRefused."""
    command, environment = tool("probe", str(path), str(poster))
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=PROBE_SECONDS, check=False)  # noqa: S603 - our own module, file names as arguments
    except subprocess.TimeoutExpired:
        raise VideoRefused(reason="too_slow") from None
    try:
        found: Facts = json.loads(done.stdout)
    except ValueError:
        raise VideoRefused(reason="unreadable") from None
    if "refused" in found:
        raise VideoRefused(reason=str(found["refused"]))
    return found


def digest_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_name(asset: Asset) -> str:
    """Return the name under which the file as it came is kept."""
    return f"{asset.code}/{ORIGINAL if asset.mp4 else SOURCE}"


def keep(code: str, path: Path, found: Facts, poster: Path) -> None:
    """Store a checked file, its poster and its index."""
    files = library().files
    plays = bool(found["plays_as_it_is"])
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        if plays:
            timeline = timeline_of([(offset, instant) for offset, instant in found["points"]])
            notes.write_text(json.dumps({"timelines": {ORIGINAL: [timeline.offsets, timeline.instants]}}))
            files.put(f"{code}/{ORIGINAL}.json", notes)
        notes.write_text(json.dumps({name: value for name, value in found.items() if name != "points"}))
        files.put(f"{code}/{FACTS}", notes)
    files.put(f"{code}/{POSTER}", poster)
    files.put(f"{code}/{ORIGINAL if plays else SOURCE}", path)


def accept(session: Session, asset: Asset, found: Facts, digest: str, now: datetime) -> None:
    """Note that a stored file is checked, and queue its renditions."""
    store.change(
        session,
        asset.id,
        now,
        state=AssetState.READY_MP4.value,
        length_ms=int(found["length_ms"]),
        mp4=bool(found["plays_as_it_is"]),
        poster=True,
        sha256=digest,
        reason="",
        tries=0,
    )
    jobs.enqueue(session, "media.transcode")


def probe_waiting(now: datetime) -> None:
    """Job: check every video that has arrived; it also finds those whose check was killed."""
    with transaction() as session:
        found = store.waiting(session, WAITING_FOR_PROBE)
    for asset in found:
        with store.working_on(asset.id) as mine:
            if mine:
                _probe(asset.id, now)


def _probe(asset_id: int, now: datetime) -> None:
    with transaction() as session:
        asset = store.by_id(session, asset_id)
        if asset.state not in WAITING_FOR_PROBE:
            return
        tries = store.begin_try(session, asset_id, AssetState.PROBING, now)
    path = library().incoming / asset.code
    try:
        if tries > MOST_TRIES or not path.is_file():
            raise VideoRefused(reason="unreadable")
        with tempfile.TemporaryDirectory() as folder:
            poster = Path(folder) / POSTER
            found = look_into(path, poster)
            keep(asset.code, path, found, poster)
        digest = digest_of(path)
    except VideoRefused as refused:
        with transaction() as session:
            store.change(session, asset_id, now, state=AssetState.REFUSED.value, reason=str(refused.facts["reason"]))
    else:
        with transaction() as session:
            accept(session, asset, found, digest, now)
    path.unlink(missing_ok=True)
