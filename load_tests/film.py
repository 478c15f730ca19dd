"""A small real film: a bar that moves over silence, so that lessons have something to play."""

from pathlib import Path

import av
import numpy as np

RATE = 5
SOUND_RATE = 44_100


def film(path: Path, seconds: int) -> Path:
    """Write a film of so many seconds and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as made:
        pictures = made.add_stream("libx264", rate=RATE, options={"g": str(RATE * 2), "preset": "ultrafast"})
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = made.add_stream("aac", rate=SOUND_RATE, layout="mono")
        frames = seconds * RATE
        for number in range(frames):
            picture = np.zeros((180, 320, 3), dtype=np.uint8)
            picture[:, number * 320 // frames :] = 200
            made.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for second in range(seconds):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, SOUND_RATE), dtype=np.float32), format="fltp", layout="mono")
            silence.sample_rate, silence.pts = SOUND_RATE, second * SOUND_RATE
            made.mux(sound.encode(silence))
        for stream in (pictures, sound):
            made.mux(stream.encode(None))
    return path
