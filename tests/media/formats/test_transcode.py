"""The renditions are real videos that begin their segments together."""

import json
import re
from pathlib import Path

import av
import pytest

from media.formats.playlist import Size, fitted, segments_of
from media.formats.transcode import Transcoding
from tests.support.videos import video


def renditions(path: Path, folder: Path, length_ms: int, *, copies: bool) -> dict[str, list[tuple[str, float]]]:
    Transcoding(path, folder, length_ms=length_ms, copies=copies).run()
    return {name: segments_of(folder / name) for name in ("720p", "360p")}


def seconds_of(folder: Path) -> float:
    """Decode a rendition through its playlist, as a player would."""
    with av.open(str(folder / "index.m3u8")) as file:
        last = 0.0
        for frame in file.decode(video=0):
            assert not frame.is_corrupt
            last = max(last, frame.time or 0)
        return last


@pytest.mark.parametrize(("name", "container", "copies"), [("a.mp4", "mp4", True), ("b.mp4", "mp4", False), ("c.mkv", "matroska", False)])
def test_both_renditions_play_and_cut_at_the_same_instants(folder: Path, name: str, container: str, copies: bool) -> None:
    path = video(folder / name, seconds=6, container=container, key_seconds=4)
    found = renditions(path, folder / "out", 6000, copies=copies)
    for rendition, segments in found.items():
        assert [round(seconds, 1) for _, seconds in segments] == [pytest.approx(4, abs=0.05), pytest.approx(2, abs=0.25)]
        assert seconds_of(folder / "out" / rendition) == pytest.approx(5.8, abs=0.3)
    master = (folder / "out/master.m3u8").read_text()
    assert sorted(re.findall(r'CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"\n(\w+)/index', master)) == ["360p", "720p"]
    index = json.loads((folder / "out/index.json").read_text())["timelines"]
    assert index["720p/0.m4s"][1] == [0, 4000]
    assert index["360p/1.m4s"][1] == [4000, 6000]
    assert index["720p/0.m4s"][0] == [0, (folder / "out/720p/0.m4s").stat().st_size]


def test_a_large_picture_is_made_smaller_and_a_small_one_never_larger(folder: Path) -> None:
    small = Size("360p", 640, 360, 27, 450_000, 15)
    assert fitted(1920, 1080, small) == (640, 360)
    assert fitted(1080, 1920, small) == (360, 640)
    assert fitted(1440, 1080, small) == (480, 360)
    assert fitted(160, 90, small) == (160, 90)


def test_other_sound_becomes_aac_in_both(folder: Path) -> None:
    path = video(folder / "a.mkv", container="matroska", sound="libopus")
    renditions(path, folder / "out", 3000, copies=False)
    for name in ("720p", "360p"):
        with av.open(str(folder / "out" / name / "index.m3u8")) as file:
            assert file.streams.audio[0].codec_context.name == "aac"
            assert sum(frame.samples for frame in file.decode(audio=0)) == pytest.approx(3 * 48_000, rel=0.1)


def test_a_silent_video_has_no_sound_in_its_codecs(folder: Path) -> None:
    renditions(video(folder / "a.mp4", sound=None), folder / "out", 3000, copies=True)
    assert "mp4a" not in (folder / "out/master.m3u8").read_text()


def test_a_high_frame_rate_is_halved_for_the_small_rendition(folder: Path) -> None:
    renditions(video(folder / "a.mp4", seconds=2, rate=30), folder / "out", 2000, copies=True)
    frames = {}
    for name in ("720p", "360p"):
        with av.open(str(folder / "out" / name / "index.m3u8")) as file:
            frames[name] = sum(1 for _ in file.decode(video=0))
    assert frames["720p"] == 60
    assert frames["360p"] == pytest.approx(30, abs=2)
