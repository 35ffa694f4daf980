"""Bayesian optimisation of coefficients, with Gaussian processes of the objectives."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...domains import Count
from ...errors import NotApplicableError
from ...ranges import Choices
from ..scalarizations import achievement
from ..training.measured_pool import sobol
from ..training.rays import inner_rays
from . import gaussian_process as gp
from .pools import PoolSearch
from .trial import Trial

Array = NDArray[np.float64]
_CANDIDATES: Final = 2048
"""Number of Sobol points on which the posterior mean is searched for its best points."""


@dataclass(frozen=True, kw_only=True)
class BayesianSearch(PoolSearch, ABC):
    """Bayesian optimisation of task coefficients, by BoTorch.

    It starts with 2 (d + 1) Sobol points, at most half of all. Then it chooses batches one point at
    a time, with the earlier points of the batch pending. The last fifth of the points are the best
    of the posterior mean, by the achievement of the rays of a lattice. The pretrained model and the
    experts are in the processes with their known values; the noise of an accuracy is binomial.
    Everything is in float64. Subclasses define the acquisition function.

    Args:
        batch: Number of points between two fits of the processes.
        samples: Number of samples of the posterior that approximate its integral.
        restarts: Number of restarts of the maximisation of the acquisition function.
    """

    points: Count = 64
    batch: Annotated[Count, Choices(values=(1, 2, 4, 8))] = 4
    samples: Count = 32
    restarts: Count = 2

    most_tasks: ClassVar[float] = math.inf

    @abstractmethod
    def _acquisition(self, model: Any, rows: Array, pending: Tensor | None, seed: int) -> Any:
        """Return the acquisition function of processes fitted to measurements at `rows`."""

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        if trial.tasks > self.most_tasks:
            raise NotApplicableError(
                f"This acquisition needs at most {self.most_tasks} tasks. Found {trial.tasks}. "
                "Use qlognparego."
            )
        gp.require_botorch()
        last = trial.count // 5
        first = min(2 * (trial.dimensions + 1), (trial.count + 1) // 2)
        trial.measure(self.upper * sobol(trial.dimensions, first, generator).double().numpy())
        while trial.left > last:
            seed = int(torch.randint(2**31, (1,), generator=generator))
            with gp.seeded(seed):
                rows = self._batch(trial, min(self.batch, trial.left - last), seed)
            trial.measure(rows)
        if trial.left:
            candidates = sobol(trial.dimensions, _CANDIDATES, generator).double().numpy()
            with gp.seeded(0):
                trial.measure(self._best(trial, candidates))

    def _batch(self, trial: Trial, size: int, seed: int) -> Array:
        rows, objectives, variances = trial.data()
        unit = rows / self.upper
        model = gp.fit(unit, objectives, variances)
        pending: Tensor | None = None
        for index in range(size):
            acquisition = self._acquisition(model, unit, pending, seed + index)
            point = gp.maximise(
                acquisition, trial.dimensions, restarts=self.restarts, seed=seed + index
            )
            pending = point if pending is None else torch.cat([pending, point])
        assert pending is not None
        found: Array = self.upper * pending.numpy()
        return found

    def _best(self, trial: Trial, candidates: Array) -> Array:
        rows, objectives, variances = trial.data()
        predicted = gp.predict(gp.fit(rows / self.upper, objectives, variances), candidates)
        lattice = inner_rays(trial.tasks, trial.left)
        best = [int(achievement(predicted, ray).argmin()) for ray in lattice]
        found: Array = self.upper * candidates[sorted(set(best))]
        return found


@final
@dataclass(frozen=True, kw_only=True)
class QLogNEHVI(BayesianSearch):
    """Measure where the log of the noisy expected hypervolume improvement is largest.

    The reference point is the pretrained model, g = 1. At most four tasks are allowed: the cost of
    the box decomposition grows too fast with their number. Source: Daulton et al. 2021,
    https://arxiv.org/abs/2105.08195, and Ament et al. 2023, https://arxiv.org/abs/2310.20708;
    BoTorch's implementation.
    """

    most_tasks: ClassVar[float] = 4

    def _acquisition(
        self, model: Any, rows: NDArray[np.float64], pending: Tensor | None, seed: int
    ) -> Any:
        return gp.hypervolume_improvement(model, rows, pending, samples=self.samples, seed=seed)


@final
@dataclass(frozen=True, kw_only=True)
class QLogNParEGO(BayesianSearch):
    """Measure where the expected improvement of a random Tchebycheff scalarization is largest.

    Every point has its own weights, drawn uniformly from the simplex. Any number of tasks works.
    Source: Knowles 2006, IEEE Trans. Evol. Comput. 10(1); Daulton et al. 2020,
    https://arxiv.org/abs/2006.05078, and Ament et al. 2023, https://arxiv.org/abs/2310.20708;
    BoTorch's implementation.
    """

    def _acquisition(
        self, model: Any, rows: NDArray[np.float64], pending: Tensor | None, seed: int
    ) -> Any:
        weights = np.random.default_rng(seed).dirichlet(np.ones(model.num_outputs))
        return gp.scalarised_improvement(
            model, rows, pending, weights, samples=self.samples, seed=seed
        )
