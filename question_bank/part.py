"""What question_bank brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part

part = Part(name="question_bank", folder=Path(__file__).parent)
