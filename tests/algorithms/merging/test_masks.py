"""Masks, sparse vectors and models of single tasks against loops over single entries."""

import pytest
import torch
from tests.algorithms.merging.pools import LAYOUT, small_pool
from torch import Tensor

from fusefront.algorithms.merging.breadcrumbs import Breadcrumbs, middling
from fusefront.algorithms.merging.emr import Emr, elected, masked
from fusefront.algorithms.merging.soups import ExpertsRouter
from fusefront.algorithms.merging.tall_masks import Consensus, TallMasks, masks
from fusefront.errors import NotApplicableError
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem


def columns(vectors: Tensor) -> list[tuple[float, ...]]:
    return list(zip(*vectors.tolist(), strict=True))


@pytest.mark.parametrize("strictness", [0.3, 1.0])
@pytest.mark.parametrize("m", [2, 4])
def test_tall_mask_has_the_entries_on_which_a_task_outweighs_the_others(
    m: int, strictness: float
) -> None:
    pool = small_pool(m)
    for task, mask in enumerate(masks(pool, strictness)):
        expected = [
            abs(column[task]) >= strictness * abs(sum(column) - column[task])
            for column in columns(pool.task_vectors)
        ]
        assert mask.tolist() == expected


def test_at_strictness_one_no_mask_comes_nearer_to_the_expert() -> None:
    """An entry is either 0 or the sum; the mask takes the one nearer to the expert."""
    pool = small_pool(3)
    total = pool.task_vectors.sum(dim=0)
    for vector, mask in zip(pool.task_vectors, masks(pool, 1.0), strict=True):
        taken = (vector - total * mask).abs()
        other = (vector - total * ~mask).abs()
        assert (taken <= other + 1e-6).all()


def test_tall_masks_give_each_task_its_part_of_the_sum(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    view, m = open_view(problem), len(problem.tasks)
    answer = TallMasks(strictness=0.5).fit(view, generator=generator)
    models = answer.models([1 / m] * m)
    total = problem.task_vectors.sum(dim=0)
    for vector, model in zip(problem.task_vectors, models, strict=True):
        kept = vector.abs() >= 0.5 * (total - vector).abs()
        torch.testing.assert_close(
            model, torch.where(kept, problem.pretrained + total, problem.pretrained)
        )
    p = problem.pretrained.numel()
    assert answer.storage_bytes() == 2 * 4 * p + m * ((p + 7) // 8)


@pytest.mark.parametrize("users", [1, 2, 3])
def test_consensus_keeps_what_enough_tasks_use(users: int) -> None:
    pool, c = small_pool(3), [0.2, 0.9, 0.5]
    merge = Consensus(strictness=0.4, users=users).merge(pool, torch.Generator())
    expected = []
    for column in columns(pool.task_vectors):
        used = sum(abs(x) >= 0.4 * abs(sum(column) - x) for x in column)
        value = sum(a * x for a, x in zip(c, column, strict=True))
        expected.append(value if used >= users else 0.0)
    torch.testing.assert_close(merge(torch.tensor(c)), torch.tensor(expected))


def test_consensus_of_zero_users_is_the_sum() -> None:
    pool = small_pool(3)
    merge = Consensus(users=0).merge(pool, torch.Generator())
    torch.testing.assert_close(merge(torch.ones(3)), pool.task_vectors.sum(dim=0))


def test_consensus_of_more_users_than_tasks_is_refused() -> None:
    with pytest.raises(NotApplicableError, match="Found 4 and 3"):
        Consensus(users=4).merge(small_pool(3), torch.Generator())


@pytest.mark.parametrize("m", [2, 4])
def test_emr_elects_the_largest_of_the_sign_of_the_sum(m: int) -> None:
    vectors = small_pool(m).task_vectors
    expected = []
    for column in columns(vectors):
        sign = 1 if sum(column) > 0 else -1
        expected.append(sign * max((x * sign for x in column if x * sign > 0), default=0.0))
    torch.testing.assert_close(elected(vectors), torch.tensor(expected))


def test_emr_masks_by_sign_and_gives_back_the_length() -> None:
    unified = torch.tensor([2.0, -3.0, 4.0, 0.0])
    found = masked(unified, torch.tensor([1.0, 1.0, 2.0, 5.0]))
    assert found.tolist() == [3.0, 0.0, 6.0, 0.0]
    assert masked(torch.zeros(2), torch.zeros(2)).tolist() == [0.0, 0.0]


def test_emr_of_one_expert_many_times_is_that_expert(generator: torch.Generator) -> None:
    problem = toy_problem(3).with_equal_experts()
    answer = Emr().fit(open_view(problem), generator=generator)
    for model in answer.models([1.0, 0.0, 0.0]):
        torch.testing.assert_close(model, problem.pretrained + problem.task_vectors[0])


def test_emr_keeps_the_length_of_every_task_vector(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    answer = Emr().fit(open_view(problem), generator=generator)
    models = answer.models([1.0] + [0.0] * (len(problem.tasks) - 1))
    for model, vector in zip(models, problem.task_vectors, strict=True):
        torch.testing.assert_close((model - problem.pretrained).abs().sum(), vector.abs().sum())


def test_router_gives_each_task_its_expert_at_the_storage_of_all(
    problem: ToyProblem, generator: torch.Generator
) -> None:
    answer = ExpertsRouter().fit(open_view(problem), generator=generator)
    m = len(problem.tasks)
    for model, vector in zip(answer.models([1 / m] * m), problem.task_vectors, strict=True):
        assert torch.equal(model, problem.pretrained + vector)
    assert answer.storage_bytes() == (m + 1) * problem.pretrained.nbytes


@pytest.mark.parametrize(("smallest", "largest"), [(0.85, 0.05), (0.0, 0.0), (0.5, 0.25)])
def test_breadcrumbs_keep_the_entries_in_the_middle(smallest: float, largest: float) -> None:
    entries = small_pool(2).task_vectors[0][:40]
    ranked = sorted(range(40), key=lambda j: abs(float(entries[j])))
    kept = ranked[round(smallest * 40) : 40 - round(largest * 40)]
    expected = [float(x) if j in kept else 0.0 for j, x in enumerate(entries)]
    assert middling(entries, smallest, largest).tolist() == pytest.approx(expected)


def test_breadcrumbs_rank_every_tensor_by_itself() -> None:
    pool = small_pool(2)
    merge = Breadcrumbs(smallest=0.5, largest=0.25).merge(pool, torch.Generator())
    found = LAYOUT.unflatten(merge(torch.tensor([0.0, 1.0])))
    for name, vector in LAYOUT.unflatten(pool.task_vectors[1]).items():
        expected = middling(vector.flatten(), 0.5, 0.25).view(vector.shape)
        torch.testing.assert_close(found[name], expected)
