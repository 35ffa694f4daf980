"""Axioms of the metrics of fronts, for arbitrary points."""

from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from fusefront.metrics.hypervolume import hypervolume
from fusefront.metrics.igd import igd, igd_plus
from fusefront.metrics.nondominated import nondominated

Points: TypeAlias = NDArray[np.float64]

property_test = settings(derandomize=True, deadline=None, max_examples=40, database=None)
REF_POINT = np.full(3, 1.1)

# A coarse grid, so that ties and duplicates are common.
coordinates = st.integers(0, 12).map(lambda k: k / 10)


def point_sets(smallest: int = 1) -> st.SearchStrategy[Points]:
    return arrays(np.float64, st.tuples(st.integers(smallest, 7), st.just(3)), elements=coordinates)


@given(points=point_sets(0), more=point_sets())
@property_test
def test_hypervolume_never_falls_when_points_are_added(points: Points, more: Points) -> None:
    both = np.vstack([points, more])
    before = points.copy()
    smaller, larger = (hypervolume(p, ref_point=REF_POINT) for p in (points, both))
    assert larger >= smaller - 1e-12
    np.testing.assert_array_equal(points, before)


@given(points=point_sets(), gains=st.integers(0, 3))
@property_test
def test_hypervolume_never_falls_when_points_improve(points: Points, gains: int) -> None:
    better = hypervolume(points - gains / 10, ref_point=REF_POINT)
    assert better >= hypervolume(points, ref_point=REF_POINT) - 1e-12


@given(points=point_sets(), data=st.data())
@property_test
def test_hypervolume_ignores_order_and_duplicates(points: Points, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(points))))
    shuffled = points[[*order, order[0]]]
    assert hypervolume(shuffled, ref_point=REF_POINT) == hypervolume(points, ref_point=REF_POINT)


@given(front=point_sets(), more=point_sets(0))
@property_test
def test_distances_are_zero_if_the_front_is_among_the_points(front: Points, more: Points) -> None:
    points = np.vstack([front, more])
    before = front.copy()
    assert igd(points, front=front) == 0
    assert igd_plus(points, front=front) == 0
    np.testing.assert_array_equal(front, before)


@given(points=point_sets(), front=point_sets(), losses=arrays(np.float64, 3, elements=coordinates))
@property_test
def test_igd_plus_is_weakly_pareto_compliant(points: Points, front: Points, losses: Points) -> None:
    better = igd_plus(points, front=front)
    assert better <= igd_plus(points + losses, front=front) + 1e-12


@given(points=point_sets())
@property_test
def test_nondominated_points_stay_nondominated(points: Points) -> None:
    before = points.copy()
    kept = points[nondominated(points)]
    assert nondominated(kept).all()
    assert hypervolume(kept, ref_point=REF_POINT) == pytest.approx(
        hypervolume(points, ref_point=REF_POINT)
    )
    np.testing.assert_array_equal(points, before)
