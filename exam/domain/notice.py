"""What a person is to hear of her exams without having asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLD = timedelta(days=30)  # so long after it happened


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing: points after and before a regrade, the window of an extra attempt, the number of an annulled one, or seconds given back (`time`).

    With these, `closes` is until when she may go on.
    """

    kind: str
    code: str
    title: str
    figure: int | None
    before: int | None
    opens: datetime | None
    closes: datetime | None
