"""Speak a lecture's text, and time its captions by the voice."""

import ctypes
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 22050
LEAD = 1.2
TAIL = 0.8
LONGEST_PAUSE = 2.2
CAPTION_CHARS = 34
UNVOICED_CHARS_PER_SECOND = 4.2
# Words a minute as the engine counts them; the first at which a slide's text fits is taken.
PACES = (165, 175, 190, 205, 225)

Sound: TypeAlias = NDArray[np.float32]

DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
# Abbreviations the voice would otherwise spell in English.
SPOKEN = {"PERMA": "坡玛", "“": "", "”": "", "《": "", "》": "", "——": "，"}

RETRIEVAL, SYNCHRONOUS, UTF8 = 1, 2, 1
DONT_EXIT = 0x8000
RATE_PARAMETER, PITCH_PARAMETER, RANGE_PARAMETER = 1, 3, 4


@dataclass(frozen=True)
class Cue:
    """One caption: seconds from the lecture's start, and its text."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Speech:
    """The sound of one slide and the captions in it."""

    sound: Sound
    cues: tuple[Cue, ...]


def sentences(text: str) -> list[str]:
    """Cut narration at the ends of sentences."""
    return [part for part in re.findall(r"[^。！？]+[。！？]?[”」』）]*", text.strip()) if part.strip()]


def captions(sentence: str) -> list[str]:
    """Cut a sentence at its commas into captions short enough to read."""
    parts = re.findall(r"[^，；：、]+[，；：、]?[”」』）]*", sentence)
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) <= CAPTION_CHARS:
            lines[-1] += part
        else:
            lines.append(part)
    return lines


@cache
def _engine() -> ctypes.CDLL | None:
    """Open the voice, or tell by None that this machine has none."""
    spec = find_spec("espeakng_loader")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    library = next(home.glob("*espeak-ng*.*"), None)
    if library is None:
        return None
    engine = ctypes.CDLL(str(library))
    if engine.espeak_Initialize(SYNCHRONOUS, 0, bytes(home / "espeak-ng-data"), DONT_EXIT) < 0:
        return None
    return engine if engine.espeak_SetVoiceByName(b"cmn") == 0 else None


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(text: str, pace: int) -> Sound | None:
    """Say one sentence, or nothing when there is no voice."""
    engine = _engine()
    if engine is None:
        return None
    parts: list[NDArray[np.int16]] = []

    def keep(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _Callback(keep)
    engine.espeak_SetSynthCallback(callback)
    for parameter, value in ((RATE_PARAMETER, pace), (PITCH_PARAMETER, 45), (RANGE_PARAMETER, 60)):
        engine.espeak_SetParameter(parameter, value, 0)
    for written, said in SPOKEN.items():
        text = text.replace(written, said)
    data = text.translate(DIGITS).encode()
    engine.espeak_Synth(data, len(data) + 1, 0, RETRIEVAL, 0, UTF8, None, None)
    if not parts:
        return None
    return soften(np.concatenate(parts).astype(np.float32) / 32768)


def soften(sound: Sound) -> Sound:
    """Take the edge off the voice and the silence off its ends."""
    loud = np.flatnonzero(np.abs(sound) > 0.004)
    if loud.size:
        sound = sound[max(0, loud[0] - 400) : loud[-1] + 1200]
    kernel = np.array([0.25, 0.5, 0.25], dtype=np.float32)
    smooth = np.convolve(sound, kernel, mode="same").astype(np.float32)
    return smooth * np.float32(0.55)


def chime(accented: bool) -> Sound:
    """Strike the soft tone that marks a new slide."""
    time = np.arange(int(RATE * 1.1)) / RATE
    pitch = 392.0 if accented else 523.25
    tone = sum(
        weight * np.sin(2 * np.pi * pitch * partial * time) * np.exp(-time * decay)
        for partial, weight, decay in ((1, 0.6, 4.0), (2, 0.25, 7.0), (3.01, 0.1, 10.0))
    )
    attack = np.minimum(time / 0.02, 1)
    return (0.09 * tone * attack).astype(np.float32)


def room(length: int, seed: int) -> Sound:
    """Lay a very quiet, soft noise under everything, so that pauses do not sound broken."""
    noise = np.random.default_rng(seed).standard_normal(length + 63).astype(np.float32)
    return np.convolve(noise, np.full(64, 1 / 64, dtype=np.float32), mode="valid").astype(np.float32) * np.float32(0.006)


def narrate(text: str, start: float, seconds: int, *, accented: bool = False) -> Speech:
    """Speak a slide's narration in its seconds; captions follow the voice."""
    said = sentences(text)
    voices, lengths = _fitting_voices(said, seconds)
    pauses = max(0.0, seconds - LEAD - TAIL - sum(lengths)) / max(1, len(said))
    pause = min(LONGEST_PAUSE, pauses)
    sound = room(seconds * RATE, seed=round(start))
    bell = chime(accented)
    sound[: bell.size] += bell
    cues: list[Cue] = []
    at = LEAD
    for sentence, voice, length in zip(said, voices, lengths, strict=True):
        if voice is not None:
            first = int(at * RATE)
            sound[first : first + voice.size] += voice[: sound.size - first]
        cues += _cues(sentence, start + at, length)
        at += length + pause
    return Speech(sound.astype(np.float32), tuple(cues))


def _fitting_voices(said: list[str], seconds: int) -> tuple[list[Sound | None], list[float]]:
    room_for = seconds - LEAD - TAIL
    for pace in PACES:
        voices = [speak(sentence, pace) for sentence in said]
        if any(voice is None for voice in voices):
            lengths = [len(sentence) / UNVOICED_CHARS_PER_SECOND for sentence in said]
            shrink = min(1.0, room_for / sum(lengths))
            return [None] * len(said), [length * shrink for length in lengths]
        lengths = [voice.size / RATE for voice in voices if voice is not None]
        if sum(lengths) + 0.3 * (len(said) - 1) <= room_for:
            return voices, lengths
    raise ValueError(f"too much to say in {seconds} s: {said[0]}")


def _cues(sentence: str, start: float, length: float) -> list[Cue]:
    """Share a sentence's time among its captions by their number of characters."""
    lines = captions(sentence)
    total = sum(map(len, lines))
    cues, at = [], start
    for line in lines:
        end = at + length * len(line) / total
        cues.append(Cue(round(at, 3), round(end, 3), line.strip()))
        at = end
    return cues


def stamp(seconds: float) -> str:
    """Write a time as WebVTT wants it."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def webvtt(cues: list[Cue]) -> str:
    """Write captions as a WebVTT file."""
    blocks = [f"{stamp(cue.start)} --> {stamp(cue.end)}\n{cue.text}" for cue in cues]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"
