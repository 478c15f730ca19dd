"""Files read in a process of their own: a hostile one ends that process, not the server."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable

import msgspec
import structlog

from question_bank.domain.exchange import Reading
from question_bank.formats import alone
from question_bank.formats.unreadable import FileTooHeavy, of_code

MOST_MEMORY = 1024 * 1024 * 1024  # bytes of address space, of which libraries take a quarter before anything is read
_log = structlog.get_logger()


def read(content: bytes, wanted: str = "", *, seconds: float, memory: int = MOST_MEMORY, beat: Callable[[], None] = lambda: None) -> Reading:
    """Return what the file holds, `wanted` overriding the guess of its format; raises Unreadable. `beat` is called each second and may raise to give up."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as found:
        given.write(content)
        given.seek(0)
        command = [sys.executable, "-m", alone.__name__, str(int(seconds)), str(memory), wanted]
        with subprocess.Popen(command, stdin=given, stdout=found, stderr=subprocess.DEVNULL) as child:  # noqa: S603 - our own module
            try:
                code = _wait(child, seconds, beat)
            finally:
                child.kill()
        found.seek(0)
        if code == alone.REFUSED:
            refusal, _, how = found.read().decode().partition("\n")
            if how:
                _log.error("import_broke", how=how)
            raise of_code(refusal)
        if code != 0:
            raise FileTooHeavy
        return msgspec.convert(json.load(found), Reading)


def _wait(child: "subprocess.Popen[bytes]", seconds: float, beat: Callable[[], None]) -> int:
    """Return the exit code; a child that is not done in time counts as one that failed."""
    waited = 0.0
    while waited < seconds:
        step = min(1.0, seconds - waited)
        try:
            return child.wait(step)
        except subprocess.TimeoutExpired:
            waited += step
            beat()
    return -1
