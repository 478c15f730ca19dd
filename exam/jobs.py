"""Work without a request: ending overdue attempts and scoring."""

from datetime import datetime

from exam.services import attempt, result
from lms.kernel.jobs import Job


def sweep(now: datetime) -> None:
    """End overdue attempts, then score what has no result."""
    attempt.finalise_overdue(now)
    result.score_outstanding(now)


def score(now: datetime) -> None:
    """Score what was handed in."""
    result.score_outstanding(now)


JOBS = (
    Job("exam.sweep", run=sweep, cron="* * * * *"),
    Job("exam.score", run=score),
)
