"""Concrete subspace learning: a mask shared by all task vectors, learned by entropy."""

from abc import ABC
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, final

import torch
from annotated_types import Ge
from torch import Tensor

from ...domains import CountOrZero
from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ...ranges import LogRange
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable
from ..training.tuned import BatchSize, CoefficientRate, Initial


def logistic(size: int, generator: torch.Generator) -> Tensor:
    """Draw `(size,)` values from the logistic distribution, whose median is 0."""
    # A draw of 0 or 1 would give an infinite logit; eps keeps it finite.
    return torch.logit(torch.rand(size, generator=generator), eps=1e-6)


def relaxed(logits: Tensor, noise: Tensor | float, temperature: float) -> Tensor:
    """Return `(P,)` relaxed Bernoulli variables, or their medians if the noise is 0.

    Source: Maddison et al. 2017, The Concrete distribution, ICLR, section 3.1.
    """
    return torch.sigmoid((logits + noise) / temperature)


def rescaled(mask: Tensor, layout: Layout) -> Tensor:
    """Divide a mask `(P,)` by its mean over each tensor."""
    tensors = torch.split(mask, list(layout.sizes))
    return torch.cat([tensor / tensor.mean() for tensor in tensors])


_SPACE: Final = "tensor"


@dataclass(frozen=True, kw_only=True)
class _Concrete(Algorithm, ABC):
    """Models pretrained + mask * (merge - pretrained), with masks of mean 1 in each tensor.

    A new mask is drawn for each training step; the final model uses its median. (The released code
    uses a random draw.) The inputs are from the calibration split. Source: Tang et al. 2023,
    Concrete subspace learning, algorithms 1 and 2.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Constant learning rate of Adam.
        batch_size: Examples of each task per step.
        initial: Initial value of every coefficient.
        logits: Logits of the mask at the start; 0 is undecided.
        temperature: Temperature of the mask's distribution; masks become binary as it goes to 0.
    """

    steps: CountOrZero
    learning_rate: CoefficientRate = 1e-3
    batch_size: BatchSize = 16
    initial: Initial = 0.3
    # With draws of at least -13.8 (see `logistic`), these bounds keep the sigmoid in float32 above
    # 0. A mask that is 0 in a whole tensor has no mean to be divided by.
    logits: Annotated[float, Ge(-3)] = 0.0
    temperature: Annotated[float, Ge(0.2), LogRange(low=0.2, high=2.0)] = 0.5

    def masked(self, view: ProblemView, mask: Tensor, values: Tensor) -> Tensor:
        """`(P,)` parameters, differentiable in the mask and in tensor-wise coefficients."""
        experts = view.experts
        merged = view.merge(Coefficients(values=values, space=_SPACE))
        return experts.pretrained + rescaled(mask, experts.layout) * (merged - experts.pretrained)

    def median_set(
        self, view: ProblemView, logits: Tensor, values: Tensor, trained: int
    ) -> ConstantSet:
        """Return the model with the median mask."""
        with torch.no_grad():
            point = self.masked(view, relaxed(logits, 0.0, self.temperature), values)
        return ConstantSet(experts=view.experts, constant=point, trainable_parameters=trained)

    def start(self, view: ProblemView, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Logits `(P,)` and coefficients `(G, m)`."""
        decoder = ConstantCoefficients(space=_SPACE, initial=self.initial)
        (values,) = decoder.start(view.experts, generator)
        return torch.full_like(view.experts.pretrained, self.logits), values

    def descend(
        self,
        view: ProblemView,
        parameters: list[Tensor],
        batches: Iterator[Batch],
        steps: int,
        model: Callable[[], Tensor],
        current: Callable[[], ConstantSet],
    ) -> None:
        """Lower the sum of the entropies of a model."""
        Descent(steps=steps, learning_rate=self.learning_rate, final=1.0).run(
            view,
            parameters,
            batches,
            lambda batch: view.entropies(model(), batch).sum(),
            after_step=lambda: view.milestone(current),
        )


@final
@dataclass(frozen=True, kw_only=True)
class ConcreteTaskArithmetic(_Concrete):
    """Task arithmetic under a mask that minimises the entropy of all tasks."""

    steps: CountOrZero = 2000

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Learn the mask."""
        logits, values = self.start(view, generator)
        logits.requires_grad_()

        def model() -> Tensor:
            noise = logistic(logits.numel(), generator)
            return self.masked(view, relaxed(logits, noise, self.temperature), values)

        def current() -> ConstantSet:
            return self.median_set(view, logits, values, logits.numel())

        steps = affordable(view, self.steps, self.batch_size)
        batches = view.batches(self.batch_size, labelled=False)
        self.descend(view, [logits], batches, steps, model, current)
        return current()


@final
@dataclass(frozen=True, kw_only=True)
class ConcreteAdaMerging(_Concrete):
    """Tensor-wise AdaMerging with a mask: first-order bilevel learning, then adaptation.

    Each draw of the mask is used for two steps: one of the coefficients (inner level), then one of
    the mask at the new coefficients (outer level). Afterwards the mask is fixed and the
    coefficients alone adapt for as many steps. (The released code resets the coefficients before
    every inner step and before they adapt; here they continue from their current values.)

    Args:
        steps: Steps of each level and of the adaptation; fewer if the budget runs out first.
    """

    steps: CountOrZero = 1000

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Learn mask and coefficients in turn, then the coefficients."""
        logits, values = (p.requires_grad_() for p in self.start(view, generator))

        def in_turn() -> Iterator[Tensor]:
            while True:
                noise = logistic(logits.numel(), generator)
                # Inner level: the gradient reaches only the coefficients.
                mask = relaxed(logits.detach(), noise, self.temperature)
                yield self.masked(view, mask, values)
                # Outer level: the gradient reaches only the mask, at the new coefficients.
                mask = relaxed(logits, noise, self.temperature)
                yield self.masked(view, mask, values.detach())

        def adapted() -> Tensor:
            mask = relaxed(logits.detach(), 0.0, self.temperature)
            return self.masked(view, mask, values)

        def current() -> ConstantSet:
            return self.median_set(view, logits, values, logits.numel() + values.numel())

        steps = max(1, affordable(view, 3 * self.steps, self.batch_size) // 3)
        batches = view.batches(self.batch_size, labelled=False)
        self.descend(view, [logits, values], batches, 2 * steps, partial(next, in_turn()), current)
        self.descend(view, [values], batches, steps, adapted, current)
        return current()
