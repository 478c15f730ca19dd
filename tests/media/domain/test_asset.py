"""The names of files that are served."""

import pytest

from media.domain.asset import REASONS, file_of

MARK = "AAAAbbbb-_01"


@pytest.mark.parametrize(
    "name",
    [
        "original.mp4",
        "poster.jpg",
        "captions/zh.0a1b2c3d.vtt",
        "0a1b2c3d/master.m3u8",
        "0a1b2c3d/720p/index.m3u8",
        "0a1b2c3d/360p/init.mp4",
        "0a1b2c3d/720p/12.m4s",
    ],
)
def test_the_files_of_a_video_are_known(name: str) -> None:
    assert file_of(f"v0a1b2c/{MARK}/{name}") == ("v0a1b2c", MARK, name)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "v0a1b2c/original.mp4",
        f"v0a1b2c/{MARK}/source",
        f"v0a1b2c/{MARK}/probe.json",
        f"v0a1b2c/{MARK}/original.mp4.json",
        f"v0a1b2c/{MARK}/0a1b2c3d/index.json",
        f"v0a1b2c/{MARK}/../../keys.env",
        f"v0a1b2c/{MARK}/..%2f..%2fkeys.env",
        f"../v0a1b2c/{MARK}/original.mp4",
        f"v0a1b2c/{MARK}/0a1b2c3d/720p/../../original.mp4",
        f"v0a1b2c/{MARK}/original.mp4\n",
        f"v0a1b2c/{MARK}/original.mp4\x00",
        f"v0a1b2c/{MARK}//original.mp4",
        f"V0A1B2C/{MARK}/original.mp4",
        f"v0a1b2c/{MARK}/0a1b2c3d/1080p/1.m4s",
    ],
)
def test_any_other_path_names_nothing(rest: str) -> None:
    assert file_of(rest) is None


def test_every_reason_says_what_is_wrong_and_what_to_do() -> None:
    for wrong, advice in REASONS.values():
        assert wrong.endswith("。")
        assert advice.endswith("。")
