"""The stand-ins pass the contract, and every algorithm runs on them."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import ParetoSet
from fusefront.benchmark.score.measure import score
from fusefront.benchmark.score.preferences import scoring_preferences
from fusefront.errors import NotApplicableError
from fusefront.problems.base import Problem
from fusefront.problems.budget import Budget
from fusefront.problems.hub.family import HubProblem
from fusefront.problems.view import ProblemView
from fusefront.testing.problem_contract import ProblemContract

QUICK: dict[str, Any] = {
    "steps": 2,
    "points": 8,
    "generations": 2,
    "population": 8,
    "examples": 4,
    "batch_size": 2,
    "rays": 2,
}


class TestClipStandIn(ProblemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def problem(cls, clip: HubProblem) -> Problem:
        return clip


class TestGpt2StandIn(ProblemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def problem(cls, gpt2: HubProblem) -> Problem:
        return gpt2


@pytest.mark.parametrize("name", [entry.name for entry in ALGORITHMS])
@pytest.mark.parametrize("family", ["clip", "gpt2"])
def test_every_algorithm_fits_and_serves_preferences(
    family: str, name: str, request: pytest.FixtureRequest
) -> None:
    problem: HubProblem = request.getfixturevalue(family)
    entry = ALGORITHMS[name]
    known = {field.name for field in dataclasses.fields(entry.load())}
    algorithm = entry.make(**{key: value for key, value in QUICK.items() if key in known})
    view = ProblemView(
        tasks=problem.tasks,
        experts=problem.pool(),
        oracle=problem.oracle(frozenset({"calibration", "validation"})),
        anchors=problem.anchors("validation"),
        budget=Budget(units=3_000),
        data_seed=0,
        test=problem.oracle(frozenset({"test"})),
    )
    generator = torch.Generator().manual_seed(0)
    if (family, name) == ("gpt2", "wemoe"):
        with pytest.raises(NotApplicableError, match="as in GPT-2"):
            algorithm.fit(view, generator=generator)
        return
    answer = algorithm.fit(view, generator=generator)
    assert isinstance(answer, ParetoSet)
    scored = score(answer, problem.oracle(frozenset({"test"})), "test", scoring_preferences(2))
    assert all(np.isfinite(point.measurement.loss).all() for point in scored)
    assert all(point.measurement.n.tolist() == [60, 60] for point in scored)
