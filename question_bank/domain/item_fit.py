"""How well a model describes an item: infit and outfit always, S-X² where everybody was given every item."""

import math
from dataclasses import dataclass

import numpy as np

from question_bank.domain.latent_trait import WEIGHTS, Fit
from question_bank.domain.responses import Floats, Right, totals

MOST_ITEMS = 200  # beyond, the recursion over scores costs more than it tells
LEAST_EXPECTED = 1.0  # cells with fewer expected people are put together with their neighbour


@dataclass(frozen=True, slots=True)
class ItemFit:
    """How well the model describes one item.

    Infit and outfit are mean squares of the residuals over what the model expects, 1 where it holds; s_x2 is Orlando &
    Thissen's (2000) statistic, nan where it does not exist.
    """

    infit: float
    outfit: float
    s_x2: float
    degrees: int
    p_value: float


def item_fit(right: Right, fit: Fit) -> tuple[ItemFit, ...]:
    """Return the fit of every item of a model."""
    probability = np.clip(fit.probabilities(), 1e-6, 1 - 1e-6)
    wrong_at = fit.given_at - fit.right_at
    squares = fit.right_at * (1 - probability) ** 2 + wrong_at * probability**2
    infit = squares.sum(axis=1) / (fit.given_at * probability * (1 - probability)).sum(axis=1)
    outfit = (fit.right_at * (1 - probability) / probability + wrong_at * probability / (1 - probability)).sum(axis=1) / fit.given_at.sum(axis=1)
    complete = not bool((right < 0).any()) and len(probability) <= MOST_ITEMS
    found = _s_x2(right, probability) if complete else [(float("nan"), 0)] * len(probability)
    return tuple(ItemFit(float(infit[at]), float(outfit[at]), value, degrees, tail(value, degrees)) for at, (value, degrees) in enumerate(found))


def _s_x2(right: Right, probability: Floats) -> list[tuple[float, int]]:
    """Compare, at each total score, the share of right responses with what the model expects (Orlando & Thissen 2000)."""
    items = len(probability)
    score = totals(right).right.astype(np.int64)
    people = np.bincount(score, minlength=items + 1).astype(np.float64)
    whole = score_chances(probability) @ WEIGHTS
    found = []
    for at in range(items):
        others = score_chances(np.delete(probability, at, axis=0))
        # Whoever has score s and this item right has s - 1 of the others.
        expected = (others * probability[at]) @ WEIGHTS / whole[1:]
        observed = np.bincount(score, weights=right[:, at] == 1, minlength=items + 1)
        found.append(_chi_square(people[1:-1], observed[1:-1].astype(np.float64), expected[:-1]))
    return found


def score_chances(probability: Floats) -> Floats:
    """Return scores × points: the chance of each number right at each ability (Lord & Wingersky 1984)."""
    chances = np.ones((1, probability.shape[1]))
    for chance in probability:
        longer = np.zeros((len(chances) + 1, probability.shape[1]))
        longer[:-1] = chances * (1 - chance)
        longer[1:] += chances * chance
        chances = longer
    return chances


def _chi_square(people: Floats, observed: Floats, expected: Floats) -> tuple[float, int]:
    cells = [[number, right, number * share] for number, right, share in zip(people, observed, expected, strict=True)]
    kept: list[list[float]] = []
    # From the thin ends of the scores towards the middle.
    middle = int(np.argmax(people)) if len(people) else 0
    for side in (cells[:middle], cells[middle:][::-1]):
        pending = [0.0, 0.0, 0.0]
        for cell in side:
            pending = [a + b for a, b in zip(pending, cell, strict=True)]
            if min(pending[2], pending[0] - pending[2]) >= LEAST_EXPECTED:
                kept.append(pending)
                pending = [0.0, 0.0, 0.0]
        if pending[0] and kept:
            kept[-1] = [a + b for a, b in zip(kept[-1], pending, strict=True)]
    degrees = len(kept) - 2  # slope and intercept
    if degrees < 1:
        return float("nan"), 0
    return float(sum((right - wanted) ** 2 / wanted / (1 - wanted / number) for number, right, wanted in kept)), degrees


def tail(value: float, degrees: int) -> float:
    """Return the chance that a chi-square of so many degrees is at least so large; nan without degrees."""
    if degrees < 1 or math.isnan(value):
        return float("nan")
    half = value / 2
    # Two degrees more add one term (Abramowitz & Stegun 26.4.4 and 26.4.5).
    found = math.exp(-half) if degrees % 2 == 0 else math.erfc(math.sqrt(half))
    for term in range(2 if degrees % 2 == 0 else 1, degrees, 2):
        found += math.exp((term / 2) * math.log(half) - half - math.lgamma(term / 2 + 1)) if half > 0 else 0.0
    return min(found, 1.0)


def score_error(fit: Fit) -> float:
    """Return the standard error of measurement of the number right, averaged over abilities, for everything given to everybody."""
    probability = fit.probabilities()
    return float(np.sqrt((probability * (1 - probability)).sum(axis=0) @ WEIGHTS))
