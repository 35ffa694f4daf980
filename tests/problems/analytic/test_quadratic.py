import numpy as np
import pytest
import torch
from tests.problems.analytic.independent import (
    Exact,
    monte_carlo,
    simplex_points,
    staircases,
    weighted_minimum,
)

from fusefront.errors import ParameterError
from fusefront.metrics.igd import igd_plus
from fusefront.metrics.nondominated import nondominated
from fusefront.problems.analytic import volumes
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.experts import Coefficients

SMALL = [
    QuadraticProblem(dimension=16, angle=90.0),
    QuadraticProblem(dimension=16, angle=130.0, complexity=5.0),
    QuadraticProblem(dimension=16, angle=60.0, sensitivity=10.0),
    QuadraticProblem(dimension=16, angle=60.0, sensitivity=10.0, granularity="tensor"),
    QuadraticProblem(dimension=24, n_tasks=3, angle=60.0, sensitivity=4.0),
    QuadraticProblem(dimension=24, n_tasks=3, angle=120.0),
]
ids = [f"{p.n_tasks}-{p.angle:g}-{p.sensitivity:g}-{p.granularity}" for p in SMALL]


def test_losses_follow_the_docstring() -> None:
    problem = QuadraticProblem(
        n_tasks=3, angle=70.0, complexity=9.0, sensitivity=6.0, granularity="block"
    )
    pool = problem.pool()
    params = pool.pretrained + torch.randn(64, generator=torch.Generator().manual_seed(0)) / 8
    weights = [[6.0 if b % 3 == t else 1.0 for b in range(4)] for t in range(3)]
    expected = []
    for t, curvature in enumerate((1.0, 3.0, 9.0)):
        here = pool.layout.unflatten(params.double())
        there = pool.layout.unflatten((pool.pretrained + pool.task_vectors[t]).double())
        squares = [float((here[n] - there[n]).square().sum()) for n in pool.layout.names]
        mean = np.mean(weights[t])
        blocks = [squares[2 * b] + squares[2 * b + 1] for b in range(4)]
        expected.append(curvature * float(np.dot(weights[t], blocks)) / mean / 2)
    found = problem.oracle(frozenset({"test"})).measure(params, "test").value
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("problem", SMALL, ids=ids)
def test_minimisers_of_weighted_sums_over_all_parameters_are_the_front(
    problem: QuadraticProblem,
) -> None:
    exact, m = Exact(problem), problem.n_tasks
    front = problem.front(200_000 if m == 2 else 50_000)
    for weights in np.random.default_rng(0).dirichlet(np.ones(m), 6):
        g = weighted_minimum(exact, weights, np.zeros(problem.dimension))
        stated = (front @ weights).min()
        assert weights @ g <= stated + 1e-9
        assert weights @ g >= stated - (1e-9 if m == 2 else 1e-4)  # how finely it is sampled
        assert np.abs(front - g).max(axis=1).min() < (1e-4 if m == 2 else 2e-2)


@pytest.mark.parametrize("problem", SMALL, ids=ids)
def test_random_parameters_are_never_beyond_the_front(problem: QuadraticProblem) -> None:
    exact, generator = Exact(problem), np.random.default_rng(1)
    vectors = problem.pool().task_vectors.double().numpy()
    front = problem.front(2000)
    for _ in range(300):
        c = generator.dirichlet(np.ones(problem.n_tasks))
        x = c @ vectors + generator.normal(0, 0.02, problem.dimension)
        assert not (exact(x) < front - 1e-9).all(axis=1).any()


@pytest.mark.parametrize(
    "problem",
    [
        *[QuadraticProblem(angle=a) for a in (30.0, 60.0, 90.0, 120.0, 150.0)],
        QuadraticProblem(sensitivity=10.0),
        QuadraticProblem(sensitivity=100.0, angle=60.0, granularity="tensor"),
    ],
)
@pytest.mark.parametrize("ref", [1.0, 1.1])
def test_hypervolume_of_two_tasks_equals_that_of_a_million_sorted_points(
    problem: QuadraticProblem, ref: float
) -> None:
    least, greatest = staircases(
        problem.front(1_000_000 if problem.sensitivity == 1 else 200_000), ref
    )
    stated = problem.maximal_hypervolume(ref)
    assert stated is not None
    assert least - 1e-12 <= stated <= greatest + 1e-12
    assert stated == pytest.approx((least + greatest) / 2, abs=1e-6)


def test_hypervolume_of_a_curved_surface_agrees_with_random_points() -> None:
    problem = QuadraticProblem(n_tasks=3, angle=60.0, sensitivity=10.0)
    # Convex: a point is beyond the front if some weighted sum of it is less than possible.
    p = simplex_points(3, 11)
    minima = (p * problem._images(p)[0]).sum(axis=1)
    found, error = monte_carlo(lambda g: (g @ p.T >= minima).all(axis=1), 3, 1.1, power=14)
    assert problem.maximal_hypervolume(1.1) == pytest.approx(found, abs=4 * error + 2e-3)


def test_hypervolume_is_continuous_at_sensitivity_1() -> None:
    for m, ref in ((2, 0.7), (2, 1.1), (3, 1.1)):
        even, nearly = (
            QuadraticProblem(n_tasks=m, angle=60.0, sensitivity=s).maximal_hypervolume(ref)
            for s in (1.0, 1.0 + 1e-9)
        )
        assert even == pytest.approx(nearly, abs=1e-8)


