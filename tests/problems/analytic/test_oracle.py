import numpy as np
import pytest
import torch

from fusefront.errors import NotApplicableError, ParameterError
from fusefront.problems.analytic.oracle import SIZES, draw_tilts
from fusefront.problems.analytic.quadratic import QuadraticProblem
from fusefront.problems.base import Split
from fusefront.testing.toy_problem import open_view

FIRST_TILTS = [-3.466613, 3.166903, -0.6557221]
NOISY = QuadraticProblem(n_tasks=3, angle=75.0, noise=0.5)
CLEAN = QuadraticProblem(n_tasks=3, angle=75.0)
ALL: frozenset[Split] = frozenset({"calibration", "validation", "test"})


def rows(size: int) -> list[torch.Tensor]:
    return [torch.arange(size)] * 3


def test_test_is_exact_for_every_noise() -> None:
    params = NOISY.pool().pretrained + NOISY.pool().task_vectors.mean(0)
    noisy, clean = (p.oracle(ALL).measure(params, "test") for p in (NOISY, CLEAN))
    np.testing.assert_array_equal(noisy.value, clean.value)
    np.testing.assert_array_equal(noisy.loss, noisy.value)
    assert noisy.n.tolist() == [0, 0, 0]
    assert [len(o) for o in noisy.outcomes] == [0, 0, 0]


def test_without_noise_every_split_equals_the_test() -> None:
    params = CLEAN.pool().pretrained + 0.4 * CLEAN.pool().task_vectors.sum(0)
    oracle = CLEAN.oracle(ALL)
    test, validation = (oracle.measure(params, s) for s in ("test", "validation"))
    np.testing.assert_array_equal(test.value, validation.value)
    losses = oracle.losses(params, oracle.batch("calibration", rows(4), labelled=True))
    np.testing.assert_allclose(losses.numpy(), test.value, rtol=1e-6)


def test_one_example_has_the_error_of_the_noise_in_g() -> None:
    oracle, pool = NOISY.oracle(ALL), NOISY.pool()
    expert = pool.pretrained + pool.task_vectors[1]
    anchors = NOISY.anchors("test")
    off = []
    for i in range(256):
        batch = oracle.batch("calibration", [torch.tensor([i])] * 3, labelled=True)
        off.append(float(oracle.losses(expert, batch)[0]) - anchors.experts[1, 0])
    scale = float(anchors.pretrained[0])
    # 256 draws: the deviation has an error of 1 / sqrt(512) = 4.4 %.
    assert np.std(off) / scale == pytest.approx(0.5, rel=0.17)
    assert abs(np.mean(off)) / scale < 4 * 0.5 / 256**0.5


def test_a_batch_sees_the_mean_of_its_examples() -> None:
    oracle, pool = NOISY.oracle(ALL), NOISY.pool()
    params = pool.pretrained + 0.7 * pool.task_vectors[0]
    apart = [
        oracle.losses(params, oracle.batch("calibration", [torch.tensor([i])] * 3, labelled=True))
        for i in range(6)
    ]
    together = oracle.losses(params, oracle.batch("calibration", rows(6), labelled=True))
    torch.testing.assert_close(torch.stack(apart).mean(0), together)


@pytest.mark.parametrize("examples", [None, 64, 4])
def test_error_of_validation_is_the_noise_over_the_root_of_its_examples(
    examples: int | None,
) -> None:
    off = []
    for vectors in range(3):
        for noise in (0.5, 1.0):
            problem = QuadraticProblem(n_tasks=3, angle=75.0, noise=noise, dimension=64 + vectors)
            oracle, anchors = problem.oracle(ALL), problem.anchors("test")
            for expert in problem.pool().task_vectors:
                found = oracle.measure(
                    problem.pool().pretrained + expert, "validation", examples
                ).value
                exact = oracle.measure(problem.pool().pretrained + expert, "test").value
                off.append((found - exact) / anchors.pretrained / noise)
    n = examples or SIZES["validation"]
    spread = float(np.sqrt(np.mean(np.square(off)))) * n**0.5
    assert 0.5 < spread < 1.6


def test_examples_of_different_splits_and_tasks_are_independent() -> None:
    drawn = [*draw_tilts("calibration", 64, [1.0, 1.0]), *draw_tilts("validation", 64, [1.0, 1.0])]
    flat = [t[:200].flatten().numpy() for t in drawn]
    correlation = np.corrcoef(flat)
    assert abs(correlation - np.eye(4)).max() < 5 / len(flat[0]) ** 0.5
    for values in flat:
        assert values.std() == pytest.approx(1, abs=0.03)


def test_tilts_are_the_same_on_every_machine() -> None:
    first = draw_tilts("validation", 3, [2.0])[0][0]
    np.testing.assert_allclose(first.numpy(), FIRST_TILTS, rtol=1e-6)


def test_gradients_are_those_of_the_losses() -> None:
    oracle, pool = NOISY.oracle(ALL), NOISY.pool()
    batch = oracle.batch("calibration", rows(5), labelled=True)
    params = (pool.pretrained + 0.3 * pool.task_vectors.sum(0)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: oracle.losses(x, batch), (params,))


def test_losses_have_the_type_of_the_parameters() -> None:
    oracle, base = NOISY.oracle(ALL), NOISY.pool().pretrained
    batch = oracle.batch("calibration", rows(5), labelled=True)
    assert oracle.losses(base, batch).dtype == torch.float32


def test_a_batch_without_labels_has_no_losses() -> None:
    oracle = CLEAN.oracle(ALL)
    with pytest.raises(ParameterError, match="`batch` must be labelled"):
        oracle.losses(CLEAN.pool().pretrained, oracle.batch("calibration", rows(2), labelled=False))


def test_tasks_with_only_losses_have_no_entropies() -> None:
    view = open_view(CLEAN)
    batch = next(view.batches(2, labelled=False))
    for use in (view.entropies, view.entropy_jacobian):
        with pytest.raises(NotApplicableError, match="must predict distributions"):
            use(view.experts.pretrained, batch)
    assert view.budget.ledger.units == 0


@pytest.mark.parametrize("problem", [CLEAN, NOISY])
def test_examples_are_charged_as_in_other_problems(problem: QuadraticProblem) -> None:
    view = open_view(problem)
    view.evaluate(view.experts.pretrained)
    assert view.budget.ledger.units == 3 * SIZES["validation"]
    view.evaluate(view.experts.pretrained, examples=10)
    assert view.budget.ledger.units == 3 * SIZES["validation"] + 30
    params = view.experts.pretrained.clone().requires_grad_()
    before = view.budget.ledger.units
    view.losses(params, next(view.batches(16)))
    assert view.budget.ledger.units - before == 3 * 16 * 3
