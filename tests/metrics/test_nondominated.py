"""The nondominated mask against pairwise comparison."""

import numpy as np
import pytest

from fusefront.errors import ParameterError
from fusefront.metrics.base import Array
from fusefront.metrics.nondominated import nondominated


def slow(points: Array) -> list[bool]:
    """The slow twin: compare all pairs, and keep the first of equals."""

    def dominates(a: Array, b: Array) -> bool:
        return bool((a <= b).all() and (a < b).any())

    return [
        not any(dominates(a, b) for a in points) and not any((a == b).all() for a in points[:k])
        for k, b in enumerate(points)
    ]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("m", "n"), [(1, 5), (2, 12), (3, 20), (4, 20), (8, 30)])
def test_agrees_with_comparing_all_pairs(m: int, n: int, seed: int) -> None:
    points = np.random.default_rng([m, n, seed]).integers(0, 3, (n, m)) / 2  # ties, duplicates
    mask = nondominated(points)
    assert mask.dtype == np.bool_
    kept = points[mask]
    assert mask.sum() == sum(slow(points))
    assert {tuple(p) for p in kept} == {tuple(p) for p in points[slow(points)]}


def test_first_of_equal_points_is_kept() -> None:
    points = [[0.5, 0.5], [0.0, 1.0], [0.5, 0.5], [0.0, 1.0]]
    assert nondominated(points).tolist() == [True, True, False, False]


def test_no_points_give_an_empty_mask() -> None:
    assert nondominated(np.empty((0, 3))).shape == (0,)


def test_nan_is_refused() -> None:
    with pytest.raises(ParameterError, match="`points` must be finite"):
        nondominated([[np.nan, 0.0], [0.0, 0.0]])
