"""Files read in a process of their own: a hostile one ends that process, not the server."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

import msgspec

from question_bank.domain.exchange import Reading
from question_bank.formats import reading
from question_bank.formats.unreadable import FileTooHeavy, Unreadable, of_code

MOST_MEMORY = 1024 * 1024 * 1024  # bytes of address space, of which libraries take a quarter before anything is read
NICENESS = 5
_REFUSED = 3  # exit code: the code of the refusal was written instead of a reading


def read(content: bytes, *, seconds: float, memory: int = MOST_MEMORY, beat: Callable[[], None] = lambda: None) -> Reading:
    """Return what the file holds; raises Unreadable. `beat` is called each second and may raise to give up."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as found:
        given.write(content)
        given.seek(0)
        command = [sys.executable, "-m", __name__, str(int(seconds)), str(memory)]
        with subprocess.Popen(command, stdin=given, stdout=found, stderr=subprocess.DEVNULL) as child:  # noqa: S603 - our own module
            try:
                code = _wait(child, seconds, beat)
            finally:
                child.kill()
        found.seek(0)
        if code == _REFUSED:
            raise of_code(found.read(100).decode())
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
    seconds, memory = map(int, arguments)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    try:
        found = reading.read(sys.stdin.buffer.read())
    except Unreadable as refusal:
        sys.stdout.write(refusal.code)
        return _REFUSED
    json.dump(msgspec.to_builtins(found), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
