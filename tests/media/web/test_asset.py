"""The pages of videos, and the command."""

from pathlib import Path

import pytest
from flask import Flask

from lms.kernel.clock import FixedClock
from media.services import asset as assets
from media.services import probing, transcoding, upload
from tests.support.cast import CHEN, LIN, enter, id_of
from tests.support.videos import CAPTIONS, video


def test_an_editor_uploads_a_video_and_follows_it(app: Flask, clock: FixedClock, folder: Path) -> None:
    client = enter(app, CHEN)
    assert "还没有视频" in client.get("/assets").text
    assert 'data-upload="/api/assets"' in client.get("/assets/new").text
    content = video(folder / "a.mp4").read_bytes()
    begun = client.post("/api/assets", json={"title": "", "file_name": "倾听.mp4", "size": len(content)}).json
    assert begun is not None
    assert "上传未完成" in client.get("/assets").text
    half = len(content) // 2
    client.post(f"/api/assets/{begun['code']}/pieces/0", data=content[:half])
    answer = client.post(f"/api/assets/{begun['code']}/pieces/{half}", data=content[half:]).json
    assert answer == {"code": begun["code"], "received": len(content), "piece_bytes": 4 * 1024**2, "page": begun["page"]}
    assert client.post(f"/api/assets/{begun['code']}/end").status_code == 200
    page = client.get(begun["page"])
    assert "等待检查" in page.text
    assert "<video" not in page.text
    probing.probe_waiting(clock.now())
    found = client.get(f"/api/assets/{begun['code']}/progress").json
    assert found == {"state": "ready_mp4", "words": "等待转码", "progress": 0, "playable": True, "at_work": True}
    page = client.get(begun["page"])
    assert "<video" in page.text
    assert f"Path=/media/v/{begun['code']}/" in page.headers["Set-Cookie"]
    assert "HttpOnly" in page.headers["Set-Cookie"]
    transcoding.transcode_waiting(clock.now())
    page = client.get(begun["page"])
    assert "可以播放" in page.text
    assert "倾听" in client.get("/assets").text


def test_a_refused_video_says_why_and_what_to_do(app: Flask, clock: FixedClock) -> None:
    client = enter(app, CHEN)
    code = (client.post("/api/assets", json={"title": "列表", "file_name": "a.mp4", "size": 8}).json or {})["code"]
    client.post(f"/api/assets/{code}/pieces/0", data=b"#EXTM3U\n")
    client.post(f"/api/assets/{code}/end")
    probing.probe_waiting(clock.now())
    page = client.get(f"/assets/{code}").text
    assert "这是播放列表" in page
    assert "请上传视频文件本身" in page


def test_a_video_that_was_only_announced_does_not_claim_to_be_on_its_way(app: Flask, clock: FixedClock) -> None:
    code = upload.announce(title="第一讲", now=clock.now()).code
    client = enter(app, CHEN)
    for path in ("/assets", f"/assets/{code}"):
        text = client.get(path).text
        assert "还没有视频文件" in text
        assert "正在上传" not in text
        assert "上传未完成" not in text
    assert (client.get(f"/api/assets/{code}/progress").json or {})["words"] == "还没有视频文件"


def test_the_pages_are_closed_to_a_teacher(app: Flask) -> None:
    client = enter(app, LIN)
    for path in ("/assets", "/assets/new", "/assets/v0a1b2c", "/api/assets/v0a1b2c/progress"):
        assert client.get(path).status_code == 403
    assert client.post("/api/assets", json={"title": "", "file_name": "a", "size": 1}).status_code == 403


@pytest.mark.parametrize(
    ("payload", "status"),
    [({"title": 1}, 422), ({"title": "", "file_name": "a", "size": 0}, 422), ({"title": "", "file_name": "a", "size": 2**60}, 422), ([], 422)],
)
def test_a_wrong_beginning_is_refused(app: Flask, payload: object, status: int) -> None:
    assert enter(app, CHEN).post("/api/assets", json=payload).status_code == status


def test_captions_are_kept_and_replaced(app: Flask, clock: FixedClock, folder: Path) -> None:
    client = enter(app, CHEN)
    code = upload.import_file(video(folder / "a.mp4"), now=clock.now()).code
    for text in (CAPTIONS, CAPTIONS.replace("大家好", "各位好")):
        (folder / "a.vtt").write_text(text)
        with (folder / "a.vtt").open("rb") as file:
            assert client.post(f"/assets/{code}/captions", data={"captions": (file, "a.vtt"), "language": "zh"}).status_code == 302
    assert len(assets.one(code).captions) == 1
    (folder / "a.vtt").write_text("1\n00:00:01,000 --> 00:00:02,000\nSRT")
    with (folder / "a.vtt").open("rb") as file:
        answer = client.post(f"/assets/{code}/captions", data={"captions": (file, "a.vtt"), "language": "zh"})
    assert (answer.status_code, "WebVTT" in answer.text) == (422, True)


def test_the_command_imports_and_names_what_it_refuses(app: Flask, folder: Path) -> None:
    good, bad = video(folder / "good.mp4"), folder / "bad.mp4"
    bad.write_text("not a video")
    done = app.test_cli_runner().invoke(args=["media", "import", str(good), str(bad)])
    assert done.exit_code == 1
    assert "good (" in done.output
    assert "not_a_video: 这不是视频文件" in done.output
    assert [asset.title for asset in assets.every()] == ["good"]
    (folder / "good.vtt").write_text(CAPTIONS)
    done = app.test_cli_runner().invoke(args=["media", "import", str(good), "--title", "倾听", "--captions", str(folder / "good.vtt")])
    assert done.exit_code == 0, done.output
    assert len(assets.every()) == 1
    assert app.test_cli_runner().invoke(args=["media", "import", str(good), str(bad), "--title", "x"]).exit_code == 2


def test_a_video_goes_into_a_lesson_once(app: Flask, clock: FixedClock, folder: Path) -> None:
    client = enter(app, CHEN)
    code = upload.import_file(video(folder / "a.mp4"), now=clock.now(), created_by=id_of(CHEN)).code
    assert client.post(f"/assets/{code}/lessons", data={"lesson": "999"}).status_code == 404
    assert client.post(f"/assets/{code}/lessons", data={}).status_code == 400
