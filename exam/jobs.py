"""Work without a request: ending overdue attempts and scoring."""

from datetime import datetime
from functools import partial

from exam.services import analysis, archive, assembly, attempt, identity, integrity, posting, pulse, regrade, rest, scoring, waiting_room
from lms.kernel.jobs import SLOW, Job, beat


def sweep(now: datetime) -> None:
    """Let rests end that have run out, end overdue attempts, then score what has no result."""
    rest.end_overdue(now)
    attempt.finalise_overdue(now)
    scoring.score_outstanding(now)


def score(now: datetime) -> None:
    """Score what was handed in."""
    scoring.score_outstanding(now)


def top_up(now: datetime) -> None:
    """Draw more papers where an open exam runs short."""
    assembly.top_up(now)


def forget(now: datetime) -> None:
    """Delete what the rooms of exams left behind that are long over."""
    waiting_room.forget(now)
    pulse.forget(now)


def analyse(now: datetime, exam_code: str) -> None:
    """Analyse the items of an exam."""
    analysis.analyse(exam_code, now, beat=partial(beat, analysis.key_of(analysis.JOB, exam_code)))


JOBS = (
    Job("exam.sweep", run=sweep, cron="* * * * *"),
    Job("exam.top_up", run=top_up, cron="* * * * *"),
    Job("exam.score", run=score),
    Job("exam.post", run=posting.post_released, queue=SLOW, tries=6),
    Job(assembly.JOB, run=assembly.draw, queue=SLOW, tries=1),
    Job(analysis.JOB, run=analyse, queue=SLOW),
    Job("exam.archive", run=archive.make, queue=SLOW, tries=1),
    Job("exam.identity_expire", run=identity.expire, cron="37 * * * *"),
    Job("exam.archive_expire", run=archive.expire, cron="23 * * * *"),
    Job("exam.forget", run=forget, queue=SLOW, cron="41 3 * * *"),
    Job(integrity.JOB, run=integrity.look, queue=SLOW),
    Job("exam.regrade_preview", run=regrade.preview, queue=SLOW),
    Job("exam.regrade", run=regrade.carry_out, queue=SLOW),
)
