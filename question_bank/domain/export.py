"""A bank given out as a file: at once when it is small, else by a worker; kept for a day."""

from datetime import timedelta
from enum import StrEnum

AT_ONCE = 400  # items: more are written by a worker
KEPT = timedelta(hours=24)


class ExportState(StrEnum):
    """Where a file stands: a worker has yet to write it, it can be fetched, or writing it failed."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
