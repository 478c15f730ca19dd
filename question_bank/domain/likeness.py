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
    """Return by how many per cent the bigrams of two texts are alike; texts without words are as alike as can be."""
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
        self._sizes = np.asarray([len(text_grams) for text_grams in texts], dtype=np.int64)
        grams = np.asarray([numbers.setdefault(gram, len(numbers)) for text_grams in texts for gram in text_grams], dtype=np.int32)
        self._grams = np.split(grams, np.cumsum(self._sizes)[:-1])  # of each text
        self._held = np.bincount(grams, minlength=len(numbers))  # by how many texts
        order = np.argsort(grams, kind="stable")
        self._holders = np.split(np.repeat(np.arange(len(texts)), self._sizes)[order], np.cumsum(self._held)[:-1])  # of each bigram
        self._asked = np.zeros(len(numbers), dtype=np.bool_)

    def nearest(self, text: int, first: int = 0) -> tuple[int, int] | None:
        """Return the position of the most alike of the texts before it, and the likeness in per cent, if it is a twin; those before `first` go first."""
        mine, size = self._grams[text], len(self._grams[text])
        rarest = mine[np.argsort(self._held[mine], kind="stable")[: size - bounds(size)[0] + 1]]
        shared = np.bincount(np.concatenate([np.zeros(0, np.int64), *(self._holders[gram] for gram in rarest)]), minlength=text)[:text]
        some = np.flatnonzero(shared)
        # All that the others, the commoner ones, could add is not enough where too few of the rarest are shared.
        some = some[200 * (shared[some] + size - len(rarest)) >= ALIKE * (self._sizes[some] + size)]
        if not len(some):
            return None
        self._asked[mine] = True
        shared = np.add.reduceat(
            self._asked[np.concatenate([self._grams[at] for at in some])], np.cumsum(self._sizes[some]) - self._sizes[some], dtype=np.int64
        )
        self._asked[mine] = False
        alike = 200 * shared // (self._sizes[some] + size)
        alike[alike < ALIKE] = 0
        if alike[some < first].any():
            alike[some >= first] = 0
        best = int(alike.argmax())
        return (int(some[best]), int(alike[best])) if alike[best] else None
