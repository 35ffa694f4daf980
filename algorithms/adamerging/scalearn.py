"""ScaLearn: every task vector scaled row by row, learned with labels."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from ...domains import CountOrZero
from ...problems.experts import ExpertPool
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import Model, ParetoSet
from ..training.criterion import CrossEntropy
from ..training.decoder import Decoder, Parameters
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.tuned import BatchSize, CoefficientRate, Initial


def rows_of(layout: Layout) -> list[int]:
    """Return the number of rows of each tensor, along its first axis; a scalar has one row."""
    return [shape[0] if shape else 1 for shape in layout.shapes]


@final
@dataclass(frozen=True, kw_only=True)
class RowScaling(Decoder):
    """pretrained + sum_t diag(w_t) task_vector_t in every tensor, with one number in w_t per row.

    Args:
        initial: Initial value of every number.
    """

    initial: float

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """One tensor `(R, T)`, R rows of all tensors in order."""
        return [torch.full((sum(rows_of(experts.layout)), len(experts)), self.initial)]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """`(P,)` parameters; one tensor of a task vector is in memory twice at a time."""
        layout, pieces = experts.layout, []
        scales = torch.split(parameters[0], rows_of(layout))
        for scale, start, size in zip(scales, layout.offsets, layout.sizes, strict=True):
            part = slice(start, start + size)
            vectors = experts.task_vectors[:, part].to(experts.pretrained.dtype)
            vectors = vectors.reshape(len(experts), len(scale), -1)
            added = torch.einsum("rt,trk->rk", scale, vectors)
            pieces.append(experts.pretrained[part] + added.flatten())
        return torch.cat(pieces)


@final
@dataclass(frozen=True, kw_only=True)
class ScaLearn(Algorithm):
    """Minimise the sum of the losses over one scale per task vector and row of every tensor.

    The paper scales the outputs of adapters feature by feature and adds them. A row of a linear
    layer's task vector contributes one output feature, so its scale has the same effect here.
    (Layers that are stored transposed are scaled by input feature.) With one scale per tensor, as
    in the paper's uniform form, this would be AdaMerging with labels. All tasks share the scales,
    whereas the paper learns separate ones for every target task. All scales start at the same
    value, not at random values near the mean. Source: Frohmann et al. 2024, ScaLearn, Findings of
    ACL, section 3.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. In
            validation on `digits-left-right`, 0.01 is better than 0.02 at 100,000 units and worse
            at a fifth of it.
        batch_size: Examples of each task per step.
        initial: Initial value of every scale.
    """

    steps: CountOrZero = 1000
    learning_rate: CoefficientRate = 1e-2
    batch_size: BatchSize = 16
    initial: Initial = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Learn the scales on labelled calibration examples."""
        training = RayTraining(
            decoder=RowScaling(initial=self.initial),
            criterion=CrossEntropy(),
            descent=Descent(
                steps=affordable(view, self.steps, self.batch_size),
                learning_rate=self.learning_rate,
            ),
        )
        return training.run(view, view.batches(self.batch_size), generator)
