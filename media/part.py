"""What media brings when it is mounted."""

from pathlib import Path

from lms import api as lms
from lms.kernel.jobs import Job
from lms.kernel.part import NavEntry, Part
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_
from lms.kernel.settings import Settings
from media.cli import media as media_commands
from media.domain.asset import VIDEO_KIND
from media.domain.audit import ACTS
from media.jobs import ASSET_JOBS
from media.services import appeal, delivery_record, lease, library, load, player, standing
from media.services import playback as watching
from media.store import asset as _asset  # noqa: F401 - brings the table into the metadata
from media.store.load import watching as watching_now
from media.web.appeal import appeals
from media.web.asset import group as assets
from media.web.delivery import FILES
from media.web.playback import HEARTBEAT, playback

lms.register_activity_kind(lms.ActivityKind(VIDEO_KIND, states=watching.states, panel=player.panel))
lms.register_load_figures(load.figures)
lms.register_load_count("watching", watching_now)
lms.register_duties(Permission.MANAGE_CLASS, appeal.duties)


def _mount(settings: Settings) -> None:
    library.open_library(settings)
    lease.configure(settings.secret_key)
    standing.configure(settings.secret_key)


part = Part(
    name="media",
    folder=Path(__file__).parent,
    routes=(assets, playback, appeals),
    commands=(media_commands,),
    hot_routes=(HEARTBEAT, FILES),
    jobs=(
        *ASSET_JOBS,
        Job("media.watched", watching.tell, tries=20),
        Job("media.tell_missed", watching.tell_missed, cron="*/5 * * * *"),
        Job("media.settle_waiting", watching.settle_waiting, cron="* * * * *"),
        Job("media.find_delivery_gaps", delivery_record.find_gaps, cron="* * * * *"),
    ),
    nav=(
        NavEntry(N_("视频资源"), "assets.every", "play", Permission.EDIT_COURSES, 61, hint=N_("上传视频，查看转码进度")),
        NavEntry(N_("学时申诉"), "appeals.page", "flag", Permission.MANAGE_CLASS, 62, hint=N_("处理学员对未计入时间的申诉")),
    ),
    on_mount=_mount,
    verifiers=(watching.verify,),
    acts=ACTS,
)
