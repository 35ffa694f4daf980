"""Every registered algorithm keeps the contract that third parties are held to."""

from typing import Any

import pytest

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.pareto_set import MapSet, PreferenceMap
from fusefront.testing.algorithm_contract import AlgorithmContract, PermutationContract
from fusefront.testing.toy_problem import ToyProblem

QUICK: dict[str, dict[str, Any]] = {
    "pareto-merging-data-free": {"steps": 20},
    "map": {"population": 20, "generations": 3, "examples": 20},
    "qlognehvi": {"points": 5, "batch": 2, "samples": 4, "restarts": 1},
    "qlognparego": {"points": 5, "batch": 2, "samples": 4, "restarts": 1},
    "bayesian-map": {"population": 20, "generations": 3, "examples": 20},
    "fisher": {"steps": 10},
    "wudi": {"steps": 10},
}
"""Hyper-parameters that save time without changing the contract."""


class TestEveryAlgorithm(AlgorithmContract):
    @pytest.fixture(params=[entry.name for entry in ALGORITHMS])
    def algorithm(self, request: pytest.FixtureRequest) -> Algorithm:
        algorithm: Algorithm = ALGORITHMS[request.param].make(**QUICK.get(request.param, {}))
        return algorithm

    def test_maps_can_be_stored(self, algorithm: Algorithm, problem: ToyProblem) -> None:
        answer, _ = self.seen_fit(algorithm, problem)
        assert not isinstance(answer, MapSet) or isinstance(answer.function, PreferenceMap)


class TestWhereTheOrderOfTasksCannotMatter(PermutationContract):
    @pytest.fixture(
        params=[
            "pretrained",
            "experts",
            "simple-average",
            "task-arithmetic",
            "rewarded-soup",
            "generalised-soup",
            "ties",
            "ties-map",
            "slerp",
            "magmax",
            "magmax-map",
            "model-stock",
            "tsvm",
            "iso-c",
            "iso-cts",
            "tsvm-map",
            "consensus",
            "breadcrumbs",
            "logits-fusion",
            "dynamic-logits-fusion",
        ]
    )
    def algorithm(self, request: pytest.FixtureRequest) -> Algorithm:
        algorithm: Algorithm = ALGORITHMS[request.param].make()
        return algorithm
