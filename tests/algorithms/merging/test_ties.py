"""TIES, DARE and MagMax against loops over single entries."""

import pytest
import torch
from tests.algorithms.merging.pools import LAYOUT, small_pool

from fusefront.algorithms.merging.dropping import Dare, DareTies, Della, drop_probabilities, dropped
from fusefront.algorithms.merging.magmax import MagMax, largest
from fusefront.algorithms.merging.ties import Ties, disjoint_mean
from fusefront.errors import ParameterError

COEFFICIENTS = {
    2: [[1.0, 1.0], [0.3, 0.9], [0.0, 1.0]],
    4: [[1.0, 1.0, 1.0, 1.0], [0.1, 0.7, 0.0, 0.4]],
}
CASES = [(m, c) for m, rows in COEFFICIENTS.items() for c in rows]


def mean_entry_by_entry(vectors: list[list[float]], c: list[float]) -> list[float]:
    """TIES after trimming: elect by the sum, then the mean of what agrees."""
    columns = list(zip(*vectors, strict=True))
    sums = [sum(x * y for x, y in zip(c, column, strict=True)) for column in columns]
    majority = 1 if sum((s > 0) - (s < 0) for s in sums) >= 0 else -1
    merged = []
    for column, total in zip(columns, sums, strict=True):
        sign = (total > 0) - (total < 0) or majority
        agreed = [(x, y) for x, y in zip(c, column, strict=True) if x * y * sign > 0]
        number = sum(x for x, _ in agreed) ** 2 / sum(x * x for x, _ in agreed) if agreed else 1
        merged.append(sum(x * y for x, y in agreed) / number)
    return merged


def trimmed_entry_by_entry(vector: list[float], keep: float) -> list[float]:
    kept = sorted(range(len(vector)), key=lambda j: -abs(vector[j]))[: round(keep * len(vector))]
    return [x if j in kept else 0.0 for j, x in enumerate(vector)]


@pytest.mark.parametrize(("m", "c"), CASES)
@pytest.mark.parametrize("keep", [0.2, 0.6])
def test_ties_is_the_disjoint_mean_of_trimmed_vectors(m: int, c: list[float], keep: float) -> None:
    pool = small_pool(m)
    merge = Ties(keep=keep).merge(pool, torch.Generator())
    trimmed = [trimmed_entry_by_entry(v, keep) for v in pool.task_vectors.tolist()]
    expected = torch.tensor(mean_entry_by_entry(trimmed, c))
    torch.testing.assert_close(merge(torch.tensor(c)), expected)


def test_at_equal_coefficients_the_disjoint_mean_is_over_those_that_agree() -> None:
    vectors = torch.tensor([[1.0, 2.0, -3.0, 0.0], [3.0, -5.0, -1.0, 0.0], [2.0, 0.0, 3.0, 0.0]])
    assert disjoint_mean(vectors, torch.ones(3)).tolist() == [2.0, -5.0, -2.0, 0.0]


@pytest.mark.parametrize("c", [0.3, 0.37, 0.9])
def test_entries_that_cancel_take_the_sign_of_the_majority_at_any_coefficient(c: float) -> None:
    vector = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    vectors = torch.stack(
        [torch.cat([torch.ones(10), vector]), torch.cat([torch.ones(10), -vector])]
    )
    merged = disjoint_mean(vectors, torch.tensor([c, c]))
    expected = torch.cat([torch.ones(10), vector.abs()])
    torch.testing.assert_close(merged, c * expected)


def test_entry_whose_sum_is_zero_takes_the_sign_of_the_majority() -> None:
    vectors = torch.tensor([[1.0, -2.0, -3.0], [-1.0, -5.0, -1.0]])
    assert disjoint_mean(vectors, torch.ones(2)).tolist() == [-1.0, -3.5, -2.0]


def test_ties_at_a_corner_is_the_trimmed_expert() -> None:
    pool = small_pool(3)
    merge = Ties(keep=0.5).merge(pool, torch.Generator())
    expected = trimmed_entry_by_entry(pool.task_vectors[1].tolist(), 0.5)
    assert merge(torch.tensor([0.0, 1.0, 0.0])).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("m", [2, 3])
def test_merges_grow_with_their_coefficients(m: int) -> None:
    """The sweep of lengths relies on this."""
    pool, c = small_pool(m), torch.rand(m, generator=torch.Generator().manual_seed(1))
    for algorithm in (Ties(), MagMax(), Dare(), DareTies()):
        merge = algorithm.merge(pool, torch.Generator().manual_seed(0))
        torch.testing.assert_close(merge(3 * c), 3 * merge(c))


