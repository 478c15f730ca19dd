"""Small real videos, made when a test asks for them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def video(
    path: Path,
    *,
    seconds: float = 3,
    rate: int = 5,
    shape: tuple[int, int] = (160, 90),
    container: str = "mp4",
    codec: str | None = "libx264",
    sound: str | None = "aac",
    pixels: str = "yuv420p",
    key_seconds: int = 2,
    front: bool = True,
) -> Path:
    """Write a video whose pictures change with time, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "faststart"} if front and container == "mp4" else {}
    with av.open(str(path), "w", format=container, options=options) as file:
        picture = file.add_stream(codec, rate=rate, options={"g": str(key_seconds * rate), "sc_threshold": "0", "bf": "0"}) if codec else None
        tone = file.add_stream(sound, rate=48_000, layout="mono") if sound else None
        if isinstance(picture, av.VideoStream):
            picture.width, picture.height, picture.pix_fmt = *shape, pixels
            for number in range(int(seconds * rate)):
                grey = np.random.default_rng(number).integers(0, 255, (shape[1], shape[0], 3), dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=pixels)
                frame.pts, frame.time_base = number, Fraction(1, rate)
                file.mux(picture.encode(frame))
            file.mux(picture.encode(None))
        if isinstance(tone, av.AudioStream):
            for number in range(int(seconds * 10)):
                wave = np.sin(np.arange(4800, dtype=np.float32) / 20).reshape(1, -1)
                piece = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
                piece.sample_rate, piece.pts, piece.time_base = 48_000, number * 4800, Fraction(1, 48_000)
                file.mux(tone.encode(piece))
            file.mux(tone.encode(None))
    return path


CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n大家好\n\n00:00:01.500 --> 00:00:03.000\n今天讲倾听\n"
