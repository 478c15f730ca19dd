"""Files read in a process of their own: a hostile one ends that process, not the server."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable

import msgspec
import structlog

from question_bank.domain.exchange import Reading
from question_bank.formats import reading
from question_bank.formats.unreadable import FileTooHeavy, ImportBroke, Unreadable, of_code

MOST_MEMORY = 1024 * 1024 * 1024  # bytes of address space, of which libraries take a quarter before anything is read
NICENESS = 5
_REFUSED = 3  # exit code: the code of the refusal was written instead of a reading, and below it what nobody foresaw
_log = structlog.get_logger()


def read(content: bytes, wanted: str = "", *, seconds: float, memory: int = MOST_MEMORY, beat: Callable[[], None] = lambda: None) -> Reading:
    """Return what the file holds, `wanted` overriding the guess of its format; raises Unreadable. `beat` is called each second and may raise to give up."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as found:
        given.write(content)
        given.seek(0)
        command = [sys.executable, "-m", __name__, str(int(seconds)), str(memory), wanted]
        with subprocess.Popen(command, stdin=given, stdout=found, stderr=subprocess.DEVNULL) as child:  # noqa: S603 - our own module
            try:
                code = _wait(child, seconds, beat)
            finally:
                child.kill()
        found.seek(0)
        if code == _REFUSED:
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


def main(arguments: list[str]) -> int:
    """Read the file on the standard input within the limits and write what it holds, as ASCII JSON, which carries any text."""
    seconds, memory = map(int, arguments[:2])
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    try:
        found = reading.read(sys.stdin.buffer.read(), arguments[2] or None)
    except Unreadable as refusal:
        sys.stdout.write(refusal.code)
        return _REFUSED
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a reader's own fault is told apart from a file that is too much
        sys.stdout.write(f"{ImportBroke.code}\n{traceback.format_exc(limit=-5)!a}")
        return _REFUSED
    json.dump(msgspec.to_builtins(found), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
