"""Chinese text as bigrams: what the search looks up, and how alike two items are."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

ALIKE = 80  # per cent of shared bigrams from which an item is shown as a twin
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


class Twins:
    """Finds the most alike of many texts, by shared bigrams over all bigrams (Jaccard)."""

    def __init__(self, names: Sequence[str], texts: Iterable[Sequence[str]]) -> None:
        self.names = tuple(names)
        places: dict[str, list[int]] = defaultdict(list)
        sizes = []
        for position, text_grams in enumerate(texts):
            sizes.append(len(text_grams))
            for gram in text_grams:
                places[gram].append(position)
        self._sizes = np.asarray(sizes, dtype=np.int64)
        self._places = {gram: np.asarray(found, dtype=np.int64) for gram, found in places.items()}

    def nearest(self, text_grams: Sequence[str], besides: str = "") -> tuple[str, int] | None:
        """Return the name of the most alike text and the likeness in per cent, if it is a twin."""
        hits = [self._places[gram] for gram in text_grams if gram in self._places]
        if not hits:
            return None
        shared = np.bincount(np.concatenate(hits), minlength=len(self.names))
        likeness = 100 * shared // np.maximum(self._sizes + len(text_grams) - shared, 1)
        for position in np.argsort(-likeness, kind="stable")[:2]:
            if likeness[position] >= ALIKE and self.names[position] != besides:
                return self.names[position], int(likeness[position])
        return None
