from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms.map.bayesian_map import (
    AngularBins,
    BayesianMAP,
    angles,
    bin_scores,
    from_angles,
    update,
)
from fusefront.algorithms.map.design import Design
from fusefront.algorithms.map.map import MAP
from fusefront.algorithms.map.surrogate import QuadraticSurrogate
from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.metrics.igd import igd_plus
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.testing.toy_problem import ToyProblem, open_view

Array = NDArray[np.float64]
QUICK = {"population": 12, "generations": 2, "examples": 20, "points": 3}


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("m", [2, 3, 5, 8])
def test_angles_and_radius_are_the_point(m: int) -> None:
    points = np.random.default_rng(m).uniform(size=(20, m))
    for point, found in zip(points, angles(points), strict=True):
        assert ((found >= 0) & (found <= np.pi / 2)).all()
        np.testing.assert_allclose(np.linalg.norm(point) * from_angles(found), point, atol=1e-12)


def test_angles_of_two_coefficients_are_the_polar_angle() -> None:
    points = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    np.testing.assert_allclose(angles(points)[:, 0], [0, np.pi / 4, np.pi / 2])


@pytest.mark.parametrize(("m", "count"), [(2, 4), (3, 16), (4, 8), (8, 128)])
def test_there_are_four_bins_per_angle_up_to_three_tasks_and_two_above(m: int, count: int) -> None:
    assert len(AngularBins(m, 1.0)) == count


@pytest.mark.parametrize("m", [2, 3, 7])
def test_points_are_drawn_in_their_bin_and_far_enough_from_the_ends(m: int) -> None:
    bins, rng = AngularBins(m, 0.7), np.random.default_rng(0)
    for index in range(len(bins)):
        drawn = np.array([bins.draw(index, rng) for _ in range(10)])
        assert (bins.of(drawn) == index).all()
        assert ((drawn.max(axis=1) >= 0.2 * 0.7) & (drawn.max(axis=1) <= 0.8 * 0.7)).all()


def test_pretrained_model_is_in_no_bin_and_the_ends_of_the_last_angles_are_in_the_last_bin() -> (
    None
):
    bins = AngularBins(2, 1.0)
    assert bins.of(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).tolist() == [-1, 0, 3]


def test_bin_without_points_is_as_likely_as_the_worst() -> None:
    scores = bin_scores(np.array([0, 0, 1, -1]), np.array([0.1, 0.3, 0.9, 5.0]), 3)
    assert scores[2] == scores[1] == 0.9
    assert scores[0] < scores[1]
    probability = np.exp(update(np.zeros(3), scores, 0.07))
    assert probability[2] == probability[1] > probability[0] > 0


def test_spread_of_a_bin_is_that_of_dropping_a_fifth_of_its_points() -> None:
    errors = np.array([0.1, 0.5, 0.2, 0.9, 0.4])
    rng = np.random.default_rng(0)
    means = rng.permuted(np.tile(errors, (20_000, 1)), axis=1)[:, :4].mean(axis=1)
    score = bin_scores(np.zeros(5, dtype=int), errors, 1)[0]
    assert score == pytest.approx(errors.mean() + 0.5 * np.std(means), rel=0.01)


def test_probabilities_are_prior_times_likelihood() -> None:
    scores = np.array([0.1, 0.2, 0.4])
    likelihood = np.exp(scores / 0.4 / 0.5)
    once = update(np.zeros(3), scores, 0.5)
    np.testing.assert_allclose(np.exp(once), likelihood / likelihood.sum())
    twice = np.exp(update(once, scores, 0.5))
    np.testing.assert_allclose(twice, likelihood**2 / (likelihood**2).sum())


def test_unit_of_the_errors_does_not_matter() -> None:
    scores = np.array([0.1, 0.2, 0.4])
    np.testing.assert_allclose(
        update(np.zeros(3), scores, 0.07), update(np.zeros(3), 1e-6 * scores, 0.07)
    )


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The points of every fit of a surrogate."""
    fits: list[Array] = []
    fit = Design.fit

    def spy(design: Design, ridge: float) -> QuadraticSurrogate:
        fits.append(design.points)
        return fit(design, ridge)

    monkeypatch.setattr(Design, "fit", spy)
    return fits


def test_every_round_refits_with_all_points_and_the_last_batch_is_in_the_last_fit(
    problem: ToyProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = recorded(monkeypatch)
    m = len(problem.tasks)
    half = (m + 1) * (m + 2) // 2
    BayesianMAP(rounds=2, **QUICK).fit(open_view(problem), generator=generator())
    assert [len(points) - (m + 1) for points in fits] == [half, half + half // 2, 2 * half]
    for before, after in pairwise(fits):
        np.testing.assert_array_equal(after[: len(before)], before)
    assert len(np.unique(fits[-1], axis=0)) == len(fits[-1])


def test_takes_as_many_evaluations_as_map(problem: ToyProblem) -> None:
    spent = []
    for algorithm in (MAP(**QUICK), BayesianMAP(**QUICK)):
        view = open_view(problem)
        answer = algorithm.fit(view, generator=generator())
        assert isinstance(answer, FiniteSet)
        spent.append(view.budget.ledger.validation_evaluations - len(answer.points))
    assert spent[0] == spent[1]


def test_samples_where_the_surrogate_errs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are made large in the second of four bins."""
    fits = recorded(monkeypatch)
    bins = AngularBins(2, 1.0)

    def wrong(design: Design, ridge: float) -> QuadraticSurrogate:
        fits.append(design.points)
        found = QuadraticSurrogate.fit_losses(design.points, design.values)
        loo = design.values + np.where(bins.of(design.points) == 1, 1.0, 0.1)[:, None]
        return QuadraticSurrogate(weights=found.weights, loo=loo, loo_r2=found.loo_r2)

    monkeypatch.setattr(Design, "fit", wrong)
    view = open_view(QuadraticProblem())
    BayesianMAP(**QUICK).fit(view, generator=generator())
    added = bins.of(fits[-1][3 + 6 :])
    assert (added == 1).all()


def test_seven_tasks_are_sampled_too() -> None:
    problem = QuadraticProblem(n_tasks=7, angle=60.0)
    view = open_view(problem)
    BayesianMAP(**QUICK).fit(view, generator=generator())
    quality = [value for _, _, name, value in view.traces if name.startswith("loo_r2")]
    assert min(quality) > 1 - 1e-9


def test_front_of_quadratic_losses_is_found() -> None:
    problem = QuadraticProblem()
    answer = BayesianMAP(generations=30).fit(open_view(problem), generator=generator())
    assert isinstance(answer, FiniteSet)
    assert igd_plus(answer.objectives, front=problem.true_front()) < 0.02
