"""What lms brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part

part = Part(name="lms", folder=Path(__file__).parent)
