from pathlib import Path

import numpy as np
import pytest
from tests.problems.toy_recipe import SIZES, ToyRecipe

from fusefront.problems.base import Anchors
from fusefront.problems.experts import Coefficients
from fusefront.problems.family import FamilyProblem
from fusefront.problems.trained_experts import FirstUseFamily

Lines = list[str]
TASKS = ("odd", "even", "apart")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    return tmp_path


def problem(*tasks: str, recipe: ToyRecipe | None = None) -> FamilyProblem:
    return FamilyProblem(
        make_family=lambda: FirstUseFamily(recipe=recipe or ToyRecipe()), tasks=tasks
    )


def prepared(*tasks: str) -> FamilyProblem:
    found = problem(*tasks)
    found.prepare(lambda line: None)
    return found


def assert_equal(one: Anchors, other: Anchors) -> None:
    for name in ("pretrained", "experts", "average", "n"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("pretrained_loss", "experts_loss", "average_loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_anchors_are_the_oracle_s_measurements_of_the_problem_s_own_models() -> None:
    found = prepared(*TASKS)
    pool, oracle = found.pool(), found.oracle(frozenset({"test"}))
    anchors = found.anchors("test")
    models = [pool.pretrained, *(pool.pretrained + t for t in pool.task_vectors)]
    models.append(pool.pretrained + pool.task_vectors.mean(0))
    measured = [oracle.measure(params, "test") for params in models]
    values, losses = (np.array([getattr(m, key) for m in measured]) for key in ("value", "loss"))
    assert anchors.average is not None
    assert anchors.average_loss is not None
    stacked = [anchors.pretrained[None], anchors.experts, anchors.average[None]]
    np.testing.assert_array_equal(np.concatenate(stacked), values)
    stacked = [anchors.pretrained_loss[None], anchors.experts_loss, anchors.average_loss[None]]
    np.testing.assert_array_equal(np.concatenate(stacked), losses)
    assert anchors.n.tolist() == [SIZES["test"]] * 3


def test_the_average_is_the_merge_with_equal_coefficients() -> None:
    found = prepared("odd", "apart")
    pool, oracle = found.pool(), found.oracle(frozenset({"validation"}))
    half = pool.task_vectors.new_full((2,), 0.5)
    measured = oracle.measure(pool.merge(Coefficients(values=half)), "validation")
    average = found.anchors("validation").average
    assert average is not None
    np.testing.assert_allclose(average, measured.value, atol=1 / 40)


def test_anchors_are_measured_when_prepared_and_never_again() -> None:
    lines: Lines = []
    problem(*TASKS).prepare(lines.append)
    measured = [line for line in lines if line.startswith("measuring")]
    assert measured[0] == "measuring base on the validation of odd, even, apart"
    assert len(measured) == 2 * (1 + 3 + 1)
    again: Lines = []
    second = problem(*TASKS)
    second.prepare(again.append)
    assert again == []


def test_a_problem_measures_only_what_other_problems_have_not() -> None:
    prepared("odd", "even")
    lines: Lines = []
    problem(*TASKS).prepare(lines.append)
    measured = [line for line in lines if line.startswith("measuring") and "test" in line]
    assert measured == [
        "measuring base on the test of apart",
        "measuring odd on the test of apart",
        "measuring even on the test of apart",
        "measuring apart on the test of odd, even, apart",
        "measuring average on the test of odd, even, apart",
    ]


def test_shared_measurements_are_the_same_bits_as_own_ones(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared("even", "odd")
    shared = prepared("odd", "apart", "even").anchors("test")
    monkeypatch.setenv("FUSEFRONT_CACHE", str(cache / "other"))
    assert_equal(prepared("odd", "apart", "even").anchors("test"), shared)


def test_a_damaged_measurement_is_measured_again(cache: Path) -> None:
    before = prepared("odd", "apart").anchors("test")
    for path in cache.glob("anchors/*.json"):
        path.write_bytes(path.read_bytes()[:-3])
    assert_equal(problem("odd", "apart").anchors("test"), before)


def test_hash_changes_with_the_tasks_their_order_and_the_experts() -> None:
    hashes = {
        prepared("odd", "apart").hash(),
        prepared("apart", "odd").hash(),
        prepared(*TASKS).hash(),
    }
    other = problem("odd", "apart", recipe=ToyRecipe(base_seed=1))
    other.prepare(lambda line: None)
    assert len(hashes | {other.hash()}) == 4
    assert problem("odd", "apart").hash() in hashes


def test_tasks_on_the_same_inputs_share_their_forward_passes() -> None:
    oracle = prepared(*TASKS).oracle(frozenset({"validation"}))
    assert oracle.forwards("validation") == 2 * SIZES["validation"]


def test_oracle_has_only_the_requested_splits() -> None:
    oracle = prepared("odd", "apart").oracle(frozenset({"validation"}))
    with pytest.raises(KeyError, match="test"):
        oracle.length("test")
