"""Speak a lecture's text, and time its captions by the voice."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.voice import RATE, Sound, Voice

LEAD = 1.2
TAIL = 0.8
SHORTEST_PAUSE, LONGEST_PAUSE = 0.3, 2.2
CAPTION_CHARS = 34
ROOM_SECONDS, ROOM_SEED = 7, 12356
UNVOICED_CHARS_PER_SECOND = 4.2
# Words a minute as the engine counts them; the first at which a slide's text fits is taken.
PACES = (145, 155, 165, 175, 190, 205, 225)


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


@cache
def room() -> Sound:
    """Make some seconds of a very quiet, soft noise, so that pauses do not sound broken."""
    noise = np.random.default_rng(ROOM_SEED).standard_normal(ROOM_SECONDS * RATE + 63)
    return (0.006 * np.convolve(noise, np.full(64, 1 / 64), mode="valid")).astype(np.float32)


def narrate(voice: Voice, text: str, start: int, seconds: int, *, accented: bool = False) -> Speech:
    """Speak a slide's narration in its seconds; captions follow the voice."""
    said = sentences(text)
    spoken, lengths = _fitting(voice, said, seconds)
    pause = min(LONGEST_PAUSE, (seconds - LEAD - TAIL - sum(lengths)) / len(said))
    sound = np.resize(room(), seconds * RATE)
    bell = chime(accented)
    sound[: bell.size] += bell
    cues: list[Cue] = []
    at = LEAD
    for sentence, words, length in zip(said, spoken, lengths, strict=True):
        if words is not None:
            first = int(at * RATE)
            sound[first : first + words.size] += words[: sound.size - first]
        cues += _cues(sentence, start + at, length)
        at += length + pause
    return Speech(sound, tuple(cues))


def _fitting(voice: Voice, said: list[str], seconds: int) -> tuple[list[Sound | None], list[float]]:
    """Speak at the calmest pace that fits; without a voice, share the time by length."""
    free = seconds - LEAD - TAIL
    for pace in PACES:
        spoken = [voice.say(sentence, pace) for sentence in said]
        lengths = [len(sentence) / UNVOICED_CHARS_PER_SECOND if words is None else words.size / RATE for sentence, words in zip(said, spoken, strict=True)]
        if sum(lengths) + SHORTEST_PAUSE * (len(said) - 1) <= free:
            return spoken, lengths
    if voice.silent:
        return spoken, [length * free / sum(lengths) for length in lengths]
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
