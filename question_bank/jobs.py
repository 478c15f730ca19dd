"""The background work of the bank."""

from lms.kernel.jobs import SLOW, Job
from question_bank.services import background, export, key_watch
from question_bank.services.staging import JOB

# Every minute, too, so that what a killed worker left is taken up.
BANK_JOBS = (
    Job(JOB, run=background.work, queue=SLOW, cron="* * * * *"),
    Job(export.JOB, run=export.work, queue=SLOW, cron="* * * * *"),
    Job("bank.watch_keys", run=key_watch.look, cron="*/5 * * * *"),
)
