"""AdaMerging: coefficients that make the merged model confident on unlabelled inputs."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from ...problems.layout import Space
from ...problems.view import ProblemView
from ..base import Algorithm
from ..merging.trimming import resolved
from ..pareto_set import ParetoSet
from ..training.constant import Training
from ..training.criterion import Criterion, CrossEntropy, Entropy
from ..training.decoder import ConstantCoefficients
from ..training.descent import Descent, affordable


@dataclass(frozen=True, kw_only=True)
class AdaMerging(Algorithm, ABC):
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
    criterion: ClassVar[Criterion] = Entropy()
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 16
    initial: float = 0.3

    def training(self, view: ProblemView) -> Training:
        """Of the coefficients of a view's pool."""
        steps = affordable(view, self.steps, self.batch_size)
        return Training(
            decoder=ConstantCoefficients(space=self.space, initial=self.initial),
            descent=Descent(steps=steps, learning_rate=self.learning_rate, final=1.0),
            criterion=self.criterion,
            bounds=(0.0, 1.0),
        )


@dataclass(frozen=True, kw_only=True)
class _Inductive(AdaMerging, ABC):
    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend on the calibration split."""
        batches = view.batches(self.batch_size, labelled=self.criterion.labelled)
        return self.training(view).run(view, batches, generator)


@final
@dataclass(frozen=True, kw_only=True)
class TaskWiseAdaMerging(_Inductive):
    """AdaMerging with one coefficient a task."""

    space: ClassVar[Space] = "task"


@final
@dataclass(frozen=True, kw_only=True)
class BlockWiseAdaMerging(_Inductive):
    """AdaMerging with one coefficient a task and block of the network."""

    space: ClassVar[Space] = "block"


@final
@dataclass(frozen=True, kw_only=True)
class TensorWiseAdaMerging(_Inductive):
    """AdaMerging with one coefficient a task and named tensor, the paper's layer-wise form."""

    space: ClassVar[Space] = "tensor"


@final
@dataclass(frozen=True, kw_only=True)
class LabelledAdaMerging(_Inductive):
    """Tensor-wise AdaMerging with cross-entropy in place of entropy, on the same examples.

    What it is better by is what the labels are worth.
    """

    space: ClassVar[Space] = "tensor"
    criterion: ClassVar[Criterion] = CrossEntropy()


@dataclass(frozen=True, kw_only=True)
class _PlusPlus(AdaMerging, ABC):
    """AdaMerging on task vectors without interference (AdaMerging++).

    Each vector is trimmed and loses the entries of another sign than the elected one; the vectors
    stay apart, each with its own coefficients.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, constant.
        batch_size: Examples of each task a step.
        initial: Every coefficient at the start.
        keep: Fraction of the entries of each vector that trimming keeps, the largest ones.
    """

    keep: float = 0.2

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Resolve the vectors, then descend on the calibration split."""
        experts = view.experts
        view = view.over(experts.altered(resolved(experts.task_vectors, self.keep)))
        batches = view.batches(self.batch_size, labelled=False)
        return self.training(view).run(view, batches, generator)


@final
@dataclass(frozen=True, kw_only=True)
class TaskWisePlusPlus(_PlusPlus):
    """AdaMerging++ with one coefficient a task."""

    space: ClassVar[Space] = "task"


@final
@dataclass(frozen=True, kw_only=True)
class TensorWisePlusPlus(_PlusPlus):
    """AdaMerging++ with one coefficient a task and named tensor."""

    space: ClassVar[Space] = "tensor"


@dataclass(frozen=True, kw_only=True)
class _Transductive(AdaMerging, ABC):
    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Descend on the unlabelled inputs of the test split."""
        batches = view.transductive_batches(self.batch_size)
        return self.training(view).run(view, batches, generator)


@final
@dataclass(frozen=True, kw_only=True)
class TaskWiseTransductive(_Transductive):
    """AdaMerging with one coefficient a task, on the test's unlabelled inputs."""

    space: ClassVar[Space] = "task"


@final
@dataclass(frozen=True, kw_only=True)
class TensorWiseTransductive(_Transductive):
    """AdaMerging with one coefficient a task and tensor, on the test's unlabelled inputs."""

    space: ClassVar[Space] = "tensor"
