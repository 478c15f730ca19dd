"""After a window: plan beside reality, and the figures that would have foretold it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lms.domain.behaviour import Array, Behaviour, Figures
from lms.domain.forecast import StretchForecast, each, shape
from lms.domain.programme import Programme

SOURCE = "fitted to a window that was seen"
FITTED = ("weekend", "rush", "rush_days")
_ROUNDS, _TRIES = 8, 300
_LEAST_SEEN = 0.8  # of a stretch's quarters: with less, what is missing would be taken for people staying away


class NothingLearntError(ValueError):
    """Nothing can be learnt from the stretch; the message says why."""


@dataclass(frozen=True, slots=True)
class Review:
    """What came of a plan; hours of watching, people at once, and the share of quarters inside the band."""

    hours_expected: float
    hours_seen: float
    peak_expected: float
    peak_seen: float
    inside: float
    by_city: dict[str, float]
    proposed: Behaviour


def review(found: StretchForecast, programme: Programme, behaviour: Behaviour, seen: dict[str, list[int | None]], *, seed: int = 1) -> Review:
    """Compare a window with what was seen of it by city, and fit the figures anew."""
    whole = _total(list(seen.values()))
    known = ~np.isnan(whole)
    if found.stretch.exam:
        raise NothingLearntError(f"{found.stretch.code} is the exam; figures are fitted to windows only, to hours of film watched")
    if known.mean() < _LEAST_SEEN:
        raise NothingLearntError(f"{known.mean():.0%} of the quarters were recorded, at least {_LEAST_SEEN:.0%} are needed")
    band = found.total["watching"]
    expected = float(band.median[known].sum()) / 4
    fitted = fit(found, behaviour, whole, seed)
    figures = {name: np.array([[one.value]]) for name, one in fitted.figures.items()}
    # What the shape leaves over is how much people watched: it goes to the hours played for each hour asked.
    modelled = each(found.stretch, programme, fitted, figures)["watching"][0] * found.stretch.people
    scale = float(whole[known].sum() / max(1e-9, modelled[known].sum()))
    return Review(
        hours_expected=expected,
        hours_seen=float(whole[known].sum()) / 4,
        peak_expected=found.peaks["watching"].median,
        peak_seen=float(whole[known].max()),
        inside=_inside(whole, band.low, band.high),
        by_city={city: _inside(_total([row]), found.city(city, "watching").low, found.city(city, "watching").high) for city, row in seen.items()},
        proposed=_moved(fitted, overwatch=fitted.figures["overwatch"].value * scale),
    )


def fit(found: StretchForecast, behaviour: Behaviour, whole: Array, seed: int) -> Behaviour:
    """Find the hours' curves, and the weekend and the rush that bring the shape nearest to what was seen."""
    stretch, known = found.stretch, ~np.isnan(whole)
    local = [stretch.at(quarter) for quarter in range(stretch.quarters)]
    hour = np.array([one.hour for one in local])
    free = np.array([one.weekday() >= 5 for one in local])
    curves = {
        name: tuple(float(whole[known & (hour == number) & chosen].mean()) for number in range(24))
        for name, chosen in (("weekend", free), ("workday", ~free))
        if all((known & (hour == number) & chosen).any() for number in range(24)) and np.nansum(whole[chosen]) > 0
    }
    behaviour = replace(_moved(behaviour, sharpness=1.0), curves_source=SOURCE, **curves)  # type: ignore[arg-type]
    wanted = np.sqrt(np.where(known, whole, 0) / np.nansum(whole))
    chance = np.random.default_rng(seed)
    centre = {name: behaviour.figures[name].value for name in FITTED}
    width = {name: 2 * max(centre[name], behaviour.figures[name].high - behaviour.figures[name].low) for name in FITTED}
    for _ in range(_ROUNDS):
        tries = _around(behaviour, centre, width, chance)
        # Square roots: a count's chance grows with its root, so quiet hours and peaks weigh alike.
        modelled = np.where(known, shape(stretch, behaviour, tries), 0)
        error = ((np.sqrt(modelled / modelled.sum(axis=1, keepdims=True)) - wanted) ** 2).sum(axis=1)
        best = int(error.argmin())
        centre = {name: float(tries[name][best, 0]) for name in FITTED}
        width = {name: one / 2 for name, one in width.items()}
    return _moved(behaviour, **centre)


def _around(behaviour: Behaviour, centre: dict[str, float], width: dict[str, float], chance: np.random.Generator) -> Figures:
    tries = {name: np.full((_TRIES, 1), one.value) for name, one in behaviour.figures.items()}
    for name, middle in centre.items():
        tries[name] = np.maximum(0.05, chance.uniform(middle - width[name] / 2, middle + width[name] / 2, (_TRIES, 1)))
        tries[name][0] = middle
    return tries


def _moved(behaviour: Behaviour, **values: float) -> Behaviour:
    """Set figures, and draw half their former range around them: one window is no law."""
    figures = dict(behaviour.figures)
    for name, value in values.items():
        old = figures[name]
        half = (old.high - old.low) / 4
        figures[name] = replace(old, value=value, low=max(0.0, value - half), high=value + half, source=SOURCE)
    return replace(behaviour, figures=figures)


def _total(rows: Sequence[Sequence[int | None]]) -> Array:
    """Add the rows; not a number where none was seen."""
    values = np.array([[np.nan if one is None else float(one) for one in row] for row in rows])
    found: Array = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
    return found


def _inside(seen: Array, low: Array, high: Array) -> float:
    known = ~np.isnan(seen)
    return float(((seen[known] >= low[known] - 0.5) & (seen[known] <= high[known] + 0.5)).mean()) if known.any() else 0.0
