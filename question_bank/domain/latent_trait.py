"""The Rasch and the two-parameter logistic model, estimated by marginal maximum likelihood.

P(right) = 1 / (1 + exp(-(slope * ability + intercept))), ability standard normal; difficulty = -intercept / slope. In the
Rasch model all slopes are one common slope, which is the standard deviation of ability on the scale of its logits.
EM over fixed quadrature (Bock & Aitkin 1981) with squared extrapolation (Varadhan & Roland 2008); standard errors from
the observed information (Louis 1982), with very many people from the cross-product of their gradients. People with the
same responses are looked at once; what was not given to a person is left out of her likelihood, which is right where
papers are drawn at random.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from question_bank.domain.responses import NOT_GIVEN, Floats, Right, blocks

POINTS = np.linspace(-6, 6, 61)
WEIGHTS = np.exp(-(POINTS**2) / 2) / np.exp(-(POINTS**2) / 2).sum()
STEEPEST, FARTHEST = 8.0, 15.0  # bounds of slope and intercept: beyond them the data hold no estimate
MOST_STEPS = 500
LEAST_ITEMS = 3  # with two items, the slopes are not determined
WIDEST = 400  # items up to which the whole information matrix is inverted
EXACT = 20_000_000  # rows × items² up to which the observed information is worked out point by point
Matrix = npt.NDArray[np.floating[Any]]  # single or double precision


class Model(StrEnum):
    """Which model."""

    RASCH = "rasch"
    TWO_PARAMETER = "2pl"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Different rows of responses, each with how many people gave it and whose it is."""

    right: Matrix  # rows × items; a mean of 0 and 1 where rows of one score were put together
    given: npt.NDArray[np.bool_] | None  # None: everything was given to everybody
    counts: Floats
    row_of: npt.NDArray[np.int64]  # person -> row


@dataclass(frozen=True, slots=True)
class Fit:
    """An estimated model."""

    model: Model
    slopes: Floats
    intercepts: Floats
    slope_errors: Floats
    intercept_errors: Floats
    difficulty_errors: Floats
    log_likelihood: float
    steps: int
    converged: bool
    jointly: bool  # whether the standard errors take the other items' uncertainty into account
    abilities: Floats  # a person's expected ability given her responses (EAP)
    ability_errors: Floats  # and the standard deviation of what it may be
    right_at: Floats  # items × points: expected number of right responses at each ability
    given_at: Floats  # items × points: expected number of responses

    @property
    def difficulties(self) -> Floats:
        """Return the abilities at which half are right."""
        return -self.intercepts / self.slopes

    @property
    def at_bound(self) -> npt.NDArray[np.bool_]:
        """Tell for which items the data hold no estimate."""
        return (np.abs(self.slopes) >= STEEPEST) | (np.abs(self.intercepts) >= FARTHEST)

    @property
    def reliability(self) -> float:
        """Return the share of the variance of the ability estimates that is not error (empirical reliability)."""
        found = float(self.abilities.var())
        return found / (found + float((self.ability_errors**2).mean()))

    def probabilities(self, points: Floats = POINTS) -> Floats:
        """Return items × points: the probability of a right response."""
        logits = np.outer(self.slopes, points) + self.intercepts[:, None]
        return np.asarray(1 / (1 + np.exp(-logits)))


