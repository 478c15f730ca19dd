"""Locust's entry: who comes in the stretch that was asked for, and its shape.

`python -m load_tests run` starts it; `locust -f load_tests/locustfile.py --host …` against a seeded product works as well.
"""

from locust import runners

from load_tests import people, shapes
from load_tests.people import Author, Manager
from load_tests.scenario import scenario

runners.HEARTBEAT_LIVENESS = 30  # seconds; on a busy machine a worker is late before it is lost

# Locust takes every user class that has a name here.
Teacher = people.Candidate if scenario(people.ASKED).stretch.exam else people.Learner


class Shape(shapes.StretchShape):
    """The stretch that was asked for."""

    abstract = False


__all__ = ["Author", "Manager", "Shape", "Teacher"]
