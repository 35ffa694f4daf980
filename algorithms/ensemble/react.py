"""ReACT: the features of a merged model, mapped to those of the experts."""

from dataclasses import dataclass
from typing import Annotated, Final, final

import torch
from torch import Tensor
from torch.nn import functional

from ...domains import Count, PositiveFloat
from ...problems.experts import Coefficients
from ...problems.predictor import Head, Layer, Predictor
from ...problems.view import ProblemView
from ...ranges import Choices, LogRange
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap
from ..training.descent import affordable_forwards
from ..training.tuned import Initial

_PASSES: Final = 2
"""Passes per example: one of the merged model and one of the task's expert."""


@final
@dataclass(frozen=True, kw_only=True)
class ReACT(Algorithm):
    """One merged model, and one matrix W(p) per preference before the frozen heads.

    W(p) minimises sum_i p_i (|Z_i W^T - E_i|^2 + ridge |W - R_i|^2), Z_i and E_i being the final
    features of the merged model and of expert i on task i's unlabelled inputs, R_i the orthogonal
    matrix that maps Z_i best to E_i (Procrustes). In closed form it is (sum_i p_i (E_i^T Z_i +
    ridge R_i)) (sum_i p_i (Z_i^T Z_i + ridge I))^-1. W folds into the heads, so an input costs one
    pass. The merged model is task arithmetic with a fixed coefficient, whereas the paper starts
    from several merges. Source: Wu et al. 2026.

    Args:
        steps: Batches of unlabelled examples; fewer if the budget runs out first.
        batch_size: Examples of each task in a batch.
        coefficient: Coefficient of every task vector in the merged model.
        ridge: Weight of the distance to the orthogonal maps.
    """

    steps: Annotated[Count, Choices(values=(2, 4, 8, 16, 32))] = 16
    batch_size: Count = 32
    coefficient: Initial = 0.3
    ridge: Annotated[PositiveFloat, LogRange(low=1e-3, high=10.0)] = 0.1

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Gather the products of the features of the merged model and of the experts."""
        pool, m = view.experts, len(view.tasks)
        merged = Coefficients(values=torch.full((m,), self.coefficient))
        params = view.merge(merged)
        grams: list[Tensor] = []
        crosses: list[Tensor] = []

        def current() -> ParetoSet:
            eye = torch.eye(len(grams[0]))
            function = AlignedMap(
                merged=merged,
                grams=torch.stack([gram + self.ridge * eye for gram in grams]),
                crosses=torch.stack([c + self.ridge * _orthogonal(c) for c in crosses]),
            )
            model = pool.pretrained.nbytes
            return MapSet(
                experts=pool,
                function=function,
                state_bytes=function.nbytes + model,
                needs_experts=False,
            )

        batches = view.batches(self.batch_size, labelled=False)
        # At least one, so that a budget that is too small for it refuses.
        for _ in range(max(1, affordable_forwards(view, self.steps, self.batch_size, _PASSES))):
            batch = next(batches)
            found = [view.features(params, batch, task) for task in range(m)]
            aims = [
                view.features(pool.pretrained + v, batch, t)
                for t, v in enumerate(pool.task_vectors)
            ]
            pairs = list(zip(found, aims, strict=True))
            grams = _added(grams, [z.T @ z for z, _ in pairs])
            crosses = _added(crosses, [e.T @ z for z, e in pairs])
            view.milestone(current)
        return current()


def _orthogonal(cross: Tensor) -> Tensor:
    """Return the orthogonal R with the smallest |Z R^T - E|, from E^T Z (Schoenemann 1966)."""
    u, _, vh = torch.linalg.svd(cross.double())
    found: Tensor = (u @ vh).to(cross.dtype)
    return found


def _added(totals: list[Tensor], more: list[Tensor]) -> list[Tensor]:
    return [a + b for a, b in zip(totals, more, strict=True)] if totals else more


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AlignedMap(PreferenceMap):
    """The map from a preference to the predictor with the matrix W(p).

    Attributes:
        merged: The model whose features are mapped.
        grams: `(m, H, H)` Z_i^T Z_i + ridge I, positive definite.
        crosses: `(m, H, H)` E_i^T Z_i + ridge R_i.
    """

    merged: Coefficients
    grams: Tensor
    crosses: Tensor

    def __call__(self, preference: Tensor) -> "Aligned":
        """Return the merged model with W(p)."""
        # Features of a network are nearly dependent: float64 keeps the solution accurate.
        p = preference.double()
        gram = torch.tensordot(p, self.grams.double(), dims=1)
        cross = torch.tensordot(p, self.crosses.double(), dims=1)
        matrix = torch.linalg.solve(gram, cross.T).T
        return Aligned(models=(self.merged,), matrix=matrix.to(self.grams.dtype))

    @property
    def nbytes(self) -> int:
        """Bytes of the products."""
        return self.grams.nbytes + self.crosses.nbytes


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned(Predictor):
    """head(W features) of one model.

    Attributes:
        matrix: W, `(H, H)`.
    """

    matrix: Tensor

    @property
    def passes(self) -> float:
        """One pass, because W is folded into the head."""
        return 1.0

    @property
    def stored_bytes(self) -> int:
        """The matrix; the model is merged from the pool."""
        return self.matrix.nbytes

    def layer(self) -> Layer | None:
        """Return None, because the model is a plain network."""
        return None

    def logits(self, features: Tensor, head: Head) -> Tensor:
        """`(B, C)` logits."""
        weight, bias = head
        return functional.linear(features[0], weight @ self.matrix, bias)
