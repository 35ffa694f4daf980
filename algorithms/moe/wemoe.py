"""WEMoE: mixture-of-experts fusion whose routers look at the input."""

import math
from dataclasses import dataclass
from typing import final

import torch

from ...problems.view import ProblemView
from ..adamerging.entropy import Entropy
from ..base import Algorithm
from ..descent import Descent, affordable
from ..pareto_set import ParetoSet
from ..trained_constant import Training
from .input_routed import InputRouters, passes


@final
@dataclass(frozen=True, kw_only=True)
class WEMoE(Algorithm):
    """Routers from an MLP's input to its coefficients, by entropy minimisation without labels.

    One answer for all preferences, which cannot be unloaded to a plain model: it keeps the pool,
    and an input costs more than a pass (`inference_passes`). What is not in an MLP is task
    arithmetic with `initial`. Inductive: published on the test's inputs, here it adapts to the
    calibration split's. Source: Tang et al. 2024, with the released code's settings.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, constant.
        batch_size: Examples of each task a step.
        initial: Router output at the start, and the coefficient of all that is not routed.
    """

    steps: int = 1000
    learning_rate: float = 1e-4
    batch_size: int = 16
    initial: float = 0.3

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the routers."""
        decoder = InputRouters(initial=self.initial)
        steps = affordable(view, self.steps, math.ceil(passes(view.experts) * self.batch_size))
        training = Training(
            decoder=decoder,
            criterion=Entropy(),
            descent=Descent(steps=steps, learning_rate=self.learning_rate, final=1.0),
        )
        batches = view.batches(self.batch_size, labelled=False)
        return training.run(view, batches, generator)
