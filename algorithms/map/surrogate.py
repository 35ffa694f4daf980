"""MAP's surrogate: each value is a function of a quadratic in the coefficients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
_HALF: Final = 0.5
"""Accuracies are kept half an example away from 0 and 1, so that their logits are finite."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class QuadraticSurrogate:
    """value_i(c) ~ link(e_i + b_i^T c + c^T A_i c / 2) for every task i.

    The link is the sigmoid for accuracies and the identity for losses.
    Source: Li et al. 2025, eq. 4; (m + 1)(m + 2) / 2 unknowns per task.

    Attributes:
        weights: `(m, unknowns)` weights of the features of `quadratic_features`.
        loo: `(k, m)` values that the fit without each point predicts there.
        loo_r2: `(m,)` leave-one-out R^2 in the link's units; at most 1, higher is better.
        link: From the quadratic to the value.
    """

    weights: Array
    loo: Array
    loo_r2: Array
    link: Callable[[Array], Array] = expit

    @classmethod
    def fit(cls, points: Array, accuracy: Array, n: Array, *, ridge: float) -> "QuadraticSurrogate":
        """Fit accuracies by ridge-regularised weighted least squares in logit space.

        A point weighs n a (1 - a), the inverse variance of its logit; the constant e_i is not
        penalised.

        Args:
            points: `(k, m)` coefficients measured.
            accuracy: `(k, m)` accuracy of each task there.
            n: `(k, m)` examples each accuracy was measured on.
            ridge: Penalty of a squared unknown, relative to the mean weight of a point.
        """
        features = quadratic_features(points)
        bounded = np.clip(accuracy, _HALF / n, 1 - _HALF / n)
        weight = n * bounded * (1 - bounded)
        target = logit(bounded)
        fits = [
            _ridge_fit(features, target[:, i], weight[:, i], ridge * weight[:, i].mean())
            for i in range(accuracy.shape[1])
        ]
        return cls(
            weights=np.array([solution for solution, _ in fits]),
            loo=expit(np.array([loo for _, loo in fits]).T),
            loo_r2=np.array(
                [_r2(target[:, i], loo, weight[:, i]) for i, (_, loo) in enumerate(fits)]
            ),
        )

    @classmethod
    def fit_losses(cls, points: Array, losses: Array) -> "QuadraticSurrogate":
        """Fit losses `(k, m)` by least squares, which is exact for quadratic losses."""
        features, even = quadratic_features(points), np.ones(len(points))
        fits = [_ridge_fit(features, loss, even, 0.0) for loss in losses.T]
        return cls(
            weights=np.array([solution for solution, _ in fits]),
            loo=np.array([loo for _, loo in fits]).T,
            loo_r2=np.array(
                [_r2(loss, loo, even) for loss, (_, loo) in zip(losses.T, fits, strict=True)]
            ),
            link=np.positive,
        )

    def predict(self, points: Array) -> Array:
        """Return the `(k, m)` predicted values of coefficients `(k, m)`."""
        return self.link(quadratic_features(points) @ self.weights.T)


def quadratic_features(points: Array) -> Array:
    """Return `(k, (m + 1)(m + 2) / 2)` features: 1, c_i, and c_i c_j for i <= j."""
    rows, columns = np.triu_indices(points.shape[1])
    products = points[:, rows] * points[:, columns]
    return np.hstack([np.ones((len(points), 1)), points, products])


def _ridge_fit(
    features: Array, target: Array, weight: Array, penalty: float
) -> tuple[Array, Array]:
    """Return the solution, and `(k,)` predictions at each point of a fit without that point."""
    penalties = np.diag(np.r_[0.0, np.full(features.shape[1] - 1, penalty)])
    # Inverted once, because the leverages of all points need it, not only the solution.
    inverse = np.linalg.inv(features.T @ (weight[:, None] * features) + penalties)
    solution = inverse @ features.T @ (weight * target)
    leverage = weight * np.einsum("ij,jk,ik->i", features, inverse, features)
    loo = target - (target - features @ solution) / (1 - leverage)
    return solution, loo


def _r2(target: Array, prediction: Array, weight: Array) -> float:
    """Return the share of the weighted variance that is predicted, or 1 without variance."""
    total = np.sum(weight * (target - np.average(target, weights=weight)) ** 2)
    error = np.sum(weight * (target - prediction) ** 2)
    return 1.0 if total <= np.finfo(float).eps * weight.sum() else float(1 - error / total)
