"""Locust's entry: the users, and the shape of the one window that was asked for."""

import os

from lms.domain.programme import parse
from load_tests.arrival import Plan
from load_tests.people import Candidate, Learner
from load_tests.shapes import shapes

_plan = Plan.from_environment(os.environ)
Shape = list(shapes(parse(_plan.programme.read_text(encoding="utf-8"))).values())[_plan.window]

__all__ = ["Candidate", "Learner", "Shape"]
