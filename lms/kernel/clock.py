"""The one clock: the only reader of the time of day in the product."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

REFRESH_SECONDS = 5.0


class Clock(Protocol):
    """Tells what time it is, as an aware UTC instant; `offset` is how far a rehearsal has moved it."""

    offset: timedelta

    def now(self) -> datetime:
        """Return the present instant."""
        ...


class FixedClock:
    """A clock that stands still until told otherwise; for tests and single commands."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant

    def advance(self, **parts: float) -> None:
        """Move forward by a timedelta's parts."""
        self.instant += timedelta(**parts)


class DatabaseClock:
    """Monotonic time anchored to the database's clock, moved by the rehearsal offset.

    `read` returns the database's instant and the rehearsal offset. It is asked again every few seconds, by whichever
    caller comes first, while the others go on with the last anchor: stepping a node's own clock changes nothing, and
    two nodes agree because both follow the database.
    """

    def __init__(self, read: Callable[[], tuple[datetime, timedelta]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._anchor: tuple[float, datetime] | None = None
        self._asked = 0.0
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant, re-anchoring when the anchor is old."""
        mark = time.monotonic()
        if self._anchor is None or mark - self._asked > REFRESH_SECONDS:
            self._refresh()
        assert self._anchor is not None
        then, instant = self._anchor
        return instant + timedelta(seconds=time.monotonic() - then) + self.offset

    def _refresh(self) -> None:
        if not self._lock.acquire(blocking=self._anchor is None):
            return
        try:
            before = time.monotonic()
            if self._anchor is not None and before - self._asked <= REFRESH_SECONDS:
                return
            self._asked = before
            try:
                instant, offset = self._read()
            except Exception:
                # A database that is away for a moment must not stop the clock that deadlines hang on.
                if self._anchor is None:
                    raise
                return
            after = time.monotonic()
            self._anchor = ((before + after) / 2, instant.astimezone(UTC))
            self.offset = offset
        finally:
            self._lock.release()
