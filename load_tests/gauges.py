"""What the machine under test does meanwhile, looked at once a second: processors, connections, locks, network."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import msgspec
import psycopg

from load_tests.cpu import Cost, look
from load_tests.figures import wall

SIXTY_PERCENT = 0.6
_WAITING = (
    "SELECT count(*) FILTER (WHERE backend_type = 'client backend'), count(*) FILTER (WHERE wait_event_type = 'Lock'), current_setting('max_connections')::int "
    "FROM pg_stat_activity"
)


class Gauge(msgspec.Struct, frozen=True):
    """One look at the second before; cores are how many are busy."""

    at: float  # by the same clock as requests
    server_cores: float
    database_cores: float
    machine_share: float
    connections: int
    connections_share: float
    waiting_for_locks: int
    sent_mbits: float


@contextmanager
def watching(server: int, database: int | None, database_url: str) -> Iterator[list[Gauge]]:
    """Look once a second for the length of a block; the list grows."""
    seen: list[Gauge] = []
    ended = threading.Event()
    thread = threading.Thread(target=_look, args=(server, database, database_url, seen, ended), daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(10)


def _look(server: int, database: int | None, database_url: str, seen: list[Gauge], ended: threading.Event) -> None:
    since = time.monotonic()
    before, sent, idle = look(server, database), _sent(), _idle()
    with psycopg.connect(database_url, autocommit=True) as link:
        while not ended.wait(1.0):
            at, looked = wall(), time.monotonic()
            now, sent_now, idle_now = look(server, database), _sent(), _idle()
            count, locked, most = link.execute(_WAITING).fetchone() or (0, 0, 1)
            seconds = looked - since
            spent: Cost = now - before
            free = (idle_now - idle) / seconds / (os.cpu_count() or 1)
            seen.append(
                Gauge(
                    at=at,
                    server_cores=spent.server / seconds,
                    database_cores=spent.database / seconds,
                    machine_share=max(0.0, 1 - free),
                    connections=count,
                    connections_share=count / most,
                    waiting_for_locks=locked,
                    sent_mbits=(sent_now - sent) * 8 / 1e6 / seconds,
                )
            )
            before, since, sent, idle = now, looked, sent_now, idle_now


def _idle() -> float:
    """Return the seconds for which the machine's cores have had nothing to do."""
    fields = Path("/proc/stat").read_text().partition("\n")[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


def _sent() -> int:
    """Return the bytes that every interface has sent; a test on one machine talks over the loopback."""
    return sum(int(line.split(":")[1].split()[8]) for line in Path("/proc/net/dev").read_text().splitlines()[2:])


class Machine(msgspec.Struct, frozen=True):
    """The means of a run, and how far the load could grow until the cores are busy at sixty per cent."""

    cores: int
    server_cores: float
    database_cores: float
    machine_share: float
    connections_share: float
    most_waiting: int
    sent_mbits: float
    head_room: float
    saturated: str


def during(seen: Iterable[Gauge], first: float, seconds: float) -> list[Gauge]:
    """Return the looks at what was judged, by its own seconds: without the start of the clients, the lead, and their end."""
    return [msgspec.structs.replace(one, at=one.at - first) for one in seen if first < one.at <= first + seconds]


def summary(seen: Sequence[Gauge]) -> Machine | None:
    """Sum a run up; None where nothing was seen."""
    if not seen:
        return None
    cores = os.cpu_count() or 1
    server, database = fmean(one.server_cores for one in seen), fmean(one.database_cores for one in seen)
    return Machine(
        cores=cores,
        server_cores=server,
        database_cores=database,
        machine_share=fmean(one.machine_share for one in seen),
        connections_share=max(one.connections_share for one in seen),
        most_waiting=max(one.waiting_for_locks for one in seen),
        sent_mbits=fmean(one.sent_mbits for one in seen),
        head_room=SIXTY_PERCENT * cores / max(0.001, server + database),
        saturated=saturated(seen),
    )


def saturated(seen: Sequence[Gauge]) -> str:
    """Name what was fullest in the fullest seconds: the server's or the database's processors, connections, locks, or the network's machine."""
    if not seen:
        return "nothing measured"
    fullest = sorted(seen, key=lambda one: one.machine_share)[-max(1, len(seen) // 5) :]
    connections = max(one.connections_share for one in fullest)
    locks = fmean(one.waiting_for_locks / max(1, one.connections) for one in fullest)
    if connections > 0.9:
        return "connections"
    if locks > 0.3:
        return "locks"
    if fmean(one.machine_share for one in fullest) < 0.85:
        sent = max(one.sent_mbits for one in fullest)
        return f"none of processors, connections and locks; look at the network ({sent:.0f} Mbit/s were sent at the most) and at waits"
    server, database = fmean(one.server_cores for one in fullest), fmean(one.database_cores for one in fullest)
    rest = fmean(one.machine_share for one in fullest) * (os.cpu_count() or 1) - server - database
    busy = {"server processors": server, "database processors": database, "processors of something else, such as the load test itself": rest}
    name, most = max(busy.items(), key=lambda one: one[1])
    return f"{name} ({most:.1f} of {os.cpu_count()} cores)"
