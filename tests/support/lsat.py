"""The Law School Admission Test, sections 6 and 7: five items, 1000 people each (Bock & Lieberman 1970, Psychometrika 35, 179-197).

Pattern frequencies as printed by `factor.scores` of the R package ltm for its data set LSAT (section 6), and as in the
data set lsat7 of the R package psych, copied in Rdatasets (section 7). Patterns run from 00000 to 11111.
"""

import numpy as np

from question_bank.domain.responses import Responses, Right

SECTION_6 = (3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15, 10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298)
SECTION_7 = (12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28, 7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308)


def right(frequencies: tuple[int, ...]) -> Right:
    """Return 1000 × 5 responses."""
    patterns = np.array([[pattern >> (4 - item) & 1 for item in range(5)] for pattern in range(32)], np.int8)
    return np.repeat(patterns, frequencies, axis=0)


def responses(frequencies: tuple[int, ...]) -> Responses:
    """Return the section as a test of the items 1 to 5."""
    return Responses(tuple("12345"), right(frequencies))
