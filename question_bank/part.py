"""What question_bank brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from question_bank import api
from question_bank.store import exchange, review

part = Part(name="question_bank", folder=Path(__file__).parent)

__all__ = ["api", "exchange", "part", "review"]
