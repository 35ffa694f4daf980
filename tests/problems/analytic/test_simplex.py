from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest

from fusefront.problems.analytic import volumes as simplex


@pytest.mark.parametrize("m", [1, 2, 3, 4, 10])
def test_cover_is_on_the_simplex_and_includes_its_corners(m: int) -> None:
    points = simplex.cover(m, 300)
    np.testing.assert_allclose(points.sum(axis=1), 1)
    assert points.min() >= 0
    assert len(np.unique(points, axis=0)) == len(points)
    for corner in np.eye(m):
        assert (points == corner).all(axis=1).any()


@pytest.mark.parametrize("k", [3, 10, 13, 66, 2000])
def test_lattice_of_three_is_the_finest_of_at_most_k(k: int) -> None:
    sizes = [comb(parts + 2, 2) for parts in range(1, 100)]
    assert len(simplex.cover(3, k)) == max(size for size in sizes if size <= k)


@pytest.mark.parametrize("m", [4, 7])
def test_more_coordinates_get_exactly_as_many_points(m: int) -> None:
    assert len(simplex.cover(m, 137)) == 137


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_quadrature_integrates_monomials_by_dirichlet_s_formula(k: int) -> None:
    points, weights = simplex.quadrature(k, 8)
    for powers in ([0] * k, [1] * k, list(range(k)), [3, *[0] * (k - 1)]):
        expected = np.prod([factorial(p) for p in powers]) / factorial(sum(powers) + k - 1)
        assert weights @ (points**powers).prod(axis=1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_square_moments_agree_with_quadrature(k: int) -> None:
    points, weights = simplex.quadrature(k, 12)
    for n, moment in enumerate(simplex.square_moments(k, 4)):
        found = weights @ (points**2).sum(axis=1) ** n * factorial(k - 1)
        assert float(moment) == pytest.approx(found, rel=1e-12)


def test_second_moment_for_many_corners_follows_the_textbook() -> None:
    # E[c_i^2] = 2 / (k (k + 1)) for each of k corners.
    assert simplex.square_moments(10, 1)[1] == Fraction(2, 11)


def test_faces_contain_the_last_corner() -> None:
    assert sorted(simplex.faces(3)) == [[0, 1, 2], [0, 2], [1, 2], [2]]
