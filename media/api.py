"""Verbs of media for other packages; whoever calls passes the session of the transaction it is in."""

from media.services.asset import asset, assets, attach_video, seconds_of
from media.services.delivery import Source, cookie, playback_source
from media.services.presence import Prompt, register_prompts
from media.services.upload import import_file

__all__ = [
    "Prompt",
    "Source",
    "asset",
    "assets",
    "attach_video",
    "cookie",
    "import_file",
    "playback_source",
    "register_prompts",
    "seconds_of",
]
