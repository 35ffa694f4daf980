"""Independent computations of what analytic problems state, sharing no formula with them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from fusefront.problems.analytic import geometry
from fusefront.problems.analytic.base import AnalyticProblem

Array = NDArray[np.float64]


class Exact:
    """Objectives g and their gradients at any parameters, in float64, through the test oracle."""

    def __init__(self, problem: AnalyticProblem) -> None:
        self.problem = problem
        self.anchors = problem.anchors("test")
        self.pretrained = torch.from_numpy(geometry.pretrained(problem.dimension))
        self.oracle = problem.oracle(frozenset({"calibration", "test"}))
        rows = [torch.arange(1)] * len(problem.tasks)
        self._batch = self.oracle.batch("calibration", rows, labelled=True)

    def __call__(self, displacement: Array) -> Array:
        """`(m,)` objectives of the pretrained model plus a displacement."""
        params = self.pretrained + torch.from_numpy(displacement)
        return self.anchors.objectives(self.oracle.measure(params, "test").value)

    def gradients(self, displacement: Array) -> Array:
        """`(m, P)` gradients of the objectives; only without noise."""
        params = (self.pretrained + torch.from_numpy(displacement)).requires_grad_()
        losses = self.oracle.losses(params, self._batch)
        rows = [torch.autograd.grad(x, params, retain_graph=True)[0].numpy() for x in losses]
        scale = self.anchors.pretrained - self.anchors.expert
        return np.array(rows) / scale[:, None]


def weighted_minimum(exact: Exact, weights: Array, start: Array) -> Array:
    """`(m,)` objectives of a minimiser of the weighted sum over all parameters."""
    found = minimize(
        lambda x: weights @ exact(x),
        start,
        jac=lambda x: weights @ exact.gradients(x),
        method="L-BFGS-B",
        options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-11},
    )
    return exact(found.x)


def tchebycheff_minimum(exact: Exact, weights: Array, starts: Array) -> Array:
    """`(m,)` objectives of the best minimiser of max_i w_i g_i over all parameters, by SLSQP."""
    best: Array | None = None
    for start in starts:
        begin = np.append(start, (weights * exact(start)).max())
        constraint: dict[str, Any] = {
            "type": "ineq",
            "fun": lambda z: z[-1] - weights * exact(z[:-1]),
            "jac": lambda z: np.column_stack(
                [-weights[:, None] * exact.gradients(z[:-1]), np.ones(len(weights))]
            ),
        }
        found = minimize(
            lambda z: z[-1],
            begin,
            jac=lambda z: np.eye(len(z))[-1],
            method="SLSQP",
            constraints=[constraint],
            options={"maxiter": 500, "ftol": 1e-14},
        )
        g = exact(found.x[:-1])
        if best is None or (weights * g).max() < (weights * best).max():
            best = g
    assert best is not None
    return best


def staircases(points: Array, ref: float) -> tuple[float, float]:
    """Return the least and the greatest area that a decreasing curve through the points dominates.

    By sorting alone: steps down after and before each point; beyond the last point it is flat.
    """
    x, y = points[np.lexsort((-points[:, 1], points[:, 0]))].T
    y = np.minimum.accumulate(y)
    x_next = np.minimum(np.append(x[1:], max(ref, x[-1])), ref)
    width = np.maximum(x_next - np.minimum(x, ref), 0)
    least = width @ np.maximum(ref - y, 0)
    greatest = width @ np.maximum(ref - np.append(y[1:], y[-1]), 0)
    return float(least), float(greatest)


def monte_carlo(
    dominated: Callable[[Array], NDArray[np.bool_]], m: int, ref: float, power: int = 18
) -> tuple[float, float]:
    """Return the dominated volume of the box [0, ref]^m and its standard error."""
    uniform = np.random.default_rng(m).uniform(size=(2**power, m))
    share = float(dominated(ref * uniform).mean())
    error = np.sqrt(max(share * (1 - share), 1 / 2**power) / 2**power)
    return share * ref**m, float(error * ref**m)


def hull_dominates(d: Array, spread: float) -> NDArray[np.bool_]:
    """Return whether a point of the experts' hull has at most the squared distances `(n, m)`.

    By duality: it has unless some weights p give a weighted sum of distances which even its
    minimum, spread (1 - |p|^2), exceeds; the worst p is the projection of -d / (2 spread) on the
    simplex.
    """
    p = _project(-d / (2 * spread))
    return np.asarray(spread * (1 - (p**2).sum(axis=1)) <= (p * d).sum(axis=1))


def simplex_points(m: int, power: int) -> Array:
    """`(2^power, m)` points of the simplex, by normalised exponentials of Sobol points."""
    uniform = qmc.Sobol(m, rng=np.random.default_rng(1)).random_base2(power)
    steps = -np.log(np.clip(uniform, 1e-15, 1))
    return np.asarray(steps / steps.sum(axis=1, keepdims=True))


def _project(v: Array) -> Array:
    """Project rows on the simplex; see Held, Wolfe and Crowder 1974."""
    ordered = -np.sort(-v, axis=1)
    excess = np.cumsum(ordered, axis=1) - 1
    count = np.arange(1, v.shape[1] + 1)
    last = (ordered - excess / count > 0).sum(axis=1)
    level = excess[np.arange(len(v)), last - 1] / last
    projected: Array = np.maximum(v - level[:, None], 0)
    return projected
