"""The background work of videos. Each job also runs every minute and takes up what a killed worker left."""

from lms.kernel.jobs import FILMS, Job
from media.services import probing, transcoding, upload

ASSET_JOBS = (
    Job("media.probe", run=probing.probe_waiting, cron="* * * * *"),
    Job("media.transcode", run=transcoding.transcode_waiting, queue=FILMS, cron="* * * * *"),
    Job("media.clear_uploads", run=upload.clear_forgotten, cron="17 * * * *"),
)