@pytest.mark.parametrize("drop", [0.3, 0.9])
def test_dropping_leaves_the_mean_and_the_share_that_is_not_dropped(drop: float) -> None:
    vectors = torch.stack([torch.full((20_000,), 2.0), torch.full((20_000,), -1.0)])
    found = dropped(vectors, drop, torch.Generator().manual_seed(0))
    for vector, row in zip(vectors, found, strict=True):
        kept = row != 0
        torch.testing.assert_close(row[kept], vector[kept] / (1 - drop))
        assert float(kept.float().mean()) == pytest.approx(1 - drop, abs=0.01)
        assert float(row.mean()) == pytest.approx(float(vector[0]), rel=0.07)
    assert not torch.equal(found[0] != 0, found[1] != 0)


@pytest.mark.parametrize(("m", "c"), CASES)
def test_dare_sums_the_entries_that_its_mask_keeps(m: int, c: list[float]) -> None:
    pool = small_pool(m)
    merge = Dare(drop=0.5).merge(pool, torch.Generator().manual_seed(3))
    again = torch.Generator().manual_seed(3)
    masks = [torch.rand(pool.layout.size, generator=again) >= 0.5 for _ in range(m)]
    left = [
        [x * 2 if kept else 0.0 for x, kept in zip(v, mask, strict=True)]
        for v, mask in zip(pool.task_vectors.tolist(), torch.stack(masks).tolist(), strict=True)
    ]
    expected = [
        sum(x * y for x, y in zip(c, column, strict=True)) for column in zip(*left, strict=True)
    ]
    torch.testing.assert_close(merge(torch.tensor(c)), torch.tensor(expected))
    elected = DareTies(drop=0.5).merge(pool, torch.Generator().manual_seed(3))
    torch.testing.assert_close(elected(torch.tensor(c)), torch.tensor(mean_entry_by_entry(left, c)))


def test_dare_without_dropping_is_task_arithmetic() -> None:
    pool = small_pool(3)
    merge = Dare(drop=0.0).merge(pool, torch.Generator())
    torch.testing.assert_close(merge(torch.ones(3)), pool.task_vectors.sum(dim=0))


@pytest.mark.parametrize(("m", "c"), CASES)
def test_magmax_takes_the_entry_of_largest_magnitude(m: int, c: list[float]) -> None:
    vectors = small_pool(m).task_vectors
    columns = zip(*vectors.tolist(), strict=True)
    expected = [max((x * y for x, y in zip(c, k, strict=True)), key=abs) for k in columns]
    torch.testing.assert_close(largest(vectors, torch.tensor(c)), torch.tensor(expected))


def test_magmax_takes_the_last_of_equals() -> None:
    vectors = torch.tensor([[1.0, -2.0], [-1.0, 2.0]])
    assert largest(vectors, torch.ones(2)).tolist() == [-1.0, 2.0]


def test_della_drops_by_rank_in_every_row_and_rescales() -> None:
    """Masks are replayed; ranks, probabilities and quotients are taken entry by entry."""
    pool, c = small_pool(2), torch.tensor([1.0, 0.4])
    found = Della(drop=0.5, spread=0.6).merge(pool, torch.Generator().manual_seed(4))(c)
    again = torch.Generator().manual_seed(4)
    left = []
    for vector in pool.task_vectors:
        entries: list[float] = []
        for tensor in LAYOUT.unflatten(vector).values():
            rows = tensor if tensor.dim() == 2 else tensor[None]
            for row, u in zip(rows.tolist(), torch.rand(rows.shape, generator=again), strict=True):
                for j, x in enumerate(row):
                    rank = sum(abs(y) < abs(x) for y in row)
                    drop = 0.5 + 0.6 * (0.5 - rank / (len(row) - 1))
                    entries.append(x / (1 - drop) if float(u[j]) < 1 - drop else 0.0)
        left.append(entries)
    torch.testing.assert_close(found, torch.tensor(mean_entry_by_entry(left, c.tolist())))


def test_della_drops_the_smallest_entry_of_every_row_if_its_probability_is_one() -> None:
    pool = small_pool(2)
    found = Della(drop=0.7, spread=0.6).merge(pool, torch.Generator().manual_seed(4))
    for task, vector in enumerate(pool.task_vectors):
        left = LAYOUT.unflatten(found(torch.eye(2)[task]))
        for name, tensor in LAYOUT.unflatten(vector).items():
            assert left[name].isfinite().all()
            smallest = tensor.abs().argmin(dim=-1, keepdim=True)
            assert not left[name].gather(-1, smallest).any()
        assert any(tensor.any() for tensor in left.values())


def test_della_refuses_probabilities_above_one() -> None:
    with pytest.raises(ParameterError, match=r"must be in \[0, 1\]. Found 0.42 and 1.02"):
        Della(drop=0.72, spread=0.6)


def test_della_without_spread_drops_all_with_equal_probability() -> None:
    found = drop_probabilities(small_pool(2).task_vectors, 0.3, 0.0)
    torch.testing.assert_close(found, torch.full_like(found, 0.3))
    spread = drop_probabilities(small_pool(2).task_vectors, 0.3, 0.4)
    torch.testing.assert_close(spread.mean(), torch.tensor(0.3))
