"""CMA-ES on weighted sums: derivative-free linear scalarization of the coefficients."""

from dataclasses import dataclass
from typing import Annotated, final

import cma
import numpy as np
import torch
from numpy.typing import NDArray

from ...domains import Count, PositiveFraction
from ...ranges import LogRange
from ..scalarizations import linear
from ..training.rays import inner_rays
from ..training.tuned import Rays
from .pools import PoolSearch
from .trial import Trial

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class CMAESSearch(PoolSearch):
    """One CMA-ES run per ray, on the weighted sum sum_i p_i g_i of the measured objectives.

    The first ray, the centre, starts at the coefficients p; every other ray starts at the best
    model for it that was measured before. The population size is the library's default, 4 + 3 ln m.
    The corners have no rays, because the experts are known. A model that was measured for one ray
    can be selected for any preference. The minimum of a weighted sum is always on the convex hull
    of the front. Source: Hansen 2016, https://arxiv.org/abs/1604.00772, and its library cma; as a
    solver of merging coefficients: Akiba et al. 2025, https://doi.org/10.1038/s42256-024-00975-8.

    Args:
        points: Maximum number of models to measure, shared evenly by the rays; fewer if the budget
            runs out first.
        rays: Maximum number of rays.
        generations: Minimum number of generations per ray; the number of rays is reduced to reach
            it.
        step: Initial standard deviation of a coefficient, relative to the box.
    """

    rays: Rays = 11
    generations: Count = 8
    step: Annotated[PositiveFraction, LogRange(low=0.05, high=0.5)] = 1 / 6

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        population = int(4 + 3 * np.log(trial.dimensions))
        # Fewer rays, rather than rays that end before the step size has adapted.
        covered = max(1, trial.count // (self.generations * population))
        lattice = inner_rays(trial.tasks, min(self.rays, covered))
        for index, ray in enumerate(lattice):
            self._solve(trial, ray, trial.left // (len(lattice) - index), rng)

    def _solve(self, trial: Trial, ray: Array, points: int, rng: np.random.Generator) -> None:
        """Minimise the weighted sum of a ray with at most `points` models."""
        start = self.upper * ray
        if len(trial.rows):
            start = trial.rows[linear(trial.objectives, ray).argmin()]
        options = {
            "bounds": [0.0, self.upper],
            "randn": lambda *shape: rng.standard_normal(shape),
            # Otherwise the library would seed, and change, NumPy's global generator.
            "seed": np.nan,
            "verbose": -10,
        }
        strategy = cma.CMAEvolutionStrategy(start, self.step * self.upper, options)
        end = trial.left - points
        while trial.left > end and not strategy.stop():
            rows = np.array(strategy.ask())
            objectives = trial.measure(rows[: trial.left - end])
            if len(objectives) < len(rows):
                break
            strategy.tell(rows, linear(objectives, ray).tolist())
