"""What lms brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from lms.store import roster as _roster  # noqa: F401 - brings its tables and those it refers to into the metadata
from lms.store.signing_in import identity_of

part = Part(
    name="lms",
    folder=Path(__file__).parent,
    identity_loader=identity_of,
)
