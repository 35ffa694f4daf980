"""Problems of every family keep the contract that third parties are held to."""

import pytest

from fusefront.errors import MissingDataError
from fusefront.problems import PROBLEMS
from fusefront.problems.base import Problem
from fusefront.testing.problem_contract import ProblemContract

ANALYTIC = [entry.name for entry in PROBLEMS if entry.labels["family"] == "analytic"]
SHIPPED = ["smoke-left-right", "smoke-all", "digits-left-right", "digits-all"]


class TestShippedAndAnalyticProblems(ProblemContract):
    @pytest.fixture(scope="class", params=[*SHIPPED, *ANALYTIC])
    @classmethod
    def problem(cls, request: pytest.FixtureRequest) -> Problem:
        return PROBLEMS[request.param].load()()


class TestProblemsOnDataPackages(ProblemContract):
    @pytest.fixture(
        scope="class", params=["garments-digit-left-over-digit", "tiny-gpt2-news-reuters"]
    )
    @classmethod
    def problem(cls, request: pytest.FixtureRequest) -> Problem:
        problem = PROBLEMS[request.param].load()()
        try:
            problem.prepare(lambda line: None)
        except MissingDataError as reason:
            pytest.skip(str(reason))
        return problem