def patterns(right: Right, model: Model = Model.TWO_PARAMETER) -> Patterns:
    """Put people with the same responses together; for the Rasch model, people with the same score on the same items."""
    whole = not bool((right == NOT_GIVEN).any())
    if model is Model.RASCH and whole:
        scores, row_of, counts = np.unique((right == 1).sum(axis=1), return_inverse=True, return_counts=True)
        sums = np.zeros((len(scores), right.shape[1]))
        order = np.argsort(row_of, kind="stable")
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        for at, part in enumerate(np.split(order, starts[1:])):
            sums[at] = sum((right[part[some]].sum(axis=0, dtype=np.float64) for some in blocks(len(part))), np.zeros(right.shape[1]))
        return Patterns(sums / counts[:, None], None, counts.astype(np.float64), row_of)
    packed = np.hstack([np.packbits(right == 1, axis=1), np.packbits(right == 0, axis=1)])
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, row_of, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    rows = right[first]
    # Single precision is enough where the sampling error is, and twice as fast where it matters.
    kind = np.float64 if rows.size < 2_000_000 else np.float32
    return Patterns((rows == 1).astype(kind), None if whole else rows != NOT_GIVEN, counts.astype(np.float64), row_of)


def estimate(right: Right, model: Model, *, tolerance: float | None = None) -> Fit:
    """Estimate a model from people × items of 1, 0 and -1 (not given); every item must have both right and wrong responses."""
    data = patterns(right, model)
    precise = data.right.dtype == np.float64
    tolerance = tolerance or (1e-8 if precise else 1e-5)
    share = _start(data)
    theta = np.stack([np.ones(len(share)), np.log(share / (1 - share)) * 1.2])
    theta, likelihood, steps, converged = _climb(data, model, theta, tolerance)
    expected = _expect(data, theta)
    errors, jointly = _errors(data, model, theta, expected)
    return Fit(
        model=model,
        slopes=theta[0],
        intercepts=theta[1],
        slope_errors=errors[0],
        intercept_errors=errors[1],
        difficulty_errors=errors[2],
        log_likelihood=likelihood,
        steps=steps,
        converged=converged,
        jointly=jointly,
        abilities=expected.means[data.row_of],
        ability_errors=expected.deviations[data.row_of],
        right_at=expected.right,
        given_at=expected.given,
    )


def log_likelihood(right: Right, theta: Floats) -> float:
    """Return the marginal log-likelihood of slopes and intercepts."""
    return _expect(patterns(right), theta).log_likelihood


def _start(data: Patterns) -> Floats:
    weights = data.counts.astype(data.right.dtype)
    right = (weights @ data.right).astype(np.float64)
    given = data.counts.sum() if data.given is None else data.counts @ data.given
    return np.asarray(np.clip(right / given, 0.001, 0.999))


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the responses say when the parameters are believed."""

    right: Floats  # items × points
    given: Floats  # items × points
    log_likelihood: float
    means: Floats
    deviations: Floats


def _posterior(data: Patterns, theta: Floats, part: slice, failures: Matrix) -> tuple[Matrix, Floats]:
    """Return rows × points the probability of each ability, and each row's log-likelihood."""
    right = data.right[part]
    kind = right.dtype
    slopes, intercepts = (right @ theta.T.astype(kind)).T
    logs = np.outer(slopes, POINTS.astype(kind)) + intercepts[:, None] + np.log(WEIGHTS).astype(kind)
    logs += failures.sum(axis=0) if data.given is None else data.given[part].astype(kind) @ failures
    top = logs.max(axis=1, keepdims=True)
    np.exp(logs - top, out=logs)
    sums = logs.sum(axis=1, keepdims=True)
    logs /= sums
    return logs, (top + np.log(sums))[:, 0].astype(np.float64)


def _failures(theta: Floats, kind: npt.DTypeLike) -> Matrix:
    """Return items × points: the logarithm of the probability of a wrong response."""
    logits = np.outer(theta[0], POINTS) + theta[1][:, None]
    return np.asarray(-np.logaddexp(0, logits), dtype=kind)


