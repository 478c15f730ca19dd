"""What media brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part

part = Part(name="media", folder=Path(__file__).parent)
