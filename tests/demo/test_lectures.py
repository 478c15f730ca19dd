"""The demo lectures are complete, readable and playable."""

from importlib.machinery import ModuleSpec
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import ImageFont

from demo import lectures, narration, slides, typesetting, voice
from demo.lectures import Lecture, Lesson
from demo.narration import Cue
from demo.slides import Frame
from demo.voice import Voice

LESSONS = lectures.lessons()
FULL_CREDIT_HOUR = 2700


def each_lesson(*marks: pytest.MarkDecorator) -> pytest.MarkDecorator:
    """Run a test once for every lesson, the longest only as the marks say."""
    cases = [pytest.param(lesson, marks=marks if lesson.seconds == FULL_CREDIT_HOUR else (), id=lesson.code) for lesson in LESSONS]
    return pytest.mark.parametrize("lesson", cases)


@pytest.fixture(scope="module")
def shortest(tmp_path_factory: pytest.TempPathFactory) -> Lecture:
    """Build the shortest lecture."""
    return lectures.build(LESSONS[0].path, tmp_path_factory.mktemp("lectures"))


def test_the_lessons_cover_all_topics() -> None:
    assert {lesson.topic for lesson in LESSONS} == set(slides.TOPICS)
    assert len(LESSONS) >= 6
    assert len({lesson.code for lesson in LESSONS}) == len(LESSONS)


def test_one_lesson_is_a_full_credit_hour_and_the_first_is_short() -> None:
    assert [lesson.seconds for lesson in LESSONS].count(FULL_CREDIT_HOUR) == 1
    assert 100 <= LESSONS[0].seconds <= 120
    assert 70 * 60 <= sum(lesson.seconds for lesson in LESSONS) <= 73 * 60


@each_lesson()
def test_a_lesson_is_complete(lesson: Lesson) -> None:
    assert lesson.path.stem == lesson.code
    assert lesson.title
    assert lesson.summary.endswith("。")
    assert lesson.slides[0].layout == "cover"
    for slide in lesson.slides:
        assert 2 <= len(slide.bullets) <= 5, slide.title
        assert 20 <= slide.seconds <= 40, slide.title
        assert slide.layout in {"cover", *slides.LAYOUTS}
        assert slide.layout != "compare" or all(bullet.count("｜") == 1 for bullet in slide.bullets)
    titles = [(slide.section, slide.title) for slide in lesson.slides]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("face", ["Sans", "Serif"])
def test_every_character_has_a_glyph(face: str) -> None:
    font = ImageFont.truetype(str(typesetting.font_path(face)), 24)
    missing = bytes(font.getmask("\U0010fffd"))
    written = {char for lesson in LESSONS for slide in lesson.slides for text in (lesson.title, slide.section, slide.title, *slide.bullets) for char in text}
    assert not {char for char in written if not char.isspace() and bytes(font.getmask(char)) == missing}


@each_lesson()
def test_every_slide_holds_its_text(lesson: Lesson) -> None:
    for number, slide in enumerate(lesson.slides, start=1):
        image = slides.render(slide, Frame(lesson.title, lesson.topic, number, len(lesson.slides)))
        assert image.size == (1280, 720)


def test_no_line_begins_with_a_closing_mark() -> None:
    text = "他说：“我们先听一听，再想一想，然后（如果你愿意）一起做。”" * 3
    for width in range(120, 900, 37):
        lines = typesetting.wrap(text, typesetting.font("Sans", 30), width)
        assert "".join(lines) == text
        assert not [line for line in lines if line[0] in typesetting.NEVER_FIRST]
        assert not [line for line in lines[:-1] if line[-1] in typesetting.NEVER_LAST]


@each_lesson(pytest.mark.soak)
def test_captions_lie_inside_their_slides_in_order(lesson: Lesson) -> None:
    start = 0
    with Voice() as speaker:
        for slide in lesson.slides:
            speech = narration.narrate(speaker, slide.narration, start, slide.seconds)
            check_captions(speech.cues, slide.narration, start, start + slide.seconds)
            assert speech.sound.size == slide.seconds * voice.RATE
            start += slide.seconds


