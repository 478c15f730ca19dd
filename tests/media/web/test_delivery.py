"""Videos' files go to the holder of the video's cookie, in ranges, and what went out is known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from media.domain.asset import Asset
from media.services import asset as assets
from media.services import delivery, library, transcoding, upload
from media.services.delivery_record import record
from media.store import asset as store
from media.store.delivery import delivered
from tests.support.cast import LIN, SAM, id_of, sign_in
from tests.support.s3 import s3
from tests.support.videos import CAPTIONS, video


class Viewer:
    """Somebody with a cookie for a video."""

    def __init__(self, app: Flask, asset: Asset, person_id: int, now: datetime) -> None:
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.asset, self.person_id, self.now = asset, person_id, now
        self.login_id = sign_in(app.test_client(), person_id)
        self.cookie = delivery.cookie(person_id, self.login_id, asset, now)[1]
        with transaction() as session:
            self.source = delivery.playback_source(session, person_id, asset)

    def get(self, url: str | None, *, cookie: str | None = None, method: str = "GET", **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.open(url or "", method=method, headers={"Cookie": f"media={cookie or self.cookie}", **sent})
        answer.get_data()  # only what is taken counts as delivered
        return answer

    @property
    def known(self) -> tuple[tuple[int, int], ...]:
        record.flush()
        with transaction() as session:
            return delivered(session, self.person_id, self.asset.id)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("lecture") / "lecture.mp4", seconds=6, rate=5, key_seconds=4)


@pytest.fixture
def asset(app: Flask, clock: FixedClock, lecture: Path, made: list[Asset]) -> Iterator[Asset]:
    if made:
        yield again(made[0], clock.now())
    else:
        captions = lecture.with_suffix(".vtt")
        captions.write_text(CAPTIONS)
        found = upload.import_file(lecture, now=clock.now(), captions_path=captions)
        transcoding.transcode_waiting(clock.now())
        made.append(assets.one(found.code))
        yield made[0]
    record.flush()  # what waits must not reach the next test, whose rows bear the same numbers


@pytest.fixture(scope="module")
def made() -> list[Asset]:
    """The video once it is transcoded: its files outlast the emptying of the database."""
    return []


def again(asset: Asset, now: datetime) -> Asset:
    """Save the row of a video whose files are there."""
    with transaction() as session:
        row = store.add(session, code=asset.code, title=asset.title, file_name="lecture.mp4", size=asset.bytes, created_by=None, now=now)
        store.change(session, row.id, now, state="ready", length_ms=asset.length_ms, mp4=True, poster=True, build=asset.build)
        store.keep_captions(session, row.id, asset.captions[0], now)
    return assets.one(asset.code)


@pytest.fixture
def lin(app: Flask, asset: Asset, clock: FixedClock) -> Viewer:
    return Viewer(app, asset, id_of(LIN), clock.now())


def test_the_holder_gets_every_kind_of_file(lin: Viewer) -> None:
    base = (lin.source.hls_url or "").removesuffix("master.m3u8")
    kinds = {
        lin.source.hls_url: "application/vnd.apple.mpegurl",
        f"{base}360p/index.m3u8": "application/vnd.apple.mpegurl",
        f"{base}360p/init.mp4": "video/mp4",
        f"{base}720p/1.m4s": "video/mp4",
        lin.source.mp4_url: "video/mp4",
        lin.source.poster_url: "image/jpeg",
        lin.source.captions[0][2]: "text/vtt; charset=utf-8",
    }
    for url, kind in kinds.items():
        answer = lin.get(url)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind), url
        assert len(answer.data) == int(answer.headers["Content-Length"])
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert lin.source.captions[0][:2] == ("zh", "中文")


def test_ranges_head_and_unchanged_files(lin: Viewer, lecture: Path) -> None:
    content = lecture.read_bytes()
    part = lin.get(lin.source.mp4_url, Range="bytes=100-299")
    assert (part.status_code, part.data) == (206, content[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(content)}"
    assert lin.get(lin.source.mp4_url, Range="bytes=-7").data == content[-7:]
    beyond = lin.get(lin.source.mp4_url, Range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"], beyond.data) == (416, f"bytes */{len(content)}", b"")
    head = lin.get(lin.source.mp4_url, method="HEAD")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(content)))
    tag = head.headers["ETag"]
    same = lin.get(lin.source.mp4_url, If_None_Match=tag)
    assert (same.status_code, same.data) == (304, b"")
    assert lin.get(lin.source.mp4_url, Range="bytes=0-9", If_Range='"other"').status_code == 200
    assert lin.get(lin.source.mp4_url, Range="bytes=0-9", If_Range=tag).status_code == 206


def test_only_get_and_head_are_answered(lin: Viewer) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert lin.get(lin.source.mp4_url, method=method).status_code in {400, 403, 404, 405}


def test_tricks_with_the_path_find_nothing(lin: Viewer) -> None:
    base = (lin.source.mp4_url or "").removesuffix("original.mp4")
    names = ("", "source", "probe.json", "original.mp4.json", "nothing.mp4")
    tricks = (*names, "../keys.env", "..%2f..%2fkeys.env", "%2e%2e/%2e%2e/keys.env", "00000000/index.json")
    for rest in tricks:
        answer = lin.get(base + rest)
        assert answer.status_code == 404, rest
        assert b"KEY" not in answer.data


def other(sign: str) -> str:
    """Return a sign of the same alphabet that is another, and stands for other bits wherever it comes."""
    return "A" if sign in "wxyz0123456789-_" else "w"


def test_without_a_good_cookie_nothing_goes_out(app: Flask, lin: Viewer, lecture: Path, clock: FixedClock) -> None:
    other_video = upload.import_file(video(lecture.parent / "other.mp4", seconds=2), now=clock.now())
    signer = library.library().signer
    token = signer.read(lin.cookie, delivery.MediaCookie)
    assert token.person_id == lin.person_id
    forged = [
        "",
        "junk",
        "💥",
        lin.cookie[:-1] + other(lin.cookie[-1]),
        other(lin.cookie[0]) + lin.cookie[1:],
        delivery.cookie(lin.person_id, lin.login_id, other_video, clock.now())[1],
        delivery.cookie(lin.person_id, lin.login_id, lin.asset, clock.now() - timedelta(hours=13))[1],
        delivery.cookie(lin.person_id, lin.login_id + 999, lin.asset, clock.now())[1],
        Viewer(app, lin.asset, id_of(SAM), clock.now()).cookie,
    ]
    for cookie in forged:
        answer = lin.client.get(lin.source.mp4_url or "", headers={"Cookie": f"media={cookie}".encode().decode("latin-1")})
        assert (answer.status_code, (answer.json or {})["code"]) == (403, "media_cookie_refused"), cookie
    assert lin.client.get(lin.source.mp4_url or "").status_code == 403
    assert not lin.known


def test_one_persons_addresses_are_not_anothers(app: Flask, lin: Viewer, clock: FixedClock) -> None:
    sam = Viewer(app, lin.asset, id_of(SAM), clock.now())
    assert sam.source.mp4_url != lin.source.mp4_url
    assert sam.get(lin.source.mp4_url).status_code == 403
    assert sam.get(sam.source.mp4_url).status_code == 200


def test_an_ended_sign_in_is_known_within_a_minute(lin: Viewer, clock: FixedClock) -> None:
    assert lin.get(lin.source.poster_url).status_code == 200
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = :now WHERE id = :id"), {"now": clock.now(), "id": lin.login_id})
    clock.advance(seconds=61)
    assert lin.get(lin.source.poster_url).status_code == 403


def test_segments_ask_the_database_once_a_minute(lin: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    base = (lin.source.hls_url or "").removesuffix("master.m3u8")
    lin.get(f"{base}720p/0.m4s")

    def broken() -> Iterator[None]:
        raise AssertionError("a segment asked the database")

    monkeypatch.setattr(delivery, "transaction", broken)
    for number in (0, 1, 0, 1):
        assert lin.get(f"{base}720p/{number}.m4s").status_code == 200


def test_what_was_served_is_known_by_time(lin: Viewer) -> None:
    base = (lin.source.hls_url or "").removesuffix("master.m3u8")
    lin.get(lin.source.hls_url)
    lin.get(f"{base}360p/init.mp4")
    lin.get(f"{base}720p/1.m4s", method="HEAD")
    assert not lin.known
    lin.get(f"{base}360p/1.m4s")
    assert list(lin.known) == [(4000, lin.asset.length_ms)]
    size = int(lin.get(f"{base}720p/0.m4s", method="HEAD").headers["Content-Length"])
    lin.get(f"{base}720p/0.m4s", Range=f"bytes=0-{size // 2 - 1}")
    (start, end), rest = lin.known
    assert (start, rest) == (0, (4000, lin.asset.length_ms))
    assert end == pytest.approx(2000, abs=30)


def test_a_piece_of_the_plain_file_brings_the_time_it_holds(lin: Viewer, lecture: Path) -> None:
    size = lecture.stat().st_size
    lin.get(lin.source.mp4_url, Range="bytes=0-99")
    assert not lin.known
    lin.get(lin.source.mp4_url, Range=f"bytes=0-{size // 2}")
    ((start, end),) = lin.known
    assert start == 0
    assert 1500 < end < 4500
    lin.get(lin.source.mp4_url, Range=f"bytes={size // 2 + 1}-")
    assert lin.known == ((0, lin.asset.length_ms),)


def test_a_long_range_of_the_plain_file_is_answered_in_part(lin: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "MOST_PIECE", 1000)
    answer = lin.get(lin.source.mp4_url, Range="bytes=0-")
    assert (answer.status_code, len(answer.data)) == (206, 1000)
    assert answer.headers["Content-Range"].startswith("bytes 0-999/")


def test_segments_are_handed_to_nginx_where_it_is_there(lin: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(library._state, "library", replace(library.library(), x_accel_prefix="/protected"))
    base = (lin.source.hls_url or "").removesuffix("master.m3u8")
    answer = lin.get(f"{base}720p/1.m4s")
    assert answer.headers["X-Accel-Redirect"] == f"/protected/{lin.asset.code}/{lin.asset.build}/720p/1.m4s"
    assert (answer.status_code, answer.data) == (200, b"")
    assert list(lin.known) == [(4000, lin.asset.length_ms)]
    assert "X-Accel-Redirect" not in lin.get(lin.source.mp4_url, Range="bytes=0-9").headers


def test_everything_works_on_an_object_store(app: Flask, clock: FixedClock, settings: Settings, lecture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_state", {})
    with s3() as (address, objects):
        library.open_library(replace(settings, media_store=address, media_access_key="key", media_secret_key="secret"))
        code = upload.import_file(lecture, now=clock.now()).code
        transcoding.transcode_waiting(clock.now())
        asset = assets.one(code)
        viewer = Viewer(app, asset, id_of(LIN), clock.now())
        assert f"videos/{code}/{asset.build}/master.m3u8" in objects
        base = (viewer.source.hls_url or "").removesuffix("master.m3u8")
        assert viewer.get(f"{base}720p/0.m4s").data == objects[f"videos/{code}/{asset.build}/720p/0.m4s"]
        assert viewer.get(viewer.source.mp4_url, Range="bytes=10-19").data == lecture.read_bytes()[10:20]
        assert viewer.known[0] == (0, 4000)