def _expect(data: Patterns, theta: Floats) -> _Expected:
    kind, rows = data.right.dtype, len(data.counts)
    failures = _failures(theta, kind)
    right, given = np.zeros((2, theta.shape[1], len(POINTS)))
    means, deviations = np.zeros((2, rows))
    likelihood = 0.0
    for part in blocks(rows):
        posterior, logs = _posterior(data, theta, part, failures)
        likelihood += float(data.counts[part] @ logs)
        means[part] = posterior @ POINTS.astype(kind)
        deviations[part] = np.sqrt(np.maximum(posterior @ (POINTS**2).astype(kind) - means[part] ** 2, 0))
        posterior *= data.counts[part].astype(kind)[:, None]
        right += data.right[part].T @ posterior
        given += posterior.sum(axis=0) if data.given is None else data.given[part].T.astype(kind) @ posterior
    return _Expected(right, given, likelihood, means, deviations)


def _maximise(model: Model, theta: Floats, expected: _Expected) -> Floats:
    """Return the parameters under which the expected responses are likeliest: a few Newton steps of weighted logistic regressions."""
    for _ in range(8):
        probability = 1 / (1 + np.exp(-(np.outer(theta[0], POINTS) + theta[1][:, None])))
        residual = expected.right - expected.given * probability
        weight = expected.given * probability * (1 - probability)
        slope, intercept = residual @ POINTS, residual.sum(axis=1)
        aa, ad, dd = weight @ POINTS**2, weight @ POINTS, weight.sum(axis=1) + 1e-9
        if model is Model.RASCH:
            by_slope = np.full(theta.shape[1], (slope - ad * intercept / dd).sum() / ((aa - ad**2 / dd).sum() + 1e-9))
        else:
            by_slope = (slope - ad * intercept / dd) / (aa - ad**2 / dd + 1e-9)
        step = np.clip(np.stack([by_slope, (intercept - ad * by_slope) / dd]), -1, 1)
        theta = _bounded(theta + step)
        if np.abs(step).max() < 1e-10:
            break
    return theta


def _bounded(theta: Floats) -> Floats:
    return np.stack([np.clip(theta[0], -STEEPEST, STEEPEST), np.clip(theta[1], -FARTHEST, FARTHEST)])


def _climb(data: Patterns, model: Model, theta: Floats, tolerance: float) -> tuple[Floats, float, int, bool]:
    """Repeat expectation and maximisation, two steps and one leap at a time, until a step moves nothing any more."""
    best = -np.inf
    safe = theta
    for step in range(0, MOST_STEPS, 2):
        expected = _expect(data, theta)
        if expected.log_likelihood < best - 1e-7 * abs(best):  # the leap was too wide: go on from where two plain steps led
            theta = safe
            expected = _expect(data, theta)
        best = expected.log_likelihood
        first = _maximise(model, theta, expected)
        change = first - theta
        if np.abs(change).max() < tolerance:
            return first, best, step + 1, True
        second = _maximise(model, first, _expect(data, first))
        bend = (second - first) - change
        length = max(1.0, float(np.linalg.norm(change)) / max(float(np.linalg.norm(bend)), 1e-300))
        safe = second
        theta = _bounded(theta + 2 * length * change + length**2 * bend)
    return safe, best, MOST_STEPS, False


def _errors(data: Patterns, model: Model, theta: Floats, expected: _Expected) -> tuple[Floats, bool]:
    """Return standard errors of slopes, intercepts and difficulties."""
    items = theta.shape[1]
    jointly = items <= WIDEST
    if len(data.counts) * items**2 <= EXACT:
        slope, intercept, both = _together(model, _observed(data, theta, expected))
    elif jointly:
        slope, intercept, both = _together(model, _cross_product(data, theta))
    else:
        slope, intercept, both = _one_by_one(model, data, theta)
    # Delta method for -intercept / slope.
    difficulty = (intercept - 2 * both * theta[1] / theta[0] + slope * (theta[1] / theta[0]) ** 2) / theta[0] ** 2
    found = np.stack([slope, intercept, difficulty])
    return np.sqrt(np.where(found > 0, found, np.nan)), jointly


