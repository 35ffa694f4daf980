import math

import pytest
import torch

from fusefront.algorithms.training.rays import draw, lattice, rays


@pytest.mark.parametrize(("m", "partitions"), [(2, 10), (3, 4), (5, 3), (8, 2)])
def test_lattice_is_all_multiples_on_the_simplex_once(m: int, partitions: int) -> None:
    points = lattice(m, partitions)
    assert len(points) == math.comb(partitions + m - 1, m - 1)
    assert len(torch.unique(points, dim=0)) == len(points)
    torch.testing.assert_close(points.sum(dim=1), torch.ones(len(points)))
    multiples = points * partitions
    torch.testing.assert_close(multiples, multiples.round())
    assert (points >= 0).all()


@pytest.mark.parametrize("m", [2, 3, 6, 8])
@pytest.mark.parametrize("at_most", [1, 5, 6, 11, 25, 66])
def test_rays_contain_the_corners_and_the_centre_and_keep_to_the_maximum(
    m: int, at_most: int
) -> None:
    found = rays(m, at_most)
    assert len(found) <= max(at_most, m + 1)
    assert len(torch.unique(found, dim=0)) == len(found)
    for wanted in (*torch.eye(m), torch.full((m,), 1 / m)):
        assert torch.isclose(found, wanted).all(dim=1).any()


def test_two_tasks_have_eleven_rays_in_steps_of_a_tenth() -> None:
    torch.testing.assert_close(rays(2, 11)[:, 0], torch.linspace(0, 1, 11))


@pytest.mark.parametrize("concentration", [0.2, 1.0, 5.0])
def test_drawn_preferences_are_on_the_simplex_and_centred(
    concentration: float, generator: torch.Generator
) -> None:
    drawn = torch.stack([draw(3, concentration, generator) for _ in range(2000)])
    assert drawn.isfinite().all()
    assert (drawn >= 0).all()
    torch.testing.assert_close(drawn.sum(dim=1), torch.ones(2000))
    torch.testing.assert_close(drawn.mean(dim=0), torch.full((3,), 1 / 3), atol=0.03, rtol=0)


def test_variance_of_drawn_preferences_is_that_of_the_dirichlet_distribution(
    generator: torch.Generator,
) -> None:
    drawn = torch.stack([draw(2, 1.0, generator) for _ in range(4000)])
    assert float(drawn[:, 0].var()) == pytest.approx(1 / 12, rel=0.1)


def test_tiny_concentration_draws_corners_and_no_nan(generator: torch.Generator) -> None:
    drawn = torch.stack([draw(4, 1e-3, generator) for _ in range(50)])
    assert drawn.isfinite().all()
    torch.testing.assert_close(drawn.sum(dim=1), torch.ones(50))
