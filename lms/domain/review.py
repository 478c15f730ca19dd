"""After a window: plan beside reality, and the figures that would have foretold it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lms.domain.behaviour import Array, Behaviour, Figures, cases, daytime_of
from lms.domain.forecast import StretchForecast, central, shape_of_all
from lms.domain.programme import Programme

SOURCE = "fitted to a window that was seen"
FITTED = ("weekend", "rush", "rush_days")
FITTED_EXAM = ("exam_rush", "exam_rush_days")  # weekend and hours are those of learning, too, and learnt from a window
_ROUNDS, _TRIES = 8, 300
_LEAST_SEEN = 0.8  # of a stretch's quarters: with less, what is missing would be taken for people staying away


class NothingLearntError(ValueError):
    """Nothing can be learnt from the stretch; the message says why."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a plan over the quarters that were recorded: hours of watching or in the exam, people at once, and the share inside the band."""

    recorded: float
    hours_expected: float
    hours_seen: float
    peak_expected: float
    peak_seen: float
    inside: float
    by_city: dict[str, float]


@dataclass(frozen=True, slots=True)
class Review:
    """What came of a plan, and the figures that would have foretold it."""

    compared: Comparison
    proposed: Behaviour


def compare(found: StretchForecast, seen: Mapping[str, Sequence[int | None]]) -> Comparison | None:
    """Set what was seen by city beside what was expected; None where nothing was seen."""
    whole = _total(list(seen.values())) if seen else np.array([np.nan])
    known = ~np.isnan(whole)
    if not known.any():
        return None
    band = found.total[found.metric]
    return Comparison(
        recorded=float(known.mean()),
        hours_expected=float(band.median[known].sum()) / 4,
        hours_seen=float(whole[known].sum()) / 4,
        peak_expected=found.peaks[found.metric].median if known.all() else float(band.median[known].max()),
        peak_seen=float(whole[known].max()),
        inside=_inside(whole, band.low, band.high),
        by_city={city: _inside(_total([row]), found.city(city, found.metric).low, found.city(city, found.metric).high) for city, row in seen.items()},
    )


def review(
    found: StretchForecast,
    programme: Programme,
    behaviour: Behaviour,
    seen: Mapping[str, Sequence[int | None]],
    starts: Sequence[int | None] = (),
    *,
    seed: int = 1,
) -> Review:
    """Compare a stretch with what was seen of it by city, and fit the figures anew; an exam's with the attempts begun in each quarter."""
    compared = compare(found, seen)
    _enough("quarters", compared.recorded if compared else 0.0)
    assert compared is not None
    whole = _total(list(seen.values()))
    if found.stretch.exam:
        return Review(compared, _fit_exam(found, behaviour, whole, starts=_total([starts or [None] * len(whole)]), seed=seed))
    known = ~np.isnan(whole)
    fitted = fit(found, _of_its_hours(found, behaviour, whole), whole, FITTED, seed)
    # What the shape leaves over is how much people watched: it goes to the hours played for each hour asked.
    modelled = central(found.stretch, programme, fitted)["watching"][0]
    scale = float(whole[known].sum() / max(1e-9, modelled[known].sum()))
    return Review(compared, _moved(fitted, overwatch=fitted.figures["overwatch"].value * scale))


def _enough(what: str, share: float) -> None:
    if share < _LEAST_SEEN:
        raise NothingLearntError(
            f"{share:.0%} of the {what} were recorded, at least {_LEAST_SEEN:.0%} are needed: a worker (flask worker) counts while it runs"
        )


def _fit_exam(found: StretchForecast, behaviour: Behaviour, in_exam: Array, *, starts: Array, seed: int) -> Behaviour:
    """Fit when people begin; how many sit and how long one takes follow from counts (Little's law: under way = begun a second x seconds each takes)."""
    if len(found.stretch.exam) > 1:
        raise NothingLearntError("two components were examined at once, so the counts do not tell them apart")
    (asked,) = found.stretch.exam
    known = ~np.isnan(starts)
    _enough("quarters' exam starts", float(known.mean()))
    begun = float(starts[known].sum())
    if not begun:
        raise NothingLearntError("nobody has begun the exam")
    fitted = fit(found, behaviour, starts, FITTED_EXAM, seed)
    expected = found.stretch.people * float(shape_of_all(found.stretch, fitted, cases(fitted))[0][known].sum())
    both = known & ~np.isnan(in_exam)
    lasts = 900 * float(in_exam[both].sum()) / max(1.0, float(starts[both].sum()))
    left = behaviour.figures["exam_left"].value  # of whom each takes the whole time
    time = (lasts / (60 * asked.minutes) - left) / (1 - left)
    return _moved(fitted, **{asked.share: begun / max(1.0, expected)}, exam_time=time)


def _of_its_hours(found: StretchForecast, behaviour: Behaviour, whole: Array) -> Behaviour:
    """Return the behaviour with the hours' curves that were seen: of all sectors together, so none has a daytime of its own beside them."""
    stretch, known = found.stretch, ~np.isnan(whole)
    local = [stretch.at(quarter) for quarter in range(stretch.quarters)]
    hour = np.array([one.hour for one in local])
    free = np.array([one.weekday() >= 5 for one in local])
    curves = {
        name: tuple(float(whole[known & (hour == number) & chosen].mean()) for number in range(24))
        for name, chosen in (("weekend", free), ("workday", ~free))
        if all((known & (hour == number) & chosen).any() for number in range(24)) and np.nansum(whole[chosen]) > 0
    }
    settled = {"sharpness": 1.0} | ({daytime_of(sector): 1.0 for sector in behaviour.sectors} if "workday" in curves else {})
    return replace(_moved(behaviour, **settled), curves_source=SOURCE, **curves)  # type: ignore[arg-type]


def fit(found: StretchForecast, behaviour: Behaviour, whole: Array, names: Sequence[str], seed: int) -> Behaviour:
    """Find those figures that bring the shape nearest to what was seen."""
    stretch, known = found.stretch, ~np.isnan(whole)
    wanted = np.sqrt(np.where(known, whole, 0) / np.nansum(whole))
    chance = np.random.default_rng(seed)
    centre = {name: behaviour.figures[name].value for name in names}
    width = {name: 2 * max(centre[name], behaviour.figures[name].high - behaviour.figures[name].low) for name in names}
    for _ in range(_ROUNDS):
        tries = _around(behaviour, centre, width, chance)
        # Square roots: a count's chance grows with its root, so quiet hours and peaks weigh alike.
        modelled = np.where(known, shape_of_all(stretch, behaviour, tries), 0)
        error = ((np.sqrt(modelled / modelled.sum(axis=1, keepdims=True)) - wanted) ** 2).sum(axis=1)
        best = int(error.argmin())
        centre = {name: float(tries[name][best, 0]) for name in names}
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
