"""Make the renditions in the background, one video at a time in each worker; what a killed worker left is begun again."""

import json
import secrets
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Timer
from time import monotonic

from lms.kernel.db import transaction
from media.domain.asset import MOST_TRIES, WAITING_FOR_RENDITIONS, Asset, AssetState
from media.services.library import library
from media.services.probing import FACTS, stored_name, tool
from media.store import asset as store

COPY_GAP_MS = 6_000
COPY_BITS = 2_500_000
COPY_DELAY_MS = 120  # reordered frames shift a copied video by so much
SAY_SECONDS = 1.0
Moment = Callable[[], datetime]


def transcode_waiting(now: datetime) -> None:
    """Job: make renditions until no video waits for them."""
    began = monotonic()
    tried: set[int] = set()
    while (asset := _next(tried)) is not None:
        tried.add(asset.id)
        with store.working_on(asset.id) as mine:
            if mine:
                _transcode(asset.id, lambda: now + timedelta(seconds=monotonic() - began))


def _next(tried: set[int]) -> Asset | None:
    with transaction() as session:
        return next((asset for asset in store.waiting(session, WAITING_FOR_RENDITIONS) if asset.id not in tried), None)


def _transcode(asset_id: int, moment: Moment) -> None:
    with transaction() as session:
        asset = store.by_id(session, asset_id)
        if asset.state not in WAITING_FOR_RENDITIONS:
            return
        tries = store.begin_try(session, asset_id, AssetState.TRANSCODING, moment())
        if tries > MOST_TRIES:
            store.change(session, asset_id, moment(), state=AssetState.FAILED.value, reason="transcoding_failed")
            return
    folder = library().folder / "work" / asset.code
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with library().files.local(stored_name(asset)) as path:
            renditions = _run(asset, path, folder, moment)
        if renditions is None:
            with transaction() as session:
                store.change(session, asset_id, moment(), state=AssetState.READY_MP4.value)
            return
        build = secrets.token_hex(4)
        library().files.put_folder(f"{asset.code}/{build}", folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with transaction() as session:
        store.change(session, asset_id, moment(), state=AssetState.READY.value, build=build, renditions=renditions, progress=100, tries=0, reason="")


def _run(asset: Asset, path: Path, folder: Path, moment: Moment) -> list[dict[str, object]] | None:
    """Run the tool and keep its progress; None when it failed."""
    command, environment = tool("transcode", str(path), str(folder), str(asset.length_ms), "copy" if _can_be_copied(asset) else "encode")
    renditions: list[dict[str, object]] | None = None
    said = monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:  # noqa: S603 - our own module
        alarm = Timer(600 + asset.seconds * 6, child.kill)
        alarm.start()
        try:
            for line in child.stdout or ():
                found = json.loads(line)
                renditions = found.get("renditions")
                if "progress" in found and monotonic() - said >= SAY_SECONDS:
                    said = monotonic()
                    with transaction() as session:
                        store.change(session, asset.id, moment(), progress=found["progress"])
        except BaseException:
            child.kill()
            raise
        finally:
            alarm.cancel()
    return renditions if child.returncode == 0 else None


def _can_be_copied(asset: Asset) -> bool:
    """Tell whether the file already is what the large rendition would be."""
    facts = json.loads(library().files.whole(f"{asset.code}/{FACTS}") or b"{}")
    return bool(
        facts
        and facts["plays_as_it_is"]
        and facts["key_gap_ms"] <= COPY_GAP_MS
        and facts["delay_ms"] <= COPY_DELAY_MS
        and facts["bits_per_second"] <= COPY_BITS
        and facts["width"] <= 1280
        and facts["height"] <= 720
    )
