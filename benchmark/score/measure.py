"""Measure a fitted Pareto set at preferences: each distinct model once, coefficients in batches."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...algorithms.pareto_set import Model, ParetoSet, PerTask, Point
from ...metrics.expected_utility import expected_utility
from ...problems.base import Anchors, Measurement, Oracle, Split, distributions
from ...problems.experts import Coefficients
from ...problems.predictor import Layer, Predictor, predicted
from .points import checked_point

AT_ONCE: Final = 1 << 28
"""Bytes of models that are merged at once."""

Key = bytes | int
"""Identifies a model: coefficients by their bytes, weights by 0, 1, ..., predictors by -1, -2."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPoint:
    """The point that a Pareto set returned for one preference, and its measurement.

    Attributes:
        preference: `(m,)`.
        coefficients: Those of a single model in the span of the pool, else None.
        measurement: Values, losses and outcomes on the split.
        passes: Cost of predicting one input, in forward passes of one model.
    """

    preference: NDArray[np.float64]
    coefficients: Coefficients | None
    measurement: Measurement
    passes: float


def score(
    pareto_set: ParetoSet, oracle: Oracle, split: Split, preferences: NDArray[np.float64]
) -> list[ScoredPoint]:
    """Measure the point that a Pareto set returns for each preference; equal models once.

    Models given as coefficients are merged many at once. Of models given as weights, no more are
    held in memory than the Pareto set itself holds.

    Args:
        pareto_set: The Pareto set that a fit returned.
        oracle: Holds the split.
        split: Test for scores, validation for traces.
        preferences: `(k, m)`.
    """
    models = _Models(pareto_set, oracle, split)
    scored = []
    for preference in preferences:
        point = checked_point(pareto_set, preference)
        single = point if isinstance(point, Coefficients) else None
        passes = point.passes if isinstance(point, Predictor) else 1.0
        scored.append((preference, single, passes, models.enter(point)))
    models.measure_entered()
    return [
        ScoredPoint(
            preference=preference,
            coefficients=coefficients,
            passes=passes,
            measurement=models.measurement(keys),
        )
        for preference, coefficients, passes, keys in scored
    ]


@final
class _Models:
    """Models to be measured, each once: weights as they come, coefficients together."""

    def __init__(self, pareto_set: ParetoSet, oracle: Oracle, split: Split) -> None:
        self._experts = pareto_set.experts
        self._oracle, self._split = oracle, split
        self._known: dict[Key, Measurement] = {}
        self._waiting: dict[bytes, Coefficients] = {}
        self._weights: list[weakref.ref[Tensor]] = []
        self._features: dict[Key, list[Tensor]] = {}
        self._predictors = count(-1, -1)

    def enter(self, point: Point) -> list[Key]:
        """Enter a point; return the keys of its measurements: one, or one per task."""
        if isinstance(point, PerTask):
            return [self._enter(model) for model in point.points]
        if isinstance(point, Predictor):
            key = next(self._predictors)
            self._known[key] = self._predict(point)
            return [key]
        return [self._enter(point)]

    def _enter(self, model: Model) -> Key:
        if isinstance(model, Coefficients):
            self._waiting[model.key()] = model
            return model.key()
        number = self._number(model)
        if number not in self._known:
            self._known[number] = self._measure(model)
        return number

    def _number(self, model: Tensor) -> int:
        for number, known in enumerate(self._weights):
            if known() is model:
                return number
        self._weights.append(weakref.ref(model))
        return len(self._weights) - 1

    def _measure(self, params: Tensor) -> Measurement:
        return self._oracle.measure(params, self._split)

    def _predict(self, predictor: Predictor) -> Measurement:
        oracle = distributions(self._oracle)
        with torch.inference_mode():
            features = [self._features_of(m, predictor.layer()) for m in predictor.models]
            return oracle.judge(predicted(predictor, features, oracle.heads()), self._split)

    def _features_of(self, model: Model, layer: Layer | None) -> list[Tensor]:
        """Return features; those of plain models are cached: other predictors use them too."""
        oracle = distributions(self._oracle)
        if layer is not None:
            return oracle.split_features(self._experts.build(model), self._split, layer)
        key = model.key() if isinstance(model, Coefficients) else self._number(model)
        if key not in self._features:
            params = self._experts.build(model)
            self._features[key] = oracle.split_features(params, self._split)
        return self._features[key]

    def measure_entered(self) -> None:
        """Measure all coefficients that were entered."""
        for key, params in self._experts.merge_each(self._waiting, AT_ONCE):
            self._known[key] = self._measure(params)

    def measurement(self, keys: Sequence[Key]) -> Measurement:
        """Return the measurement of the model with this key, or of one model per task."""
        found = [self._known[key] for key in keys]
        return found[0] if len(found) == 1 else Measurement.per_task(found)


def anytime_preferences(m: int) -> NDArray[np.float64]:
    """Return the preferences at which milestones are measured: the corners and the centre."""
    return np.vstack([np.eye(m), np.full((1, m), 1 / m)])


def anytime_utility(pareto_set: ParetoSet, oracle: Oracle, anchors: Anchors) -> float:
    """Return the expected utility of a milestone on validation, at corners and centre; minimise."""
    preferences = anytime_preferences(len(anchors.n))
    scored = score(pareto_set, oracle, "validation", preferences)
    objectives = np.array([anchors.objectives(s.measurement.value) for s in scored])
    return expected_utility(objectives, preferences=preferences)
