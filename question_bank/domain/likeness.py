"""Chinese text as bigrams: what the search looks up, and how alike two items are."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

ALIKE = 80  # per cent of a text's bigrams, on the average of both texts, from which an item is shown as a twin
_BLOCK = 256  # texts compared at once: bounds the memory to some megabytes for each 10 000 texts
_COMMON = 10  # a bigram in more than one text of so many is counted by a matrix product, a rarer one by its list of texts
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


def bounds(size: int) -> tuple[int, int]:
    """Return how few and how many bigrams a twin of a text with so many may have."""
    return -(-size * ALIKE // (200 - ALIKE)), size * (200 - ALIKE) // ALIKE


def anchors(text_grams: Sequence[str]) -> list[tuple[str, ...]]:
    """Return groups of a text's bigrams of which every twin holds one whole: a twin lacks too few bigrams to spoil them all."""
    size = len(text_grams)
    number = size - bounds(size)[0] + 1  # a twin that holds nothing else shares the fewest
    return [tuple(text_grams[size * at // number : size * (at + 1) // number]) for at in range(number)] if size else []


class Twins:
    """Finds the most alike of many texts, by twice their shared bigrams over the bigrams of both (Dice): two changed signs leave a short text a twin."""

    def __init__(self, names: Sequence[str], texts: Iterable[Sequence[str]]) -> None:
        self.names = tuple(names)
        places: dict[str, list[int]] = defaultdict(list)
        sizes = []
        for position, text_grams in enumerate(texts):
            sizes.append(len(text_grams))
            for gram in text_grams:
                places[gram].append(position)
        self._sizes = np.asarray(sizes, dtype=np.float32)
        common = [gram for gram, found in places.items() if len(found) * _COMMON > len(sizes)]
        self._columns = {gram: column for column, gram in enumerate(common)}
        self._common = np.zeros((len(common), len(sizes)), dtype=np.float32)
        for column, gram in enumerate(common):
            self._common[column, places.pop(gram)] = 1
        self._rare = {gram: np.asarray(found, dtype=np.int64) for gram, found in places.items()}

    def nearest(self, texts: Sequence[Sequence[str]]) -> list[tuple[str, int] | None]:
        """Return for each text the name of the most alike one and the likeness in per cent, if it is a twin."""
        return [found for begin in range(0, len(texts), _BLOCK) for found in self._nearest(texts[begin : begin + _BLOCK])]

    def _nearest(self, texts: Sequence[Sequence[str]]) -> Iterator[tuple[str, int] | None]:
        if not self.names:
            yield from (None for _ in texts)
            return
        shared = self._shared(texts)
        sizes = np.asarray([len(text_grams) for text_grams in texts], dtype=np.float32)
        likeness = 2 * shared / np.maximum(self._sizes[None, :] + sizes[:, None], 1)
        best = likeness.argmax(axis=1)
        for position, share in zip(best, likeness[np.arange(len(texts)), best], strict=True):
            per_cent = int(100 * float(share) + 1e-4)
            yield (self.names[position], per_cent) if per_cent >= ALIKE else None

    def _shared(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Count the bigrams that each text (rows) shares with each known one (columns)."""
        chosen = np.zeros((len(texts), len(self._columns)), dtype=np.float32)
        for row, text_grams in enumerate(texts):
            chosen[row, [self._columns[gram] for gram in text_grams if gram in self._columns]] = 1
        shared = chosen @ self._common
        for row, text_grams in enumerate(texts):
            hits = [self._rare[gram] for gram in text_grams if gram in self._rare]
            if hits:
                shared[row] += np.bincount(np.concatenate(hits), minlength=len(self.names))
        return shared
