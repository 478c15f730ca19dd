"""Work without a request: ending overdue attempts and scoring."""

from datetime import datetime

from exam.services import assembly, attempt, result
from lms.kernel.jobs import Job


def sweep(now: datetime) -> None:
    """End overdue attempts, then score what has no result."""
    attempt.finalise_overdue(now)
    result.score_outstanding(now)


def score(now: datetime) -> None:
    """Score what was handed in."""
    result.score_outstanding(now)


def top_up(now: datetime) -> None:
    """Draw more papers where an open exam runs short."""
    assembly.top_up(now)


JOBS = (
    Job("exam.sweep", run=sweep, cron="* * * * *"),
    Job("exam.top_up", run=top_up, cron="* * * * *"),
    Job("exam.score", run=score),
)
