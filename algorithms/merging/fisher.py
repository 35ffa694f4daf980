"""Fisher merging: experts averaged entry by entry with their Fisher information as weights."""

from dataclasses import dataclass
from typing import Annotated, final

import torch
from annotated_types import Ge
from torch import Tensor

from ...domains import CountOrZero
from ...problems.base import Batch
from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ...ranges import Choices, LogRange
from ..base import Algorithm
from ..pareto_set import MapSet, ParetoSet, PreferenceMap


@final
@dataclass(frozen=True, kw_only=True)
class Fisher(Algorithm):
    """theta(p) = sum_i p_i F_i expert_i / sum_i p_i F_i, entry by entry; corners are the experts.

    F_i is the diagonal of expert i's Fisher information: the mean over unlabelled examples of the
    squared gradient of log p(y | x), with y drawn from the expert's own prediction. Gradients are
    those of single examples; the squared gradient of a batch would be a different matrix. Each F_i
    is scaled to unit length, so that a confident expert does not outweigh the preference. Source:
    Matena and Raffel 2022, sections 2.2 and 3.

    Args:
        steps: Examples of each task, one per step; fewer if the budget runs out first.
        floor: Smallest information of an entry after scaling, which decides where no expert has
            any.
    """

    steps: Annotated[CountOrZero, Choices(values=(32, 64, 128, 256, 512))] = 256
    floor: Annotated[float, Ge(1e-20), LogRange(low=1e-9, high=1e-2)] = 1e-6

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Measure the information of every expert."""
        pool = view.experts
        total = torch.zeros(len(pool), pool.layout.size)

        def current() -> MapSet:
            mean = FisherMean(experts=pool, information=normalised(total, self.floor))
            return MapSet(experts=pool, function=mean, state_bytes=mean.information.nbytes)

        batches = view.batches(1, labelled=False)
        for _ in range(int(min(self.steps, view.affordable_steps(1)))):
            batch = next(batches)
            for task, (row, vector) in enumerate(zip(total, pool.task_vectors, strict=True)):
                row += score(view, pool.pretrained + vector, batch, task, generator).square_()
            view.milestone(current)
        return current()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FisherMean(PreferenceMap):
    """The mean of the experts for a preference `(m,)`, weighted by `(m, P)` information."""

    experts: ExpertPool
    information: Tensor

    def __call__(self, preference: Tensor) -> Tensor:
        """`(P,)` parameters."""
        weights = preference @ self.information
        merged = self.experts.pretrained.clone()
        rows = zip(preference, self.information, self.experts.task_vectors, strict=True)
        for p, information, vector in rows:
            merged.addcmul_(p * information / weights, vector.to(merged.dtype))
        return merged


def score(
    view: ProblemView, params: Tensor, batch: Batch, task: int, generator: torch.Generator
) -> Tensor:
    """Return the `(P,)` gradient of the log-probability of a class drawn from the model itself.

    Args:
        view: The problem.
        params: `(P,)` parameters.
        batch: A batch with a single example of the task.
        task: Index of the task.
        generator: Draws the class.
    """
    params = params.requires_grad_()
    logs = torch.log_softmax(view.logits(params, batch, task)[0], dim=0)
    # A label from the model itself gives the Fisher information. Labels from data would give the
    # empirical Fisher matrix, and are not available.
    label = torch.multinomial(logs.detach().exp(), 1, generator=generator)
    (gradient,) = torch.autograd.grad(logs[label].sum(), params)
    return gradient


def normalised(information: Tensor, floor: float) -> Tensor:
    """Return copies of `(m, P)` rows at unit length, with entries of at least `floor`."""
    # Squared gradients are small: the default `eps` of 1e-12 would shorten rows that are not 0.
    return torch.nn.functional.normalize(information, dim=1, eps=1e-30).clamp_min_(floor)
