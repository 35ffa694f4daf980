import numpy as np
import pytest
from tests.problems.analytic.independent import Exact, staircases

from fusefront.errors import ParameterError
from fusefront.metrics.nondominated import nondominated
from fusefront.problems.analytic.barrier import BarrierProblem

PROBLEMS = [
    *[BarrierProblem(barriers=v, dimension=8) for v in (1, 2, 3, 5)],
    BarrierProblem(barriers=3, height=1.5, dimension=8),
    BarrierProblem(barriers=2, height=0.05, dimension=8),
    BarrierProblem(barriers=1, height=4.0, dimension=8),
]
both = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: f"{p.barriers}-{p.height:g}")


def losses(problem: BarrierProblem, s: np.ndarray) -> np.ndarray:
    barrier = problem.height * np.sin(problem.barriers * np.pi * s) ** 2
    return np.stack([s**2 + barrier, (1 - s) ** 2 + barrier])


@both
def test_pretrained_model_is_off_the_line_with_losses_1_and_2(problem: BarrierProblem) -> None:
    anchors = problem.anchors("test")
    np.testing.assert_allclose(anchors.pretrained, [1, 2])
    np.testing.assert_allclose(anchors.experts, [[0, 1], [1, 0]], atol=1e-12)


@both
def test_losses_on_and_off_the_line_follow_the_docstring(problem: BarrierProblem) -> None:
    exact = Exact(problem)
    first, second = problem._task_vectors
    for s in (-0.3, 0.0, 0.37, 0.8, 1.2):
        on = first + s * (second - first)
        np.testing.assert_allclose(exact(on) * [1, 2], losses(problem, np.array(s)), atol=1e-12)
        np.testing.assert_allclose(
            exact(on - 0.3 * first) * [1, 2], losses(problem, np.array(s)) + 0.09, atol=1e-12
        )


@both
def test_random_parameters_are_never_beyond_the_front(problem: BarrierProblem) -> None:
    exact, generator, front = Exact(problem), np.random.default_rng(1), problem.front(2000)
    first, second = problem._task_vectors
    for s in generator.uniform(-1.5, 2.5, 200):
        x = first + s * (second - first) + generator.normal(0, 0.01, 8)
        assert not (exact(x) < front - 1e-6).all(axis=1).any()


@pytest.mark.parametrize(
    "problem",
    [*PROBLEMS, BarrierProblem(barriers=10, height=5.0)],
    ids=lambda p: f"{p.barriers}-{p.height:g}",
)
def test_pieces_are_those_of_the_nondominated_points_of_a_fine_grid(
    problem: BarrierProblem,
) -> None:
    s = np.linspace(0, 1, 200_001)
    free = nondominated(losses(problem, s).T / [1, 2]).astype(int)
    steps = np.diff(np.concatenate([[0], free, [0]]))
    starts, stops = s[np.flatnonzero(steps == 1)], s[np.flatnonzero(steps == -1) - 1]
    np.testing.assert_allclose(problem.spans, np.stack([starts, stops], axis=1), atol=6e-6)


@both
def test_every_end_solves_an_equation_to_twelve_digits(problem: BarrierProblem) -> None:
    ends = np.array(problem.spans).ravel()
    f = losses(problem, ends)
    slope = problem.height * np.pi * problem.barriers * np.sin(2 * np.pi * problem.barriers * ends)
    for i, end in enumerate(ends[1:-1], start=1):
        others = np.delete(np.arange(len(ends)), i)
        critical = [2 * end + slope[i], 2 * end - 2 + slope[i]]
        equal = (f[:, others] - f[:, [i]]).ravel()
        assert min(abs(x) for x in (*critical, *equal)) < 1e-11
    assert ends[[0, -1]].tolist() == [0, 1]


@pytest.mark.parametrize(("barriers", "pieces"), [(2, 3), (3, 4), (5, 6)])
def test_there_is_a_piece_in_every_valley(barriers: int, pieces: int) -> None:
    spans = BarrierProblem(barriers=barriers).spans
    assert len(spans) == pieces
    for j, (start, stop) in enumerate(spans):
        assert abs(np.clip(j / barriers, start, stop) - j / barriers) < 0.1 / barriers


@both
@pytest.mark.parametrize("ref", [1.1, 0.45])
def test_hypervolume_equals_that_of_sorted_points(problem: BarrierProblem, ref: float) -> None:
    s = np.linspace(0, 1, 500_001)
    points = losses(problem, s).T / [1, 2]
    points = points[nondominated(points)]
    least, _ = staircases(points, ref)
    stated = problem.maximal_hypervolume(ref)
    assert stated is not None
    assert least - 1e-12 <= stated <= least + 4e-6


def test_adversarial_merges_are_worse_than_the_pretrained_model_on_both_tasks() -> None:
    problem = BarrierProblem(barriers=1, height=4.0)
    exact = Exact(problem)
    first, second = problem._task_vectors
    for s in np.linspace(0.2, 0.75, 31):
        assert (exact((1 - s) * first + s * second) > 1).all()
    assert all(min(s, 1 - s) < 0.03 for span in problem.spans for s in span)


@both
def test_front_is_nondominated_and_its_extremes_are_ideal_and_nadir(
    problem: BarrierProblem,
) -> None:
    front = problem.true_front()
    assert nondominated(front).all()
    np.testing.assert_allclose(front.min(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(front.max(axis=0), problem.nadir, atol=1e-12)


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"height\]` must be in \(0, 5\]\. Found 0"):
        BarrierProblem(height=0.0)
    with pytest.raises(ParameterError, match=r"barriers\]` must be an integer in \[1, 10\]"):
        BarrierProblem(barriers=0)
