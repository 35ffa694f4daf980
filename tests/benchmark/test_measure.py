from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor

from fusefront.algorithms.pareto_set import ConstantSet, MapSet, PerTask, Point
from fusefront.benchmark.score import measure as scoring
from fusefront.benchmark.score.measure import score
from fusefront.problems.base import Measurement, Split
from fusefront.problems.classifier import ClassifierOracle
from fusefront.problems.experts import Coefficients
from fusefront.testing.toy_problem import toy_problem

PREFERENCES = np.array([[1, 0], [0.5, 0.5], [0.3, 0.7], [0, 1]])
PROBLEM = toy_problem(2)
POOL = PROBLEM.pool()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Tensor]]:
    """The models that were measured inside."""
    measured: list[Tensor] = []
    inner = ClassifierOracle.measure

    def measure(
        self: ClassifierOracle, params: Tensor, split: Split, examples: int | None = None
    ) -> Measurement:
        measured.append(params.clone())
        return inner(self, params, split, examples)

    monkeypatch.setattr(ClassifierOracle, "measure", measure)
    yield measured


def test_each_point_has_the_measurement_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = MapSet(experts=POOL, function=lambda p: Coefficients(values=p))
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    for at_once in (1, 2**28):
        monkeypatch.setattr(scoring, "AT_ONCE", at_once)
        for found, p in zip(
            score(answer, oracle, "validation", PREFERENCES), PREFERENCES, strict=True
        ):
            expected = oracle.measure(answer.model(p), "validation")
            np.testing.assert_array_equal(found.measurement.value, expected.value)
            np.testing.assert_allclose(found.measurement.loss, expected.loss, rtol=1e-5)
            assert found.coefficients is not None
            assert torch.equal(found.coefficients.values, torch.from_numpy(p).float())


def test_equal_models_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    weights = POOL.pretrained + 0.1
    for point in (Coefficients(values=torch.ones(2)), weights):
        with counted(monkeypatch) as measured:
            score(ConstantSet(experts=POOL, constant=point), oracle, "validation", PREFERENCES)
        assert len(measured) == 1


def test_models_that_are_rebuilt_are_never_mistaken_for_each_other() -> None:
    """Freed memory is reused, and with it `id`."""

    def function(preference: Tensor) -> Point:
        return POOL.pretrained + preference[0] * POOL.task_vectors[0]

    oracle = PROBLEM.oracle(frozenset({"validation"}))
    answer = MapSet(experts=POOL, function=function)
    for found in score(answer, oracle, "validation", PREFERENCES):
        expected = oracle.measure(answer.model(found.preference), "validation")
        np.testing.assert_array_equal(found.measurement.loss, expected.loss)
        assert found.coefficients is None


def test_each_task_is_measured_with_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    experts = tuple(Coefficients(values=row) for row in torch.eye(2))
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    with counted(monkeypatch) as measured:
        found = score(
            ConstantSet(experts=POOL, constant=PerTask(points=experts)),
            oracle,
            "validation",
            PREFERENCES,
        )
    assert len(measured) == 2
    expert = PROBLEM.anchors("validation").expert
    for point in found:
        np.testing.assert_array_equal(point.measurement.value, expert)
        assert [len(right) for right in point.measurement.outcomes] == point.measurement.n.tolist()
