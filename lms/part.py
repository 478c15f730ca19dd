"""What lms brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from lms.services.progress import verify as verify_progress
from lms.store import activity as _activity  # noqa: F401 - bring their tables and those they refer to into the metadata
from lms.store.signing_in import identity_of

part = Part(
    name="lms",
    folder=Path(__file__).parent,
    identity_loader=identity_of,
    verifiers=(verify_progress,),
)
