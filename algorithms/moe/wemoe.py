"""WEMoE: mixture-of-experts fusion with routers that see the input."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import torch
from torch import Tensor
from torch.nn import functional

from ...domains import CountOrZero
from ...errors import NotApplicableError
from ...problems.experts import Coefficients, ExpertPool
from ...problems.layout import Layout
from ...problems.predictor import Head, Layer, Predictor
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import Entropy
from ..training.decoder import Decoder, Parameters
from ..training.descent import Descent, affordable
from ..training.ray_training import RayTraining
from ..training.tuned import BatchSize, Initial, NetworkRate
from .router import routed_rows

_INITIAL_DEVIATION: Final = 0.01
"""Taken from the released code; small enough for training to start at task arithmetic."""


@final
@dataclass(frozen=True, kw_only=True)
class InputRouters(Decoder):
    """A router in every MLP, d -> d -> T, from the MLP's input to its coefficients.

    Weights start at N(0, 0.01^2), inner biases at 0, output biases at `initial`: training starts at
    task arithmetic. Source: Tang et al. 2024, Merging multi-task models via weight-ensembling
    mixture of experts, section 3.

    Args:
        initial: Router output at the start, and the coefficient of everything that is not routed.
    """

    initial: float

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """`(M, d, d)`, `(M, d)`, `(M, T, d)` and `(M, T)` of the M routers."""
        modules = routed_modules(experts.layout)
        shapes = dict(zip(experts.layout.names, experts.layout.shapes, strict=True))
        (d,) = {shapes[module[0]][1] for module in modules}
        shape = (len(modules), len(experts))
        draws = [torch.randn(*s, generator=generator) for s in ((shape[0], d, d), (*shape, d))]
        first, second = (_INITIAL_DEVIATION * draw for draw in draws)
        return [first, torch.zeros(shape[0], d), second, torch.full(shape, self.initial)]

    def decode(
        self, experts: ExpertPool, parameters: Parameters, preference: Tensor
    ) -> "InputRouted":
        """Return the predictor, which ignores the preference."""
        routed = set(_routed_tensors(experts.layout))
        # Routed layers stay pretrained here: their task vectors are added for each input in
        # `layer`.
        rows = [0.0 if name in routed else self.initial for name in experts.layout.names]
        fixed = torch.tensor(rows).unsqueeze(1).expand(-1, len(experts)).contiguous()
        return InputRouted(
            models=(Coefficients(values=fixed, space="tensor"),),
            experts=experts,
            parameters=tuple(parameters),
        )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class InputRouted(Predictor):
    """W(x) = pretrained + sum_t c_t(x) task_vector_t in routed layers, and the same for biases.

    c(x) is the output of the module's router, averaged over the positions of x.

    Attributes:
        experts: The pool of the task vectors.
        parameters: In the form of `InputRouters.start`.
    """

    experts: ExpertPool
    parameters: tuple[Tensor, ...]

    @property
    def passes(self) -> float:
        """Cost of an input; see the function `passes`."""
        return passes(self.experts)

    @property
    def stored_bytes(self) -> int:
        """The pool and the routers."""
        return self.experts.nbytes + sum(p.nbytes for p in self.parameters)

    def layer(self) -> Layer | None:
        """Return a function that computes routed layers and leaves all others plain."""
        modules = routed_modules(self.experts.layout)
        row_of = {name: row for row, module in enumerate(modules) for name in module}
        first = {module[0] for module in modules}
        chosen: dict[int, Tensor] = {}

        def routed(name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            out = functional.linear(x, weight, bias)
            row = row_of.get(name)
            if row is None:
                return out
            if name in first:
                # All layers of an MLP use the coefficients that its router chose from the input of
                # the first.
                chosen[row] = self._coefficients(row, x)
            coefficients = chosen[row].view(len(x), *[1] * (x.ndim - 2), -1)
            vectors = self._vectors[name]
            # One product for all tasks: copies of x, scaled by each coefficient, against the
            # stacked task vectors. Merging weights for each example would need them once per
            # example.
            scaled = (coefficients.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)
            out = out + scaled @ vectors.permute(0, 2, 1).flatten(0, 1)
            if bias is not None:
                out = out + coefficients @ self._vectors[_bias_of(name)]
            return out

        return routed

    def logits(self, features: Tensor, head: Head) -> Tensor:
        """`(B, C)` logits of the one model."""
        return functional.linear(features[0], *head)

    def _coefficients(self, row: int, x: Tensor) -> Tensor:
        """`(B, T)` of inputs `(B, ..., d)`."""
        first, inner, second, outer = (parameter[row] for parameter in self.parameters)
        hidden = torch.relu(functional.linear(x, first, inner))
        found = functional.linear(hidden, second, outer)
        return found if found.ndim == 2 else found.flatten(1, -2).mean(dim=1)

    @cached_property
    def _vectors(self) -> Mapping[str, Tensor]:
        """`(T, *shape)` task vectors of every tensor, by name."""
        each = [self.experts.layout.unflatten(v) for v in self.experts.task_vectors]
        names = _routed_tensors(self.experts.layout)
        return {name: torch.stack([v[name] for v in each]) for name in names}


def passes(experts: ExpertPool) -> float:
    """Return the cost of an input: one pass, plus one share of the routed layers per task."""
    layout = experts.layout
    sizes = dict(zip(layout.names, layout.sizes, strict=True))
    return 1 + len(experts) * sum(sizes[n] for n in _routed_tensors(layout)) / layout.size


def routed_modules(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """Return the weight names of the linear layers of every MLP, in network order.

    Raises:
        NotApplicableError: If there are no MLPs, or their layers are those of GPT-2, which merge
            the positions of all examples into one dimension.
    """
    groups = layout.groups("module")
    rows, group_of = routed_rows(groups), layout.group_of("module")
    tensors = list(zip(layout.names, layout.shapes, group_of, strict=True))
    found = [
        tuple(name for name, shape, group in tensors if group == row and len(shape) == 2)
        for row in rows
    ]
    modules = tuple(module for module in found if module)
    if not modules:
        raise NotApplicableError(
            f"The MLPs must have linear layers. Found none in {', '.join(layout.names)}."
        )
    shapes = dict(zip(layout.names, layout.shapes, strict=True))
    for name in (module[0] for module in modules):
        if shapes[name][0] < shapes[name][1]:
            raise NotApplicableError(
                f"`{name}` must be the weight of an `nn.Linear`, `(d_out, d_in)`, which keeps "
                f"examples apart. Found {shapes[name]}, as in GPT-2, whose layers merge the "
                "positions of all examples. Use `pwemoe-ls`."
            )
    return modules


def _routed_tensors(layout: Layout) -> list[str]:
    """Weights and biases of the routed layers."""
    weights = [name for module in routed_modules(layout) for name in module]
    return [n for weight in weights for n in (weight, _bias_of(weight)) if n in layout.names]


def _bias_of(weight: str) -> str:
    return weight.removesuffix("weight") + "bias"


@final
@dataclass(frozen=True, kw_only=True)
class WEMoE(Algorithm):
    """Routers from an MLP's input to its coefficients, by entropy minimisation without labels.

    One point for all preferences, which cannot be turned into a plain model: it keeps the pool, and
    an input costs more than one pass (`inference_passes`). Everything outside of the MLPs is task
    arithmetic with `initial`. The paper adapts to the test inputs; here it adapts to inputs of the
    calibration split. Source: Tang et al. 2024, with the released code's settings.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Constant learning rate of Adam.
        batch_size: Examples of each task per step.
        initial: Router output at the start, and the coefficient of everything that is not routed.
    """

    steps: CountOrZero = 1000
    learning_rate: NetworkRate = 1e-4
    batch_size: BatchSize = 16
    initial: Initial = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the routers."""
        decoder = InputRouters(initial=self.initial)
        steps = affordable(view, self.steps, math.ceil(passes(view.experts) * self.batch_size))
        training = RayTraining(
            decoder=decoder,
            criterion=Entropy(),
            descent=Descent(steps=steps, learning_rate=self.learning_rate, final=1.0),
        )
        batches = view.batches(self.batch_size, labelled=False)
        return training.run(view, batches, generator)
