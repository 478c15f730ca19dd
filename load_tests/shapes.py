"""Locust's shape of one scenario; importing Locust patches the whole process, so nothing but the locustfile does."""

from locust import LoadTestShape

from load_tests.counting import elapsed
from load_tests.people import SCENARIO, STAFF

PLACES_PER_SECOND = 100.0


class StretchShape(LoadTestShape):
    """A city window or the exam's month, as the forecast draws it."""

    abstract = True  # Locust allows one shape; the locustfile names it

    def tick(self) -> tuple[int, float] | None:
        """Tell Locust to keep a place for everybody until the run is over; who is wanted when, the places know themselves.

        Locust takes nobody away before she has gone her way, and changes nothing else meanwhile: a curve that ebbs would stand still.
        """
        return None if SCENARIO.people_at(elapsed()) is None else (SCENARIO.asked.people + STAFF, PLACES_PER_SECOND)
