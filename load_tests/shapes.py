"""Locust's shape of one scenario; importing Locust patches the whole process, so nothing but the locustfile does."""

from locust import LoadTestShape

from load_tests.counting import elapsed
from load_tests.people import SCENARIO, STAFF
from load_tests.scenario import SETTLING

GIVEN_UP, NOBODY_COMES = 2.0, 120.0  # a run whose clients send nothing ends all the same


class StretchShape(LoadTestShape):
    """A city window or the exam's month, as the forecast draws it."""

    abstract = True  # Locust allows one shape; the locustfile names it

    def tick(self) -> tuple[int, float] | None:
        """Tell Locust how many there shall be now, the staff beside them, and how fast they come: all are there before anything is judged."""
        asked = SCENARIO.asked
        if self.get_run_time() > GIVEN_UP * (asked.lead + asked.seconds) + NOBODY_COMES:  # type: ignore[no-untyped-call]
            return None
        wanted = SCENARIO.people_at(elapsed())
        return None if wanted is None else (wanted + STAFF, max(1.0, asked.people / max(5.0, asked.lead - SETTLING)))
