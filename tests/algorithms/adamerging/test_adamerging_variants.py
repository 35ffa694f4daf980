"""AdaMerging's variants against a loop written out, least squares, and each other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear
from tests.algorithms.quadratic import QuadraticOracle, quadratic_view
from torch import Tensor

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.adamerging.rays import AdaMergingRays
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.pareto_set import ConstantSet
from fusefront.algorithms.pareto_set_files import load_pareto_set, save_pareto_set
from fusefront.algorithms.training.rays import inverse_distance_weights, rays
from fusefront.algorithms.training.trimming import resolved
from fusefront.errors import NotApplicableError
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView
from fusefront.testing.spy_oracle import SpyOracle
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem


def fit(algorithm: Algorithm, view: ProblemView) -> tuple[ConstantSet, Tensor]:
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(0))
    assert isinstance(answer, ConstantSet)
    assert isinstance(answer.constant, Coefficients)
    return answer, answer.constant.values


def written_out(view: ProblemView, *, steps: int, learning_rate: float) -> Tensor:
    """Tensor-wise AdaMerging, tensor by tensor and task by task."""
    pool = view.experts
    c = torch.full((len(pool.layout.names), len(pool)), 0.3, requires_grad=True)
    optimiser = torch.optim.Adam([c], lr=learning_rate, betas=(0.9, 0.999))
    base = list(pool.layout.unflatten(pool.pretrained).values())
    vectors = [list(pool.layout.unflatten(v).values()) for v in pool.task_vectors]
    batches = view.batches(16, labelled=False)
    for _ in range(steps):
        merged = []
        for i, tensor in enumerate(base):
            for t, vector in enumerate(vectors):
                tensor = tensor + c[i, t] * vector[i]
            merged.append(tensor.flatten())
        entropy = sum(view.entropies(torch.cat(merged), next(batches)))
        assert isinstance(entropy, Tensor)
        optimiser.zero_grad()
        entropy.backward()
        optimiser.step()
        with torch.no_grad():
            c.clamp_(0, 1)
    return c.detach()


def test_tensor_wise_form_is_the_loop_written_out(view: ProblemView) -> None:
    expected = written_out(view, steps=25, learning_rate=2e-2)
    _, found = fit(ALGORITHMS["adamerging-tensor"].make(steps=25, learning_rate=2e-2), view)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_plus_plus_is_the_loop_written_out_on_resolved_vectors(view: ProblemView) -> None:
    altered = view.over(view.experts.altered(resolved(view.experts.task_vectors, 0.2)))
    expected = written_out(altered, steps=25, learning_rate=2e-2)
    _, found = fit(
        ALGORITHMS["adamerging-tensor-plus-plus"].make(steps=25, learning_rate=2e-2), view
    )
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_block_wise_form_reaches_the_minimum_of_every_block() -> None:
    """Two vectors are independent in both blocks of the quadratic: all coefficients are 1 / 2."""
    algorithm = ALGORITHMS["adamerging-block"].make(steps=800, learning_rate=1e-2)
    _, values = fit(algorithm, quadratic_view(2))
    torch.testing.assert_close(values, torch.full((2, 2), 0.5), rtol=0, atol=1e-3)


@pytest.mark.parametrize("keep", [0.3, 0.7, 1.0])
def test_plus_plus_reaches_the_bounded_least_squares_of_resolved_vectors(keep: float) -> None:
    view = quadratic_view(3)
    targets = view.experts.task_vectors.double().numpy()
    vectors = resolved(view.experts.task_vectors, keep).double().numpy()
    expected = lsq_linear(vectors.T, targets.mean(axis=0), bounds=(0, 1)).x
    answer, values = fit(
        ALGORITHMS["adamerging-task-plus-plus"].make(steps=800, learning_rate=1e-2, keep=keep), view
    )
    np.testing.assert_allclose(values, expected, atol=1e-3)
    np.testing.assert_allclose(answer.model([1, 0, 0]), expected @ vectors, atol=2e-3)


def test_plus_plus_returns_the_resolved_pool_and_leaves_the_experts_unchanged() -> None:
    view = quadratic_view(3)
    before = view.experts.task_vectors.clone()
    answer, _ = fit(ALGORITHMS["adamerging-task-plus-plus"].make(steps=1), view)
    assert not answer.experts.original
    assert torch.equal(answer.experts.task_vectors, resolved(before, 0.2))
    assert torch.equal(view.experts.task_vectors, before)


def test_plus_plus_that_resolves_nothing_is_adamerging() -> None:
    view = quadratic_view(3)
    view = view.over(view.experts.altered(view.experts.task_vectors.abs()))
    _, plain = fit(ALGORITHMS["adamerging-task"].make(steps=20), view)
    _, plus_plus = fit(ALGORITHMS["adamerging-task-plus-plus"].make(steps=20, keep=1.0), view)
    assert torch.equal(plain, plus_plus)


def test_labelled_variant_differs_only_in_what_it_minimises() -> None:
    """On the quadratic problem entropies are losses, and the twins the same bits."""
    _, entropy = fit(ALGORITHMS["adamerging-tensor"].make(steps=30), quadratic_view(3))
    _, labelled = fit(ALGORITHMS["adamerging-labelled"].make(steps=30), quadratic_view(3))
    assert torch.equal(entropy, labelled)


def test_labelled_twin_lowers_the_loss_further(view: ProblemView) -> None:
    _, entropy = fit(ALGORITHMS["adamerging-tensor"].make(steps=100, learning_rate=1e-2), view)
    _, labelled = fit(ALGORITHMS["adamerging-labelled"].make(steps=100, learning_rate=1e-2), view)
    batch = next(view.batches(60))
    losses = [
        float(view.losses(Coefficients(values=c, space="tensor"), batch).sum())
        for c in (labelled, entropy)
    ]
    assert losses[0] < losses[1]


def test_rays_reach_the_minimum_of_weighted_normalised_entropies(
    monkeypatch: pytest.MonkeyPatch, generator: torch.Generator
) -> None:
    """For 2 and 8 classes the minimum is at weights p_i / log C_i, normalised."""
    monkeypatch.setattr(QuadraticOracle, "classes", lambda self: (2, 8))
    view = quadratic_view(2)
    answer = AdaMergingRays(rays=3, steps=300, learning_rate=2e-2).fit(view, generator=generator)
    for ray in rays(2, 3):
        weights = ray / torch.log(torch.tensor([2.0, 8.0]))
        expected = weights / weights.sum() @ view.experts.task_vectors
        torch.testing.assert_close(answer.model(ray.tolist()), expected, rtol=0, atol=5e-3)


def test_rays_share_the_budget_and_never_see_a_label(problem: ToyProblem) -> None:
    spy = SpyOracle(problem.oracle(frozenset({"calibration", "validation"})))
    view = open_view(problem, oracle=spy, units=10_000)
    m = len(problem.tasks)
    answer = AdaMergingRays(rays=4).fit(view, generator=torch.Generator())
    r = len(rays(m, 4))
    assert view.budget.ledger.gradient_steps == r * (10_000 // (48 * m) // r)
    assert answer.trainable_parameters == r * m * len(view.experts.layout.names)
    assert not spy.labels_seen


def test_rays_are_the_same_after_they_were_stored(tmp_path: Path) -> None:
    view = open_view(toy_problem(2))
    answer = AdaMergingRays(rays=3, steps=5).fit(view, generator=torch.Generator())
    save_pareto_set(answer, tmp_path / "answer.safetensors")
    again = load_pareto_set(tmp_path / "answer.safetensors", view.experts)
    for preference in ([0.0, 1.0], [0.3, 0.7]):
        assert torch.equal(again.model(preference), answer.model(preference))


def test_interpolation_is_exact_on_points_and_even_between_two() -> None:
    points = rays(2, 5)
    on_points = torch.stack([inverse_distance_weights(points, p) for p in points])
    torch.testing.assert_close(on_points, torch.eye(5), rtol=0, atol=1e-6)
    between = inverse_distance_weights(points, torch.tensor([0.375, 0.625]))
    assert between[1] == between[2] > 0.45
    assert float(between.sum()) == pytest.approx(1)


def test_transductive_form_is_the_inductive_one_with_the_test_for_calibration(
    problem: ToyProblem,
) -> None:
    swapped = replace(problem, splits={**problem.splits, "calibration": problem.splits["test"]})
    view = open_view(problem, transductive=True)
    _, found = fit(ALGORITHMS["adamerging-tensor-transductive"].make(steps=20), view)
    _, expected = fit(ALGORITHMS["adamerging-tensor"].make(steps=20), open_view(swapped))
    assert torch.equal(found, expected)
    assert view.budget.ledger.unlabelled_examples > 0
    assert view.budget.ledger.labelled_examples == 0


def test_transductive_form_needs_the_test_inputs(view: ProblemView) -> None:
    with pytest.raises(NotApplicableError, match="transductive"):
        fit(ALGORITHMS["adamerging-task-transductive"].make(), view)
