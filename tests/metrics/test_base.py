"""The calling contract of metrics: which inputs they may require, and what they receive."""

from collections.abc import Callable

import numpy as np
import pytest

from fusefront.errors import ParameterError, PluginError, PreferenceError, ShapeError
from fusefront.metrics.base import Array, Inputs, check_points, evaluate, needs

POINTS = np.array([[0.0, 1.0], [1.0, 0.0], [0.4, 0.4]])
PREFERENCES = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])


def distance(points: Array, /, *, ref_point: Array, losses: Array) -> float:
    return float(np.sum(ref_point) + losses.sum())


def by_name(points: Array, *, front: Array) -> float:
    return 0.0


def by_position(points: Array, front: Array, /) -> float:
    return 0.0


def with_unknown(points: Array, /, *, theta: float = 5.0) -> float:
    return theta


def with_rest(points: Array, /, **rest: Array) -> float:
    return 0.0


def of_nothing() -> float:
    return 0.0


def test_needs_are_the_keyword_only_names() -> None:
    assert needs(distance) == {"ref_point", "losses"}


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        (by_name, "points"),
        (by_position, "front"),
        (with_unknown, "theta"),
        (with_rest, "rest"),
        (of_nothing, "of_nothing"),
    ],
)
def test_other_signatures_are_refused_by_name(metric: Callable[..., float], found: str) -> None:
    with pytest.raises(PluginError, match=found) as caught:
        needs(metric)
    assert metric.__name__ in str(caught.value)


def test_metric_gets_what_it_asks_for() -> None:
    inputs = Inputs(points=POINTS, preferences=PREFERENCES, losses=POINTS)
    assert evaluate(distance, inputs, ref_point=[1.0, 2.0]) == 3.0 + POINTS.sum()


def test_value_is_none_when_the_reference_is_missing() -> None:
    inputs = Inputs(points=POINTS, preferences=PREFERENCES, losses=POINTS)
    assert evaluate(distance, inputs) is None


def test_value_is_none_when_the_run_has_no_such_array() -> None:
    inputs = Inputs(points=POINTS, preferences=PREFERENCES)
    assert evaluate(distance, inputs, ref_point=[1.0, 1.0]) is None


def test_numpy_scalars_become_floats() -> None:
    def smallest(points: Array, /) -> float:
        value: np.float64 = points.min()
        return value

    value = evaluate(smallest, Inputs(points=POINTS, preferences=PREFERENCES))
    assert type(value) is float


def test_a_metric_cannot_spoil_the_inputs_of_the_next() -> None:
    def vandal(points: Array, /) -> float:
        points[0, 0] = 7.0
        return 0.0

    own = POINTS.copy()
    with pytest.raises(ValueError, match="read-only"):
        evaluate(vandal, Inputs(points=own, preferences=PREFERENCES))
    assert own.flags.writeable
    np.testing.assert_equal(own, POINTS)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_points_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ParameterError, match=r"finite.*\(0, 1\)"):
        check_points([[0.0, bad]])
    with pytest.raises(ParameterError, match="finite"):
        Inputs(points=np.array([[0.0, bad]]), preferences=np.array([[0.5, 0.5]]))


@pytest.mark.parametrize("points", [[0.0, 1.0], [[[0.0]]], [[]], 3.0, [[1.0], [1.0, 2.0]], "abc"])
def test_points_that_are_not_a_matrix_are_refused(points: object) -> None:
    with pytest.raises(ShapeError, match="`points`"):
        check_points(points)  # type: ignore[arg-type] # what is refused is refused at run time


def test_inputs_must_have_one_row_per_model() -> None:
    with pytest.raises(ShapeError, match="`preferences` must have 3 rows"):
        Inputs(points=POINTS, preferences=PREFERENCES[:2])
    with pytest.raises(ShapeError, match="`values`"):
        Inputs(points=POINTS, preferences=PREFERENCES, values=POINTS[:, :1])
    with pytest.raises(ShapeError, match="`expert_values`"):
        Inputs(points=POINTS, preferences=PREFERENCES, expert_values=np.ones(3))


def test_inputs_must_hold_preferences() -> None:
    with pytest.raises(PreferenceError, match="row 1 must sum to 1"):
        Inputs(points=POINTS, preferences=np.array([[1.0, 0.0], [0.7, 0.5], [0.5, 0.5]]))
