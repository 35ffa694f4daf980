"""The shipped comparison has the algorithms and problems of the current suite."""

import re
from pathlib import Path

import pytest

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.file import suite_study
from fusefront.benchmark.study.study import keep_ids
from fusefront.results.statistics.comparison import beats, scored

SUITE = fusefront.SUITES["comparison"].load()
SKIPPED = {("digits-all", "qlognehvi")}
"""Runs with more tasks than the acquisition function supports."""


@pytest.fixture(scope="module")
def prerun() -> fusefront.Results:
    return fusefront.load_prerun("comparison")


def test_every_algorithm_is_there_on_every_problem(prerun: fusefront.Results) -> None:
    """The archive has the algorithms of version 0.2; the suite has those of today."""
    runs = prerun.runs
    algorithms = set(runs["algorithm"])
    assert len(algorithms) == 114
    assert algorithms <= set(SUITE.algorithms)
    for _, of_seed in runs.groupby("seed"):
        assert len(of_seed) == len(SUITE.problems) * len(algorithms)
        assert set(of_seed["problem"]) == set(SUITE.problems)
        assert set(of_seed["algorithm"]) == algorithms
    ended = runs.set_index(["problem", "algorithm"])["status"]
    assert set(ended[ended == "skipped"].index) == SKIPPED
    assert set(ended) == {"done", "skipped"}


def test_ids_are_those_that_this_code_gives_these_runs(
    prerun: fusefront.Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusefront.benchmark.study.study.PROTOCOL_VERSION", 1)
    study = suite_study("comparison", ALGORITHMS).canonical(ALGORITHMS)
    hashes = {spec.name: spec.load().hash() for spec in study.problems}
    existing = set(prerun.runs["run_id"])
    assert existing <= {
        spec.run_id for spec in keep_ids(study.expand(ALGORITHMS, hashes), existing)
    }


def test_no_fit_spent_more_than_its_budget(prerun: fusefront.Results) -> None:
    assert (prerun.runs["units"] <= SUITE.budget).all()


def test_the_ideal_of_an_expert_a_task_is_beaten_by_nobody_far(prerun: fusefront.Results) -> None:
    """Experts have utility 0 by definition; a tenth better than every expert would be an error."""
    scores = scored(prerun, "expected-utility").groupby(["problem", "display_name"])["value"].mean()
    assert scores.xs("experts-router", level="display_name").abs().max() < 0.01
    assert scores.min() > -0.1


def test_the_page_names_those_that_beat_the_soup_everywhere(prerun: fusefront.Results) -> None:
    found = beats(scored(prerun, "expected-utility"), "rewarded-soup", direction="minimise")
    everywhere = found.groupby("display_name")["better"].sum() == len(SUITE.problems)
    answers_of_one_model = set(everywhere[everywhere].index) - {
        *("emr", "tall-masks", "experts-router", "logits-fusion")
    }
    page = Path(__file__).parent.parent / "docs" / "findings.md"
    (line,) = [x for x in page.read_text().splitlines() if "beat the soup line on all six" in x]
    assert set(re.findall(r"`([a-z-]+)`", line)) == answers_of_one_model