def test_without_a_voice_captions_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(voice, "find_spec", nothing)
    with Voice() as speaker:
        assert speaker.silent
        for slide in LESSONS[-1].slides:
            speech = narration.narrate(speaker, slide.narration, 60, slide.seconds)
            check_captions(speech.cues, slide.narration, 60, 60 + slide.seconds)
            assert abs(speech.sound).max() > 0.01


def check_captions(cues: tuple[Cue, ...], text: str, start: int, end: int) -> None:
    """See that captions hold the text, one after the other, short and within the slide."""
    assert "".join(cue.text for cue in cues) == text
    assert start < cues[0].start
    assert cues[-1].end <= end
    assert all(cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert max(len(cue.text) for cue in cues) <= narration.CAPTION_CHARS


def test_long_numbers_are_said_digit_by_digit() -> None:
    assert voice.spoken("请拨打 12356。") == "请拨打 一二三五六。"
    assert voice.spoken("数到5") == "数到5"


def test_times_are_written_as_webvtt_wants() -> None:
    assert narration.stamp(3725.0425) == "01:02:05.042"
    assert narration.webvtt([Cue(1.2, 3.0, "您好。")]) == "WEBVTT\n\n00:00:01.200 --> 00:00:03.000\n您好。\n"


def test_the_shortest_lecture_is_a_playable_video(shortest: Lecture) -> None:
    with av.open(str(shortest.mp4), format="mp4") as file:
        assert [stream.codec_context.name for stream in file.streams] == ["h264", "aac"]
        for stream in file.streams:
            assert stream.duration is not None
            assert stream.time_base is not None
            assert abs(float(stream.duration * stream.time_base) - shortest.seconds) < 0.1
        assert file.duration is not None
        assert abs(file.duration / 1_000_000 - shortest.seconds) < 0.1
        picture = file.streams.video[0]
        assert (picture.width, picture.height, picture.pix_fmt) == (1280, 720, "yuv420p")
        assert picture.time_base is not None
        keys = [float(packet.pts * picture.time_base) for packet in file.demux(picture) if packet.is_keyframe and packet.pts is not None]
        assert max(after - before for before, after in pairwise(keys)) <= lectures.KEYFRAME_SECONDS


def test_the_video_can_start_before_it_is_loaded(shortest: Lecture) -> None:
    head = shortest.mp4.read_bytes()
    assert 0 < head.find(b"moov") < head.find(b"mdat")


def test_the_caption_file_stands_beside_the_video(shortest: Lecture) -> None:
    text = shortest.vtt.read_text(encoding="utf-8")
    assert text.startswith("WEBVTT\n\n")
    assert "12356" in "".join(bullet for slide in LESSONS[0].slides for bullet in slide.bullets)
    assert text.count("-->") >= len(LESSONS[0].slides)
    assert shortest.vtt.stem == shortest.mp4.stem


def test_a_finished_lecture_is_not_made_again(shortest: Lecture) -> None:
    made = shortest.mp4.stat().st_mtime_ns
    assert lectures.build(LESSONS[0].path, shortest.mp4.parent) == shortest
    assert shortest.mp4.stat().st_mtime_ns == made
    assert not list(shortest.mp4.parent.glob("*.part"))


def test_a_lecture_is_the_same_bytes_each_time(shortest: Lecture, tmp_path: Path) -> None:
    shares: list[float] = []
    again = lectures.build(LESSONS[0].path, tmp_path, shares.append)
    assert again.mp4.read_bytes() == shortest.mp4.read_bytes()
    assert again.vtt.read_bytes() == shortest.vtt.read_bytes()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_command_names_an_unknown_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        lectures.main([str(tmp_path), "--only", "no-such-lecture"])
    assert "no-such-lecture" in capsys.readouterr().err
