"""Everything that is known of a test from its responses: classical figures, models, fit, differences between groups."""

import math
from dataclasses import dataclass, replace

import numpy as np

from question_bank.domain import classical, latent_trait
from question_bank.domain.classical import ItemStatistics
from question_bank.domain.concern import Concern, concerns
from question_bank.domain.differential import Differential, differential
from question_bank.domain.item_fit import ItemFit, item_fit, score_error
from question_bank.domain.latent_trait import LEAST_ITEMS, POINTS, Fit, Model
from question_bank.domain.responses import NOT_GIVEN, Responses, Right, only, totals

LEAST_FOR_MODEL = 30  # answers an item needs before a model is asked about it
STRETCHES = (-2.8, -2.1, -1.4, -0.7, 0.0, 0.7, 1.4, 2.1, 2.8)
LEAST_IN_STRETCH = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model says of one item; difficulty on the scale of abilities (mean 0, deviation 1)."""

    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    difficulty: float
    difficulty_error: float
    at_bound: bool  # the data hold no estimate: the figure is where the search was stopped
    fit: ItemFit
    observed: tuple[tuple[float, float], ...]  # ability and share of right responses of those likely to be about there


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """How the estimation of a model went."""

    model: Model
    items: int
    log_likelihood: float
    steps: int
    converged: bool
    reliability: float
    errors: str  # "joint", or "by_item": the other items' parameters taken as known


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far scores can be trusted: coefficient alpha of a complete test, else the empirical reliability of a model."""

    kind: str  # "alpha" or "empirical"
    value: float
    standard_error: float  # of measurement, in items right
    items: float  # of one paper
    # Of a complete test: the scores, and alpha when an item is left out, item by item.
    mean: float = math.nan
    deviation: float = math.nan
    without: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemReport:
    """Everything known of one item; `left_out` says why the models were not asked (all_right, all_wrong, too_few, by_share)."""

    statistics: ItemStatistics
    left_out: str
    estimates: dict[Model, Estimate]
    differential: tuple[Differential, ...]
    concerns: tuple[Concern, ...]

    @property
    def severity(self) -> int:
        """Return how much the gravest concern matters."""
        return max((one.severity for one in self.concerns), default=0)

    @property
    def logit(self) -> tuple[float, float] | None:
        """Return the difficulty in Rasch logits with its standard error, for comparing runs."""
        found = self.estimates.get(Model.RASCH)
        return (-found.intercept, found.intercept_error) if found and not found.at_bound else None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analysis of a test."""

    people: int
    complete: bool
    reliability: Reliability | None
    models: tuple[ModelSummary, ...]
    items: tuple[ItemReport, ...]

    def with_concern(self, item: str, concern: Concern) -> "Analysis":
        """Return the analysis with one more concern about an item."""
        return replace(self, items=tuple(_concerned(one, concern) if one.statistics.item == item else one for one in self.items))


def _concerned(report: ItemReport, concern: Concern) -> ItemReport:
    return replace(report, concerns=tuple(sorted((*report.concerns, concern), key=lambda one: -one.severity)))


def analyse(responses: Responses) -> Analysis:
    """Analyse a test."""
    figures = classical.analyse(responses)
    left_out = ["by_share" if at in responses.shares else _left_out(one) for at, one in enumerate(figures)]
    kept = [at for at, why in enumerate(left_out) if not why]
    right, fits = _estimated(responses, kept)
    estimates: list[dict[Model, Estimate]] = [{} for _ in figures]
    for fit in fits:
        for place, (at, of_item) in enumerate(zip(kept, item_fit(right, fit), strict=True)):
            estimates[at][fit.model] = _estimate(fit, place, of_item)
    groups: dict[str, list[Differential]] = {}
    for one in differential(responses):
        groups.setdefault(one.item, []).append(one)
    reports = []
    for at, found in enumerate(figures):
        two = estimates[at].get(Model.TWO_PARAMETER)
        of_groups = tuple(groups.get(found.item, ()))
        reports.append(ItemReport(found, left_out[at], estimates[at], of_groups, concerns(found, two.fit if two else None, of_groups)))
    return Analysis(responses.people, responses.is_complete, _reliability(responses, fits), tuple(_summary(fit) for fit in fits), tuple(reports))


def _left_out(found: ItemStatistics) -> str:
    if found.answers < LEAST_FOR_MODEL:
        return "too_few"
    return "all_right" if found.difficulty == 1 else "all_wrong" if found.difficulty == 0 else ""


def _estimated(responses: Responses, kept: list[int]) -> tuple[Right, list[Fit]]:
    """Estimate both models for the items that allow it; whoever was given none of them is left out."""
    if len(kept) < LEAST_ITEMS:
        return responses.right, []
    right = only(responses, kept)
    given = (right != NOT_GIVEN).any(axis=1)
    if not given.all():
        right = right[given]
    return right, [latent_trait.estimate(right, model) for model in Model]


def _estimate(fit: Fit, at: int, of_item: ItemFit) -> Estimate:
    return Estimate(
        slope=float(fit.slopes[at]),
        slope_error=float(fit.slope_errors[at]),
        intercept=float(fit.intercepts[at]),
        intercept_error=float(fit.intercept_errors[at]),
        difficulty=float(fit.difficulties[at]),
        difficulty_error=float(fit.difficulty_errors[at]),
        at_bound=bool(fit.at_bound[at]),
        fit=of_item,
        observed=_observed(fit, at),
    )


def _observed(fit: Fit, at: int) -> tuple[tuple[float, float], ...]:
    """Return points to hold against the curve: responses gathered over stretches of ability that hold a few people at least."""
    found = []
    for middle in STRETCHES:
        here = np.abs(POINTS - middle) < (STRETCHES[1] - STRETCHES[0]) / 2
        given = float(fit.given_at[at, here].sum())
        if given >= LEAST_IN_STRETCH:
            found.append((middle, float(fit.right_at[at, here].sum()) / given))
    return tuple(found)


def _summary(fit: Fit) -> ModelSummary:
    errors = "joint" if fit.jointly else "by_item"
    return ModelSummary(fit.model, len(fit.slopes), fit.log_likelihood, fit.steps, fit.converged, fit.reliability, errors)


def _reliability(responses: Responses, fits: list[Fit]) -> Reliability | None:
    length = float(np.median(totals(responses.right).given)) if responses.people else 0.0
    found = classical.alpha(responses)
    if found is not None:
        return Reliability("alpha", found.alpha, found.standard_error, length, found.mean, found.deviation, found.without)
    fit = next((each for each in reversed(fits) if each.converged), None)
    if fit is None:
        return None
    return Reliability("empirical", fit.reliability, score_error(fit) * float(np.sqrt(length / len(fit.slopes))), length)
