import sys
from typing import Any

import moocore
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.algorithms.pareto_set import FiniteSet
from fusefront.algorithms.scalarizations import achievement
from fusefront.algorithms.search import gaussian_process as gp
from fusefront.algorithms.search.bayesian import BayesianSearch, QLogNEHVI, QLogNParEGO
from fusefront.algorithms.search.pools import RandomPool
from fusefront.algorithms.training.rays import inner_rays
from fusefront.errors import NotApplicableError
from fusefront.metrics.igd import igd_plus
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.base import Problem
from fusefront.testing.toy_problem import open_view

Array = NDArray[np.float64]


@pytest.fixture(autouse=True)
def botorch() -> None:
    gp.require_botorch()


def distances(rows: Array) -> Array:
    """Objectives of two orthogonal experts."""
    found: Array = ((rows[:, None] - np.eye(2)) ** 2).sum(axis=2)
    return found


def data(k: int) -> tuple[Array, Array, Array]:
    rows = np.random.default_rng(0).uniform(size=(k, 2))
    return rows, distances(rows), np.zeros((k, 2))


def fit(problem: Problem, algorithm: Any, seed: int = 0) -> FiniteSet:
    answer = algorithm.fit(open_view(problem), generator=torch.Generator().manual_seed(seed))
    assert isinstance(answer, FiniteSet)
    return answer


def test_processes_predict_a_smooth_function() -> None:
    elsewhere = np.random.default_rng(1).uniform(size=(50, 2))
    with gp.seeded(0):
        model = gp.fit(*data(20))
        np.testing.assert_allclose(gp.predict(model, elsewhere), distances(elsewhere), atol=0.06)


def test_processes_smooth_measurements_by_their_stated_noise() -> None:
    rows, objectives, _ = data(40)
    deviation = 0.3
    noisy = objectives + np.random.default_rng(2).normal(0, deviation, objectives.shape)
    with gp.seeded(0):
        trusting = gp.predict(gp.fit(rows, noisy, np.zeros_like(noisy)), rows)
        knowing = gp.predict(gp.fit(rows, noisy, np.full_like(noisy, deviation**2)), rows)
    error = [np.sqrt(((found - objectives) ** 2).mean()) for found in (trusting, knowing)]
    assert error[1] < 0.6 * deviation
    assert error[1] < error[0]


def test_hypervolume_improvement_is_the_mean_gain_over_the_posterior() -> None:
    rows, objectives, variances = data(6)
    candidate = np.array([[0.4, 0.45]])
    with gp.seeded(0):
        model = gp.fit(rows, objectives, variances)
        acquisition = gp.hypervolume_improvement(model, rows, None, samples=512, seed=1)
        x = torch.from_numpy(candidate)
        found = acquisition(x).exp().item()
        with torch.no_grad():
            posterior = model.posterior(x)
            mean, deviation = posterior.mean[0].numpy(), posterior.variance[0].sqrt().numpy()
    before = moocore.hypervolume(objectives, ref=[1.0, 1.0])
    drawn = -(mean + deviation * np.random.default_rng(0).normal(size=(4000, 2)))
    gains = [moocore.hypervolume(np.vstack([objectives, g]), ref=[1.0, 1.0]) for g in drawn]
    assert found == pytest.approx(np.mean(gains) - before, rel=0.05)


def test_scalarised_improvement_helps_the_task_of_more_weight() -> None:
    rows, objectives, variances = data(8)
    found = {}
    with gp.seeded(0):
        model = gp.fit(rows, objectives, variances)
        for share in (0.1, 0.9):
            weights = np.array([share, 1 - share])
            promised = gp.scalarised_improvement(model, rows, None, weights, samples=8, seed=0)
            found[share] = distances(gp.maximise(promised, 2, restarts=1, seed=0).numpy())[0]
    assert found[0.9][0] < found[0.1][0] - 0.2
    assert found[0.1][1] < found[0.9][1] - 0.2


@pytest.mark.parametrize(
    "algorithm", [QLogNEHVI(points=13, samples=8), QLogNParEGO(points=12, samples=8, restarts=1)]
)
def test_few_models_do_better_than_as_many_random_ones(algorithm: BayesianSearch) -> None:
    problem = QuadraticProblem(angle=60.0)
    front = problem.true_front()
    control = igd_plus(fit(problem, RandomPool(points=13)).objectives, front=front)
    assert igd_plus(fit(problem, algorithm).objectives, front=front) < 0.7 * control


def test_last_points_are_the_best_of_the_posterior_mean() -> None:
    """For two orthogonal experts these are on the segment between them, where the rays ask."""
    answer = fit(QuadraticProblem(angle=90.0), QLogNEHVI(points=16, batch=7, samples=8))
    fine = np.linspace(0, 1, 1001)
    on_front = distances(np.stack([fine, 1 - fine], axis=1))
    for ray in inner_rays(2, 3):
        best = achievement(on_front, ray).min()
        assert achievement(answer.objectives[-3:], ray).min() == pytest.approx(best, abs=0.02)


def test_every_point_has_its_own_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = []
    original = gp.scalarised_improvement

    def spy(model: Any, rows: Any, pending: Any, w: Array, **rest: Any) -> Any:
        weights.append(tuple(w))
        return original(model, rows, pending, w, **rest)

    monkeypatch.setattr(gp, "scalarised_improvement", spy)
    fit(QuadraticProblem(), QLogNParEGO(points=8, batch=2, samples=8, restarts=1))
    assert len(set(weights)) == len(weights) == 8 - 4 - 1
    np.testing.assert_allclose(np.sum(weights, axis=1), 1)


def test_global_random_state_is_not_changed() -> None:
    before = torch.random.get_rng_state()
    fit(QuadraticProblem(), QLogNEHVI(points=9, samples=8, restarts=1))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_more_than_four_tasks_are_refused_with_the_alternative() -> None:
    with pytest.raises(NotApplicableError, match="qlognparego"):
        fit(QuadraticProblem(n_tasks=5, angle=60.0), QLogNEHVI())


def test_missing_library_is_a_reason_to_skip_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "botorch", None)
    with pytest.raises(NotApplicableError, match=r"pip install 'fusefront\[bo\]'"):
        fit(QuadraticProblem(), QLogNParEGO())
