"""How often players report: less often while the server is busy, long before anything is refused. Nothing is lost by it, a report only says more."""

SECONDS = 15
# From which share of busy threads on a player reports so seldom. Reports of staff are refused from 0.80 on (lms/kernel/shedding.py).
LONGER = ((0.75, 60), (0.60, 30))
LONGEST = max(seconds for _busy, seconds in LONGER)


def next_seconds(busy: float) -> int:
    """Return after how many seconds the next report is wanted."""
    return next((seconds for begins, seconds in LONGER if busy >= begins), SECONDS)
