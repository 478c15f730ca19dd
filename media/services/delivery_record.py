"""Record what is served: the serving thread only notes it in memory, a thread of its own writes about once a second."""

import atexit
import threading
from contextlib import suppress
from datetime import datetime

from lms.kernel.db import transaction
from lms.kernel.link import Link
from media.domain.delivery import DeliveryBuffer
from media.store import delivery as store

FLUSH_SECONDS = 1.0


class DeliveryRecord:
    """One a process: the buffer, the thread that empties it and the thread's connection."""

    def __init__(self) -> None:
        self._buffer = DeliveryBuffer()
        self._wake = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._link: Link | None = None
        self._writer_id = 0
        self._latest: datetime | None = None
        self._flushed_at: datetime | None = None

    def add(self, person_id: int, asset_id: int, start_ms: int, end_ms: int, now: datetime) -> None:
        """Note that the bytes holding `[start_ms, end_ms)` of the video were served to the person."""
        self._latest = now if self._latest is None else max(now, self._latest)
        self._buffer.add(person_id, asset_id, start_ms, end_ms)
        if self._thread is None:
            self._start()
        self._wake.set()

    def flush(self) -> None:
        """Write what waits; a database that is away leaves it waiting."""
        with self._guard:
            if not self._buffer or self._latest is None:
                return
            now = self._latest
            batch, overflown = self._buffer.take()
            try:
                if self._link is None or self._link.closed:
                    self._link, self._writer_id = store.open_writer(now)
                store.write(self._link, self._writer_id, batch, (self._flushed_at or now) if overflown else None, now)
                self._flushed_at = now
            except store.LinkLost:
                self._buffer.put_back(batch, overflown=overflown)
                if self._link is not None:
                    self._link.close()

    def close(self) -> None:
        """Write the rest and sign off."""
        self.flush()
        with self._guard:
            if self._link is None or self._link.closed or self._latest is None or self._buffer:
                return
            # A database that stopped first leaves the sign-off out, and a gap that costs nobody anything.
            with suppress(*store.LinkLost):
                store.end_writer(self._link, self._writer_id, self._latest)
            self._link.close()

    def _start(self) -> None:
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="delivery-record", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait()
            pause.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()


record = DeliveryRecord()
record_delivery = record.add


def find_gaps(now: datetime) -> None:
    """Job: record what was lost with a process that was killed."""
    with transaction() as session:
        store.find_lost_writers(session, now)
