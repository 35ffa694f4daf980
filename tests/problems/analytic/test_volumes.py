from math import comb, factorial

import numpy as np
import pytest
from numpy.typing import NDArray

from fusefront.problems.analytic.volumes import area, simplex_volume

Array = NDArray[np.float64]


def line(s: Array) -> Array:
    """x + y = 1."""
    return np.stack([s, 1 - s], axis=1)


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ((1, 1), 0.5),
        ((1.5, 1), 1.0),
        ((1, 1.5), 1.0),
        ((0.6, 0.6), 0.02),
        ((0.5, 0.5), 0.0),
        ((0.3, 0.9), 0.02),
    ],
)
def test_area_of_a_line_equals_one_computed_by_hand(
    ref: tuple[float, float], expected: float
) -> None:
    assert area(line, [(0, 1)], ref) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("ref", "expected"), [(1.0, 0.5 - 0.02), (0.65, 0.045 - 0.02), (0.55, 0.0)]
)
def test_gap_between_pieces_is_not_dominated(ref: float, expected: float) -> None:
    # Without the line from x = 0.4 to 0.6, 0.02 is lost, or everything.
    found = area(line, [(0, 0.4), (0.6, 1)], (ref, ref))
    assert found == pytest.approx(expected, abs=1e-12)


def plane(c: Array) -> tuple[Array, Array]:
    """g = 1 - c: the simplex of all g with a sum of m - 1 and no entry above 1."""
    m = c.shape[1]
    return 1 - c, np.broadcast_to(-np.eye(m), (len(c), m, m))


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("ref", [1.0, 1.5])
def test_volume_of_a_plane_equals_that_of_simplices(m: int, ref: float) -> None:
    # Each set of k tasks may lie beyond 1 by ref - 1; the others then span a simplex.
    expected = sum(comb(m, k) * (ref - 1) ** k / factorial(m - k) for k in range(m + 1))
    assert simplex_volume(plane, m, ref) == pytest.approx(expected, rel=1e-12)
