"""EPO's linear program against all vertices of its polytope, and its rules one by one."""

import itertools

import numpy as np
import pytest
import torch
from tests.algorithms.gradient.gramians import Array, gradients, step

from fusefront.algorithms.training.epo import EPO, epo_weights, non_uniformity, on_a_line, solve

CASES = [(m, seed) for m in (2, 3, 4) for seed in range(25)]
cases = pytest.mark.parametrize(("m", "seed"), CASES)


def vertices(m: int, rows: Array, least: Array) -> list[Array]:
    """Return the points where all constraints hold, m - 1 of them with equality."""
    sides = np.vstack([rows, np.eye(m)])
    ends = np.r_[least, np.zeros(m)]
    found = []
    for chosen in itertools.combinations(range(len(sides)), m - 1):
        system = np.vstack([sides[list(chosen)], np.ones(m)])
        if abs(np.linalg.det(system)) > 1e-10:
            x = np.linalg.solve(system, np.r_[ends[list(chosen)], 1.0])
            if (sides @ x >= ends - 1e-9).all():
                found.append(x)
    return found


def drawn(m: int, seed: int) -> tuple[Array, Array, Array]:
    """Losses, Gramian and ray; half of them uneven, half as even as can be."""
    rng = np.random.default_rng(seed)
    rows = gradients(m, seed, spread=0.3)
    ray = rng.dirichlet(np.ones(m)).clip(0.05)
    ray /= ray.sum()
    losses = rng.uniform(0.1, 2, m) if seed % 2 else 0.7 / ray
    return losses, rows @ rows.T, ray


def program(losses: Array, gramian: Array, ray: Array) -> tuple[Array, Array, Array]:
    """EPO's objective, rows and least values, task by task, from the paper's two cases."""
    c = gramian / np.abs(gramian).max()
    m = len(ray)
    rl = [ray[j] * losses[j] for j in range(m)]
    shares = [x / sum(rl) for x in rl]
    mu = sum(s * np.log(m * s) for s in shares)
    a = np.array([ray[j] * (np.log(m * shares[j]) - mu) for j in range(m)])
    v = c @ a
    if mu <= 1e-4:
        return c.sum(axis=0), np.vstack([c, v]), np.r_[np.zeros(m), min(0.0, max(v))]
    rows, least = [], []
    for j in range(m):
        worst = np.isclose(rl[j], max(rl))
        if not (v > 0).any() or worst:
            rows.append(c[j])
            least.append(0.0)
        elif v[j] <= 0:
            rows.append(c[j])
            least.append(v[j])
    return v, np.array(rows).reshape(-1, m), np.array(least)


@cases
def test_weights_are_the_best_vertex(m: int, seed: int) -> None:
    losses, gramian, ray = drawn(m, seed)
    objective, rows, least = program(losses, gramian, ray)
    corners = vertices(m, rows, least)
    found = epo_weights(losses, gramian, ray, 1e-4)
    if not corners:
        assert found is None
        return
    assert found is not None
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1)
    assert (rows @ found >= least - 1e-6).all()
    best = max(float(objective @ x) for x in corners)
    assert float(objective @ found) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_closed_form_of_two_tasks_is_the_best_vertex(seed: int) -> None:
    rng = np.random.default_rng(seed)
    objective, rows, least = rng.normal(size=2), rng.normal(size=(3, 2)), rng.normal(size=3) / 2
    corners, found = vertices(2, rows, least), on_a_line(objective, rows, least)
    assert (found is None) == (not corners)
    if found is not None:
        assert objective @ found == pytest.approx(max(objective @ x for x in corners))


def test_cases_are_of_both_kinds_and_some_have_no_solution() -> None:
    """The drawn cases cover balance, descent on all tasks, and programs without a solution."""
    kinds = [non_uniformity(drawn(m, s)[0], drawn(m, s)[2])[0] > 1e-4 for m, s in CASES]
    assert 10 < sum(kinds) < len(kinds) - 10
    empty = [on_a_line(np.ones(2), np.eye(2), np.full(2, 0.6)) is None]
    assert all(empty)
    assert solve(np.ones(3), np.eye(3), np.full(3, 0.5)) is None


def test_equally_good_ends_give_the_middle() -> None:
    found = on_a_line(np.ones(2), np.zeros((0, 2)), np.zeros(0))
    assert found is not None
    assert found.tolist() == [0.5, 0.5]


@cases
def test_uneven_losses_become_more_even_along_the_step(m: int, seed: int) -> None:
    """To first order, by as much as the program's value says; if it is negative, less even."""
    losses, gramian, ray = drawn(m, 2 * seed + 1)
    mu, a = non_uniformity(losses, ray)
    found = epo_weights(losses, gramian, ray, 1e-4)
    if found is not None:
        change = -1e-5 * losses.min() * (gramian @ found) / np.abs(gramian @ found).max()
        after, _ = non_uniformity(losses + change, ray)
        total = (ray * losses).sum()
        assert after - mu == pytest.approx(a @ change / total, abs=1e-8)
        assert (after < mu) == (found @ gramian @ a > 0)


def test_direction_of_balance_is_the_gradient_of_non_uniformity() -> None:
    """a is proportional to the gradient of mu in the losses."""
    losses, _, ray = drawn(4, 1)
    mu, a = non_uniformity(losses, ray)
    eps = 1e-6
    numeric = [(non_uniformity(losses + eps * e, ray)[0] - mu) / eps for e in np.eye(4)]
    total = (ray * losses).sum()
    np.testing.assert_allclose(np.array(numeric) * total, a, atol=1e-4)


@pytest.mark.parametrize(("m", "seed"), [(2, 1), (3, 1), (3, 2), (4, 3)])
def test_scale_of_losses_and_of_gradients_does_not_matter(m: int, seed: int) -> None:
    losses, gramian, ray = drawn(m, seed)
    expected = epo_weights(losses, gramian, ray, 1e-4)
    for factor in (1e-8, 1e6):
        found = epo_weights(factor * losses, factor**2 * gramian, ray, 1e-4)
        assert (expected is None) == (found is None)
        if expected is not None and found is not None:
            np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("m", [2, 3])
def test_weights_sum_to_m_and_are_m_p_where_there_is_no_solution(m: int) -> None:
    preference = np.linspace(1, 2, m) / np.linspace(1, 2, m).sum()
    nothing = EPO()(step(np.zeros((m, 6)), preference=preference)).numpy()
    np.testing.assert_allclose(nothing, m * preference)
    rows = gradients(m, 3)
    assert float(EPO()(step(rows, preference=preference)).sum()) == pytest.approx(m)


def test_corner_preference_follows_its_task() -> None:
    """p = e_0 and even losses: task 0 is by far the worst for its importance."""
    rows = np.eye(3, 6)
    weights = EPO()(step(rows, preference=np.array([1.0, 0.0, 0.0]))).numpy()
    np.testing.assert_allclose(weights, [3, 0, 0], atol=1e-9)


def test_same_step_gives_the_same_bits() -> None:
    rows, losses = gradients(4, 0), np.array([0.5, 1.0, 2.0, 0.1])
    first, second = (EPO()(step(rows, losses=losses)) for _ in range(2))
    assert torch.equal(first, second)
