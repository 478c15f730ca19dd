"""Videos come in by file and by pieces; the background checks and transcodes them."""

from datetime import datetime
from pathlib import Path

import av
import pytest
from flask import Flask

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from media.domain.asset import Asset, AssetMissing, AssetState, CaptionsRefused, PieceOutOfPlace, TooManyUploads, UploadEmpty, UploadTooLarge, VideoRefused
from media.services import asset as assets
from media.services import probing, transcoding, upload
from media.services.library import library
from media.store import asset as store
from tests.support.cast import CHEN, LIN, id_of
from tests.support.videos import CAPTIONS, video


@pytest.fixture
def now(app: Flask, clock: FixedClock) -> datetime:
    return clock.now()


def waiting_jobs() -> list[str]:
    from sqlalchemy import text

    with transaction() as session:
        return list(session.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id")))


def send(path: Path, person_id: int, now: datetime, piece: int = 5_000) -> Asset:
    content = path.read_bytes()
    asset = upload.begin_upload(person_id=person_id, title="倾听", file_name="倾听.mp4", size=len(content), now=now)
    for at in range(0, len(content), piece):
        upload.add_piece(person_id=person_id, code=asset.code, offset=at, piece=content[at : at + piece], now=now)
    return upload.end_upload(person_id=person_id, code=asset.code, now=now)


def test_an_imported_mp4_plays_at_once_and_waits_for_its_renditions(now: datetime, folder: Path) -> None:
    path = video(folder / "lecture.mp4")
    (folder / "lecture.vtt").write_text(CAPTIONS)
    asset = upload.import_file(path, now=now, title="倾听的力量", captions_path=folder / "lecture.vtt")
    assert (asset.state, asset.mp4, asset.poster, asset.title) == (AssetState.READY_MP4, True, True, "倾听的力量")
    assert asset.length_ms == pytest.approx(3000, abs=80)
    assert [one.language for one in asset.captions] == ["zh"]
    assert waiting_jobs() == ["media.transcode"]
    assert path.exists()


def test_the_same_file_twice_is_one_video(now: datetime, folder: Path) -> None:
    path = video(folder / "lecture.mp4")
    assert upload.import_file(path, now=now).id == upload.import_file(path, now=now).id


def test_a_refused_file_leaves_nothing_behind(now: datetime, folder: Path) -> None:
    folder.mkdir()
    (folder / "a.mp4").write_text("#EXTM3U")
    with pytest.raises(VideoRefused) as refused:
        upload.import_file(folder / "a.mp4", now=now)
    assert refused.value.facts == {"reason": "playlist"}
    assert assets.every() == ()


def test_bad_captions_refuse_the_import_before_anything_is_kept(now: datetime, folder: Path) -> None:
    path = video(folder / "lecture.mp4")
    (folder / "a.vtt").write_text("no captions")
    with pytest.raises(CaptionsRefused):
        upload.import_file(path, now=now, captions_path=folder / "a.vtt")
    assert assets.every() == ()


def test_the_background_makes_both_renditions(now: datetime, folder: Path) -> None:
    asset = upload.import_file(video(folder / "lecture.mp4", seconds=5), now=now)
    transcoding.transcode_waiting(now)
    asset = assets.one(asset.code)
    assert (asset.state, asset.progress, [one.name for one in asset.renditions]) == (AssetState.READY, 100, ["720p", "360p"])
    with library().files.local(f"{asset.code}/{asset.build}/360p/index.m3u8") as playlist, av.open(str(playlist)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 25
    assert not any((library().folder / "work").iterdir())


def test_an_upload_is_checked_in_the_background(now: datetime, folder: Path) -> None:
    asset = send(video(folder / "a.mkv", container="matroska"), id_of(CHEN), now)
    assert asset.state is AssetState.UPLOADED
    assert waiting_jobs() == ["media.probe"]
    probing.probe_waiting(now)
    asset = assets.one(asset.code)
    assert (asset.state, asset.mp4, asset.playable) == (AssetState.READY_MP4, False, False)
    assert not (library().incoming / asset.code).exists()
    transcoding.transcode_waiting(now)
    assert assets.one(asset.code).playable


def test_an_upload_that_is_no_video_is_refused_with_its_reason(now: datetime, folder: Path) -> None:
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"ffconcat version 1.0\nfile /etc/passwd\n")
    asset = send(folder / "a.mp4", id_of(CHEN), now)
    probing.probe_waiting(now)
    assert (assets.one(asset.code).state, assets.one(asset.code).reason) == (AssetState.REFUSED, "playlist")


def test_a_piece_sent_twice_counts_once_and_a_gap_is_refused(now: datetime) -> None:
    me = id_of(CHEN)
    code = upload.begin_upload(person_id=me, title="", file_name="a.mp4", size=10, now=now).code
    assert upload.add_piece(person_id=me, code=code, offset=0, piece=b"12345", now=now) == 5
    assert upload.add_piece(person_id=me, code=code, offset=0, piece=b"12345", now=now) == 5
    with pytest.raises(PieceOutOfPlace) as gap:
        upload.add_piece(person_id=me, code=code, offset=8, piece=b"90", now=now)
    assert gap.value.facts == {"received": 5}
    with pytest.raises(PieceOutOfPlace):
        upload.add_piece(person_id=me, code=code, offset=5, piece=b"678901", now=now)
    with pytest.raises(PieceOutOfPlace):
        upload.end_upload(person_id=me, code=code, now=now)


def test_nobody_else_adds_to_an_upload(now: datetime) -> None:
    code = upload.begin_upload(person_id=id_of(CHEN), title="", file_name="a.mp4", size=10, now=now).code
    with pytest.raises(AssetMissing):
        upload.add_piece(person_id=id_of(LIN), code=code, offset=0, piece=b"1", now=now)


def test_uploads_are_bounded(now: datetime) -> None:
    me = id_of(CHEN)
    for size, refusal in ((0, UploadEmpty), (5 * 1024**3, UploadTooLarge)):
        with pytest.raises(refusal):
            upload.begin_upload(person_id=me, title="", file_name="a.mp4", size=size, now=now)
    for _ in range(5):
        upload.begin_upload(person_id=me, title="", file_name="../../a.mp4", size=1, now=now)
    with pytest.raises(TooManyUploads):
        upload.begin_upload(person_id=me, title="", file_name="a.mp4", size=1, now=now)


def test_forgotten_uploads_are_cleared_after_a_day(now: datetime, clock: FixedClock) -> None:
    code = upload.begin_upload(person_id=id_of(CHEN), title="", file_name="a.mp4", size=10, now=now).code
    upload.clear_forgotten(now)
    assert assets.one(code)
    clock.advance(hours=25)
    upload.clear_forgotten(clock.now())
    assert assets.every() == ()
    assert not (library().incoming / code).exists()


def test_work_that_was_killed_is_taken_up_again_and_given_up_after_three_tries(now: datetime, folder: Path) -> None:
    asset = upload.import_file(video(folder / "lecture.mp4"), now=now)
    with transaction() as session:
        store.begin_try(session, asset.id, AssetState.TRANSCODING, now)
    transcoding.transcode_waiting(now)
    assert assets.one(asset.code).state is AssetState.READY
    with transaction() as session:
        store.change(session, asset.id, now, state=AssetState.TRANSCODING.value, tries=3, build="")
    transcoding.transcode_waiting(now)
    asset = assets.one(asset.code)
    assert (asset.state, asset.reason, asset.playable) == (AssetState.FAILED, "transcoding_failed", True)


def test_a_video_somebody_is_working_on_is_left_alone(now: datetime, folder: Path) -> None:
    asset = upload.import_file(video(folder / "lecture.mp4"), now=now)
    with store.working_on(asset.id) as mine:
        assert mine
        transcoding.transcode_waiting(now)
    assert assets.one(asset.code).state is AssetState.READY_MP4


def test_a_tool_that_fails_leaves_the_video_waiting(now: datetime, folder: Path) -> None:
    asset = upload.import_file(video(folder / "lecture.mp4"), now=now)
    with library().files.local(f"{asset.code}/original.mp4") as path:
        path.write_bytes(b"damaged")
    transcoding.transcode_waiting(now)
    assert assets.one(asset.code).state is AssetState.READY_MP4
