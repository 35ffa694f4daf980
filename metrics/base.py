"""The interface of metrics: functions of arrays, `f(points, /, *, <needs>) -> float`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from numpy.typing import ArrayLike

from ..errors import PluginError
from .checks import Array as Array
from .checks import check_points as check_points
from .checks import check_preferences, check_rows, check_vector

Metric: TypeAlias = Callable[..., float | None]

NEEDS = frozenset({"ref_point", "front", "preferences", "values", "expert_values", "losses", "run"})
"""Inputs that a metric may require, by the names of its keyword-only arguments.

`ref_point` is the `(m,)` worst corner, `front` the `(k, m)` reference front. `preferences`,
`values` and `losses` are `(n, m)`, with a row for each row of `points`. `expert_values` is `(m,)`,
the value of each expert on its own task. `run` is the row of the `runs` table."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """The scored models of one run; row k of each matrix is the model returned for preference k.

    Arrays are checked once and kept as read-only views, so that a metric cannot change the input
    of another one.

    Args:
        points: `(n, m)` normalised objectives g, minimised: 0 at the expert, 1 at the pretrained.
        preferences: `(n, m)`, larger p_i for smaller objective i.
        values: `(n, m)` raw task metrics that grow with quality, such as accuracies.
        expert_values: `(m,)` in the units of `values`, each expert on its own task.
        losses: `(n, m)` raw losses.
        run: The run's row of the `runs` table.
    """

    points: Array
    preferences: Array
    values: Array | None = None
    expert_values: Array | None = None
    losses: Array | None = None
    run: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        points = check_points(self.points)
        self._keep("points", points)
        self._keep("preferences", check_preferences(self.preferences, like=points))
        for name, rows in (("values", self.values), ("losses", self.losses)):
            if rows is not None:
                self._keep(name, check_rows(rows, name=name, like=points))
        if self.expert_values is not None:
            experts = check_vector(self.expert_values, name="expert_values", m=points.shape[1])
            self._keep("expert_values", experts)

    def _keep(self, name: str, array: Array) -> None:
        view = array.view()
        view.flags.writeable = False
        object.__setattr__(self, name, view)


@cache
def needs(metric: Metric) -> frozenset[str]:
    """Return the names of the inputs that a metric requires besides the points.

    Raises:
        PluginError: If it is not a function `f(points, /, *, <needs>)` with names in `NEEDS`.

    >>> def best(points, /, *, ref_point): ...
    >>> sorted(needs(best))
    ['ref_point']
    """
    name = getattr(metric, "__name__", type(metric).__name__)
    try:
        first, *rest = inspect.signature(metric).parameters.values()
    except (TypeError, ValueError) as error:
        raise PluginError(
            f"Metric `{name}` must be a function `f(points, /, *, ...)`. Found {error}. "
            "Register a Python function."
        ) from error
    if first.kind is not first.POSITIONAL_ONLY:
        raise PluginError(
            f"Metric `{name}` must take `{first.name}` by position only. "
            f"Found {first.kind.description}. Write `f(points, /, *, ...)`."
        )
    for parameter in rest:
        if parameter.kind is not parameter.KEYWORD_ONLY or parameter.name not in NEEDS:
            raise PluginError(
                f"Metric `{name}` must only take {', '.join(sorted(NEEDS))}, by keyword only. "
                f"Found `{parameter}` ({parameter.kind.description}). Rename or remove it."
            )
    return frozenset(parameter.name for parameter in rest)


def evaluate(
    metric: Metric,
    inputs: Inputs,
    *,
    ref_point: ArrayLike | None = None,
    front: ArrayLike | None = None,
) -> float | None:
    """Return the value of a metric for a run, or None if an input that it requires is missing.

    Args:
        metric: `f(points, /, *, <needs>)`; see `NEEDS`.
        inputs: The scored models of the run.
        ref_point: `(m,)` worst corner for hypervolume, if the problem has one.
        front: `(k, m)` reference front, if the problem has one.

    Raises:
        PluginError: If the signature has other arguments.

    >>> import numpy as np
    >>> from fusefront.metrics.hypervolume import hypervolume
    >>> inputs = Inputs(points=np.array([[0.5, 0.5]]), preferences=np.array([[0.5, 0.5]]))
    >>> evaluate(hypervolume, inputs, ref_point=[1.0, 1.0])
    0.25
    >>> evaluate(hypervolume, inputs) is None
    True
    """
    available = {**vars(inputs), "ref_point": ref_point, "front": front}
    arguments = {name: available[name] for name in needs(metric)}
    if any(argument is None for argument in arguments.values()):
        return None
    value = metric(inputs.points, **arguments)
    return None if value is None else float(value)
