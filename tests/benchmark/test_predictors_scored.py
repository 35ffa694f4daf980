"""Points that are not a single model: how they are measured, and what they cost."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.specs import problems
from torch import Tensor
from torch.nn import functional

import fusefront
from fusefront.algorithms.ensemble.logits_fusion import LogitsFusion
from fusefront.algorithms.moe.wemoe import WEMoE
from fusefront.benchmark.score.measure import score
from fusefront.problems.base import Split
from fusefront.problems.classifier import ClassifierOracle
from fusefront.problems.predictor import Layer
from fusefront.testing.toy_problem import open_view, toy_problem

PREFERENCES = np.array([[1, 0], [0.5, 0.5], [0.3, 0.7], [0, 1]])
PROBLEM = toy_problem(2)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_predictor_has_the_measurement_of_its_logits() -> None:
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    answer = LogitsFusion().fit(open_view(PROBLEM), generator=generator())
    features = [oracle.split_features(m, "validation") for m in answer.models([0.3, 0.7])]
    (found,) = score(answer, oracle, "validation", np.array([[0.3, 0.7]]))
    for task, examples in enumerate(PROBLEM.splits["validation"]):
        logs = [functional.linear(f[task], *PROBLEM.heads[task]).log_softmax(1) for f in features]
        mixed = 0.3 * logs[0] + 0.7 * logs[1]
        loss = functional.cross_entropy(mixed, examples.labels)
        assert found.measurement.loss[task] == pytest.approx(float(loss), rel=1e-5)
        right = (mixed.argmax(1) == examples.labels).double().mean()
        assert found.measurement.value[task] == pytest.approx(float(right))


def test_models_that_several_predictors_run_pass_the_data_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed: list[Tensor] = []
    inner = ClassifierOracle.split_features

    def split_features(
        self: ClassifierOracle,
        params: Tensor,
        split: Split,
        layer: Layer | None = None,
        examples: int | None = None,
    ) -> list[Tensor]:
        passed.append(params)
        return inner(self, params, split, layer, examples)

    answer = LogitsFusion().fit(open_view(PROBLEM), generator=generator())
    monkeypatch.setattr(ClassifierOracle, "split_features", split_features)
    score(answer, PROBLEM.oracle(frozenset({"validation"})), "validation", PREFERENCES)
    assert len(passed) == 2


def passes(algorithms: Sequence[str], results: fusefront.Results) -> list[float]:
    by_name = results.runs.set_index("algorithm")["inference_passes"]
    return [float(by_name[name]) for name in algorithms]


def test_price_of_an_input_is_in_the_runs_table_and_a_metric(tmp_path: Path) -> None:
    names = ("rewarded-soup", "logits-fusion", "wemoe")
    study = fusefront.Study(
        problems=problems("smoke-left-right"),
        algorithms=tuple(fusefront.AlgorithmSpec(name=name) for name in names),
        seeds=1,
        budget=2_000,
    )
    results = fusefront.run(study, tmp_path / "run")
    assert set(results.runs["status"]) == {"done"}
    soup, fused, routed = passes(names, results)
    assert soup == 1
    assert fused == pytest.approx((2 * 1 + 9 * 2) / 11)  # corners run one expert
    assert 1 < routed < 3
    scores = results.scores[results.scores["metric"] == "inference-passes"]
    assert scores.set_index("algorithm")["value"].to_dict() == {
        "rewarded-soup": soup,
        "logits-fusion": fused,
        "wemoe": routed,
    }


def test_a_fit_of_routers_plans_for_the_passes_they_cost() -> None:
    view = open_view(PROBLEM, units=3_000)
    WEMoE().fit(view, generator=generator())
    ledger = view.budget.ledger
    a_step = ledger.units / ledger.gradient_steps
    assert a_step > 3 * 16 * 2
    assert 3_000 - a_step < ledger.units <= 3_000
