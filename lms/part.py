"""What lms brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from lms.store import person as _person  # noqa: F401 - bring their tables into the metadata
from lms.store.signing_in import identity_of

part = Part(
    name="lms",
    folder=Path(__file__).parent,
    identity_loader=identity_of,
)
