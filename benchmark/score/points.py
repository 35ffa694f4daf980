"""Check what a Pareto set of a plug-in returns, before it is measured."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...algorithms.pareto_set import FiniteSet, MapSet, ParetoSet, PerTask, Point
from ...errors import PluginResultError
from ...problems.experts import Coefficients, ExpertPool
from ...problems.predictor import Predictor


def checked_point(pareto_set: ParetoSet, question: int | NDArray[np.float64]) -> Point:
    """Return the point for a preference `(m,)`, or the point of this number of a finite set.

    Raises:
        PluginResultError: If it is not a point, has another shape than the pool, or is not finite.
    """
    if isinstance(pareto_set, FiniteSet) and isinstance(question, int):
        point: Point = pareto_set.points[question]
        where = f"point {question} of the FiniteSet"
    else:
        point = pareto_set.point(question)
        where = f"{_source(pareto_set)} at preference {np.asarray(question).tolist()}"
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


def check_finite_set(found: FiniteSet) -> None:
    """Compare the shape of the objectives with the numbers of points and tasks.

    Raises:
        PluginResultError: If they differ, or an objective is NaN or infinite.
    """
    expected = (len(found.points), found.experts.tasks)
    shape = np.shape(found.objectives)
    if shape != expected or not expected[0]:
        raise PluginResultError(
            "A FiniteSet must have one model or more, and `objectives` with one row per model and "
            f"one column per task. Found {expected[0]} models, {expected[1]} tasks and the shape "
            f"{shape}."
        )
    if not np.isfinite(np.asarray(found.objectives, dtype=np.float64)).all():
        raise PluginResultError(
            "The `objectives` of a FiniteSet must be finite, since they decide which model a "
            "preference gets. Found NaN or infinite ones. Leave such models out."
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
