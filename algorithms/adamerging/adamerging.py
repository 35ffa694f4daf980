"""AdaMerging: merging coefficients that make the merged model confident on unlabelled inputs."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.layout import Space
from ...problems.view import ProblemView
from ..base import Algorithm
from ..descent import Descent, affordable
from ..pareto_set import ConstantSet, ParetoSet


@dataclass(frozen=True, kw_only=True)
class _AdaMerging(Algorithm, ABC):
    """Minimise sum_i E_x H(softmax(head_i(f_theta(c)(x)))) over coefficients c in [0, 1].

    The coefficients are put back into [0, 1] after each step. (Clamping them inside the graph, as
    the released code does, gives a coefficient that has left the box no gradient to come back.)
    Inductive: the unlabelled inputs are the calibration split's, disjoint from the test.
    Source: Yang et al. 2024, eqs. 4 and 5; 1,000 steps of one batch of 16 a task, Adam 1e-3.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, constant.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
    """

    space: ClassVar[Space]
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 16
    initial: float = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend the entropy of all tasks."""
        m = len(view.tasks)
        groups = len(view.experts.layout.groups(self.space).names)
        shape = (m,) if self.space == "task" else (groups, m)
        values = torch.full(shape, self.initial, requires_grad=True)

        def entropy(batch: Batch) -> Tensor:
            merged = view.merge(Coefficients(values=values, space=self.space))
            return view.entropies(merged, batch).sum()

        def answer() -> ConstantSet:
            found = values.detach().clone()
            return ConstantSet(
                experts=view.experts,
                answer=Coefficients(values=found, space=self.space),
                trainable_parameters=values.numel(),
            )

        def after_step() -> None:
            with torch.no_grad():
                values.clamp_(0, 1)
            view.checkpoint(answer)

        steps = affordable(view, self.steps, self.batch_size)
        descent = Descent(steps=steps, learning_rate=self.learning_rate, final=1.0)
        batches = view.batches(self.batch_size, labelled=False)
        descent.run(view, [values], batches, entropy, after_step=after_step)
        return answer()


@final
@dataclass(frozen=True, kw_only=True)
class TaskWiseAdaMerging(_AdaMerging):
    """AdaMerging with one coefficient a task."""

    space: ClassVar[Space] = "task"


@final
@dataclass(frozen=True, kw_only=True)
class TensorWiseAdaMerging(_AdaMerging):
    """AdaMerging with one coefficient a task and named tensor, the paper's layer-wise form."""

    space: ClassVar[Space] = "tensor"
