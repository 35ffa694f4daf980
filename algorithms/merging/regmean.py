"""RegMean: linear layers merged by regression on the experts' own inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import Count, NonNegativeFloat
from ...problems.experts import Coefficients, ExpertPool
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap
from ..training.descent import affordable_forwards
from ..training.tuned import Batches, Diagonal


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RegressionMean(PreferenceMap):
    """W(p) = (sum_i p_i G_i)^-1 sum_i p_i G_i W_i in every linear layer, the soup elsewhere.

    It minimises sum_i p_i |X_i (W - W_i)|^2, with G_i = X_i^T X_i the Gram matrix of the inputs.
    The equations are solved for the difference to the soup, which is 0 at the corners: these are
    the experts, bit for bit.

    Attributes:
        experts: The pool.
        grams: `(m, d_in, d_in)` positive definite matrices of each layer, by weight name.
        inputs_first: Whether weights are `(d_in, d_out)` instead of `(d_out, d_in)`.
    """

    experts: ExpertPool
    grams: Mapping[str, Tensor]
    inputs_first: bool

    def __call__(self, preference: Tensor) -> Tensor:
        """Return the `(P,)` parameters for a preference `(m,)`."""
        layout, p = self.experts.layout, preference.double()
        merged = self.experts.merge(Coefficients(values=preference))
        named = layout.unflatten(merged)
        vectors = [layout.unflatten(vector) for vector in self.experts.task_vectors]
        for name, grams in self.grams.items():
            weights = torch.stack([vector[name].double() for vector in vectors])
            if not self.inputs_first:
                weights = weights.mT
            named[name] += self._difference(weights, grams.double(), p).to(merged.dtype)
        return merged

    def _difference(self, weights: Tensor, grams: Tensor, p: Tensor) -> Tensor:
        deviations = weights - torch.einsum("t,tio->io", p, weights)
        right = torch.einsum("t,tij,tjo->io", p, grams, deviations)
        # In float64: in float32, rounding makes badly conditioned Gram matrices indefinite.
        left = torch.linalg.cholesky(torch.einsum("t,tij->ij", p, grams))
        found = torch.cholesky_solve(right, left)
        return found if self.inputs_first else found.mT

    @property
    def nbytes(self) -> int:
        """Bytes of the Gram matrices."""
        return sum(grams.nbytes for grams in self.grams.values())

    def pareto_set(self) -> MapSet:
        """Return the Pareto set of this map."""
        return MapSet(experts=self.experts, function=self, state_bytes=self.nbytes)


def regression(
    experts: ExpertPool,
    totals: Sequence[Mapping[str, Tensor]],
    *,
    diagonal: float,
    ridge: float,
    inputs_first: bool,
) -> RegressionMean:
    """Return the map of Gram matrices X^T X, which are given per task and weight name.

    Args:
        experts: The pool.
        totals: `(d_in, d_in)` matrices by weight name; layers without a matrix keep the soup.
        diagonal: As in `conditioned`.
        ridge: As in `conditioned`.
        inputs_first: As in `RegressionMean`.
    """
    grams = {
        name: torch.stack([conditioned(total[name], diagonal, ridge) for total in totals])
        for name in totals[0]
    }
    return RegressionMean(experts=experts, grams=grams, inputs_first=inputs_first)


def conditioned(gram: Tensor, diagonal: float, ridge: float) -> Tensor:
    """Shrink a Gram matrix `(d, d)` towards its diagonal and make it positive definite.

    Args:
        gram: X^T X.
        diagonal: Fraction of the off-diagonal entries that is removed.
        ridge: Added to the diagonal, in units of its mean.
    """
    alone = torch.diagonal(gram)
    # Inputs that are always 0 leave 0 on the diagonal; only this makes such a matrix invertible.
    extra = (ridge * alone.mean()).clamp_min(1e-12)
    return (1 - diagonal) * gram + torch.diag(diagonal * alone + extra)


def inputs_first(layout: Layout, widths: Mapping[str, int]) -> bool:
    """Return whether linear weights have their inputs in the first dimension, as in GPT-2.

    Square weights do not show it; they are assumed to be like the others of the model.

    Args:
        layout: Layout of the model.
        widths: Number of inputs of each linear layer, by weight name.
    """
    shapes = dict(zip(layout.names, layout.shapes, strict=True))
    return any(shapes[name][0] == d != shapes[name][1] for name, d in widths.items())


@final
@dataclass(frozen=True, kw_only=True)
class RegMean(Algorithm):
    """W(p) = (sum_i p_i G_i)^-1 sum_i p_i G_i W_i, G_i from the inputs of expert i's own layer.

    Everything except the weights of linear layers is the p-weighted mean of the experts, which are
    the corners. One Gram matrix per layer and task is kept. Source: Jin et al. 2023, section 3.2
    and equation 2, where all p_i are equal.

    Args:
        steps: Batches of unlabelled examples; fewer if the budget runs out first.
        batch_size: Examples of each task in a batch.
        diagonal: Fraction of the off-diagonal entries of a Gram matrix that is removed. Chosen from
            0, 0.05, 0.1 and 0.4 for the best mean utility in validation on `digits-left-right` and
            `digits-mnist-neg180`.
        ridge: Added to its diagonal, in units of the diagonal's mean.
    """

    steps: Batches = 8
    batch_size: Count = 32
    diagonal: Diagonal = 0.05
    ridge: NonNegativeFloat = 1e-6

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Gather the Gram matrices of every expert on its task."""
        pool, m = view.experts, len(view.tasks)
        totals: list[dict[str, Tensor]] = [{} for _ in range(m)]

        def current() -> MapSet:
            widths = {name: len(gram) for name, gram in totals[0].items()}
            return regression(
                pool,
                totals,
                diagonal=self.diagonal,
                ridge=self.ridge,
                inputs_first=inputs_first(pool.layout, widths),
            ).pareto_set()

        batches = view.batches(self.batch_size, labelled=False)
        for _ in range(affordable_forwards(view, self.steps, self.batch_size)):
            batch = next(batches)
            for task, (total, vector) in enumerate(zip(totals, pool.task_vectors, strict=True)):
                add(total, view.grams(pool.pretrained + vector, batch, task))
            view.milestone(current)
        return current()


def add(total: dict[str, Tensor], grams: dict[str, Tensor]) -> None:
    """Add Gram matrices to those summed so far, by weight name."""
    for name, gram in grams.items():
        total[name] = total[name] + gram if name in total else gram
