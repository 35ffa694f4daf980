"""Weightings that resolve conflicts between gradients."""

from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from ..training.weighting import Step, Weighting
from .least_norm import Array, least_norm, least_norm_above, root

_STATIONARY: Final = 1e-6
"""A combination of gradients this much shorter than their mean counts as 0."""
_RIDGE: Final = 1e-8
"""Added to the Gramian of unit gradients, so that a solution exists even if they cancel."""
_ITERATIONS: Final = 100


@final
class MGDA(Weighting):
    """The shortest vector in the convex hull of the gradients: no task gets worse along it.

    There is no preference: the start decides which Pareto-stationary point is reached, and tasks
    with small gradients weigh most. Source: Desideri 2012, MGDA; Sener and Koltun 2018, Multi-task
    learning as multi-objective optimization, NeurIPS, eq. 3, solved by Frank-Wolfe there and
    exactly here.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights on the simplex."""
        return as_weights(least_norm(as_array(step.gramian)), step)


@final
class PCGrad(Weighting):
    """The sum of the gradients, each after projections that remove its conflicts one by one.

    Source: Yu et al. 2020, Gradient surgery for multi-task learning, NeurIPS, algorithm 1.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights, all 1 without conflicts; an order is drawn for every task."""
        gramian = as_array(step.gramian)
        m = len(gramian)
        orders = [torch.randperm(m, generator=step.generator).tolist() for _ in range(m)]
        return as_weights(surgery(gramian, orders), step)


def surgery(gramian: Array, orders: list[list[int]]) -> Array:
    """Return PCGrad's `(m,)` weights if task i meets the others in the order `orders[i]`."""
    total = np.zeros(len(gramian))
    for i, order in enumerate(orders):
        own = np.zeros(len(gramian))
        own[i] = 1.0
        for j in order:
            inner = gramian[j] @ own
            if j != i and inner < 0:
                # A negative product excludes a gradient of 0, so this never divides by 0.
                own[j] -= inner / gramian[j, j]
        total += own
    return total


@final
@dataclass(frozen=True, kw_only=True)
class CAGrad(Weighting):
    """The step in a ball around the mean gradient that helps the least improved task most.

    With g0 the mean gradient and g_w = sum_i w_i g_i, w on the simplex minimises
    <g_w, g0> + c |g0| |g_w|, and the step is g0 + c |g0| g_w / |g_w|.
    Source: Liu et al. 2021, Conflict-averse gradient descent, NeurIPS, eq. 3 and algorithm 1.

    Args:
        c: Radius of the ball in units of |g0|; 0 is the mean gradient.
    """

    needs_gradients: ClassVar[bool] = True
    c: float = 0.5

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights; equal ones at a stationary point, where the step would vanish."""
        return as_weights(conflict_averse(as_array(step.gramian), self.c), step)


def conflict_averse(gramian: Array, c: float) -> Array:
    """Return CAGrad's `(m,)` weights."""
    m = len(gramian)
    mean = np.full(m, 1 / m)
    size = float(np.sqrt(max(float(mean @ gramian @ mean), 0.0)))
    if size == 0 or c == 0:
        return mean
    # In units of |g0|: SLSQP's tolerance is absolute, and gradients span orders of magnitude.
    scaled = gramian / size**2

    def dual(w: Array) -> tuple[float, Array]:
        along = scaled @ w
        norm = float(np.sqrt(max(float(w @ along), _STATIONARY**2)))
        return float(mean @ along + c * norm), scaled @ mean + c * along / norm

    found = minimize(
        dual,
        least_norm(gramian),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * m,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(m)},
        options={"ftol": 1e-12, "maxiter": 200},
    )
    w = np.maximum(found.x, 0) / np.maximum(found.x, 0).sum()
    norm = float(np.sqrt(max(float(w @ scaled @ w), 0.0)))
    return mean if norm < _STATIONARY else mean + c * w / norm


@final
class UPGrad(Weighting):
    """The mean of the gradients p_i grad L_i, each projected so that it opposes no task.

    It is the only solver here whose step is both free of conflict and linear in the gradients'
    scales. Source: Quinton and Rey 2024, Jacobian descent for multi-objective optimization, eq. 5.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return the sum over i of the least-norm weights `(m,)` that are at least p_i e_i."""
        gramian = as_array(step.gramian)
        rows = np.diag(as_array(step.preference))
        projected = [least_norm_above(gramian, row) for row in rows]
        return as_weights(np.sum(projected, axis=0), step)


@final
class DualProj(Weighting):
    """The sum of the gradients p_i grad L_i, projected so that it opposes no task.

    It is projected once as a whole, where UPGrad projects every gradient: the weights are the
    least-norm weights that are at least p. Source: Quinton and Rey 2024, Jacobian descent for
    multi-objective optimization, after Lopez-Paz and Ranzato 2017, Gradient episodic memory,
    NeurIPS.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights, p itself without conflicts."""
        projected = least_norm_above(as_array(step.gramian), as_array(step.preference))
        return as_weights(projected, step)


@final
class NashMTL(Weighting):
    """Weights alpha > 0 with C alpha = 1 / alpha: the Nash solution of bargaining for a step.

    They minimise alpha^T C alpha / 2 - sum_i log alpha_i, which is convex, so Newton's method finds
    what the paper approximates by a sequence of programs. The step has length sqrt(m) at every
    scale of the losses: a weight on a loss has no effect, so there is no preference. Source: Navon
    et al. 2022, Multi-task learning as a bargaining game, ICML, claim 3.2.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` positive weights."""
        return as_weights(bargained(as_array(step.gramian)), step)


def bargained(gramian: Array) -> Array:
    """Return alpha `(m,)` with (C + ridge) alpha = 1 / alpha, or ones if a gradient is 0."""
    sizes = np.sqrt(np.diag(gramian))
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return np.ones(len(gramian))
    rooted = root(gramian / np.outer(sizes, sizes))
    cosines = rooted.T @ rooted + _RIDGE * np.eye(len(sizes))
    alpha = np.ones(len(sizes))
    for _ in range(_ITERATIONS):
        gradient = cosines @ alpha - 1 / alpha
        step = np.linalg.solve(cosines + np.diag(alpha**-2.0), gradient)
        decrement = float(np.sqrt(max(float(gradient @ step), 0.0)))
        # Damped Newton: a full step could leave alpha > 0, but this one never does.
        alpha = alpha - step / (1 + decrement)
        if decrement < 1e-10:
            break
    return alpha / sizes


def as_array(tensor: Tensor) -> Array:
    """Convert to float64, in which the small problems are solved."""
    return tensor.double().numpy()


def as_weights(weights: Array, step: Step) -> Tensor:
    """Convert to the type of the losses."""
    return torch.from_numpy(weights).to(step.losses.dtype)
