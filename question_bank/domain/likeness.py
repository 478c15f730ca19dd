"""Chinese text as bigrams: what the search looks up, and how alike two items are."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

ALIKE = 80  # per cent of a text's bigrams, on the average of both texts, from which an item is shown as a twin
ANOTHER = 40  # per cent below which what goes by the same name is another item
_WORDS = re.compile(r"\w+")


def grams(text: str) -> tuple[str, ...]:
    """Return the distinct bigrams of a text, in order; single signs stand alone."""
    found: dict[str, None] = {}
    for word in _WORDS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if len(word) == 1:
            found[word] = None
        for position in range(len(word) - 1):
            found[word[position : position + 2]] = None
    return tuple(found)


def likeness(one: Sequence[str], other: Sequence[str]) -> int:
    """Return by how many per cent two texts are alike; texts without words are as alike as can be."""
    return 200 * len(set(one).intersection(other)) // (len(one) + len(other)) if one or other else 100


def bounds(size: int) -> tuple[int, int]:
    """Return how few and how many bigrams a twin of a text with so many may have."""
    return -(-size * ALIKE // (200 - ALIKE)), size * (200 - ALIKE) // ALIKE


def anchors(text_grams: Sequence[str]) -> list[tuple[str, ...]]:
    """Return groups of a text's bigrams of which every twin holds one whole: a twin lacks too few bigrams to spoil them all."""
    size = len(text_grams)
    number = size - bounds(size)[0] + 1  # a twin that holds nothing else shares the fewest
    return [tuple(text_grams[size * at // number : size * (at + 1) // number]) for at in range(number)] if size else []


class Twins:
    """Finds the most alike of many texts, by twice their shared bigrams over the bigrams of both (Dice): two changed signs leave a short text a twin.

    A twin shares so much that it holds some of a text's rarest bigrams, too: only who does is compared bigram by bigram.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        numbers: dict[str, int] = {}
        self._texts = texts
        self._sizes = np.asarray([len(text_grams) for text_grams in texts], dtype=np.int32)
        self._ends = np.cumsum(self._sizes)
        self._grams = np.asarray([numbers.setdefault(gram, len(numbers)) for text_grams in texts for gram in text_grams], dtype=np.int32)
        self._held = np.bincount(self._grams, minlength=len(numbers))  # by how many texts
        self._places = np.repeat(np.arange(len(texts), dtype=np.int32), self._sizes)[np.argsort(self._grams, kind="stable")]
        self._bounds = np.concatenate(([0], np.cumsum(self._held)))

    def nearest(self, text: int, begin: int, end: int) -> tuple[int, int] | None:
        """Return the position of the most alike among the texts from `begin` up to `end`, and the likeness in per cent, if it is a twin."""
        size = int(self._sizes[text])
        if not size or begin >= end:
            return None
        mine = self._grams[self._ends[text] - size : self._ends[text]]
        rarest = mine[np.argsort(self._held[mine], kind="stable")[: size - bounds(size)[0] + 1]]
        holders = np.concatenate([self._places[self._bounds[gram] : self._bounds[gram + 1]] for gram in rarest])
        shared = np.bincount(holders, minlength=end)[begin:end]
        # All that the others, the commoner ones, could add is not enough where too few of the rarest are shared.
        likely = np.flatnonzero(200 * (shared + size - len(rarest)) >= ALIKE * (self._sizes[begin:end] + size)).tolist()
        found = [(likeness(self._texts[text], self._texts[begin + at]), -at) for at in likely if shared[at]]
        best, at = max(found, default=(0, 0))
        return (begin - at, best) if best >= ALIKE else None
