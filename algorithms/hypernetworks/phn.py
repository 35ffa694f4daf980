"""A preference hypernetwork over merging coefficients."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, final

import torch
from torch import Tensor
from torch.nn import functional

from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.view import ProblemView
from ..base import Algorithm
from ..descent import Descent, affordable
from ..pareto_set import MapSet, ParetoSet
from ..rays import draw

_EMBEDDING: Final = 16


@final
@dataclass(frozen=True, kw_only=True)
class PreferenceHypernetwork(Algorithm):
    """One network [p, block embedding] -> block's coefficients, trained on sum_i p_i L_i (PHN-LS).

    The trunk is shared by all blocks: (m + 16) -> width -> width -> m with ReLU; the last layer
    starts at 0, so that every preference starts at task arithmetic with `initial`.
    Source: Navon et al. 2021, PHN-LS, with merging coefficients in place of all weights.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine. Of 1e-3 and 3e-3 this was
            the better on validation of `digits-left-right` and `digits-mnist-neg180` at tier S.
        batch_size: Examples of each task a step.
        width: Hidden units of each trunk layer.
        initial: Every coefficient at the start.
        concentration: Of the Dirichlet distribution of training preferences.
    """

    steps: int = 4000
    learning_rate: float = 3e-3
    batch_size: int = 16
    width: int = 64
    initial: float = 0.3
    concentration: float = 0.2

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the hypernetwork; the experts stay frozen."""
        m = len(view.tasks)
        blocks = len(view.experts.layout.groups("block").names)
        parameters = self._start(blocks, m, generator)

        def loss(batch: Batch) -> Tensor:
            preference = draw(m, self.concentration, generator)
            merged = view.merge(decode(parameters, preference))
            return view.losses(merged, batch) @ preference

        def answer() -> MapSet:
            frozen = [p.detach().clone() for p in parameters]
            return MapSet(
                experts=view.experts,
                function=lambda p: decode(frozen, p),
                trainable_parameters=sum(p.numel() for p in frozen),
                state_bytes=sum(p.nbytes for p in frozen),
            )

        steps = affordable(view, self.steps, self.batch_size)
        descent = Descent(steps=steps, learning_rate=self.learning_rate)
        batches = view.batches(self.batch_size)
        checkpoint = partial(view.checkpoint, answer)
        descent.run(view, parameters, batches, loss, after_step=checkpoint)
        return answer()

    def _start(self, blocks: int, m: int, generator: torch.Generator) -> list[Tensor]:
        sizes = [m + _EMBEDDING, self.width, self.width]
        parameters = [torch.randn(blocks, _EMBEDDING, generator=generator)]
        for inputs, outputs in pairwise(sizes):
            deviation = (2 / inputs) ** 0.5
            parameters.append(deviation * torch.randn(outputs, inputs, generator=generator))
            parameters.append(torch.zeros(outputs))
        parameters += [torch.zeros(m, self.width), torch.full((m,), self.initial)]
        return [p.requires_grad_() for p in parameters]


def decode(parameters: list[Tensor], preference: Tensor) -> Coefficients:
    """Block coefficients `(G, m)` for a preference `(m,)`."""
    embedding, w1, b1, w2, b2, w3, b3 = parameters
    rows = torch.cat([preference.expand(len(embedding), -1), embedding], dim=1)
    hidden = functional.relu(functional.linear(rows, w1, b1))
    hidden = functional.relu(functional.linear(hidden, w2, b2))
    return Coefficients(values=functional.linear(hidden, w3, b3), space="block")
