"""Make the demo lectures: slides, voice and captions from a text file each."""

import argparse
import hashlib
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from PIL import Image

from demo import narration, slides, typesetting, voice
from demo.narration import Cue
from demo.slides import Frame, Slide
from demo.voice import RATE, Sound, Voice

CONTENT = Path(__file__).parent / "lectures"
FRAMES_PER_SECOND = 2
KEYFRAME_SECONDS = 4
AUDIO_BITS = 40_000
VIDEO_OPTIONS = {
    "bf": "0",
    "preset": "superfast",
    "tune": "stillimage",
    "profile": "main",
    "crf": "27",
    "g": str(FRAMES_PER_SECOND * KEYFRAME_SECONDS),
    "keyint_min": str(FRAMES_PER_SECOND * KEYFRAME_SECONDS),
    "sc_threshold": "0",
    # One thread: the same bytes on every machine. No look-ahead: stills gain nothing from it.
    "threads": "1",
    "x264-params": "mbtree=0:rc-lookahead=0",
}

Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Lesson:
    """A lecture's text as it was written."""

    code: str
    title: str
    topic: str
    summary: str
    slides: tuple[Slide, ...]
    path: Path

    @property
    def seconds(self) -> int:
        """Tell the exact length."""
        return sum(slide.seconds for slide in self.slides)


@dataclass(frozen=True)
class Lecture:
    """A finished lecture."""

    code: str
    title: str
    topic: str
    summary: str
    seconds: int
    mp4: Path
    vtt: Path


def read(path: Path) -> Lesson:
    """Read a lecture's text; a section lasts until the next one is named."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    section, pages = "", []
    for row in table["slides"]:
        section = row.get("section", section)
        pages.append(Slide(**{**row, "bullets": tuple(row["bullets"]), "section": section}))
    return Lesson(table["code"], table["title"], table["topic"], table["summary"], tuple(pages), path)


def lessons(folder: Path = CONTENT) -> list[Lesson]:
    """Read all lectures' texts, the shortest first."""
    return sorted((read(path) for path in folder.glob("*.toml")), key=lambda lesson: (lesson.seconds, lesson.code))


def finished(lesson: Lesson, out_dir: Path) -> Lecture:
    """Name the files of a lecture; the name changes with the text and with this generator."""
    digest = hashlib.sha256(lesson.path.read_bytes())
    for module in (__file__, slides.__file__, typesetting.__file__, narration.__file__, voice.__file__):
        digest.update(Path(module).read_bytes())
    stem = out_dir / f"{lesson.code}.{digest.hexdigest()[:10]}"
    return Lecture(
        code=lesson.code,
        title=lesson.title,
        topic=lesson.topic,
        summary=lesson.summary,
        seconds=lesson.seconds,
        mp4=stem.with_name(stem.name + ".mp4"),
        vtt=stem.with_name(stem.name + ".vtt"),
    )


def build(lesson_path: Path, out_dir: Path, progress: Progress | None = None) -> Lecture:
    """Make a lecture's video and captions, unless they are there already."""
    lesson = read(lesson_path)
    lecture = finished(lesson, out_dir)
    if lecture.mp4.exists() and lecture.vtt.exists():
        return lecture
    out_dir.mkdir(parents=True, exist_ok=True)
    # Half-made files never bear the final name: whoever finds it may play it.
    half = lecture.mp4.with_suffix(".part")
    cues = encode(lesson, half, progress)
    lecture.vtt.write_text(narration.webvtt(cues), encoding="utf-8")
    half.replace(lecture.mp4)
    return lecture


def encode(lesson: Lesson, target: Path, progress: Progress | None = None) -> list[Cue]:
    """Write the video file and tell its captions."""
    cues: list[Cue] = []
    options = {"movflags": "faststart", "fflags": "bitexact"}
    with av.open(str(target), "w", format="mp4", options=options) as file, Voice() as speaker:
        picture = file.add_stream("libx264", rate=FRAMES_PER_SECOND, options=VIDEO_OPTIONS)
        picture.width, picture.height, picture.pix_fmt = slides.WIDTH, slides.HEIGHT, "yuv420p"
        sound = file.add_stream("aac", rate=RATE, layout="mono", options={"aac_coder": "fast"})
        sound.bit_rate = AUDIO_BITS
        start = 0
        for number, slide in enumerate(lesson.slides, start=1):
            image = slides.render(slide, Frame(lesson.title, lesson.topic, number, len(lesson.slides)))
            for still in _video_frames(image, start, slide.seconds):
                file.mux(picture.encode(still))
            accented = slide.layout == "cover"
            speech = narration.narrate(speaker, slide.narration, start, slide.seconds, accented=accented)
            for piece in _audio_frames(speech.sound, start):
                file.mux(sound.encode(piece))
            cues += speech.cues
            start += slide.seconds
            if progress is not None:
                progress(start / lesson.seconds)
        file.mux(picture.encode(None))
        file.mux(sound.encode(None))
    return cues


def _video_frames(image: Image.Image, start: int, seconds: int) -> Iterator[av.VideoFrame]:
    """Show one picture for some seconds."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")
    for number in range(seconds * FRAMES_PER_SECOND):
        frame.pts, frame.time_base = start * FRAMES_PER_SECOND + number, Fraction(1, FRAMES_PER_SECOND)
        yield frame


def _audio_frames(sound: Sound, start: int) -> Iterator[av.AudioFrame]:
    """Hand the sound over in frames of one second."""
    for second in range(sound.size // RATE):
        piece = np.clip(sound[second * RATE : (second + 1) * RATE], -1, 1)
        frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, (start + second) * RATE, Fraction(1, RATE)
        yield frame


def main(arguments: Sequence[str] | None = None) -> int:
    """Build all lectures, or one, into a folder and show how far it is."""
    parser = argparse.ArgumentParser(prog="python -m demo.lectures", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", metavar="CODE")
    options = parser.parse_args(arguments)
    chosen = [lesson for lesson in lessons() if options.only in (None, lesson.code)]
    if not chosen:
        parser.error(f"no lecture has the code {options.only}")
    for lesson in chosen:

        def show(share: float, code: str = lesson.code) -> None:
            sys.stdout.write(f"\r{code}  {share:4.0%}")
            sys.stdout.flush()

        lecture = build(lesson.path, options.out, show)
        sys.stdout.write(f"\r{lecture.code}  {lecture.seconds} s  {lecture.mp4.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
