"""The gradient is that of the hypervolume: by finite differences of moocore's exact value."""

import moocore
import numpy as np
import pytest

from fusefront.algorithms.hypernetworks.hvi import hypervolume_gradient, layered_directions


@pytest.mark.parametrize(("m", "k"), [(2, 1), (2, 7), (3, 6), (4, 6), (5, 5)])
def test_gradient_is_that_of_moocores_hypervolume(m: int, k: int) -> None:
    points, ref = np.random.default_rng(m).random((k, m)), np.full(m, 0.9)
    found, step = hypervolume_gradient(points, ref), 1e-6
    for index in np.ndindex(k, m):
        moved = np.zeros((k, m))
        moved[index] = step
        difference = moocore.hypervolume(points + moved, ref=ref)
        difference -= moocore.hypervolume(points - moved, ref=ref)
        assert found[index] == pytest.approx(difference / (2 * step), abs=1e-8)


def test_point_beyond_the_reference_and_dominated_points_have_no_gradient() -> None:
    points = np.array([[0.2, 0.3], [0.4, 0.5], [1.2, 0.1]])
    found = hypervolume_gradient(points, np.ones(2))
    assert (found[1:] == 0).all()
    np.testing.assert_allclose(found[0], [-0.7, -0.8])


def test_directions_have_length_one_in_every_layer_and_beyond_the_reference() -> None:
    points = np.array([[0.2, 0.3], [0.4, 0.5], [0.5, 0.6], [3.0, 0.1]])
    found = layered_directions(points, np.ones(2))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert (found >= 0).all()


def test_a_point_alone_in_its_layer_goes_where_its_box_grows_most() -> None:
    """The box up to (1, 1) has the sides 0.8 and 0.4: shrinking the long one's is worth 0.4."""
    found = layered_directions(np.array([[0.2, 0.6]]), np.ones(2))
    np.testing.assert_allclose(found, np.array([[0.4, 0.8]]) / np.hypot(0.4, 0.8))


def test_equal_points_are_sorted_into_layers_of_their_own() -> None:
    found = layered_directions(np.array([[0.5, 0.5], [0.5, 0.5]]), np.ones(2))
    np.testing.assert_allclose(found, np.full((2, 2), 0.5**0.5))