def _together(model: Model, information: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the variances of slopes and intercepts, and their covariances, from the information about all of them."""
    items = len(information) // 2
    if model is Model.RASCH:
        common = np.vstack([np.eye(1, items + 1).repeat(items, axis=0), np.eye(items, items + 1, 1)])
        covariance = common @ _inverse(common.T @ information @ common) @ common.T
    else:
        covariance = _inverse(information)
    return np.diag(covariance)[:items], np.diag(covariance)[items:], np.diag(covariance[:items, items:])


def _one_by_one(model: Model, data: Patterns, theta: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the same, each item for itself and the others' parameters taken as known: time and room grow with the items, not with their square."""
    squares = np.zeros((3, theta.shape[1]))
    for slope, intercept in _gradients(data, theta):
        squares += np.stack([(slope**2).sum(axis=0), (intercept**2).sum(axis=0), (slope * intercept).sum(axis=0)])
    of_slope, of_intercept, of_both = squares
    with np.errstate(divide="ignore", invalid="ignore"):
        if model is Model.RASCH:  # one slope for all: a matrix with entries on its edge and its diagonal only
            share = of_both / of_intercept
            common = 1 / (of_slope - of_both * share).sum()
            return np.full_like(share, common), 1 / of_intercept + share**2 * common, -share * common
        determinant = of_slope * of_intercept - of_both**2
        return of_intercept / determinant, of_slope / determinant, -of_both / determinant


def _inverse(matrix: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)


def _scores(right: Matrix, given: npt.NDArray[np.bool_] | None, posterior: Matrix, probability: Matrix) -> Matrix:
    """Return rows × (slopes, intercepts): the gradient of each row's log-likelihood."""
    points = POINTS.astype(right.dtype)
    slope = right * (posterior @ points)[:, None] - (posterior * points) @ probability.T
    intercept = right - posterior @ probability.T
    if given is not None:
        slope *= given
        intercept *= given
    return np.hstack([slope, intercept])


def _observed(data: Patterns, theta: Floats, expected: _Expected) -> Floats:
    """Return the observed information: what known abilities would tell, less what not knowing them takes away (Louis 1982)."""
    kind = data.right.dtype
    failures = _failures(theta, kind)
    probability = -np.expm1(failures)
    weight = expected.given * probability * (1 - probability)
    found = np.block([[np.diag(weight @ POINTS**2), np.diag(weight @ POINTS)], [np.diag(weight @ POINTS), np.diag(weight.sum(axis=1))]])
    for part in blocks(len(data.counts)):
        given = None if data.given is None else data.given[part]
        posterior, _ = _posterior(data, theta, part, failures)
        weights = np.sqrt(data.counts[part].astype(kind))[:, None]
        scores = _scores(data.right[part], given, posterior, probability) * weights
        found += scores.T @ scores
        for at, point in enumerate(POINTS):
            residual = (data.right[part] - probability[:, at]) * (np.sqrt(posterior[:, at, None]) * weights)
            square = residual if given is None else residual * given
            square = square.T @ square
            found -= np.block([[square * point**2, square * point], [square * point, square]])
    return np.asarray(found, dtype=np.float64)


def _cross_product(data: Patterns, theta: Floats) -> Floats:
    """Return the information as the sum of the squared gradients: for many people the same, and a sixtieth of the work."""
    items = theta.shape[1]
    found = np.zeros((2 * items, 2 * items))
    for gradients in _gradients(data, theta):
        scores = np.hstack(gradients)
        found += scores.T @ scores
    return found


def _gradients(data: Patterns, theta: Floats) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield the gradients by slopes and by intercepts, rows × items, weighed by how many people gave each row."""
    items, kind = theta.shape[1], data.right.dtype
    failures = _failures(theta, kind)
    probability = -np.expm1(failures)
    for part in blocks(len(data.counts)):
        posterior, _ = _posterior(data, theta, part, failures)
        scores = _scores(data.right[part], None if data.given is None else data.given[part], posterior, probability)
        scores *= np.sqrt(data.counts[part].astype(kind))[:, None]
        yield scores[:, :items], scores[:, items:]
