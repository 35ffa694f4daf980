"""Measure points, wherever they come from: each distinct model once, coefficients in batches."""

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...algorithms.pareto_set import Model, ParetoSet, PerTask, Point
from ...problems.base import Measurement, Oracle, Split, distributions
from ...problems.experts import Coefficients, ExpertPool
from ...problems.predictor import Layer, Predictor, predicted
from .points import checked_point

AT_ONCE: Final = 1 << 28
"""Bytes of models that are merged at once."""

Key = tuple[int, bytes] | int
"""Identifies a model: coefficients by their pool and bytes, weights by 0, 1, ..., predictors by
-1, -2, ..."""

Measurements = tuple[Measurement, ...]
"""The measurements of one model, one per split."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredPoint:
    """A point, and its measurements.

    Attributes:
        coefficients: Its coefficients if it is one merge of the problem's experts, else None.
        measurements: Values, losses and outcomes, one per split.
        passes: Cost of predicting one input, in forward passes of one model.
        is_model: Whether it is one model, rather than a system of several or one that depends on
            the input.
    """

    coefficients: Coefficients | None
    measurements: Measurements
    passes: float
    is_model: bool


Asked = tuple[Point, ExpertPool] | int
"""A point with the pool that its coefficients refer to, or the index of an equal point before."""


def measure(
    points: Iterable[Asked], oracle: Oracle, splits: Sequence[Split]
) -> list[MeasuredPoint]:
    """Measure points on some splits; equal models once.

    Models given as coefficients are merged many at once. Of models given as weights, no more are
    held in memory than the iterable itself holds.
    """
    models = _Models(oracle, splits)
    entered: list[tuple[Point | None, bool, Sequence[Key]]] = []
    for asked in points:
        if isinstance(asked, int):
            entered.append(entered[asked])
            continue
        point, pool = asked
        # Weights must not be kept: a map makes them for one preference at a time.
        kept = None if isinstance(point, Tensor) else point
        entered.append((kept, pool.original, models.enter(point, pool)))
        del asked, point
    models.measure_entered()
    return [_measured(point, own, models.measurements(keys)) for point, own, keys in entered]


def _measured(point: Point | None, own: bool, measurements: Measurements) -> MeasuredPoint:
    return MeasuredPoint(
        coefficients=point if own and isinstance(point, Coefficients) else None,
        measurements=measurements,
        passes=point.passes if isinstance(point, Predictor) else 1.0,
        is_model=not isinstance(point, PerTask | Predictor),
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPoint:
    """The point that a Pareto set returned for one preference `(m,)`, and its measurement."""

    preference: NDArray[np.float64]
    coefficients: Coefficients | None
    measurement: Measurement
    passes: float


def score(
    pareto_set: ParetoSet, oracle: Oracle, split: Split, preferences: NDArray[np.float64]
) -> list[ScoredPoint]:
    """Measure the points that a Pareto set of this process returns for preferences `(k, m)`."""
    points = ((checked_point(pareto_set, p), pareto_set.experts) for p in preferences)
    return [
        ScoredPoint(
            preference=preference,
            coefficients=found.coefficients,
            measurement=found.measurements[0],
            passes=found.passes,
        )
        for preference, found in zip(preferences, measure(points, oracle, (split,)), strict=True)
    ]


@final
class _Models:
    """Models to be measured, each once: weights as they come, coefficients together."""

    def __init__(self, oracle: Oracle, splits: Sequence[Split]) -> None:
        self._oracle, self._splits = oracle, splits
        self._known: dict[Key, Measurements] = {}
        self._pools: list[ExpertPool] = []
        self._waiting: dict[tuple[int, bytes], Coefficients] = {}
        self._weights: list[weakref.ref[Tensor]] = []
        self._features: dict[tuple[Key, Split], list[Tensor]] = {}
        self._predictors = count(-1, -1)

    def enter(self, point: Point, pool: ExpertPool) -> list[Key]:
        """Enter a point; return the keys of its measurements: one, or one per task."""
        if isinstance(point, PerTask):
            return [self._enter(model, pool) for model in point.points]
        if isinstance(point, Predictor):
            key = next(self._predictors)
            self._known[key] = tuple(self._predict(point, pool, split) for split in self._splits)
            return [key]
        return [self._enter(point, pool)]

    def _enter(self, model: Model, pool: ExpertPool) -> Key:
        key = self._key(model, pool)
        if isinstance(model, Coefficients):
            assert not isinstance(key, int)
            self._waiting[key] = model
        elif key not in self._known:
            self._known[key] = self._measure(model)
        return key

    def _key(self, model: Model, pool: ExpertPool) -> Key:
        if isinstance(model, Tensor):
            return _index(self._weights, model)
        for number, known in enumerate(self._pools):
            if known is pool:
                return number, model.key()
        self._pools.append(pool)
        return len(self._pools) - 1, model.key()

    def _measure(self, params: Tensor) -> Measurements:
        return tuple(self._oracle.measure(params, split) for split in self._splits)

    def _predict(self, predictor: Predictor, pool: ExpertPool, split: Split) -> Measurement:
        oracle = distributions(self._oracle)
        with torch.inference_mode():
            features = [
                self._features_of(model, pool, predictor.layer(), split)
                for model in predictor.models
            ]
            return oracle.judge(predicted(predictor, features, oracle.heads()), split)

    def _features_of(
        self, model: Model, pool: ExpertPool, layer: Layer | None, split: Split
    ) -> list[Tensor]:
        """Return features; those of plain models are cached: other predictors use them too."""
        oracle = distributions(self._oracle)
        if layer is not None:
            return oracle.split_features(pool.build(model), split, layer)
        key = self._key(model, pool), split
        if key not in self._features:
            self._features[key] = oracle.split_features(pool.build(model), split)
        return self._features[key]

    def measure_entered(self) -> None:
        """Measure all coefficients that were entered."""
        for number, pool in enumerate(self._pools):
            of_pool = {key: point for key, point in self._waiting.items() if key[0] == number}
            for key, params in pool.merge_each(of_pool, AT_ONCE):
                self._known[key] = self._measure(params)

    def measurements(self, keys: Sequence[Key]) -> Measurements:
        """Return the measurements of the model with this key, or of one model per task."""
        found = [self._known[key] for key in keys]
        if len(found) == 1:
            return found[0]
        return tuple(Measurement.per_task(of_split) for of_split in zip(*found, strict=True))


def _index(known: list[weakref.ref[Tensor]], tensor: Tensor) -> int:
    """Return the index of a tensor among those seen before, which are not kept alive."""
    for number, reference in enumerate(known):
        if reference() is tensor:
            return number
    known.append(weakref.ref(tensor))
    return len(known) - 1


def anytime_preferences(m: int) -> NDArray[np.float64]:
    """Return the preferences at which milestones are measured: the corners and the centre."""
    return np.vstack([np.eye(m), np.full((1, m), 1 / m)])
