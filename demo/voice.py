"""Speak Chinese sentences with the bundled offline voice."""

# The voice is eSpeak NG (GPL-3.0-or-later) from the wheel espeakng-loader. It is loaded only while
# the demo's lectures are made; nothing of the product itself links or ships it.

import _ctypes
import ctypes
import re
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 22050

Sound: TypeAlias = NDArray[np.float32]

DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
# What the voice would otherwise spell in English or stumble over.
SPOKEN = {"PERMA": "坡玛", "“": "", "”": "", "《": "", "》": "", "——": "，"}

# Names and values of the engine's header file speak_lib.h.
RETRIEVAL, SYNCHRONOUS, UTF8, DONT_EXIT = 1, 2, 1, 0x8000
PACE, PITCH, RANGE = 1, 3, 4

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Voice:
    """The voice of one lecture; a machine without the engine has a silent one."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.int16]] = []
        self._callback = _Callback(self._keep)
        self._engine: ctypes.CDLL | None = None
        self._short: TemporaryDirectory[str]

    @property
    def silent(self) -> bool:
        """Tell whether this machine cannot speak."""
        return self._engine is None

    def __enter__(self) -> Self:
        self._short = TemporaryDirectory(prefix="voice-")
        spec = find_spec("espeakng_loader")
        if spec is not None and spec.origin is not None:
            self._engine = self._open(Path(spec.origin).parent)
        return self

    def __exit__(self, *_reason: object) -> None:
        # The engine keeps the state of its waves for ever. Only unloading it makes a lecture's
        # sound independent of what the process has said before, hence the same bytes each time.
        if self._engine is not None:
            self._engine.espeak_Terminate()
            _ctypes.dlclose(self._engine._handle)
            self._engine = None
        self._short.cleanup()

    def _open(self, home: Path) -> ctypes.CDLL | None:
        try:
            engine = ctypes.CDLL(str(next(home.glob("*espeak-ng*.*"))))
        except (OSError, StopIteration):  # a C library older than the wheel's: lectures chime only
            return None
        # The engine refuses paths of more than 160 bytes.
        link = Path(self._short.name) / "voice"
        link.symlink_to(home / "espeak-ng-data")
        if engine.espeak_Initialize(SYNCHRONOUS, 0, bytes(link), DONT_EXIT) < 0 or engine.espeak_SetVoiceByName(b"cmn") != 0:
            return None
        engine.espeak_SetSynthCallback(self._callback)
        return engine

    def _keep(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, text: str, pace: int) -> Sound | None:
        """Speak one sentence at a pace in words a minute; a silent voice gives nothing."""
        if self._engine is None:
            return None
        self._parts.clear()
        for parameter, value in ((PACE, pace), (PITCH, 45), (RANGE, 60)):
            self._engine.espeak_SetParameter(parameter, value, 0)
        words = spoken(text).encode()
        self._engine.espeak_Synth(words, len(words) + 1, 0, RETRIEVAL, 0, UTF8, None, None)
        return soften((np.concatenate(self._parts) / 32768).astype(np.float32))


def spoken(text: str) -> str:
    """Write text as it is said: long numbers digit by digit, no quotation marks."""
    for written, said in SPOKEN.items():
        text = text.replace(written, said)
    return re.sub(r"\d{3,}", lambda digits: digits[0].translate(DIGITS), text)


def soften(sound: Sound) -> Sound:
    """Take the edge off the voice and the silence off its ends."""
    loud = np.flatnonzero(np.abs(sound) > 0.004)
    if loud.size:
        sound = sound[max(0, loud[0] - 400) : loud[-1] + 1200]
    kernel = np.array([0.25, 0.5, 0.25], dtype=np.float32)
    return np.convolve(sound, kernel, mode="same").astype(np.float32) * np.float32(0.55)
