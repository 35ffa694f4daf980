"""Training steps of the recipe: fitting a backbone, and a head on its features."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .. import fine_tuning as heads
from .backbone import all_features, features
from .tasks import Split
from .weights import Head

_WARM_UP = 0.1  # share of the steps in which the learning rate rises
_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 1.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast to train: AdamW, linear rise, cosine fall to nothing."""

    epochs: int
    learning_rate: float
    batch: int = 128


def fit_backbone(
    model: nn.Module,
    head: nn.Linear,
    draw: Callable[[], Split],
    schedule: Schedule,
    *,
    train_head: bool,
    generator: torch.Generator,
) -> None:
    """Train the model, and its head if asked, on the cross-entropy; in place.

    Args:
        model: The backbone.
        head: Linear classifier on the CLS features.
        draw: Gives each epoch its examples, newly augmented.
        schedule: Epochs, learning rate, batch size.
        train_head: Whether the head moves as well.
        generator: Order of the examples.
    """
    parameters = [*model.parameters(), *(head.parameters() if train_head else ())]
    optimiser = torch.optim.AdamW(parameters, weight_decay=_WEIGHT_DECAY)
    data = draw()
    steps = schedule.epochs * (len(data.labels) // schedule.batch)
    step = 0
    for epoch in range(schedule.epochs):
        data = draw() if epoch else data
        order = torch.randperm(len(data.labels), generator=generator)
        whole = order[: steps // schedule.epochs * schedule.batch]
        for rows in torch.split(whole, schedule.batch):
            for group in optimiser.param_groups:
                group["lr"] = schedule.learning_rate * _rate(step / steps)
            loss = F.cross_entropy(head(features(model, data.inputs[rows])), data.labels[rows])
            optimiser.zero_grad()
            torch.autograd.backward(loss, inputs=parameters)
            nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
            optimiser.step()
            step += 1


def fit_head(model: nn.Module, data: Split, n_classes: int) -> Head:
    """Logistic regression (L-BFGS) on the model's features: weight `(C, H)` and bias `(C,)`."""
    return heads.fit_head(all_features(model, data.inputs), data.labels, n_classes)


def frozen_linear(head: Head) -> nn.Linear:
    """A head as a module that does not train."""
    weight, bias = head
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear.requires_grad_(False)


def _rate(progress: float) -> float:
    if progress < _WARM_UP:
        return progress / _WARM_UP + 1e-3
    rest = (progress - _WARM_UP) / (1 - _WARM_UP)
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * rest))))
