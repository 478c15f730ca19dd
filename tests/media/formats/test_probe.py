"""What is a video, and what only looks like one."""

from pathlib import Path

import pytest

from media.formats.probe import ProbeRefusedError, probe
from tests.support.videos import video


def refused(path: Path) -> str:
    with pytest.raises(ProbeRefusedError) as error:
        probe(path, path.with_suffix(".jpg"))
    return str(error.value.args[0])


def test_an_ordinary_mp4_plays_as_it_is(folder: Path) -> None:
    found = probe(video(folder / "a.mp4"), folder / "a.jpg")
    assert found.plays_as_it_is
    assert found.length_ms == pytest.approx(3000, abs=80)
    assert (found.width, found.height, found.video_codec, found.audio_codec) == (160, 90, "h264", "aac")
    assert found.key_gap_ms == pytest.approx(2000, abs=100)
    assert (folder / "a.jpg").read_bytes().startswith(b"\xff\xd8\xff")


def test_the_index_leads_from_the_first_packet_to_the_end(folder: Path) -> None:
    path = video(folder / "a.mp4")
    points = probe(path, folder / "a.jpg").points
    assert points[0][1] == 0
    assert points[-1][0] == path.stat().st_size
    assert points[-1][1] == pytest.approx(3000, abs=80)
    assert points == sorted(points)
    assert len(points) >= 5


def test_a_video_without_sound_is_taken(folder: Path) -> None:
    assert probe(video(folder / "a.mp4", sound=None), folder / "a.jpg").audio_codec == ""


def test_another_container_or_colour_needs_transcoding(folder: Path) -> None:
    assert not probe(video(folder / "a.mkv", container="matroska"), folder / "a.jpg").plays_as_it_is
    assert not probe(video(folder / "b.mp4", pixels="yuv444p"), folder / "b.jpg").plays_as_it_is


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_a_video"),
        ("我不是视频".encode() * 99, "not_a_video"),
        (b"<html><script>alert(1)</script></html>", "not_a_video"),
        (b"\xff\xd8\xff\xe0" + b"x" * 500, "not_a_video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:4\nfile:///etc/passwd\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b'<?xml version="1.0"?><MPD></MPD>', "playlist"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "container_unsupported"),
        (b"\x00\x00\x00\x18ftypisom" + b"\x00" * 4000, "unreadable"),
    ],
)
def test_what_is_no_video_is_refused(folder: Path, content: bytes, reason: str) -> None:
    folder.mkdir()
    path = folder / "a.mp4"
    path.write_bytes(content)
    assert refused(path) == reason


@pytest.mark.parametrize("front", [True, False])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_video_is_refused(folder: Path, front: bool, share: float) -> None:
    path = video(folder / "a.mp4", front=front)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert refused(path) == "truncated"


def test_a_video_whose_last_seconds_are_gone_but_whose_size_is_kept_is_refused(folder: Path) -> None:
    path = video(folder / "a.mp4", sound=None)
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + bytes(len(content) - half))
    assert refused(path) in {"truncated", "unreadable"}


def test_sound_alone_is_refused(folder: Path) -> None:
    assert refused(video(folder / "a.mp4", codec=None)) == "no_video"


def test_a_codec_that_nobody_plays_is_refused(folder: Path) -> None:
    assert refused(video(folder / "a.mkv", container="matroska", codec="ffv1", sound=None)) == "codec_unsupported"


def test_a_tiny_picture_is_refused(folder: Path) -> None:
    assert refused(video(folder / "a.mp4", shape=(32, 32))) == "picture_size"


def test_a_video_that_is_too_long_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.formats.probe.LONGEST_MS", 2_000)
    assert refused(video(folder / "a.mp4")) == "too_long"


def test_a_header_that_promises_more_than_it_keeps_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.formats.probe.MISSING_MS", -10_000)
    assert refused(video(folder / "a.mp4")) == "truncated"
