"""CMA-ES on weighted sums: derivative-free linear scalarization of the coefficients."""

from dataclasses import dataclass
from typing import final

import cma
import numpy as np
import torch
from numpy.typing import NDArray

from ..scalarizations import linear
from ..training.rays import inner_rays
from .pools import PoolSearch
from .trial import Trial

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class CMAESSearch(PoolSearch):
    """One CMA-ES a ray on the weighted sum sum_i p_i g_i of the measured objectives.

    The first ray, the centre, starts at the coefficients p, every other one at the best for it of
    what was measured before. Populations are the 4 + 3 ln m of the library. The corners, whose
    experts are known, have no ray. What was measured for one ray may answer any preference. A
    weighted sum is least at points of the front's convex hull only.
    Source: Hansen 2016, https://arxiv.org/abs/1604.00772, and its library cma; as a solver of
    merging coefficients: Akiba et al. 2025, https://doi.org/10.1038/s42256-024-00975-8.

    Args:
        points: Most models to measure, shared evenly by the rays; fewer where the budget ends.
        rays: Most rays.
        generations: Of a ray at least; there are fewer rays where the budget covers no more.
        step: First standard deviation of a coefficient, relative to the box.
    """

    rays: int = 11
    generations: int = 8
    step: float = 1 / 6

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        population = int(4 + 3 * np.log(trial.dimensions))
        covered = max(1, trial.count // (self.generations * population))
        lattice = inner_rays(trial.tasks, min(self.rays, covered))
        for index, ray in enumerate(lattice):
            self._solve(trial, ray, trial.left // (len(lattice) - index), rng)

    def _solve(self, trial: Trial, ray: Array, points: int, rng: np.random.Generator) -> None:
        """Minimise the weighted sum of a ray with so many models."""
        start = self.upper * ray
        if len(trial.rows):
            start = trial.rows[linear(trial.objectives, ray).argmin()]
        options = {
            "bounds": [0.0, self.upper],
            "randn": lambda *shape: rng.standard_normal(shape),
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
