"""Responses of many people to many items, with items missing by design where papers are drawn at random."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Right = npt.NDArray[np.int8]
Chosen = npt.NDArray[np.uint32]

NOT_GIVEN = -1  # the item was not on this person's paper
BLOCK = 4096  # people looked at together: what is computed for all of them stays within the memory of a small machine
MOST_CELLS = 100_000_000  # people times items: half a gigabyte


@dataclass(frozen=True, slots=True)
class Responses:
    """Who gave what to which item.

    `right` is people × items: 1 right, 0 wrong or left empty, -1 not given to this person. `chosen` holds for the same
    cells one bit for each option that was chosen (0: none); items scored without options have no labels in `options`.
    `shares` holds, for items that people mark, by column: which share of its points each person got, 0 for whoever was not
    given it. Such an item is right (1) with all of its points.
    """

    items: tuple[str, ...]
    right: Right
    chosen: Chosen | None = None
    options: tuple[tuple[str, ...], ...] = ()  # the labels of an item's options, in the order of their bits
    keys: tuple[int, ...] = ()  # the bits of the options that are right
    groups: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)  # by name ("city"): one value a person
    shares: Mapping[int, Floats] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """Return how many people there are."""
        return int(self.right.shape[0])

    @property
    def is_complete(self) -> bool:
        """Tell whether every item was given to everybody."""
        return not bool((self.right == NOT_GIVEN).any())

    @property
    def dichotomous(self) -> list[int]:
        """Return the columns of the items that are right or wrong and nothing between."""
        return [at for at in range(len(self.items)) if at not in self.shares]


@dataclass(frozen=True, slots=True)
class Totals:
    """How each person did on what was given to her; a share of an item's points is that share of a right response."""

    right: Floats
    given: Floats

    @property
    def share(self) -> Floats:
        """Return the share of right responses, 0 for whoever was given nothing."""
        return self.right / np.maximum(self.given, 1)


def totals(right: Right, shares: Mapping[int, Floats] | None = None) -> Totals:
    """Return how many responses of each person were right, of how many."""
    found = (right == 1).sum(axis=1, dtype=np.float64)
    for at, share in (shares or {}).items():
        found += share - (right[:, at] == 1)
    return Totals(found, (right != NOT_GIVEN).sum(axis=1, dtype=np.float64))


def blocks(people: int, size: int = BLOCK) -> Iterator[slice]:
    """Return the slices that cover everybody."""
    return (slice(start, min(start + size, people)) for start in range(0, people, size))


def score_groups(share: Floats, parts: int) -> npt.NDArray[np.int64]:
    """Divide people into `parts` groups of about one size, lowest first; equal shares stay together."""
    values, place, counts = np.unique(share, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / max(len(share), 1)
    return np.minimum((middle * parts).astype(np.int64), parts - 1)[place] if len(values) else np.zeros(0, np.int64)


def tail_weights(share: Floats, part: float, *, upper: bool) -> Floats:
    """Return how far each person belongs to the best (or weakest) part; those equal at the edge share what is left of it."""
    wanted = part * len(share)
    values, place, counts = np.unique(-share if upper else share, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    return np.clip((wanted - before) / counts, 0, 1)[place] if len(values) else np.zeros(0)


def only(responses: Responses, items: Sequence[int]) -> Right:
    """Return the columns of some items."""
    return responses.right if len(items) == len(responses.items) else np.ascontiguousarray(responses.right[:, list(items)])
