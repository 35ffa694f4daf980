"""Losses, entropies and measurements computed from the logits of each task."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..errors import ParameterError
from .base import Batch, Measurement

CALIBRATION_BINS: Final = 15
"""Number of bins of the expected calibration error, as in its source."""


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
    predicted = [out.argmax(1) for out in logits]
    right = [(classes == y).numpy() for classes, y in zip(predicted, labels, strict=True)]
    sure = [functional.softmax(out.double(), dim=1).amax(dim=1).numpy() for out in logits]
    return Measurement(
        value=np.array([float(r.mean()) for r in right]),
        loss=np.array([float(functional.cross_entropy(out, y)) for out, y in pairs]),
        n=np.array([len(r) for r in right], dtype=np.int64),
        outcomes=tuple(right),
        predictions=tuple(classes.numpy() for classes in predicted),
        calibration_error=np.array(
            [calibration_error(*one) for one in zip(sure, right, strict=True)]
        ),
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: mean |confidence - accuracy| over equal bins.

    Source: Guo et al. 2017, "On calibration of modern neural networks", equation 3.

    Args:
        confidence: `(n,)` probabilities of the predicted classes.
        right: `(n,)` whether each prediction was right.
    """
    # A confidence on an edge belongs to the lower bin, as in the paper.
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, None)
    gaps = np.bincount(bins, weights=confidence - right)
    return float(np.abs(gaps).sum() / len(right))
