"""Row-wise scaling against single entries, least squares, and its tensor-wise limit."""

import pytest
import torch
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms.adamerging.scalearn import RowScaling, ScaLearn, rows_of
from fusefront.problems.experts import Coefficients
from fusefront.problems.layout import Layout
from fusefront.problems.view import ProblemView


def test_rows_are_along_the_first_axis() -> None:
    layout = Layout(names=("w", "b", "conv", "s"), shapes=((3, 2), (3,), (4, 2, 2), ()))
    assert rows_of(layout) == [3, 3, 4, 1]


def test_every_row_of_every_tensor_has_its_own_scale(view: ProblemView) -> None:
    pool = view.experts
    generator = torch.Generator().manual_seed(0)
    scales = torch.rand(sum(rows_of(pool.layout)), len(pool), generator=generator)
    found = RowScaling(initial=0.3).decode(pool, [scales], torch.zeros(len(pool)))
    assert isinstance(found, torch.Tensor)
    named = {n: t.clone() for n, t in pool.layout.unflatten(pool.pretrained).items()}
    row = 0
    for name, tensor in named.items():
        for i in range(len(tensor)):
            for t in range(len(pool)):
                tensor[i] += scales[row, t] * pool.layout.unflatten(pool.task_vectors[t])[name][i]
            row += 1
    expected = torch.cat([t.flatten() for t in named.values()])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_scales_equal_within_tensors_are_tensor_wise_coefficients(view: ProblemView) -> None:
    pool = view.experts
    rows = torch.tensor(rows_of(pool.layout))
    values = torch.rand(len(rows), len(pool), generator=torch.Generator().manual_seed(1))
    scales = values.repeat_interleave(rows, dim=0)
    found = RowScaling(initial=0.3).decode(pool, [scales], torch.zeros(len(pool)))
    expected = pool.merge(Coefficients(values=values, space="tensor"))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("m", [2, 3])
def test_entries_of_vectors_reach_the_mean_of_the_targets(m: int) -> None:
    """Rows of the quadratic problem are single entries, so every model is in reach."""
    view = quadratic_view(m)
    answer = ScaLearn(steps=500, learning_rate=5e-2).fit(view, generator=torch.Generator())
    expected = view.experts.task_vectors.mean(dim=0)
    torch.testing.assert_close(answer.model([1.0] + [0.0] * (m - 1)), expected, atol=5e-3, rtol=0)
    assert answer.trainable_parameters == 10 * m


def test_vectors_are_not_modified_and_keep_no_gradient(view: ProblemView) -> None:
    before = view.experts.task_vectors.clone()
    answer = ScaLearn(steps=3).fit(view, generator=torch.Generator())
    assert torch.equal(view.experts.task_vectors, before)
    assert not answer.model([1.0] + [0.0] * (len(view.tasks) - 1)).requires_grad
