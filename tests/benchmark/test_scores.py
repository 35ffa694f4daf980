"""Scores equal the metric functions on the raw tables, with both reference points."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fusefront.benchmark.score import references as module
from fusefront.benchmark.score.references import REF_POINTS
from fusefront.benchmark.score.scores import with_scores
from fusefront.entry import Entry
from fusefront.errors import StoreError
from fusefront.metrics.corner_gap import corner_gap
from fusefront.metrics.expected_utility import expected_utility
from fusefront.metrics.gain_over_pretrained import gain_over_pretrained
from fusefront.metrics.hypervolume import hypervolume
from fusefront.metrics.igd import igd, igd_plus
from fusefront.metrics.normalised_accuracy import (
    average_normalised_accuracy,
    worst_task_normalised_accuracy,
)
from fusefront.problems import PROBLEMS
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.files.record import AnchorRow, FrontRow, PointRow, ProblemFacts, Record
from fusefront.results.leave_one_out import Supply
from fusefront.results.load import read
from fusefront.results.references import ReferenceFront, write_reference, write_supply
from fusefront.results.results import Results

TASKS = ("one", "two")
PREFERENCES = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
OBJECTIVES = np.array([[0.1, 0.9], [0.4, 0.5], [1.2, 0.0]])
EXPERTS = np.array([0.9, 0.8])
VALUES = EXPERTS - OBJECTIVES * (EXPERTS - 0.1)
COSTS: dict[str, Any] = {
    "peak_bytes": 123,
    "rss_bytes": 1230,
    "flops": 10**6,
    "energy_joules": 1.5,
    "storage_bytes": 45,
    "inference_passes": 3.5,
    "trainable_parameters": 6,
    "units": 789,
}


def record(run_id: str, *, status: str = "done", problem: str = "made-up") -> Record:
    """A run of three points on two tasks."""
    failed: dict[str, Any] = {
        "error_class": "ValueError",
        "error_message": "no",
        "traceback": "...",
    }
    return Record(
        run_id=run_id,
        problem=problem,
        algorithm="any",
        parameters="{}",
        display_name=f"any[{run_id}]",
        seed=0,
        root_seed=0,
        status=status,
        wall_seconds=1.5,
        problem_hash="h",
        protocol_version=1,
        versions="{}",
        machine="m",
        threads=1,
        device="cpu",
        started="2025-01-01T00:00:00+00:00",
        fronts=[
            FrontRow(i, task, VALUES[i, t], 2 * OBJECTIVES[i, t], OBJECTIVES[i, t], 100)
            for i in range(3)
            for t, task in enumerate(TASKS)
            if status == "done"
        ],
        points=[PointRow(i, PREFERENCES[i].tolist(), "weights") for i in range(3)],
        **COSTS,
        **(failed if status == "failed" else {}),
    )


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """One done, one failed and one skipped run."""
    for i, status in enumerate(("done", "failed", "skipped")):
        write_part(tmp_path, record(f"r{i}", status=status))
    anchors = [AnchorRow("pretrained", task, 0.1, 2.0, 100) for task in TASKS]
    for own in range(2):
        anchors += [
            AnchorRow(TASKS[own], task, EXPERTS[t] if t == own else 0.3, 1.0, 100)
            for t, task in enumerate(TASKS)
        ]
    facts = ProblemFacts(problem="made-up", problem_hash="h", labels="{}", anchors=anchors)
    write_problem(tmp_path, facts)
    return read(tmp_path)


def values(scores: pd.DataFrame) -> dict[tuple[str, str], float]:
    pairs = zip(scores["metric"], scores["reference"], strict=True)
    return dict(zip(pairs, scores["value"], strict=True))


def test_scores_equal_the_metrics_of_the_front(results: Results) -> None:
    beside = {"values": VALUES, "preferences": PREFERENCES, "expert_values": EXPERTS}
    expected = {
        ("hypervolume", "ref_point=1.0"): hypervolume(OBJECTIVES, ref_point=[1.0, 1.0]),
        ("hypervolume", "ref_point=1.1"): hypervolume(OBJECTIVES, ref_point=[1.1, 1.1]),
        ("expected-utility", ""): expected_utility(OBJECTIVES, preferences=PREFERENCES),
        ("gain-over-pretrained", ""): gain_over_pretrained(OBJECTIVES, preferences=PREFERENCES),
        ("corner-gap", ""): corner_gap(OBJECTIVES, **beside),
        ("average-normalised-accuracy", ""): average_normalised_accuracy(OBJECTIVES, **beside),
        ("worst-task-normalised-accuracy", ""): worst_task_normalised_accuracy(
            OBJECTIVES, **beside
        ),
        **{(name.replace("_", "-"), ""): float(value) for name, value in COSTS.items()},
        ("wall-seconds", ""): 1.5,
    }
    assert values(with_scores(results).scores) == pytest.approx(expected, rel=1e-12)


def test_hypervolume_of_a_staircase_equals_a_manual_count(results: Results) -> None:
    # Two boxes up to the reference point (1, 1): 0.9 wide and 0.1 high, 0.6 wide and 0.4 high.
    assert values(with_scores(results).scores)["hypervolume", "ref_point=1.0"] == pytest.approx(
        0.33
    )
    assert REF_POINTS == (1.0, 1.1)


def test_only_runs_that_are_done_have_scores(results: Results) -> None:
    assert set(results.runs["status"]) == {"done", "failed", "skipped"}
    assert set(with_scores(results).scores["run_id"]) == {"r0"}


def test_igd_is_there_where_a_problem_has_a_reference_front(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = write_reference("made-up", [[0.0, 0.5], [0.5, 0.0]], tmp_path / "fronts", "by hand")

    def load(problem: str) -> ReferenceFront | None:
        return front if problem == "made-up" else None

    assert not any(name.startswith("igd") for name, _ in values(with_scores(results).scores))
    monkeypatch.setattr(module, "load_reference", load)
    found = values(with_scores(results).scores)
    assert found["igd", str(front)] == pytest.approx(igd(OBJECTIVES, front=front.points))
    assert found["igd-plus", str(front)] == pytest.approx(igd_plus(OBJECTIVES, front=front.points))
    assert str(front).startswith("made-up:v1@")


def test_igd_is_to_the_front_of_the_others_first_and_to_that_of_all_second(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply = Supply.of([[0.0, 0.0], [0.2, 0.9], [0.9, 0.3]], ["any", "other", "other"])
    front = write_supply("made-up", supply, tmp_path / "fronts", "by hand")
    monkeypatch.setattr(module, "load_reference", lambda problem: front)
    found = values(with_scores(results).scores)
    names = [reference for metric, reference in found if metric == "igd-plus"]
    assert names == [f"{front} (leave-one-out)", str(front)]
    # Without its own ideal point, the algorithm is compared with the two points of the other.
    others = igd_plus(OBJECTIVES, front=[[0.2, 0.9], [0.9, 0.3]])
    assert found["igd-plus", names[0]] == pytest.approx(others)
    assert found["igd-plus", names[1]] == pytest.approx(igd_plus(OBJECTIVES, front=[[0.0, 0.0]]))
    assert found["igd-plus", names[0]] < found["igd-plus", names[1]]


def test_scores_fit_the_scores_table(results: Results) -> None:
    scores = results.with_frames(scores=with_scores(results).scores).scores
    assert not scores.duplicated(["run_id", "metric", "reference"]).any()
    assert scores["value"].notna().all()


def test_directory_without_a_done_run_has_an_empty_table(results: Results) -> None:
    none = results.with_frames(runs=results.runs[results.runs["status"] != "done"])
    assert with_scores(none).scores.empty
    assert results.with_frames(scores=with_scores(none).scores).scores.empty


def test_run_whose_problem_table_is_of_other_experts_is_refused(results: Results) -> None:
    other = results.with_frames(problems=results.problems.assign(problem_hash="other"))
    with pytest.raises(StoreError, match=r"problem table of `made-up` must have the anchors"):
        _ = with_scores(other).scores


@pytest.fixture
def losses(results: Results) -> Iterator[Callable[..., Results]]:
    """The same results as a problem of losses: without examples, with experts at a loss of 0."""

    def make(problem: str, problem_hash: str) -> Results:
        identity = {"problem": problem, "problem_hash": problem_hash}
        own = results.problems["model"] == results.problems["task"]
        return results.with_frames(
            runs=results.runs.assign(**identity),
            fronts=results.fronts.assign(problem=problem, n=0, value=results.fronts["loss"]),
            problems=results.problems.assign(
                **identity, n=0, value=np.where(own, 0.0, results.problems["loss"])
            ),
        )

    with PROBLEMS.isolated():
        yield make


def test_losses_are_better_the_smaller_and_have_no_normalised_accuracy(
    losses: Callable[..., Results],
) -> None:
    found = values(with_scores(losses("made-up", "h")).scores)
    # At the corners, the models lose 0.2 and 0.0 against experts of a loss of 0.
    assert found["corner-gap", ""] == pytest.approx((2 * 0.1 + 2 * 0.0) / 2)
    assert not any("accuracy" in name for name, _ in found)
    assert ("hypervolume", "ref_point=1.0") in found


@pytest.mark.parametrize("problem", ["analytic-quadratic", "analytic-quadratic[angle=60.0]"])
def test_igd_is_to_the_true_front_where_the_problem_that_was_run_knows_it(
    losses: Callable[..., Results], problem: str
) -> None:
    angle = 60.0 if "angle" in problem else 90.0
    known = PROBLEMS["analytic-quadratic"].load()
    made = known(angle=angle)
    found = values(with_scores(losses(problem, made.hash())).scores)
    ((_, reference),) = [key for key in found if key[0] == "igd-plus"]
    assert re.fullmatch(re.escape(problem) + r":true@[0-9a-f]{8}", reference)
    front = made.true_front()
    assert front is not None
    assert found["igd-plus", reference] == pytest.approx(igd_plus(OBJECTIVES, front=front))


@pytest.mark.parametrize(
    ("problem", "problem_hash"),
    [("analytic-quadratic", "another"), ("analytic-quadratic[gone=1]", "h"), ("gone", "h")],
)
def test_true_front_of_another_problem_than_was_run_is_not_used(
    losses: Callable[..., Results], problem: str, problem_hash: str
) -> None:
    found = values(with_scores(losses(problem, problem_hash)).scores)
    assert not any(name.startswith("igd") for name, _ in found)
    assert ("corner-gap", "") in found


def test_problems_that_know_no_front_are_not_loaded(losses: Callable[..., Results]) -> None:
    PROBLEMS.add(Entry[Any](name="heavy", target="no.such:module", summary="", source=""))
    assert not with_scores(losses("heavy", "h")).scores.empty
