"""The preference hypernetwork trained to increase the hypervolume of several models."""

from dataclasses import dataclass
from typing import Annotated, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...domains import Count, CountOrZero
from ...metrics.hypervolume import hypervolume
from ...metrics.nondominated import nondominated
from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ...ranges import Choices
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.map_algorithm import MapTraining
from ..training.rays import draw
from ..training.tuned import Alignment, BatchSize, Concentration, Initial, NetworkRate, Width
from .trunk import BlockHypernetwork

Array = NDArray[np.float64]
_MARGIN: Final = 1.1


def hypervolume_gradient(points: Array, ref_point: Array) -> Array:
    """Return `(k, m)` derivatives of the hypervolume in each objective of each point, at most 0.

    Moving point k by dy along objective i loses the slice that only this point dominates at its
    y_{k,i}: the (m - 1)-dimensional hypervolume that its other objectives add to those of the
    points that are no worse along i. Exact for 2 to 6 objectives and any number of points, and for
    any number of objectives and 12 points. Dominated points, and those not better than the
    reference point, have gradient 0; at ties the derivative is one-sided.

    Args:
        points: `(k, m)`, minimised.
        ref_point: `(m,)`.

    Source: Emmerich and Deutz 2014, Time complexity and zeros of the hypervolume indicator
    gradient field, EVOLVE III, section 3.

    >>> hypervolume_gradient(np.array([[0.0, 0.5], [0.5, 0.0]]), np.ones(2)).tolist()
    [[-0.5, -0.5], [-0.5, -0.5]]
    """
    gradient = np.zeros_like(points)
    for k, i in np.ndindex(*points.shape):
        if (points[k] < ref_point).all():
            others = np.delete(points, k, axis=0)
            rivals = np.delete(others[others[:, i] <= points[k, i]], i, axis=1)
            own = np.delete(points[k : k + 1], i, axis=1)
            ref = np.delete(ref_point, i)
            gradient[k, i] = _volume(rivals, ref) - _volume(np.vstack([rivals, own]), ref)
    return gradient


def layered_directions(points: Array, ref_point: Array) -> Array:
    """Return `(k, m)` weights of the objectives: one unit vector per point that raises hypervolume.

    Minus the gradient of each point in the hypervolume of its own nondominated layer, so that
    dominated points move too, scaled to length 1. Where an objective exceeds the reference point,
    that coordinate is moved to 1.1 times the largest value, so that every point has a gradient.
    Source: Deist et al. 2023, Multi-objective learning using HV maximization, EMO.

    Args:
        points: `(k, m)`, minimised.
        ref_point: `(m,)`.
    """
    ref = np.maximum(ref_point, _MARGIN * points.max(axis=0))
    weights = np.zeros_like(points)
    left = np.arange(len(points))
    while len(left):
        layer = left[nondominated(points[left])]
        weights[layer] = -hypervolume_gradient(points[layer], ref)
        left = np.setdiff1d(left, layer)
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    scaled: Array = weights / np.where(lengths > 0, lengths, 1)
    return scaled


def _volume(points: Array, ref_point: Array) -> float:
    return hypervolume(points, ref_point=ref_point) if len(points) else 0.0


_LEAST_IMPORTANCE: Final = 0.01
"""Smallest importance in the cosine: 1 / p must be finite at the corners."""


@final
@dataclass(frozen=True, kw_only=True)
class HypervolumeHypernetwork(Algorithm):
    """A hypernetwork over block coefficients that increases the hypervolume of several models.

    Each step draws `models` preferences and evaluates their models on one batch. The losses g of
    model k, 0 at the expert and 1 at the pretrained model, are weighted by the gradient of the
    hypervolume of its nondominated layer, scaled to length 1; `alignment` times the cosine of g_k
    and 1 / p keeps models near their preferences. Source: Hoang et al. 2023, Improving Pareto front
    learning via multi-sample hypernetworks, AAAI.

    It differs from the paper in four ways: preferences are importances, so losses are aligned with
    1 / p and not with p; they are drawn from a Dirichlet distribution for any number of tasks, not
    in strata of an angle; there are fewer than 16 models; and there is no first phase on the cosine
    alone.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        batch_size: Examples of each task per step; every model sees them.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from; small values favour the corners.
        width: Hidden units of each trunk layer.
        initial: Initial value of every coefficient.
        models: Number of models per step, K. On validation at 20,000 units, 4 with an alignment of
            1 were better than 8 with an alignment of 5 on `digits-mnist-neg180`, and as good on
            `digits-left-right`.
        alignment: Weight of the cosine.
    """

    steps: CountOrZero = 4000
    learning_rate: NetworkRate = 3e-3
    batch_size: BatchSize = 16
    concentration: Concentration = 1.0
    width: Width = 64
    initial: Initial = 0.3
    models: Annotated[Count, Choices(values=(2, 4, 8))] = 4
    alignment: Alignment = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the hypernetwork; one model's activations are in memory at a time."""
        decoder = BlockHypernetwork(width=self.width, initial=self.initial)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]
        low, high = CrossEntropy().scale(view)

        def loss(batch: Batch, progress: float) -> Tensor:
            drawn = range(self.models)
            preferences = [draw(len(view.tasks), self.concentration, generator) for _ in drawn]
            points = [decoder.decode(view.experts, parameters, p) for p in preferences]
            found = [view.loss_jacobian(point, batch) for point in points]
            losses = (torch.stack([values for values, _ in found]) - low) / (high - low)
            # Weights are for normalised losses; the chain rule divides them by the same range.
            weights = self.weights(losses, torch.stack(preferences)) / (high - low)
            total = torch.zeros(())
            for point, (_, jacobian), w in zip(points, found, weights, strict=True):
                assert isinstance(point, Coefficients)
                total = total + (point.values * torch.tensordot(w, jacobian, dims=1)).sum()
            # The gradient of the weighted losses, but the mean loss as the value that is logged.
            return total - total.detach() + losses.mean()

        training = MapTraining(
            steps=self.steps,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            models=self.models,
        )
        return training.run(view, decoder, parameters, loss)

    def weights(self, losses: Tensor, preferences: Tensor) -> Tensor:
        """Return the `(K, m)` gradient of the minimised function in normalised losses `(K, m)`."""
        points = losses.double().numpy()
        volume = torch.from_numpy(layered_directions(points, np.ones(points.shape[1])))
        wanted = 1 / preferences.clamp_min(_LEAST_IMPORTANCE)
        with torch.enable_grad():
            leaf = losses.detach().clone().requires_grad_()
            cosine = functional.cosine_similarity(leaf, wanted, dim=1).sum()
            (raised,) = torch.autograd.grad(cosine, leaf)
        return volume.to(losses.dtype) - self.alignment * raised
