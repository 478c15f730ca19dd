"""CPU time of processes and their children, from /proc: what a request costs, measured from outside."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
_CPU_CLOCK = 2  # the kernel's name for "CPU time of a process" among the clocks of a process id


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds so far."""

    server: float
    database: float

    def __sub__(self, other: "Cost") -> "Cost":
        """Return what was spent between two looks."""
        return Cost(self.server - other.server, self.database - other.database)


def _stat(pid: int) -> tuple[int, float] | None:
    try:
        rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    try:
        own = time.clock_gettime((~pid << 3) | _CPU_CLOCK)  # to the nanosecond, where the file counts hundredths of a second
    except OSError:
        return None
    # Fields after the name: state ppid … utime(11) stime(12) cutime(13) cstime(14).
    return int(rest[1]), own + sum(int(rest[place]) for place in (13, 14)) / TICK


def tree(root: int) -> float:
    """Return the CPU seconds of a process, its living descendants, and the children it has waited for."""
    stats = {int(path.name): found for path in Path("/proc").iterdir() if path.name.isdigit() and (found := _stat(int(path.name)))}
    wanted, grew = {root}, True
    while grew:
        more = {pid for pid, (parent, _seconds) in stats.items() if parent in wanted} - wanted
        wanted |= more
        grew = bool(more)
    return sum(stats[pid][1] for pid in wanted if pid in stats)


def look(server: int, database: int | None) -> Cost:
    """Return what server and database have spent so far."""
    return Cost(tree(server), tree(database) if database else 0.0)
