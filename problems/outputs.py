"""Losses, entropies and measurements computed from the logits of each task."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ParameterError
from .base import Batch, Measurement


def cross_entropies(logits: Sequence[Tensor], batch: Batch, tasks: Sequence[int]) -> Tensor:
    """Return the `(k,)` mean cross-entropies of the `(B_t, C_t)` logits of k tasks.

    Raises:
        ParameterError: If the batch has no labels.
    """
    if batch.labels is None:
        raise ParameterError(
            "`batch` must be labelled. Found no labels. Ask for `batches(size, labelled=True)`."
        )
    pairs = zip(logits, tasks, strict=True)
    return torch.stack([functional.cross_entropy(out, batch.labels[t]) for out, t in pairs])


def entropies(logits: Sequence[Tensor]) -> Tensor:
    """Return the `(k,)` mean entropies, in nats, of the distributions of logits `(B_t, C_t)`."""
    logs = [functional.log_softmax(out, dim=1) for out in logits]
    return torch.stack([-(log.exp() * log).sum(dim=1).mean() for log in logs])


def measurement(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Measurement:
    """Return accuracies and mean cross-entropies of `(n_t, C_t)` logits and `(n_t,)` labels."""
    pairs = list(zip(logits, labels, strict=True))
    right = [(out.argmax(1) == y).numpy() for out, y in pairs]
    return Measurement(
        value=np.array([float(r.mean()) for r in right]),
        loss=np.array([float(functional.cross_entropy(out, y)) for out, y in pairs]),
        n=np.array([len(r) for r in right], dtype=np.int64),
        outcomes=tuple(right),
    )
