"""What lms brings when it is mounted."""

from pathlib import Path

from lms.cli import programme
from lms.kernel.part import Part
from lms.services.progress import verify as verify_progress
from lms.store import attendance as _attendance  # noqa: F401 - brings its tables into the metadata
from lms.store import roster as _roster  # noqa: F401 - likewise, and those it refers to
from lms.store.signing_in import identity_of

part = Part(
    name="lms",
    folder=Path(__file__).parent,
    identity_loader=identity_of,
    commands=(programme,),
    verifiers=(verify_progress,),
)
