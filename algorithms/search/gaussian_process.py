"""Gaussian processes of the objectives, and their acquisition functions; needs BoTorch."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import NotApplicableError

Array = NDArray[np.float64]
_LEAST_NOISE: Final = 1e-4
"""Smallest variance of a measurement, relative to the variance over all: without any noise, the
covariance matrices are close to singular."""
_REFERENCE: Final = -1.0
"""Reference point of the hypervolume, in -g: the pretrained model."""


def require_botorch() -> None:
    """Import BoTorch, which everything in this module needs.

    Raises:
        NotApplicableError: If it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit, which it still uses
            importlib.import_module("botorch")
    except ImportError as error:
        raise NotApplicableError(
            "BoTorch must be installed for Bayesian optimisation. Found none. "
            "Use `pip install 'fusefront[bo]'`."
        ) from error


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generator inside, restore it afterwards, and ignore known warnings."""
    from botorch.exceptions.warnings import BotorchWarning
    from botorch.utils.sampling import manual_seed
    from linear_operator.utils.warnings import NumericalWarning

    with manual_seed(seed), warnings.catch_warnings():
        for category in (BotorchWarning, NumericalWarning):
            warnings.simplefilter("ignore", category)
        yield


def fit(rows: Array, objectives: Array, variances: Array) -> Any:
    """Return one process for each -g_i over the unit box: Matern 5/2, float64, known noise.

    Args:
        rows: `(n, d)` in the unit box.
        objectives: `(n, m)`.
        variances: `(n, m)` variances of these measurements.
    """
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.models.model_list_gp_regression import ModelListGP
    from botorch.models.transforms import Standardize
    from gpytorch.mlls import SumMarginalLogLikelihood

    floor = _LEAST_NOISE * objectives.var(axis=0) + np.finfo(float).eps
    noise = torch.from_numpy(np.maximum(variances, floor))
    x, y = torch.from_numpy(rows), -torch.from_numpy(objectives)
    model = ModelListGP(
        *(
            SingleTaskGP(x, y[:, [i]], noise[:, [i]], outcome_transform=Standardize(m=1))
            for i in range(y.shape[1])
        )
    )
    fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    return model


def predict(model: Any, rows: Array) -> Array:
    """Return the `(n, m)` posterior means of the objectives g."""
    with torch.no_grad():
        mean: Array = -model.posterior(torch.from_numpy(rows)).mean.numpy()
    return mean


def hypervolume_improvement(
    model: Any, rows: Array, pending: Tensor | None, *, samples: int, seed: int
) -> Any:
    """Return the log noisy expected hypervolume improvement, up to the pretrained model."""
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement

    return qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=[_REFERENCE] * model.num_outputs,
        X_baseline=torch.from_numpy(rows),
        sampler=_sampler(samples, seed),
        prune_baseline=True,
        X_pending=pending,
    )


def scalarised_improvement(
    model: Any, rows: Array, pending: Tensor | None, weights: Array, *, samples: int, seed: int
) -> Any:
    """Return the log noisy expected improvement of the augmented Tchebycheff distance."""
    from botorch.acquisition.multi_objective.parego import qLogNParEGO

    return qLogNParEGO(
        model=model,
        X_baseline=torch.from_numpy(rows),
        scalarization_weights=torch.from_numpy(weights),
        sampler=_sampler(samples, seed),
        prune_baseline=True,
        X_pending=pending,
    )


def maximise(acquisition: Any, dimensions: int, *, restarts: int, seed: int) -> Tensor:
    """Return the `(1, d)` point of the unit box where an acquisition function is largest."""
    from botorch.optim.optimize import optimize_acqf

    bounds = torch.stack([torch.zeros(dimensions), torch.ones(dimensions)]).double()
    point, _ = optimize_acqf(
        acquisition,
        bounds=bounds,
        q=1,
        num_restarts=restarts,
        raw_samples=32 * restarts,
        # 50 iterations found the same points on two analytic problems.
        options={"maxiter": 20, "seed": seed},
        retry_on_optimization_warning=False,
    )
    found: Tensor = point.detach()
    return found


def _sampler(samples: int, seed: int) -> Any:
    from botorch.sampling.normal import SobolQMCNormalSampler

    return SobolQMCNormalSampler(torch.Size([samples]), seed=seed)
