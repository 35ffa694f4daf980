"""Pareto merging: a merged model and a low-rank tensor contracted with the preference."""

from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Annotated, ClassVar, Final, final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.base import Batch
from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ...ranges import LogRange
from ...registry import bound
from ..base import Algorithm
from ..pareto_set import Model, ParetoSet
from ..training.criterion import CRITERIA
from ..training.decoder import Decoder, Needs, Parameters
from ..training.descent import Descent
from ..training.low_rank import add, gaussian, matrices
from ..training.map_algorithm import MapAlgorithm, map_set
from ..training.rays import draw
from ..training.tuned import Concentration, Initial, NetworkRate, Rank, WeightRate
from ..training.weighting import Step
from ..training.weightings import WEIGHTINGS, SmoothTchebycheff

_NO_DATA: Final = Batch(inputs=torch.empty(0), segments=(), labels=None)


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceTensor(Decoder):
    """W_l(p) = M_l + A_l (sum_i p_i G_{l,i}) B_l, with M task arithmetic: G x1 A x2 B x3 p.

    A `(rows, rank)` and B `(rank, columns)` start at random, G `(m, rank, rank)` at 0, so that
    every preference starts at M.

    Args:
        initial: Every coefficient of M.
        rank: Rank of the term that is added to each matrix.
    """

    needs: ClassVar[Needs] = "model"
    initial: float = 0.3
    rank: int = 16

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """A, G and B of each matrix, in turn."""
        parameters = []
        for target in matrices(experts.layout, self.rank):
            parameters.append(gaussian((target.rows, self.rank), self.rank, generator))
            parameters.append(torch.zeros(experts.tasks, self.rank, self.rank))
            parameters.append(gaussian((self.rank, target.columns), target.columns, generator))
        return parameters

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        arithmetic = torch.full((len(experts),), self.initial)
        merged = experts.merge(Coefficients(values=arithmetic))
        triples = zip(parameters[::3], parameters[1::3], parameters[2::3], strict=True)
        terms = (a @ torch.tensordot(preference, g, dims=1) @ b for a, g, b in triples)
        return add(experts.layout, merged, matrices(experts.layout, self.rank), terms)


@final
@dataclass(frozen=True, kw_only=True)
class ParetoMerging(MapAlgorithm):
    """A frozen merge and a tensor, trained without labels on the smooth Tchebycheff of entropies.

    Entropies are divided by their maxima, log C_i. Source: Chen and Kwok 2025, Pareto merging,
    ICML. The merge is task arithmetic.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4, 3e-4 and 1e-3 by validation on `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units.
        initial: Every coefficient of the frozen merge.
        rank: Rank of the term that is added to each matrix.
    """

    learning_rate: WeightRate = 3e-5
    initial: Initial = 0.3
    rank: Rank = 8

    solver: str = bound("smooth-tchebycheff", among=WEIGHTINGS)
    loss: str = bound("normalised-entropy", among=CRITERIA)

    def decoder(self, view: ProblemView) -> Decoder:
        """The tensor on the merge."""
        return PreferenceTensor(initial=self.initial, rank=self.rank)


@final
@dataclass(frozen=True, kw_only=True)
class DataFreeParetoMerging(Algorithm):
    """A frozen merge and a tensor, trained without data on the smooth Tchebycheff of distances.

    The objective of task i is the squared distance of the weights to expert i, divided by that of
    the pretrained model: 0 at the expert and 1 at the pretrained model. Source: Chen and Kwok 2025,
    Pareto merging, ICML, in its data-free form. The merge is task arithmetic.

    Args:
        steps: Gradient steps, with one random preference each.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from; small values favour the corners.
        initial: Every coefficient of the frozen merge.
        rank: Rank of the term that is added to each matrix.
    """

    steps: Annotated[CountOrZero, LogRange(low=50, high=2000)] = 500
    learning_rate: NetworkRate = 1e-2
    concentration: Concentration = 1.0
    initial: Initial = 0.3
    rank: Rank = 8

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the tensor on the weights alone."""
        experts, weighting = view.experts, SmoothTchebycheff()
        decoder = PreferenceTensor(initial=self.initial, rank=self.rank)
        parameters = [p.requires_grad_() for p in decoder.start(experts, generator)]

        def loss(batch: Batch) -> Tensor:
            preference = draw(experts.tasks, self.concentration, generator)
            model = decoder.decode(experts, parameters, preference)
            losses = distances(experts, experts.build(model))
            step = Step(
                losses=losses.detach(), preference=preference, gradients=None, generator=generator
            )
            # Constant weights: the product has the gradient of the smooth Tchebycheff, not its
            # value.
            return weighting(step) @ losses

        current = partial(map_set, decoder, view, parameters)
        Descent(steps=self.steps, learning_rate=self.learning_rate).run(
            view, parameters, repeat(_NO_DATA), loss, after_step=partial(view.milestone, current)
        )
        return current()


def distances(experts: ExpertPool, params: Tensor) -> Tensor:
    """Return `(T,)` squared distances to the experts, relative to the pretrained model's."""
    moved = params - experts.pretrained
    found = [_relative(moved, vector.to(moved.dtype)) for vector in experts.task_vectors]
    return torch.stack(found)


def _relative(moved: Tensor, vector: Tensor) -> Tensor:
    found: Tensor = (moved @ moved - 2 * (moved @ vector)) / (vector @ vector) + 1
    return found
