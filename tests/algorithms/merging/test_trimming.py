"""Trimming and sign election against loops over single entries."""

import pytest
import torch
from torch import Tensor

from fusefront.algorithms.training.trimming import elect_signs, resolved, trim


def drawn(tasks: int, size: int) -> Tensor:
    return torch.randn(tasks, size, generator=torch.Generator().manual_seed(tasks * size))


def trimmed_entry_by_entry(vector: list[float], kept: int) -> list[float]:
    ranked = sorted(range(len(vector)), key=lambda j: -abs(vector[j]))
    return [x if j in ranked[:kept] else 0.0 for j, x in enumerate(vector)]


@pytest.mark.parametrize(("keep", "kept"), [(0.2, 4), (0.5, 10), (0.01, 1), (1.0, 20)])
def test_largest_entries_of_each_vector_stay(keep: float, kept: int) -> None:
    vectors = drawn(3, 20)
    expected = [trimmed_entry_by_entry(v, kept) for v in vectors.tolist()]
    assert torch.equal(trim(vectors, keep), torch.tensor(expected))


def test_signs_are_those_of_the_sum() -> None:
    vectors = drawn(3, 50)
    expected = [1.0 if sum(column) > 0 else -1.0 for column in vectors.T.tolist()]
    assert elect_signs(vectors).tolist() == expected


@pytest.mark.parametrize(("majority", "sign"), [(-1.0, -1.0), (1.0, 1.0)])
def test_entry_that_sums_to_zero_takes_the_sign_of_the_majority(
    majority: float, sign: float
) -> None:
    vectors = torch.tensor([[0.5, 2.0, 0.1, 0.0], [-0.5, 1.0, 0.2, 0.0]])
    vectors[:, 1:3] *= majority
    assert elect_signs(vectors)[[0, 3]].tolist() == [sign, sign]


def test_resolved_vectors_never_oppose_each_other_and_are_parts_of_the_trimmed() -> None:
    vectors = drawn(4, 200)
    found, trimmed = resolved(vectors, 0.2), trim(vectors, 0.2)
    assert (found.sign().amax(dim=0) - found.sign().amin(dim=0) <= 1).all()
    assert ((found == trimmed) | (found == 0)).all()
    assert (found != 0).any(dim=0).sum() == (trimmed != 0).any(dim=0).sum()


def test_given_vectors_are_not_modified_and_their_type_is_kept() -> None:
    vectors = drawn(2, 40).to(torch.bfloat16)
    before = vectors.clone()
    assert resolved(vectors, 0.5).dtype == torch.bfloat16
    assert torch.equal(vectors, before)


def test_a_single_vector_with_keep_1_is_unchanged() -> None:
    vector = drawn(1, 25)
    assert torch.equal(resolved(vector, 1.0), vector)
