"""Criteria: the value of each task that is minimised on a batch."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final, final

import numpy as np
import torch
from torch import Tensor

from ...errors import NotApplicableError
from ...problems.base import Batch
from ...problems.view import ProblemView
from ..pareto_set import Model, Single


class Criterion(ABC):
    """One value per task of a batch, where smaller is better, and its normalisation."""

    labelled: ClassVar[bool]

    @abstractmethod
    def values(self, view: ProblemView, point: Single, batch: Batch) -> Tensor:
        """Return `(m,)` values, differentiable in the point."""

    @abstractmethod
    def jacobian(self, view: ProblemView, point: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return `(m,)` values and their gradients, in the form of `ProblemView.loss_jacobian`."""

    @abstractmethod
    def scale(self, view: ProblemView) -> tuple[Tensor, Tensor]:
        """Return the `(m,)` values that are normalised to 0, and those normalised to 1."""


@final
class CrossEntropy(Criterion):
    """The loss on labelled examples; normalised, 0 is the expert's and 1 the pretrained model's."""

    labelled: ClassVar[bool] = True

    def values(self, view: ProblemView, point: Single, batch: Batch) -> Tensor:
        """`(m,)` losses."""
        return view.losses(point, batch)

    def jacobian(self, view: ProblemView, point: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """`(m,)` losses and their gradients."""
        return view.loss_jacobian(point, batch)

    def scale(self, view: ProblemView) -> tuple[Tensor, Tensor]:
        """Return the validation losses of the experts and the pretrained model, which are free.

        Raises:
            NotApplicableError: If an expert's loss is no less than the pretrained model's.
        """
        expert = np.diagonal(view.anchors.experts_loss)
        base = view.anchors.pretrained_loss
        for task, low, high in zip(view.tasks, expert, base, strict=True):
            if low >= high:
                raise NotApplicableError(
                    "The expert's validation loss must be below the pretrained model's, so that "
                    f"losses can be normalised. Found {low:.4g} and {high:.4g} on `{task}`. "
                    "Leave that task out."
                )
        return _tensor(expert), _tensor(base)


@final
class NormalisedEntropy(Criterion):
    """Entropy of the predicted distribution, divided by its maximum, log(classes)."""

    labelled: ClassVar[bool] = False

    def values(self, view: ProblemView, point: Single, batch: Batch) -> Tensor:
        """`(m,)` entropies between 0 and 1."""
        return view.entropies(point, batch) / self._greatest(view)

    def jacobian(self, view: ProblemView, point: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """`(m,)` normalised entropies and their gradients."""
        values, gradients = view.entropy_jacobian(point, batch)
        greatest = self._greatest(view)
        return values / greatest, gradients / greatest.view(-1, *[1] * (gradients.ndim - 1))

    def scale(self, view: ProblemView) -> tuple[Tensor, Tensor]:
        """Return 0 and 1, because entropies are normalised already."""
        return torch.zeros(len(view.tasks)), torch.ones(len(view.tasks))

    def _greatest(self, view: ProblemView) -> Tensor:
        return torch.log(torch.tensor(view.classes, dtype=torch.float32))


def _tensor(values: np.typing.NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.copy()).to(torch.float32)


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
        """Return 0 and 1, because these entropies are not normalised."""
        return torch.zeros(len(view.tasks)), torch.ones(len(view.tasks))


CRITERIA: Final[Mapping[str, Criterion]] = {
    "cross-entropy": CrossEntropy(),
    "entropy": Entropy(),
    "normalised-entropy": NormalisedEntropy(),
}
"""The criterion behind each value of the bound field `loss`."""
