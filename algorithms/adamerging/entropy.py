"""The criterion of AdaMerging."""

from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView
from ..criterion import Criterion
from ..pareto_set import Model, Single


@final
class Entropy(Criterion):
    """Entropy of the predicted distribution in nats, up to log(classes): a task's own scale."""

    labelled: ClassVar[bool] = False

    def values(self, view: ProblemView, point: Single, batch: Batch) -> Tensor:
        """`(m,)` entropies."""
        return view.entropies(point, batch)

    def jacobian(self, view: ProblemView, point: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """`(m,)` entropies and their gradients."""
        return view.entropy_jacobian(point, batch)

    def scale(self, view: ProblemView) -> tuple[Tensor, Tensor]:
        """0 and 1: they are taken as they are."""
        return torch.zeros(len(view.tasks)), torch.ones(len(view.tasks))
