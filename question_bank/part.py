"""What question_bank brings when it is mounted."""

from pathlib import Path

from lms.kernel.part import Part
from question_bank import api
from question_bank.cli import bank
from question_bank.store import exchange

part = Part(name="question_bank", folder=Path(__file__).parent, commands=(bank,))

__all__ = ["api", "exchange", "part"]
