"""Locust's shapes, one for each city window of a programme; importing Locust patches the whole process, so nothing else does."""

import os

from locust import LoadTestShape

from lms.domain.programme import Programme, parse
from load_tests.arrival import Arrival, Plan


class WindowShape(LoadTestShape):
    """One city window, scaled to so many people and compressed into so many seconds."""

    abstract = True
    window = 0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.plan = Plan.from_environment(os.environ)
        self.arrival = Arrival.of(parse(self.plan.programme.read_text(encoding="utf-8")), self.window)

    def tick(self) -> tuple[int, float] | None:
        """Tell Locust how many there shall be now and how fast they come."""
        second: float = self.get_run_time()  # type: ignore[no-untyped-call]
        scale = self.plan.people / self.arrival.seats
        wanted = self.arrival.people_at(second, scale=scale, compress=len(self.arrival.hours) * 3600 / self.plan.seconds)
        return None if wanted is None else (wanted, max(1.0, self.plan.people / 5))


def shapes(programme: Programme) -> dict[str, type[WindowShape]]:
    """Return one shape for each window of a programme, by the window's code."""
    return {
        asked.code: type(f"Window_{asked.code}", (WindowShape,), {"window": number, "abstract": False, "__doc__": asked.title})
        for number, asked in enumerate(programme.windows)
    }
