"""The process that reads one file within limits and writes what it holds; it starts for each file, so it imports little."""

import json
import os
import resource
import sys
import traceback

import msgspec

from question_bank.formats import reading
from question_bank.formats.unreadable import ImportBroke, Unreadable

NICENESS = 5
REFUSED = 3  # exit code: the code of the refusal was written instead of a reading, and below it what nobody foresaw


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
        return REFUSED
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a reader's own fault is told apart from a file that is too much
        sys.stdout.write(f"{ImportBroke.code}\n{traceback.format_exc(limit=-5)!a}")
        return REFUSED
    json.dump(msgspec.to_builtins(found), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
