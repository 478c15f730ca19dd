"""What was served to whom: gathered in memory by span of media time, written in batches."""

import threading
from dataclasses import dataclass, field

from media.domain.interval import Spans, spans_of

MOST_SPANS = 200_000  # about 20 MB: beyond it the database has been away for long, and the loss is recorded as a gap


@dataclass(frozen=True, slots=True)
class Delivery:
    """The spans of one video that were served to one person since the last batch."""

    person_id: int
    asset_id: int
    spans: Spans


@dataclass(slots=True)
class DeliveryBuffer:
    """Deliveries not written yet; safe for threads."""

    _spans: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)
    _count: int = 0
    _overflown: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, person_id: int, asset_id: int, start_ms: int, end_ms: int) -> None:
        """Note that the bytes holding `[start_ms, end_ms)` were served."""
        with self._guard:
            if self._count >= MOST_SPANS:
                self._overflown = True
                return
            self._spans.setdefault((person_id, asset_id), []).append((start_ms, end_ms))
            self._count += 1

    def take(self) -> tuple[tuple[Delivery, ...], bool]:
        """Empty the buffer; the flag tells whether something was lost for want of room."""
        with self._guard:
            taken, self._spans, self._count = self._spans, {}, 0
            overflown, self._overflown = self._overflown, False
        # In one order everywhere, so that two processes never wait for each other's rows.
        return tuple(Delivery(*key, spans_of(pairs)) for key, pairs in sorted(taken.items())), overflown

    def put_back(self, deliveries: tuple[Delivery, ...], *, overflown: bool) -> None:
        """Return a batch that could not be written."""
        for delivery in deliveries:
            for start, end in delivery.spans:
                self.add(delivery.person_id, delivery.asset_id, start, end)
        self._overflown = self._overflown or overflown

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return self._count > 0 or self._overflown