@pytest.mark.parametrize(("m", "ref"), [(2, 0.5), (2, 1.1), (3, 1.1)])
def test_hypervolume_has_converged_to_nine_digits_at_the_largest_sensitivity(
    m: int, ref: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = QuadraticProblem(n_tasks=m, angle=60.0, sensitivity=100.0)
    stated = problem.maximal_hypervolume(ref)
    monkeypatch.setattr(volumes, "_NODES", {2: 200, 3: 170})
    monkeypatch.setattr(volumes, "_DEGREE", 300)
    assert stated == pytest.approx(problem.maximal_hypervolume(ref), abs=1e-9)


def test_unknown_hypervolume_is_none() -> None:
    assert QuadraticProblem(n_tasks=4).maximal_hypervolume(1.0) is None
    assert QuadraticProblem(n_tasks=4, sensitivity=2.0).maximal_hypervolume(2.1) is None
    assert QuadraticProblem(n_tasks=3, sensitivity=2.0).maximal_hypervolume(1.0) is None
    assert QuadraticProblem(n_tasks=3, sensitivity=2.0).maximal_hypervolume(2.0) is not None


@pytest.mark.parametrize("problem", SMALL, ids=ids)
def test_front_is_nondominated_and_its_extremes_are_ideal_and_nadir(
    problem: QuadraticProblem,
) -> None:
    front = problem.true_front()
    assert nondominated(front).all()
    np.testing.assert_allclose(front.min(axis=0), problem.ideal, atol=1e-12)
    np.testing.assert_allclose(front.max(axis=0), problem.nadir, atol=1e-12)
    dense, coarse = (60_001, 61) if problem.n_tasks == 2 else (1891, 66)  # one holds the other
    assert igd_plus(problem.front(dense), front=problem.front(coarse)) < 1e-12


def test_front_in_task_space_is_reached_by_merging_the_pool_in_float32() -> None:
    problem = QuadraticProblem(n_tasks=3, angle=100.0)
    pool, oracle = problem.pool(), problem.oracle(frozenset({"test"}))
    for c in np.random.default_rng(0).dirichlet(np.ones(3), 30):
        merged = pool.merge(Coefficients(values=torch.from_numpy(c).float()))
        g = problem.anchors("test").objectives(oracle.measure(merged, "test").value)
        cosine = np.cos(np.radians(100))
        expected = [(1 - cosine) * (c @ c - 2 * c[t] + 1) for t in range(3)]
        np.testing.assert_allclose(g, expected, atol=2e-6)


def test_blocks_reach_a_curved_front_and_one_coefficient_per_task_does_not() -> None:
    problem = QuadraticProblem(sensitivity=10.0)
    pool, oracle = problem.pool(), problem.oracle(frozenset({"test"}))
    anchors = problem.anchors("test")

    def g(coefficients: Coefficients) -> np.ndarray:
        return anchors.objectives(oracle.measure(pool.merge(coefficients), "test").value)

    grid = torch.cartesian_prod(*[torch.linspace(-0.2, 1.2, 45)] * 2)
    coarse = np.array([g(Coefficients(values=row)) for row in grid])
    fine = []
    for p in (0.2, 0.5, 0.7):
        weights = torch.tensor([[p * 10, 1 - p], [p, (1 - p) * 10]])
        rows = (weights / weights.sum(dim=1, keepdim=True)).repeat(2, 1)
        fine.append(g(Coefficients(values=rows, space="block")))
    front = problem.front(100_001)
    for point in fine:
        assert np.abs(front - point).max(axis=1).min() < 1e-5
        assert not (coarse < point + 0.05).all(axis=1).any()


def test_complexity_scales_losses_but_not_g() -> None:
    plain, complex_ = QuadraticProblem(angle=70.0), QuadraticProblem(angle=70.0, complexity=7.0)
    np.testing.assert_allclose(
        complex_.anchors("test").pretrained / plain.anchors("test").pretrained, [1, 7]
    )
    np.testing.assert_array_equal(plain.true_front(), complex_.true_front())
    x = np.linspace(-0.1, 0.1, 64)
    np.testing.assert_allclose(Exact(plain)(x), Exact(complex_)(x))


def test_hash_depends_on_every_parameter() -> None:
    problems = [
        QuadraticProblem(),
        QuadraticProblem(angle=91.0),
        QuadraticProblem(noise=0.1),
        QuadraticProblem(dimension=65),
        QuadraticProblem(complexity=2.0),
        QuadraticProblem(sensitivity=2.0),
        QuadraticProblem(sensitivity=2.0, granularity="tensor"),
        QuadraticProblem(n_tasks=3),
    ]
    assert len({p.hash() for p in problems}) == len(problems)
    assert QuadraticProblem().hash() == QuadraticProblem(angle=90.0).hash()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_tasks": 1}, r"n_tasks\]` must be an integer in \[2, 10\]. Found 1"),
        ({"n_tasks": 11}, r"\[2, 10\]. Found 11"),
        ({"n_tasks": 4, "angle": 120.0}, "`angle` must be at most 109.5 degrees"),
        ({"angle": 0.0}, r"angle\]` must be in \(0, 180\]. Found 0"),
        ({"angle": float("nan")}, r"angle\]` must be .* Found nan"),
        ({"noise": -1.0}, r"noise\]` must be at least 0. Found -1"),
        ({"complexity": 0.0}, r"complexity\]` must be above 0"),
        ({"sensitivity": 1000.0}, r"sensitivity\]` must be in \[1, 100\]. Found 1000"),
        ({"dimension": 1}, "`dimension` must be at least 2"),
        (
            {"granularity": "layer"},
            r'granularity\]` must be one of "block", "tensor". Found "layer"',
        ),
        ({"dimension": 4, "sensitivity": 2.0}, "`dimension` must give two blocks or more"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        QuadraticProblem(**parameters)  # type: ignore[arg-type]
