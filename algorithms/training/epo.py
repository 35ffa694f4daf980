"""EPO search: descend while p_i L_i become equal."""

from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linprog
from torch import Tensor

from .weighting import Step, Weighting

Array = NDArray[np.float64]
LEAST_IMPORTANCE: Final = 1e-3
"""Smallest importance: p_i L_i of a task with importance 0 can never equal the others."""
_ROUNDING: Final = 1e-9
"""Error of float64 arithmetic on Gramians that are scaled to 1, with a margin."""


@final
@dataclass(frozen=True, kw_only=True)
class EPO(Weighting):
    """Weights from a linear program: balance uneven p_i L_i, otherwise lower all losses.

    Losses must be positive, as cross-entropies are. Weights sum to m. If no weights satisfy the
    program, which rounding can cause, they are m p. Source: Mahapatra and Rajan 2020, Multi-task
    learning with user preferences, ICML; the program as PHN and PWEMoE use it, with r_i = p_i.

    Args:
        tolerance: Non-uniformity up to which p_i L_i count as equal; 1e-4 leaves them 3 % apart.
    """

    needs_gradients: ClassVar[bool] = True
    tolerance: float = 1e-4

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights."""
        raised = step.preference.double().clamp_min(LEAST_IMPORTANCE)
        ray: Array = (raised / raised.sum()).numpy()
        losses = step.losses.double().numpy()
        found = epo_weights(losses, step.gramian.double().numpy(), ray, self.tolerance)
        alpha = ray if found is None else found
        return torch.from_numpy(len(ray) * alpha).to(step.losses.dtype)


def non_uniformity(losses: Array, ray: Array) -> tuple[float, Array]:
    """Return mu = KL(shares || uniform) of the shares of r_i L_i, and its ascent direction.

    a_i = r_i (log(m share_i) - mu) is the ascent direction of mu in loss space; losses with
    <a, dL> < 0 become more even.
    """
    # A loss of 0 has no logarithm.
    weighted = ray * np.maximum(losses, np.finfo(float).tiny)
    shares = weighted / weighted.sum()
    logs = np.log(len(shares) * shares)
    mu = float(shares @ logs)
    return mu, ray * (logs - mu)


def epo_weights(losses: Array, gramian: Array, ray: Array, tolerance: float) -> Array | None:
    """Return the weights on the simplex that solve EPO's program, or None if it has no solution.

    With C the Gramian of the gradients and v = C a:

    - uneven (mu > tolerance): maximise <alpha, v> so that, for every task j, (C alpha)_j is at
      least v_j where v_j <= 0, at least 0 for the task with the largest r_j L_j, and free for the
      others; if no v_j > 0, at least 0 for all;
    - even: maximise sum_j (C alpha)_j so that C alpha >= 0 and <alpha, v> >= min(0, max_j v_j).
    """
    scale = np.abs(gramian).max()
    if scale == 0 or not np.isfinite(scale):
        return None
    # Weights are the same at every scale of the gradients; tolerances of the solver are not.
    c = gramian / scale
    mu, a = non_uniformity(losses, ray)
    v = c @ a
    if mu > tolerance:
        least = np.where(v > 0, -np.inf, v) if (v > 0).any() else np.zeros(len(v))
        if (v > 0).any():
            # Losses that tie up to rounding all count as the largest, regardless of the order of
            # the tasks.
            least[ray * losses >= (1 - _ROUNDING) * (ray * losses).max()] = 0
        return solve(v, c, least)
    rows = np.vstack([c, v])
    return solve(c.sum(axis=0), rows, np.r_[np.zeros(len(v)), min(0.0, v.max())])


def solve(objective: Array, rows: Array, least: Array) -> Array | None:
    """Return alpha on the simplex that maximises <objective, alpha> with rows @ alpha >= least.

    None if there is no such alpha. In closed form for two tasks, where the simplex is a line; else
    by HiGHS's dual simplex, which is deterministic.
    """
    bounded = np.isfinite(least)
    rows, least = rows[bounded], least[bounded]
    if len(objective) == 2:
        return on_a_line(objective, rows, least)
    found = linprog(
        -objective,
        A_ub=-rows if len(rows) else None,
        b_ub=-least if len(rows) else None,
        A_eq=np.ones((1, len(objective))),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs-ds",
    )
    return None if found.x is None else np.maximum(found.x, 0) / np.maximum(found.x, 0).sum()


def on_a_line(objective: Array, rows: Array, least: Array) -> Array | None:
    """Same as `solve`, but with alpha = (x, 1 - x): an end of x's interval, its middle in a tie.

    Bounds may miss each other by a rounding error of 1e-9.
    """
    slope, need = rows[:, 0] - rows[:, 1], least - rows[:, 1]
    flat = np.abs(slope) <= _ROUNDING
    if (need[flat] > _ROUNDING).any():
        return None
    ends = need[~flat] / slope[~flat]
    low = ends[slope[~flat] > 0].max(initial=0.0)
    high = ends[slope[~flat] < 0].min(initial=1.0)
    if low > high + _ROUNDING:
        return None
    gain = objective[0] - objective[1]
    x = float(np.clip((low + high) / 2 if gain == 0 else high if gain > 0 else low, 0, 1))
    return np.array([x, 1 - x])
