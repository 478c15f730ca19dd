"""A paper: fixed item versions in a fixed order, with the order of each item's options."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paper:
    """What was drawn. `orders` holds, for each position, the original option index behind each option shown, in rows of one width."""

    number: int
    version_ids: tuple[int, ...]
    orders: bytes
    expected: int
    hash: str

    @property
    def items(self) -> int:
        """Return how many items the paper has."""
        return len(self.version_ids)

    @property
    def width(self) -> int:
        """Return how many options the widest item may have."""
        return len(self.orders) // len(self.version_ids)

    def order(self, position: int, options: int) -> tuple[int, ...]:
        """Return the original indexes of the options shown at a position (counted from 0)."""
        start = position * self.width
        return tuple(self.orders[start : start + options])

    def original(self, position: int, shown: Sequence[int]) -> tuple[int, ...]:
        """Return the original option indexes behind the ones chosen, in the order given; -1 (none) stays."""
        start = position * self.width
        return tuple(choice if choice < 0 else self.orders[start + choice] for choice in shown)

    def shown(self, position: int, originals: Sequence[int]) -> tuple[int, ...]:
        """Return where on the page the options stand that are known by their original indexes, in the order given."""
        start = position * self.width
        return tuple(self.orders.index(original, start) - start for original in originals)

    def is_whole(self) -> bool:
        """Tell whether the hash still fits the contents."""
        return self.hash == digest(self.version_ids, self.orders)


def make(number: int, version_ids: Sequence[int], orders: bytes, expected: int) -> Paper:
    """Return the paper with its hash."""
    return Paper(number, tuple(version_ids), orders, expected, digest(version_ids, orders))


def digest(version_ids: Sequence[int], orders: bytes) -> str:
    """Return the hash of a paper's contents."""
    return hashlib.sha256(struct.pack(f"<I{len(version_ids)}q", len(version_ids), *version_ids) + orders).hexdigest()
