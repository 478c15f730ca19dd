"""What exam brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part

part = Part(name="exam", folder=Path(__file__).parent)
