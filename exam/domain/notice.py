"""What a person is to hear of her exams without having asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLD = timedelta(days=30)  # so long after it happened


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing with its figure: points after and before a regrade or marking, number of an annulled attempt, seconds given back (`time`), answers of a packet.

    `opens`, `closes`: the window of an extra attempt; with time given back, `closes` is until when she may go on.
    """

    kind: str
    code: str
    title: str
    figure: int | None
    before: int | None
    opens: datetime | None
    closes: datetime | None
