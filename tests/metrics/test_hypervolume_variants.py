"""Variants of hypervolume against inclusion-exclusion, for 1 to 10 objectives."""

from itertools import combinations

import numpy as np
import pytest
from pymoo.indicators.hv import HV
from tests.metrics.sets import TOLERANCE, every_set

from fusefront.metrics.base import Array
from fusefront.metrics.hypervolume import hypervolume
from fusefront.metrics.hypervolume_variants import (
    gain_over_anchors,
    hypervolume_root,
    pairwise_hypervolume,
    relative_hypervolume,
)


def volume(points: Array, ref: Array) -> float:
    """The slow twin: the volume of a union of boxes by inclusion and exclusion."""
    total = 0.0
    for size in range(1, len(points) + 1):
        for group in combinations(points, size):
            edges = np.maximum(ref - np.max(group, axis=0), 0.0)
            total += (-1) ** (size + 1) * float(np.prod(edges))
    return total


@every_set
def test_agree_with_inclusion_and_exclusion(
    points: Array, front: Array, preferences: Array
) -> None:
    m = points.shape[1]
    ref = np.full(m, 1.1)
    own, best = volume(points, ref), volume(front, ref)
    assert hypervolume(points, ref_point=ref) == pytest.approx(own, **TOLERANCE)
    assert hypervolume_root(points, ref_point=ref) ** m == pytest.approx(own, **TOLERANCE)
    relative = relative_hypervolume(points, ref_point=ref, front=front)
    assert relative is not None
    assert relative * best == pytest.approx(own, **TOLERANCE)
    gain = gain_over_anchors(points, ref_point=ref, anchors=front)
    assert gain == pytest.approx(own - best, **TOLERANCE)


@every_set
def test_pairs_agree_with_pymoo_on_each_projection(
    points: Array, front: Array, preferences: Array
) -> None:
    m = points.shape[1]
    columns = [list(pair) for pair in combinations(range(m), 2)] if m > 1 else [[0]]
    mean = np.mean([HV(ref_point=np.full(len(c), 1.1))(points[:, c]) for c in columns])
    found = pairwise_hypervolume(points, ref_point=np.full(m, 1.1))
    assert found == pytest.approx(mean, **TOLERANCE)


@pytest.mark.parametrize("m", [1, 2, 5, 10])
def test_cubes_have_their_edge_as_root(m: int) -> None:
    assert hypervolume_root([[0.3] * m], ref_point=[1.0] * m) == pytest.approx(0.7)


def test_no_points_have_no_volume() -> None:
    none, ref = np.empty((0, 2)), [1.0, 1.0]
    assert relative_hypervolume(none, ref_point=ref, front=[[0.0, 0.0]]) == 0.0
    assert hypervolume_root(none, ref_point=ref) == 0.0
    assert pairwise_hypervolume(none, ref_point=ref) == 0.0
    assert gain_over_anchors(none, ref_point=ref, anchors=[[0.5, 0.5]]) == -0.25


def test_share_of_an_empty_volume_is_undefined() -> None:
    assert relative_hypervolume([[0.0, 0.0]], ref_point=[1.0, 1.0], front=[[1.0, 0.0]]) is None


def test_anchors_gain_nothing_over_themselves() -> None:
    anchors = [[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.4, 0.4]]
    assert gain_over_anchors(anchors, ref_point=[1.0, 1.0], anchors=anchors) == 0.0
    assert gain_over_anchors(anchors[:3], ref_point=[1.0, 1.0], anchors=anchors) < 0
