"""Captions are read strictly and written anew."""

import pytest

from media.formats.captions import UnreadableError, read, write
from tests.support.videos import CAPTIONS

HOSTILE = """WEBVTT - title

STYLE
::cue { background: url(//evil) }

NOTE --no arrow--

intro
00:01.000 --> 00:02.000 align:start position:10% onload:alert(1)
<v 老师>你好<script>alert(1)</script> &lt;b&gt; <img src=x onerror=alert(1)>
第二行

00:00:03.000 --> 00:00:04.000
A & B < C
"""


def test_good_captions_stay_the_same() -> None:
    assert write(read(CAPTIONS.encode())).decode() == CAPTIONS


def test_a_byte_order_mark_and_windows_lines_are_taken() -> None:
    assert write(read(b"\xef\xbb\xbf" + CAPTIONS.replace("\n", "\r\n").encode())).decode() == CAPTIONS


def test_tags_styles_notes_and_unknown_settings_are_gone() -> None:
    text = write(read(HOSTILE.encode())).decode()
    assert text == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start position:10%\n你好alert(1) &lt;b&gt;\n第二行\n\n00:00:03.000 --> 00:00:04.000\nA &amp; B &lt; C\n"
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"1\n00:00:01,000 --> 00:00:02,000\nSRT\n", 1),
        (b"WEBVTT\n", 2),
        (b"WEBVTT\n\n00:02.000 --> 00:01.000\nback\n", 3),
        (b"WEBVTT\n\n00:02.000 --> 00:03.000\nb\n\n00:01.000 --> 00:04.000\na\n", 6),
        (b"WEBVTT\n\n00:99.000 --> 00:03.000\nb\n", 3),
        (b"WEBVTT\n\n00:01.000 -->\nb\n", 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n大家好\n".encode("gb18030"), 1),
        (b"WEBVTT\n" + b"x" * 1_100_000, 1),
    ],
)
def test_bad_captions_are_refused_with_the_line(content: bytes, line: int) -> None:
    with pytest.raises(UnreadableError) as refused:
        read(content)
    assert refused.value.line == line
