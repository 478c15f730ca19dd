"""What this process knows of its installation: where the files lie, and the key of the cookies."""

from dataclasses import dataclass
from pathlib import Path

from lms.kernel.security import Signer
from lms.kernel.settings import Settings
from media.store.files import Disk, Files, open_files


@dataclass(frozen=True, slots=True)
class Library:
    """One a process, opened when media is mounted."""

    files: Files
    folder: Path
    signer: Signer
    secure: bool
    x_accel_prefix: str

    @property
    def incoming(self) -> Path:
        """Return the folder of files that are arriving."""
        return self.folder / "incoming"


_state: dict[str, Library] = {}


def open_library(settings: Settings) -> None:
    """Open the store that the settings name."""
    folder = settings.var_dir / "media"
    files = open_files(settings.media_store, folder / "assets", settings.media_access_key, settings.media_secret_key)
    _state["library"] = Library(
        files=files,
        folder=folder,
        signer=Signer(settings.secret_key, "media cookie"),
        secure=settings.https,
        x_accel_prefix=settings.x_accel_prefix.rstrip("/") if isinstance(files, Disk) else "",
    )


def library() -> Library:
    """Return what was opened."""
    return _state["library"]
