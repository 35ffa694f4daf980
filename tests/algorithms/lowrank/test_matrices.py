import pytest
import torch
from tests.algorithms.matrix_problem import LAYOUT
from tests.algorithms.quadratic import LAYOUT as WITHOUT_MATRICES

from fusefront.algorithms.training.low_rank import Matrix, add, gaussian, matrices
from fusefront.errors import NotApplicableError


def test_matrices_have_two_sides_of_at_least_the_rank() -> None:
    found = (Matrix(index=0, rows=4, columns=3), Matrix(index=2, rows=3, columns=4))
    assert matrices(LAYOUT, 1) == matrices(LAYOUT, 3) == found
    with pytest.raises(NotApplicableError, match="rank"):
        matrices(LAYOUT, 4)
    with pytest.raises(NotApplicableError, match="rank"):
        matrices(WITHOUT_MATRICES, 1)


def test_terms_are_added_in_their_places_and_gradients_flow_to_all(
    generator: torch.Generator,
) -> None:
    params = torch.randn(LAYOUT.size, generator=generator, requires_grad=True)
    terms = [torch.randn(s, generator=generator, requires_grad=True) for s in ((4, 3), (3, 4))]
    found = add(LAYOUT, params, matrices(LAYOUT, 2), terms)
    before, after = LAYOUT.unflatten(params), LAYOUT.unflatten(found)
    torch.testing.assert_close(after["layers.0.mlp.w"], before["layers.0.mlp.w"] + terms[0])
    torch.testing.assert_close(after["layers.1.mlp.w"], before["layers.1.mlp.w"] + terms[1])
    assert torch.equal(after["layers.0.mlp.b"], before["layers.0.mlp.b"])
    weights = torch.randn(LAYOUT.size, generator=generator)
    gradients = torch.autograd.grad((found * weights).sum(), [params, *terms])
    assert torch.equal(gradients[0], weights)
    assert torch.equal(gradients[1], LAYOUT.unflatten(weights)["layers.0.mlp.w"])
    assert torch.equal(gradients[2], LAYOUT.unflatten(weights)["layers.1.mlp.w"])


def test_gaussian_keeps_the_scale_of_a_product(generator: torch.Generator) -> None:
    drawn = gaussian((400, 50), 50, generator)
    assert (drawn @ torch.randn(50, 100, generator=generator)).std() == pytest.approx(1, rel=0.1)
