"""Locust's entry: who comes in the stretch that was asked for, and its shape.

`python -m load_tests run` starts it; `locust -f load_tests/locustfile.py --host …` against a seeded product works as well.
"""

from locust import runners

from load_tests import people, shapes
from load_tests.people import Author, Manager

# Seconds; on a busy machine a worker or the master is late before it is lost.
runners.HEARTBEAT_LIVENESS = 120
runners.MASTER_HEARTBEAT_TIMEOUT = 240

# Locust takes every user class that has a name here.
if people.ASKED.overload:
    Learner, Candidate, Reader = people.Learner, people.Candidate, people.Reader
    Learner.weight, Candidate.weight, Reader.weight = 5, 3, 2
else:
    Teacher = people.Candidate if people.SCENARIO.stretch.exam else people.Learner


class Shape(shapes.StretchShape):
    """The stretch that was asked for."""

    abstract = False


__all__ = ["Author", "Manager", "Shape"]
