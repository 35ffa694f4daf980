"""Fine-tuning a backbone under a frozen linear head, and fitting that head."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ParameterError
from .classifier import Examples
from .predictor import Head as Head

_SMALLEST_SCALE: Final = 1e-12
"""Lower bound of the scale, for features that never vary."""


def fit_head(features: Tensor, labels: Tensor, n_classes: int) -> Head:
    """Fit a logistic regression (L-BFGS in double precision): weight `(C, H)` and bias `(C,)`.

    Features are standardised for the fit, with a unit Gaussian prior on the weights, and mean and
    scale are folded into the head. Double precision makes the optimum, and so the experts, nearly
    independent of the order of summation.

    Args:
        features: `(n, H)`, of the pretrained backbone.
        labels: `(n,)` int64 in 0..C-1.
        n_classes: C.
    """
    raw = features.clone().double()
    mean, scale = raw.mean(0), raw.std(0).clamp_min(_SMALLEST_SCALE)
    inputs = (raw - mean) / scale
    weight = torch.zeros(n_classes, raw.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(n_classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def objective() -> float:
        solver.zero_grad()
        penalty = 0.5 * weight.square().sum() / len(raw)
        loss = functional.cross_entropy(functional.linear(inputs, weight, bias), labels) + penalty
        torch.autograd.backward(loss)
        return float(loss.detach())

    solver.step(objective)  # type: ignore[no-untyped-call] # torch annotates none here
    folded = weight.detach() / scale
    return folded.float(), (bias.detach() - folded @ mean).float()


Progress = Callable[[int, int, float], None]
"""Receives the number of steps done, the total, and the loss, after every step."""


@final
@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Duration and learning rate of a training: a linear warm-up, then a cosine decay to zero.

    Attributes:
        epochs: Number of passes over the examples, each in a new order.
        learning_rate: The peak value.
        batch: Examples per step; an incomplete last batch of an epoch is dropped.
        warm_up: Share of the steps in which the learning rate increases.
        weight_decay: Weight decay of AdamW.
        largest_gradient: Norm to which larger gradients are clipped.
        seed: Seed of the order of the examples.
    """

    epochs: int
    learning_rate: float
    batch: int = 32
    warm_up: float = 0.1
    weight_decay: float = 0.01
    largest_gradient: float = 1.0
    seed: int = 1


def fine_tune(
    backbone: nn.Module, head: Head, examples: Examples, schedule: Schedule, progress: Progress
) -> None:
    """Train the parameters that require gradients on the cross-entropy, in place, without dropout.

    Raises:
        ParameterError: If the examples do not fill one batch.
    """
    batches = len(examples.labels) // schedule.batch
    if batches == 0:
        raise ParameterError(
            f"`examples` must fill one batch of {schedule.batch}. "
            f"Found {len(examples.labels)}. Give more examples or a smaller `batch`."
        )
    backbone.eval()
    weights = [p for p in backbone.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, weight_decay=schedule.weight_decay)
    generator = torch.Generator().manual_seed(schedule.seed)
    steps, step = schedule.epochs * batches, 0
    for _ in range(schedule.epochs):
        order = torch.randperm(len(examples.labels), generator=generator)
        for rows in torch.split(order[: batches * schedule.batch], schedule.batch):
            optimiser.param_groups[0]["lr"] = _rate(schedule, step / steps)
            logits = functional.linear(backbone(examples.inputs[rows]), *head)
            loss = functional.cross_entropy(logits, examples.labels[rows])
            descend(optimiser, loss, weights, schedule.largest_gradient)
            step += 1
            progress(step, steps, float(loss.detach()))


def descend(
    optimiser: torch.optim.Optimizer,
    loss: Tensor,
    weights: Sequence[nn.Parameter],
    largest_gradient: float,
) -> None:
    """Take one step of the optimiser down the loss, with the norm of its gradient clipped."""
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(weights, largest_gradient)
    optimiser.step()


def _rate(schedule: Schedule, progress: float) -> float:
    """Return the learning rate after this share of the steps."""
    if progress < schedule.warm_up:
        return schedule.learning_rate * (progress / schedule.warm_up + 1e-3)
    rest = (progress - schedule.warm_up) / (1 - schedule.warm_up)
    return schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * rest))
