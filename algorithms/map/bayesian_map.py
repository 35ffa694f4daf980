"""Bayesian MAP: samples directions of coefficients where the surrogate errs most."""

from dataclasses import dataclass
from itertools import product
from typing import Annotated, final

import numpy as np
import torch
from numpy.typing import NDArray

from ...domains import Count, PositiveFloat
from ...problems.view import ProblemView
from ...ranges import Choices, LogRange
from ..training.measured_pool import sobol
from .design import Design, affordable_examples
from .map import SurrogateSearch
from .surrogate import QuadraticSurrogate

Array = NDArray[np.float64]
_NEAR, _FAR = 0.2, 0.8
"""Range of the sampled radii, as fractions of the distance to the end of the box."""
_KEPT = 0.8
"""Fraction of a bin's errors that enter the mean whose spread is scored."""
_SPREAD = 0.5
"""Weight of the spread in a bin's score."""


@final
class AngularBins:
    """Equal boxes of the m - 1 angles in [0, pi/2] of a direction without negative entries.

    Four cuts of each angle up to three tasks, two from four on. Source: Li et al. 2025, bMAP.

    Args:
        tasks: m, at least 2.
        upper: End of the box [0, upper]^m of coefficients.
    """

    def __init__(self, tasks: int, upper: float) -> None:
        self._cuts = 4 if tasks < 4 else 2
        self._upper = upper
        self.cells = np.array(list(product(range(self._cuts), repeat=tasks - 1)))

    def __len__(self) -> int:
        return len(self.cells)

    def of(self, points: Array) -> NDArray[np.int64]:
        """Return the bin of each point `(k, m)`; -1 for the pretrained model, at the origin."""
        cell = np.minimum((angles(points) / (np.pi / 2) * self._cuts).astype(int), self._cuts - 1)
        index = cell @ self._cuts ** np.arange(cell.shape[1])[::-1]
        return np.where(points.any(axis=1), index, -1)

    def draw(self, index: int, rng: np.random.Generator) -> Array:
        """Draw `(m,)` coefficients in a bin, with uniform angles.

        The radius is 0.2 to 0.8 of the distance to the end of the box.

        Relative to the box, a radius means the same for every number of tasks.
        """
        cell = self.cells[index]
        direction = from_angles((cell + rng.uniform(size=len(cell))) * np.pi / 2 / self._cuts)
        to_end = self._upper / direction.max()
        inside: Array = rng.uniform(_NEAR, _FAR) * to_end * direction
        return inside


def angles(points: Array) -> Array:
    """Return `(k, m - 1)` hyperspherical angles in [0, pi/2] of points `(k, m)`.

    No entry may be negative. Angle i is between coordinate i and the coordinates after it.
    """
    rest = np.sqrt(np.cumsum(points[:, ::-1] ** 2, axis=1)[:, ::-1])[:, 1:]
    found: Array = np.arctan2(rest, points[:, :-1])
    return found


def from_angles(found: Array) -> Array:
    """Return the `(m,)` unit vector of `(m - 1,)` angles."""
    sines = np.r_[1.0, np.cumprod(np.sin(found))]
    unit: Array = sines * np.r_[np.cos(found), 1.0]
    return unit


def bin_scores(bins: NDArray[np.int64], squared_errors: Array, count: int) -> Array:
    """Return `(count,)` scores of bins: the mean squared error of the points, and half its spread.

    The spread is the standard deviation of the mean of four fifths of the points, drawn without
    replacement. A bin without points scores as the worst one that has some.

    Args:
        bins: `(k,)` bin of each point, or -1.
        squared_errors: `(k,)` errors of the surrogate at each point.
        count: Number of bins.
    """
    scores = np.full(count, -np.inf)
    for index in set(bins.tolist()) - {-1}:
        errors = squared_errors[bins == index]
        scores[index] = errors.mean() + _SPREAD * _deviation_of_mean(errors)
    scores[scores == -np.inf] = scores.max(initial=0.0)
    return scores


def update(log_prior: Array, scores: Array, temperature: float) -> Array:
    """Return `(count,)` log probabilities: the prior times exp(score / temperature), normalised.

    Scores count relative to the largest, so that the temperature does not depend on their unit.
    """
    posterior = log_prior + scores / max(scores.max(), np.finfo(float).tiny) / temperature
    normalised: Array = posterior - np.logaddexp.reduce(posterior)
    return normalised


def _deviation_of_mean(errors: Array) -> float:
    """Return the deviation of the mean of a fraction `_KEPT` of the errors; 0 for one error."""
    n = len(errors)
    kept = max(1, round(_KEPT * n))
    if n == 1:
        return 0.0
    # The variance of a mean of draws without replacement, in closed form instead of by drawing.
    return float(np.sqrt(errors.var(ddof=1) / kept * (1 - kept / n)))


@final
@dataclass(frozen=True, kw_only=True)
class BayesianMAP(SurrogateSearch):
    """MAP with half of its design drawn in rounds, in the directions where the surrogate errs.

    It measures as many merges as MAP. The first half are Sobol points. In every round the squared
    leave-one-out errors of each task score the bins of its directions; the probabilities of the
    bins are multiplied by exp(score / temperature), and the round's points are drawn from them, one
    task at a time. All points measured so far count in every score and in every fit, bins without
    points count as the worst, and each point serves the fits of all tasks. Source: Li et al. 2025,
    Bayesian MAP; from its description, not its code.

    Args:
        rounds: Number of rounds in which the second half is drawn.
        temperature: Temperature of the bins' probabilities; scores are at most 1.
    """

    rounds: Annotated[Count, Choices(values=(1, 2, 3, 4, 5))] = 3
    temperature: Annotated[PositiveFloat, LogRange(low=0.01, high=1.0)] = 0.07

    def _surrogate(self, view: ProblemView, generator: torch.Generator) -> QuadraticSurrogate:
        m = len(view.tasks)
        half = (m + 1) * (m + 2) // 2
        examples = affordable_examples(view, at_most=self.examples, designs=2 * half)
        design = Design(view, examples=examples)
        design.measure(self.upper * sobol(m, half, generator).double().numpy())
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        bins = AngularBins(m, self.upper)
        beliefs = np.zeros((m, len(bins)))
        for batch in np.array_split(np.arange(half), self.rounds):
            errors = (design.fit(self.ridge).loo - design.values) ** 2
            where = bins.of(design.points)
            scores = [bin_scores(where, task, len(bins)) for task in errors.T]
            beliefs = np.array(
                [update(b, s, self.temperature) for b, s in zip(beliefs, scores, strict=True)]
            )
            chosen = [rng.choice(len(bins), p=np.exp(beliefs[i % m])) for i in batch]
            design.measure(np.array([bins.draw(index, rng) for index in chosen]))
        return design.fit(self.ridge)
