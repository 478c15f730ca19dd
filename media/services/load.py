"""What our videos weigh, for the forecast of load."""

from lms.kernel.db import Session
from media.store import asset as store


def figures(session: Session) -> dict[str, float]:
    """Return what a second of our videos weighs on average, by size, for the forecast of load; nothing without renditions."""
    held = [(one.seconds, sorted(one.renditions, key=lambda size: size.height)) for one in store.every(session) if len(one.renditions) > 1]
    seconds = sum(length for length, _ in held)
    if not seconds:
        return {}
    small, large = (sum(length * sizes[place].bits_per_second for length, sizes in held) / seconds / 1000 for place in (0, -1))
    return {"small_kbits": small, "large_kbits": large}
