"""Check what a Pareto set of a plug-in returns, before it is measured."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...algorithms.pareto_set import FiniteSet, MapSet, ParetoSet, PerTask, Point
from ...errors import PluginResultError
from ...problems.experts import Coefficients, ExpertPool
from ...problems.predictor import Predictor


def checked_point(pareto_set: ParetoSet, preference: NDArray[np.float64]) -> Point:
    """Return the point for a preference.

    Raises:
        PluginResultError: If it is not a point, has another shape than the pool, or is not finite.
    """
    if isinstance(pareto_set, FiniteSet):
        _check_finite_set(pareto_set)
    point = pareto_set.point(preference)
    where = f"{_source(pareto_set)} at preference {preference.tolist()}"
    pool = pareto_set.experts
    if isinstance(point, PerTask):
        if len(point.points) != pool.tasks:
            raise PluginResultError(
                f"PerTask must have one model per task, {pool.tasks} in all. "
                f"Found {len(point.points)} from {where}."
            )
        models = point.points
    elif isinstance(point, Predictor):
        models = point.models
    else:
        models = (point,)
    for model in models:
        _check_model(model, pool, where)
    return point


def _check_finite_set(found: FiniteSet) -> None:
    expected = (len(found.points), found.experts.tasks)
    shape = np.shape(found.objectives)
    if shape != expected or not expected[0]:
        raise PluginResultError(
            "A FiniteSet must have one model or more, and `objectives` with one row per model and "
            f"one column per task. Found {expected[0]} models, {expected[1]} tasks and the shape "
            f"{shape}."
        )


def _check_model(model: object, pool: ExpertPool, where: str) -> None:
    if isinstance(model, Coefficients):
        what, values = f"Coefficients in space `{model.space}`", model.values
        groups = len(pool.layout.groups(model.space).names)
        shape: tuple[int, ...] = (len(pool),) if model.space == "task" else (groups, len(pool))
    elif isinstance(model, Tensor):
        what, values, shape = "A model", model, tuple(pool.pretrained.shape)
    else:
        raise PluginResultError(
            "A model must be Coefficients or a tensor of all parameters; a point may also be a "
            f"PerTask or a Predictor of them. Found {type(model).__name__} from {where}."
        )
    if not isinstance(values, Tensor) or values.is_complex():
        found = values.dtype if isinstance(values, Tensor) else type(values).__name__
        raise PluginResultError(
            f"{what} must be a tensor of real numbers. Found {found} from {where}."
        )
    if tuple(values.shape) != shape:
        raise PluginResultError(
            f"{what} must have the shape {shape}. Found {tuple(values.shape)} from {where}."
        )
    wrong = int((~torch.isfinite(values)).sum())
    if wrong:
        raise PluginResultError(
            f"{what} must be finite. Found {wrong} of {values.numel()} numbers that are NaN or "
            f"infinite from {where}."
        )


def _source(pareto_set: ParetoSet) -> str:
    kind = type(pareto_set).__name__
    return f"the function of the {kind}" if isinstance(pareto_set, MapSet) else f"the {kind}"
