"""SLERP against its formula, the Karcher mean against its definition, model stock's theorem."""

import math

import numpy as np
import pytest
import torch
from tests.algorithms.merging.pools import LAYOUT, small_pool
from torch import Tensor

from fusefront.algorithms.merging.model_stock import ModelStock, interpolation_ratio
from fusefront.algorithms.merging.slerp import Slerp, cosines, spherical_weights
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem


def slerp(t: float, a: Tensor, b: Tensor) -> Tensor:
    w = math.acos(float(a @ b / a.norm() / b.norm()))
    return (math.sin((1 - t) * w) * a + math.sin(t * w) * b) / math.sin(w)


@pytest.mark.parametrize("t", [0.1, 0.5, 0.85])
def test_two_tasks_follow_the_formula_in_every_tensor(t: float, generator: torch.Generator) -> None:
    view = open_view(toy_problem(2))
    layout = view.experts.layout
    model = Slerp().fit(view, generator=generator).model([1 - t, t])
    base, a, b, found = (
        layout.unflatten(x) for x in (view.experts.pretrained, *view.experts.task_vectors, model)
    )
    for name in layout.names:
        expected = base[name].flatten().double() + slerp(
            t, a[name].flatten().double(), b[name].flatten().double()
        )
        torch.testing.assert_close(found[name].flatten().double(), expected, rtol=0, atol=1e-6)


def test_corners_are_the_experts(problem: ToyProblem, generator: torch.Generator) -> None:
    answer = Slerp().fit(open_view(problem), generator=generator)
    for corner, vector in zip(np.eye(len(problem.tasks)), problem.task_vectors, strict=True):
        torch.testing.assert_close(
            answer.model(corner), problem.pretrained + vector, rtol=0, atol=1e-6
        )


@pytest.mark.parametrize("m", [3, 5])
def test_mean_of_more_directions_has_no_weighted_pull_left(m: int) -> None:
    """The Karcher mean is where sum_i p_i log_mean(u_i) = 0, and is of unit length."""
    pool = small_pool(m)
    p = torch.from_numpy(np.random.default_rng(m).dirichlet(np.ones(m)))
    weights = spherical_weights(cosines(pool), p)
    pieces = torch.split(pool.task_vectors.double(), list(LAYOUT.sizes), dim=1)
    for piece, w in zip(pieces, weights, strict=True):
        units = piece / piece.norm(dim=1, keepdim=True)
        mean = w @ units
        assert float(mean.norm()) == pytest.approx(1)
        pull = torch.zeros_like(mean)
        for p_i, u in zip(p, units, strict=True):
            angle = torch.arccos(mean @ u)
            pull += p_i * angle / torch.sin(angle) * (u - (mean @ u) * mean)
        assert float(pull.norm()) < 1e-9


@pytest.mark.parametrize("other", [[-1.0, 1.0], [0.0, 0.0]], ids=["opposite", "absent"])
def test_vectors_without_a_mean_direction_are_interpolated_linearly(other: list[float]) -> None:
    p = torch.tensor([0.3, 0.7], dtype=torch.float64)
    gram = torch.tensor([[[1.0, other[0]], other]], dtype=torch.float64)
    assert torch.equal(spherical_weights(gram, p), p[None])


@pytest.mark.parametrize("cosine", [1.0, 1 - 1e-9, 0.9999])
def test_collinear_vectors_are_interpolated_as_if_linearly(cosine: float) -> None:
    p = torch.tensor([0.3, 0.7], dtype=torch.float64)
    gram = torch.tensor([[[1.0, cosine], [cosine, 1.0]]], dtype=torch.float64)
    torch.testing.assert_close(spherical_weights(gram, p), p[None], rtol=0, atol=1e-4)


def test_expert_given_twice_counts_with_the_sum_of_its_preferences() -> None:
    """The third vector at 1.2 rad of two equal ones: the formula of two with t = 0.4."""
    cosine = math.cos(1.2)
    gram = torch.tensor([[[1.0, 1.0, cosine], [1.0, 1.0, cosine], [cosine, cosine, 1.0]]])
    p = torch.tensor([0.2, 0.4, 0.4], dtype=torch.float64)
    found = spherical_weights(gram.double(), p)[0]
    expected = [math.sin(0.6 * 1.2) / math.sin(1.2), math.sin(0.4 * 1.2) / math.sin(1.2)]
    assert [float(found[:2].sum()), float(found[2])] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_model_stock_is_nearest_to_the_centre_of_the_experts(n: int) -> None:
    """Around a centre with orthogonal deviations it is the foot of the perpendicular.

    Experts w_i = r e_i and a pretrained model R e_0 seen from the centre at 0: the point of
    their affine hull nearest to 0 is on the line from R e_0 to the mean of the experts.
    """
    r, big = 0.7, 1.9
    experts, base = r * torch.eye(n + 1)[1:], big * torch.eye(n + 1)[0]
    units = torch.nn.functional.normalize(experts - base, dim=1)
    t = float(interpolation_ratio((units @ units.T)[None].double()))
    line = base + torch.linspace(0, 1, 100_001)[:, None] * (experts.mean(dim=0) - base)
    assert int(line.norm(dim=1).argmin()) / 100_000 == pytest.approx(t, abs=1e-4)


def test_model_stock_of_equal_experts_is_the_expert_and_of_orthogonal_ones_pretrained() -> None:
    ones, eye = torch.ones(1, 3, 3), torch.eye(3)[None]
    assert float(interpolation_ratio(ones)) == pytest.approx(1)
    assert float(interpolation_ratio(eye)) == 0
    assert float(interpolation_ratio(torch.tensor([[[1.0, -0.5], [-0.5, 1.0]]]))) == 0


def test_model_stock_of_three_is_written_out(generator: torch.Generator) -> None:
    view: ProblemView = open_view(toy_problem(3))
    found = ModelStock().fit(view, generator=generator).model([1.0, 0.0, 0.0])
    for name in view.experts.layout.names:
        a, b, c = (
            view.experts.layout.unflatten(v)[name].flatten() for v in view.experts.task_vectors
        )
        pairs = ((a, b), (a, c), (b, c))
        cosine = max(0.0, float(sum(x @ y / x.norm() / y.norm() for x, y in pairs)) / 3)
        t = 3 * cosine / (1 + 2 * cosine)
        base = view.experts.layout.unflatten(view.experts.pretrained)[name].flatten()
        expected = (1 - t) * base + t * (base + (a + b + c) / 3)
        torch.testing.assert_close(
            view.experts.layout.unflatten(found)[name].flatten(), expected, rtol=0, atol=1e-5
        )
