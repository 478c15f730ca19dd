"""How many keys a person may look at before somebody asks why."""

MOST_KEYS = 200  # an hour, whoever it is
FEW_KEYS = 30  # an hour, below which nobody is asked
TIMES_USUAL = 3


def is_unusual(seen: int, usual: float) -> bool:
    """Tell whether so many keys in an hour call for an alarm; `usual` is the person's mean of the hours with any, over a month."""
    return seen > MOST_KEYS or (usual > 0 and seen > max(FEW_KEYS, TIMES_USUAL * usual))
