"""What media brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from lms.kernel.settings import Settings
from media.services import library
from media.store import asset as _asset  # noqa: F401 - brings the table into the metadata


def _mount(settings: Settings) -> None:
    library.open_library(settings)


part = Part(name="media", folder=Path(__file__).parent, on_mount=_mount)
