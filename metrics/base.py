"""The interface of metrics: functions of arrays, `f(points, /, *, <needs>) -> float`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from numpy.typing import ArrayLike

from ..errors import PluginError
from .checks import Array as Array
from .checks import check_milestones, check_preferences, check_rows, check_vector
from .checks import check_points as check_points

Metric: TypeAlias = Callable[..., float | None]

PER_POINT: Final = (
    *("values", "losses", "validation_values", "own_points"),
    *("calibration_errors", "agreements"),
)
"""Inputs of shape `(n, m)`, with a row for each row of `points`."""

REFERENCES: Final = ("ref_point", "front", "baseline")
"""Inputs that do not belong to the run: what it is measured against, named beside the score."""

NEEDS: Final = {
    "preferences": "the scoring preferences",
    "values": "values on test that grow with quality",
    "losses": "losses on test",
    "validation_values": "values on validation (protocol 2)",
    "own_points": "the results of the set without the anchors (protocol 2)",
    "calibration_errors": "calibration errors (problems with classes, schema 5)",
    "agreements": "agreements with the experts (problems with classes, schema 5)",
    "expert_values": "the values of the experts",
    "pretrained_values": "the values of the pretrained model",
    "anchors": "the objectives of the pretrained model, the experts and their average",
    "milestones": "results at milestones (protocol 2)",
    "milestone_units": "the units of the milestones (protocol 2)",
    "run": "the row of the table `runs`",
    "ref_point": "a reference point",
    "front": "a reference front of the problem",
    "baseline": "a run of the baseline with the same problem and seed",
}
"""Inputs that a metric may require, by the names of its keyword-only arguments; `Inputs` has their
shapes. Of the references, `ref_point` is the `(m,)` worst corner, `front` the `(k, m)` reference
front and `baseline` the `(b, m)` points of another algorithm."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """The scored models of one run; row k of each matrix is the model returned for preference k.

    Arrays are checked once and kept as read-only views, so that a metric cannot change the input
    of another one.

    Args:
        points: `(n, m)` normalised objectives g, minimised: 0 at the expert, 1 at the pretrained.
        preferences: `(n, m)`, larger p_i for smaller objective i.
        values: `(n, m)` raw task metrics that grow with quality, such as accuracies.
        losses: `(n, m)` raw losses.
        validation_values: `(n, m)` as `values`, of the same models on validation.
        own_points: `(n, m)` as `points`, of the set of the fit without the anchors.
        calibration_errors: `(n, m)` expected calibration errors on test.
        agreements: `(n, m)` shares of test examples for which the model predicts what the expert
            of the task predicts.
        expert_values: `(m,)` in the units of `values`, each expert on its own task.
        pretrained_values: `(m,)` in the units of `values`.
        anchors: `(a, m)` objectives of the pretrained model, each expert, and the average if known.
        milestones: `(k, m + 1, m)` objectives at k milestones, for the corners and the centre.
        milestone_units: `(k,)` units spent at each milestone.
        run: The run's row of the `runs` table.
    """

    points: Array
    preferences: Array
    values: Array | None = None
    losses: Array | None = None
    validation_values: Array | None = None
    own_points: Array | None = None
    calibration_errors: Array | None = None
    agreements: Array | None = None
    expert_values: Array | None = None
    pretrained_values: Array | None = None
    anchors: Array | None = None
    milestones: Array | None = None
    milestone_units: Array | None = None
    run: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        points = check_points(self.points)
        m = points.shape[1]
        self._keep("points", points)
        self._keep("preferences", check_preferences(self.preferences, like=points))
        self._check("anchors", lambda a: check_points(a, name="anchors", m=m))
        for name in PER_POINT:
            self._check(name, lambda a, name=name: check_rows(a, name=name, like=points))
        for name in ("expert_values", "pretrained_values"):
            self._check(name, lambda a, name=name: check_vector(a, name=name, m=m))
        self._check("milestones", lambda a: check_milestones(a, m=m))
        self._check("milestone_units", lambda a: check_vector(a, name="milestone_units", m=len(a)))

    def _check(self, name: str, check: Callable[..., Array]) -> None:
        given = getattr(self, name)
        if given is not None:
            self._keep(name, check(given))

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
    baseline: ArrayLike | None = None,
) -> float | None:
    """Return the value of a metric for a run, or None if an input that it requires is missing.

    Args:
        metric: `f(points, /, *, <needs>)`; see `NEEDS`.
        inputs: The scored models of the run.
        ref_point: `(m,)` worst corner for hypervolume, if the problem has one.
        front: `(k, m)` reference front, if the problem has one.
        baseline: `(b, m)` points of the baseline, if it has a run.

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
    given = {"ref_point": ref_point, "front": front, "baseline": baseline}
    arguments = {
        name: given[name] if name in given else getattr(inputs, name) for name in needs(metric)
    }
    if any(argument is None for argument in arguments.values()):
        return None
    value = metric(inputs.points, **arguments)
    return None if value is None else float(value)
