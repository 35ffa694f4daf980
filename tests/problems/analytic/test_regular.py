import numpy as np
import pytest
from tests.problems.analytic.independent import hull_dominates, monte_carlo

from fusefront.problems.analytic import regular
from fusefront.problems.analytic.regular import PROPORTIONAL
from fusefront.problems.analytic.volumes import simplex_volume


def test_distances_are_those_of_vectors() -> None:
    generator = np.random.default_rng(0)
    gram = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
    vectors = np.linalg.cholesky(gram)
    c = generator.dirichlet(np.ones(4), 50)
    expected = ((c @ vectors)[:, None] - vectors) ** 2
    np.testing.assert_allclose(regular.distances(c, 0.7), expected.sum(axis=2), atol=1e-14)


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("ref", [1.0, 1.1, 2.3])
def test_closed_form_equals_quadrature(m: int, ref: float) -> None:
    found = simplex_volume(lambda c: regular.images(c, 0.5, PROPORTIONAL), m, ref)
    assert regular.volume(m, 0.5, PROPORTIONAL, ref) == pytest.approx(found, abs=1e-12)


def test_clipped_triangle_equals_the_closed_form_where_nothing_is_clipped() -> None:
    for ref in (1.0, 1.1, 2.0):
        found = regular._clipped_triangle(0.5, PROPORTIONAL, ref)
        assert found == pytest.approx(regular._closed_form(3, 0.5, ref), abs=1e-11)


def test_clipped_triangle_grows_without_a_jump_as_the_reference_point_passes_the_front() -> None:
    below, above = (regular.volume(3, 0.5, PROPORTIONAL, 1 + d) for d in (-1e-7, 1e-7))
    assert below is not None
    assert above is not None
    assert 0 < above - below < 1e-6


@pytest.mark.parametrize(
    ("m", "degrees", "ref"),
    [
        (2, 150, 1.1),
        (3, 90, 1.0),
        (3, 110, 1.1),
        (3, 60, 0.4),
        (3, 120, 1.1),
        (4, 60, 1.0),
        (5, 60, 1.1),
        (8, 60, 1.1),
    ],
)
def test_volume_agrees_with_random_points(m: int, degrees: float, ref: float) -> None:
    spread = 1 - np.cos(np.radians(degrees))
    stated = regular.volume(m, spread, PROPORTIONAL, ref)
    found, error = monte_carlo(lambda g: hull_dominates(g, spread), m, ref)
    assert stated == pytest.approx(found, abs=4 * error)
    assert error < 0.01


def test_volume_of_clipped_fronts_of_many_tasks_is_none() -> None:
    assert regular.volume(4, 1.0, PROPORTIONAL, 1.0) is None


def test_pretrained_model_amid_three_experts_is_on_their_front() -> None:
    # 120 degrees: g = (1, 1, 1) is a compromise of all, so nothing lies beyond it.
    assert regular.volume(3, 1.5, PROPORTIONAL, 1.0) == pytest.approx(0, abs=1e-12)
