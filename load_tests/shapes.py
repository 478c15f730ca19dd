"""Locust's shape of one scenario; importing Locust patches the whole process, so nothing but the locustfile does."""

from locust import LoadTestShape

from load_tests.scenario import Asked, scenario


class StretchShape(LoadTestShape):
    """A city window or the exam's month, as the forecast draws it."""

    abstract = True  # Locust allows one shape; the locustfile names it

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.scenario = scenario(Asked.from_environment())

    def tick(self) -> tuple[int, float] | None:
        """Tell Locust how many there shall be now and how fast they come."""
        wanted = self.scenario.people_at(self.get_run_time())  # type: ignore[no-untyped-call]
        return None if wanted is None else (wanted, max(1.0, self.scenario.asked.people / max(5.0, self.scenario.asked.lead)))
