"""Concrete subspace learning: a mask, shared by all task vectors, learned by entropy."""

from abc import ABC
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ConstantSet, ParetoSet
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable


def logistic(size: int, generator: torch.Generator) -> Tensor:
    """`(size,)` draws from the logistic distribution, 0 being its median."""
    return torch.logit(torch.rand(size, generator=generator), eps=1e-6)


def relaxed(logits: Tensor, noise: Tensor | float, temperature: float) -> Tensor:
    """`(P,)` relaxed Bernoulli variables; of noise 0, their medians.

    Source: Maddison et al. 2017, The Concrete distribution, ICLR, section 3.1.
    """
    return torch.sigmoid((logits + noise) / temperature)


def rescaled(mask: Tensor, layout: Layout) -> Tensor:
    """A mask `(P,)` divided by its mean over each tensor."""
    tensors = torch.split(mask, list(layout.sizes))
    return torch.cat([tensor / tensor.mean() for tensor in tensors])


_SPACE: Final = "tensor"


@dataclass(frozen=True, kw_only=True)
class _Concrete(Algorithm, ABC):
    """Models base + mask * (merge - base), the mask divided by its mean over each tensor.

    The mask is drawn anew for each step of training; the answer has its median. (The released code
    answers with a random draw.) Inductive: inputs are the calibration split's.
    Source: Tang et al. 2023, Concrete subspace learning, algorithms 1 and 2.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, constant.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
        logits: Of the mask at the start; 0 is on and off alike.
        temperature: Of the mask's distribution; masks are binary as it goes to 0.
    """

    steps: int
    learning_rate: float = 1e-3
    batch_size: int = 16
    initial: float = 0.3
    logits: float = 0.0
    temperature: float = 0.5

    def masked(self, view: ProblemView, mask: Tensor, values: Tensor) -> Tensor:
        """`(P,)` parameters, differentiable in the mask and in tensor-wise coefficients."""
        experts = view.experts
        merged = view.merge(Coefficients(values=values, space=_SPACE))
        return experts.pretrained + rescaled(mask, experts.layout) * (merged - experts.pretrained)

    def answer(
        self, view: ProblemView, logits: Tensor, values: Tensor, trained: int
    ) -> ConstantSet:
        """The model of the median mask."""
        with torch.no_grad():
            point = self.masked(view, relaxed(logits, 0.0, self.temperature), values)
        return ConstantSet(experts=view.experts, answer=point, trainable_parameters=trained)

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
        answer: Callable[[], ConstantSet],
    ) -> None:
        """Lower the sum of the entropies of a model."""
        Descent(steps=steps, learning_rate=self.learning_rate, final=1.0).run(
            view,
            parameters,
            batches,
            lambda batch: view.entropies(model(), batch).sum(),
            after_step=lambda: view.milestone(answer),
        )


@final
@dataclass(frozen=True, kw_only=True)
class ConcreteTaskArithmetic(_Concrete):
    """Task arithmetic under a mask that minimises the entropy of all tasks."""

    steps: int = 2000

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Learn the mask."""
        logits, values = self.start(view, generator)
        logits.requires_grad_()

        def model() -> Tensor:
            noise = logistic(logits.numel(), generator)
            return self.masked(view, relaxed(logits, noise, self.temperature), values)

        def answer() -> ConstantSet:
            return self.answer(view, logits, values, logits.numel())

        steps = affordable(view, self.steps, self.batch_size)
        batches = view.batches(self.batch_size, labelled=False)
        self.descend(view, [logits], batches, steps, model, answer)
        return answer()


@final
@dataclass(frozen=True, kw_only=True)
class ConcreteAdaMerging(_Concrete):
    """Tensor-wise AdaMerging under a mask learned with it: first-order bilevel, then with it fixed.

    Each draw of the mask serves two steps, first one of the coefficients (inner level), then one of
    the mask at the new coefficients (outer level). Then the mask is fixed and the coefficients
    adapt alone for as many steps as the mask has had. (The released code puts the coefficients back
    to the start before every inner step, and before they adapt; here they go on from where they
    are.)

    Args:
        steps: Steps of each level, and again of the adaptation; fewer where the budget ends first.
        learning_rate: Of Adam, constant.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
        logits: Of the mask at the start; 0 is on and off alike.
        temperature: Of the mask's distribution; masks are binary as it goes to 0.
    """

    steps: int = 1000

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Learn mask and coefficients in turn, then the coefficients."""
        logits, values = (p.requires_grad_() for p in self.start(view, generator))

        def in_turn() -> Iterator[Tensor]:
            while True:
                noise = logistic(logits.numel(), generator)
                mask = relaxed(logits.detach(), noise, self.temperature)
                yield self.masked(view, mask, values)
                mask = relaxed(logits, noise, self.temperature)
                yield self.masked(view, mask, values.detach())

        def adapted() -> Tensor:
            mask = relaxed(logits.detach(), 0.0, self.temperature)
            return self.masked(view, mask, values)

        def answer() -> ConstantSet:
            return self.answer(view, logits, values, logits.numel() + values.numel())

        steps = max(1, affordable(view, 3 * self.steps, self.batch_size) // 3)
        batches = view.batches(self.batch_size, labelled=False)
        self.descend(view, [logits, values], batches, 2 * steps, partial(next, in_turn()), answer)
        self.descend(view, [values], batches, steps, adapted, answer)
        return answer()
