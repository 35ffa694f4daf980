"""Solvers' weights against brute force, optimality conditions, and torchjd."""

import itertools
import sys
import warnings

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from tests.algorithms.gradient.gramians import Array, gradients, step

from fusefront.algorithms.gradient.least_norm import least_norm, least_norm_above
from fusefront.algorithms.gradient.solvers import (
    MGDA,
    CAGrad,
    DualProj,
    NashMTL,
    PCGrad,
    UPGrad,
    bargained,
    conflict_averse,
    surgery,
)
from fusefront.algorithms.gradient.torchjd_solvers import IMTLG, AlignedMTL
from fusefront.algorithms.training.rays import lattice
from fusefront.algorithms.training.weighting import Weighting
from fusefront.errors import NotApplicableError

CASES = [(m, seed, rank) for m in (2, 3, 4) for seed in range(6) for rank in {m, max(1, m - 1)}]
cases = pytest.mark.parametrize(("m", "seed", "rank"), CASES)
EVERY: list[Weighting] = [
    MGDA(),
    PCGrad(),
    CAGrad(),
    UPGrad(),
    DualProj(),
    NashMTL(),
    IMTLG(),
    AlignedMTL(),
]


def least_norm_on_every_face(gramian: Array) -> float:
    """The least norm over the affine hulls of all faces, where it is inside the face."""
    m, best = len(gramian), np.inf
    for size in range(1, m + 1):
        for face in itertools.combinations(range(m), size):
            part = gramian[np.ix_(face, face)]
            kkt = np.block([[part, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            w = np.linalg.lstsq(kkt, np.r_[np.zeros(size), 1.0], rcond=None)[0][:size]
            if (w >= -1e-9).all() and abs(w.sum() - 1) < 1e-9:
                best = min(best, float(w @ part @ w))
    return best


@cases
def test_mgda_finds_the_least_norm_of_all_faces(m: int, seed: int, rank: int) -> None:
    rows = gradients(m, seed, rank=rank)
    gramian = rows @ rows.T
    w = MGDA()(step(rows)).numpy()
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1)
    expected = least_norm_on_every_face(gramian)
    assert w @ gramian @ w == pytest.approx(expected, rel=1e-7, abs=1e-9 * gramian.max())


@pytest.mark.parametrize("seed", range(8))
def test_mgda_of_two_gradients_has_a_closed_form(seed: int) -> None:
    """Source: Sener and Koltun 2018, eq. 4."""
    a, b = gradients(2, seed)
    first = np.clip((b - a) @ b / ((b - a) @ (b - a)), 0, 1)
    found = least_norm(np.vstack([a, b]) @ np.vstack([a, b]).T)
    np.testing.assert_allclose(found, [first, 1 - first], atol=1e-7)


@cases
def test_mgda_step_makes_no_task_worse(m: int, seed: int, rank: int) -> None:
    rows = gradients(m, seed, rank=rank)
    direction = MGDA()(step(rows)).numpy() @ rows
    assert (rows @ direction >= direction @ direction - 1e-8 * (rows**2).sum()).all()


@cases
def test_upgrad_projects_each_gradient_onto_the_dual_cone(m: int, seed: int, rank: int) -> None:
    """Optimality: w >= u, C w >= 0, and (w - u) (C w) = 0."""
    gramian = (rows := gradients(m, seed, rank=rank)) @ rows.T
    u = np.random.default_rng(seed).uniform(size=m)
    w = least_norm_above(gramian, u)
    scale = gramian.max()
    assert (w >= u - 1e-9).all()
    assert (gramian @ w >= -1e-7 * scale).all()
    np.testing.assert_allclose((w - u) * (gramian @ w) / scale, 0, atol=1e-7)


def test_upgrad_without_conflict_is_the_preference() -> None:
    rows = np.abs(gradients(3, 0))
    preference = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(UPGrad()(step(rows, preference=preference)), preference, atol=1e-9)


@pytest.mark.parametrize(("m", "seed"), [(m, seed) for m in (2, 3, 4) for seed in range(4)])
def test_upgrad_is_the_sum_of_projections(m: int, seed: int) -> None:
    """Each projection is found here as the nearest vector that opposes no gradient."""
    rows = gradients(m, seed, spread=0)
    preference = np.random.default_rng(seed).dirichlet(np.ones(m))
    direction = np.zeros(rows.shape[1])
    for p, row in zip(preference, rows, strict=True):
        found = minimize(
            lambda x, target=p * row: ((x - target) ** 2).sum(),
            p * row,
            constraints={"type": "ineq", "fun": lambda x: rows @ x},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        direction += found.x
    np.testing.assert_allclose(
        UPGrad()(step(rows, preference=preference)).numpy() @ rows, direction, atol=1e-4
    )


@cases
def test_cagrad_dual_is_at_least_as_good_as_a_fine_lattice(m: int, seed: int, rank: int) -> None:
    gramian = (rows := gradients(m, seed, rank=rank, spread=0.3)) @ rows.T
    mean, c = np.full(m, 1 / m), 0.5
    size = np.sqrt(mean @ gramian @ mean)
    weights = conflict_averse(gramian, c)

    def dual(w: Array) -> float:
        return float(w @ gramian @ mean + c * size * np.sqrt(max(float(w @ gramian @ w), 0)))

    points = lattice(m, {2: 400, 3: 60, 4: 24}[m]).double().numpy()
    best = min(dual(w) for w in points)
    extra = weights - mean
    if extra.sum() == 0:
        assert best == pytest.approx(0, abs=0.05 * size**2)
        return
    assert dual(extra / extra.sum()) <= best + 1e-7 * size**2
    assert np.sqrt(extra @ gramian @ extra) == pytest.approx(c * size, rel=1e-6)


@cases
def test_cagrad_helps_the_least_helped_task_most_within_its_ball(
    m: int, seed: int, rank: int
) -> None:
    """The primal, over random steps in the ball."""
    rows = gradients(m, seed, rank=rank, spread=0.3)
    mean = rows.mean(axis=0)
    weights = conflict_averse(rows @ rows.T, 0.5)
    if np.allclose(weights, 1 / m):
        return
    worst = (rows @ (weights @ rows)).min()
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(2000, 6))
    directions *= 0.5 * np.linalg.norm(mean) / np.linalg.norm(directions, axis=1, keepdims=True)
    others = ((mean + directions) @ rows.T).min(axis=1)
    assert worst >= others.max() - 1e-6 * np.abs(rows).max() ** 2


def test_cagrad_of_radius_0_is_the_mean() -> None:
    np.testing.assert_array_equal(CAGrad(c=0.0)(step(gradients(3, 1))), np.full(3, 1 / 3))


@pytest.mark.parametrize(("m", "seed"), [(m, seed) for m in (2, 3, 5) for seed in range(6)])
def test_nash_weights_solve_their_equation(m: int, seed: int) -> None:
    rows = gradients(m, seed, spread=2)
    alpha = NashMTL()(step(rows)).numpy()
    assert (alpha > 0).all()
    np.testing.assert_allclose((rows @ rows.T @ alpha) * alpha, 1, rtol=2e-3)
    assert np.linalg.norm(alpha @ rows) == pytest.approx(np.sqrt(m), rel=1e-3)


def test_nash_step_does_not_depend_on_the_scale_of_losses() -> None:
    """Weights on losses have no effect: the solver has no preference."""
    rows, scales = gradients(3, 4), np.array([[1e-2], [1.0], [50.0]])
    expected = NashMTL()(step(rows)).numpy() @ rows
    found = NashMTL()(step(scales * rows)).numpy() @ (scales * rows)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_nash_weights_are_finite_where_gradients_cancel_or_vanish() -> None:
    row = gradients(1, 0)
    assert np.isfinite(bargained(np.vstack([row, -row]) @ np.vstack([row, -row]).T)).all()
    assert np.isfinite(bargained(np.zeros((2, 2)))).all()
    for seed in range(20):  # of float32, where a Gramian of rank 1 has eigenvalues below 0
        rows = gradients(4, seed, rank=1).astype(np.float32)
        assert np.isfinite(bargained((rows @ rows.T).astype(np.float64))).all()


@pytest.mark.parametrize("seed", range(6))
def test_imtl_g_projects_equally_on_all_gradients(seed: int) -> None:
    rows = gradients(3, seed)
    weights = IMTLG()(step(rows)).numpy()
    projections = rows @ (weights @ rows) / np.linalg.norm(rows, axis=1)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(projections, projections[0], rtol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_aligned_gradients_are_orthogonal_and_of_the_least_singular_value(seed: int) -> None:
    """Weights are linear in p, so those of the corners are the balance transformation."""
    rows = gradients(3, seed)
    balance = np.vstack(
        [AlignedMTL()(step(rows, preference=corner)).numpy() for corner in np.eye(3)]
    )
    aligned = balance @ rows
    least = np.linalg.svd(rows, compute_uv=False).min()
    np.testing.assert_allclose(aligned @ aligned.T, least**2 * np.eye(3), atol=1e-6 * least**2)


def test_pcgrad_projects_vector_by_vector() -> None:
    rng = np.random.default_rng(0)
    for seed in range(6):
        rows = gradients(4, seed)
        orders = [rng.permutation(4).tolist() for _ in range(4)]
        direction = np.zeros(6)
        for i, order in enumerate(orders):
            own = rows[i].copy()
            for j in order:
                if j != i and own @ rows[j] < 0:
                    own = own - own @ rows[j] / (rows[j] @ rows[j]) * rows[j]
            direction += own
        found = surgery(rows @ rows.T, orders) @ rows
        np.testing.assert_allclose(found, direction, rtol=1e-9, atol=1e-9)


def test_pcgrad_draws_its_orders_from_the_generator() -> None:
    rows = gradients(4, 3)
    drawn = [PCGrad()(step(rows, seed=seed)).tolist() for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert any(other != drawn[0] for other in drawn[2:])


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_those_of_torchjd(seed: int) -> None:
    """MGDA's reference stops early; its norm can only be larger. Of two tasks, PCGrad has one
    order.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jd = pytest.importorskip("torchjd.aggregation")
    two, three = gradients(2, seed), gradients(3, seed)
    gramian = torch.from_numpy(two @ two.T)
    with torch.random.fork_rng(devices=[]):
        expected = jd.PCGradWeighting()(gramian)
    torch.testing.assert_close(PCGrad()(step(two)), expected)
    gramian = torch.from_numpy(three @ three.T)
    reference = jd.MGDAWeighting(epsilon=1e-9, max_iters=3000)(gramian)
    w = MGDA()(step(three))
    assert w @ gramian @ w <= reference @ gramian @ reference + 1e-9
    assert w @ gramian @ w == pytest.approx(float(reference @ gramian @ reference), rel=1e-2)


@pytest.mark.parametrize("weighting", EVERY, ids=lambda w: type(w).__name__)
@pytest.mark.parametrize("m", [2, 4])
def test_equal_gradients_are_followed_and_vanishing_ones_do_no_harm(
    weighting: Weighting, m: int
) -> None:
    row = gradients(1, 0)
    equal = weighting(step(np.repeat(row, m, axis=0))).numpy()
    assert equal.sum() > 0
    for rows in (np.zeros((m, 6)), np.vstack([row, -row, *[0 * row] * (m - 2)])):
        assert np.isfinite(weighting(step(rows)).numpy()).all()


@pytest.mark.parametrize("weighting", [IMTLG(), AlignedMTL()], ids=lambda w: type(w).__name__)
def test_without_torchjd_its_solvers_explain_how_to_install_it(
    weighting: Weighting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchjd", None)
    with pytest.raises(NotApplicableError, match=r"fusefront\[gradient\]"):
        weighting(step(gradients(2, 0)))
