"""Scores equal the metric functions on the raw tables, with both reference points."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fusefront.benchmark.score import references as module
from fusefront.benchmark.score import scores as scores_module
from fusefront.benchmark.score.lacking import no_scores
from fusefront.benchmark.score.references import REF_POINTS
from fusefront.benchmark.score.scores import with_scores
from fusefront.entry import Entry
from fusefront.errors import StoreError
from fusefront.metrics import METRICS
from fusefront.metrics.base import evaluate
from fusefront.metrics.corner_gap import corner_gap
from fusefront.metrics.diversity import spread
from fusefront.metrics.expected_utility import expected_utility
from fusefront.metrics.gain_over_pretrained import gain_over_pretrained
from fusefront.metrics.hypervolume import hypervolume
from fusefront.metrics.hypervolume_variants import gain_over_anchors
from fusefront.metrics.igd import igd, igd_plus
from fusefront.metrics.normalised_accuracy import (
    average_normalised_accuracy,
    worst_task_normalised_accuracy,
)
from fusefront.metrics.shrinkage import shrinkage
from fusefront.problems import PROBLEMS
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.files.record import (
    AnchorRow,
    FrontRow,
    MilestoneRow,
    PointRow,
    ProblemFacts,
    Record,
)
from fusefront.results.files.schema import from_frame
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


FACTS = ProblemFacts(
    problem="made-up",
    problem_hash="h",
    labels="{}",
    anchors=[
        *(AnchorRow("pretrained", task, 0.1, 2.0, 100) for task in TASKS),
        *(
            AnchorRow(TASKS[own], task, EXPERTS[t] if t == own else 0.3, 1.0, 100)
            for own in range(2)
            for t, task in enumerate(TASKS)
        ),
    ],
)


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
    write_problem(tmp_path, FACTS)
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
    found = values(with_scores(results).scores)
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-12)


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


FURTHER: dict[str, Any] = {
    "validation_value": 0.95,
    "validation_loss": 0.1,
    "own_value": 0.5,
    "own_loss": 0.6,
    "own_objective": 0.7,
    "calibration_error": 0.125,
    "agreement": 0.75,
}


def of_protocol_2(run: Record) -> Record:
    """The same run with everything that protocol 2 measures."""
    stages = [
        MilestoneRow(units, 0.1, point, task, 0.5, objective, 0.5)
        for units, objective in ((200, 0.8), (600, 0.2))
        for point in range(3)
        for task in TASKS
    ]
    fronts = [row._replace(**FURTHER) for row in run.fronts]
    return replace(run, fronts=fronts, milestones=stages, budget_units=1000)


@pytest.fixture
def whole(results: Results, tmp_path: Path) -> Results:
    """The done run with results on validation, without anchors and at milestones."""
    write_part(tmp_path, of_protocol_2(record("r0")))
    return with_scores(read(tmp_path))


def value_of(results: Results, metric: str) -> float:
    (value,) = results.scores_of(metric)["value"]
    return float(value)


def test_metrics_of_protocol_2_equal_their_functions(whole: Results) -> None:
    assert value_of(whole, "agreement") == 0.75
    assert value_of(whole, "calibration-error") == 0.125
    own = expected_utility(np.full((3, 2), 0.7), preferences=PREFERENCES)
    assert value_of(whole, "own-expected-utility") == pytest.approx(own, rel=1e-12)
    lost = shrinkage(
        OBJECTIVES,
        preferences=PREFERENCES,
        values=VALUES,
        validation_values=np.full((3, 2), 0.95),
        expert_values=EXPERTS,
        pretrained_values=[0.1, 0.1],
    )
    assert lost is not None
    assert value_of(whole, "shrinkage") == pytest.approx(lost, rel=1e-12)
    # The utility of the corners and the centre is 2.5 / 3 of equal objectives.
    area = 2.5 / 3 * (1.0 * 200 + 0.8 * 400 + 0.2 * 400) / 1000
    assert value_of(whole, "anytime-utility") == pytest.approx(area, rel=1e-12)


def test_anchors_are_those_of_the_problem(whole: Results) -> None:
    others = (EXPERTS - 0.3) / (EXPERTS - 0.1)
    anchors = np.array([[1.0, 1.0], [0.0, others[1]], [others[0], 0.0]])
    expected = gain_over_anchors(OBJECTIVES, ref_point=[1.0, 1.0], anchors=anchors)
    found = whole.scores_of("gain-over-anchors").set_index("reference")["value"]
    assert found["ref_point=1.0"] == pytest.approx(expected, rel=1e-12)
    assert value_of(whole, "spread") == pytest.approx(
        spread(OBJECTIVES, anchors=anchors) or 0.0, rel=1e-12
    )


def test_run_without_an_input_has_no_score_and_others_have(tmp_path: Path) -> None:
    for name in ("r0", "r1"):
        write_part(tmp_path, of_protocol_2(record(name)) if name == "r1" else record(name))
    write_problem(tmp_path, FACTS)
    found = with_scores(read(tmp_path))
    assert list(found.scores_of("shrinkage")["run_id"]) == ["r1"]
    assert set(found.scores_of("hypervolume")["run_id"]) == {"r0", "r1"}


def test_results_say_what_they_lack(results: Results) -> None:
    told = {
        name: str(no_scores(with_scores(results), METRICS[name], "runs/mine"))
        for name in ("shrinkage", "igd-plus", "coverage", "delta-m")
    }
    assert "`--metric shrinkage` must have what it needs in `runs/mine`" in told["shrinkage"]
    assert "no run with values on validation (protocol 2)" in told["shrinkage"]
    assert "no run with a reference front of the problem" in told["igd-plus"]
    assert "no run with a run of the baseline" in told["coverage"]
    assert "no run for which it is defined (see `fusefront info delta-m`)" in told["delta-m"]
    none = results.with_frames(runs=results.runs[results.runs["status"] != "done"])
    assert "Found no run that is done" in str(no_scores(none, METRICS["igd"], "runs/mine"))


@pytest.fixture
def beside_a_soup(tmp_path: Path) -> Results:
    """Runs of two seeds, and of the baseline with the first seed only."""
    soup = replace(record("s0"), algorithm="rewarded-soup", display_name="soup")
    better = [row._replace(objective=row.objective - 0.05) for row in soup.fronts]
    for part in (record("r0"), replace(record("r1"), seed=1), replace(soup, fronts=better)):
        write_part(tmp_path, part)
    write_problem(tmp_path, FACTS)
    return with_scores(read(tmp_path))


def test_baseline_is_the_run_of_the_same_seed(beside_a_soup: Results) -> None:
    found = beside_a_soup.scores_of("covered-by-baseline").set_index("run_id")
    assert found["value"].to_dict() == {"r0": 1.0, "s0": 1.0}
    assert set(found["reference"]) == {"baseline=soup"}
    assert beside_a_soup.scores_of("coverage").set_index("run_id")["value"]["r0"] == 0.0


def test_baseline_is_found_when_it_is_not_selected(beside_a_soup: Results) -> None:
    selected = beside_a_soup.only(pa.chunked_array([["r0", "r1"]]))
    assert list(selected.scores_of("coverage")["run_id"]) == ["r0"]


def test_only_the_metric_that_is_asked_for_is_derived(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[str] = []

    def watched(metric: Any, *args: Any, **rest: Any) -> float | None:
        derived.append(metric.__name__)
        return evaluate(metric, *args, **rest)

    monkeypatch.setattr(scores_module, "evaluate", watched)
    lazy = with_scores(results)
    for _ in range(2):
        lazy.scores_of("r2")
    assert derived == ["r2"]
    assert "hypervolume" in lazy.metrics()
    assert "agreement" not in lazy.metrics()


def test_scores_of_one_metric_are_those_of_all(results: Results) -> None:
    lazy = with_scores(results)
    one = lazy.scores_of("hypervolume")
    every = lazy.scores[lazy.scores["metric"] == "hypervolume"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, every)
    assert lazy.scores_of("no-such-metric").empty


def test_rows_of_a_run_that_are_apart_are_brought_together(beside_a_soup: Results) -> None:
    mixed = beside_a_soup.fronts.sort_values(["point", "task", "run_id"], kind="stable")
    found = with_scores(beside_a_soup.with_frames(fronts=mixed))
    pd.testing.assert_frame_equal(
        found.scores_of("hypervolume"), beside_a_soup.scores_of("hypervolume")
    )


def test_kept_scores_are_used_except_those_against_a_baseline(beside_a_soup: Results) -> None:
    kept = beside_a_soup.arrow("scores")
    wrong = from_frame(beside_a_soup.scores.assign(value=7.0), "scores")
    later = with_scores(beside_a_soup, lambda: wrong)
    assert set(later.scores_of("hypervolume")["value"]) == {7.0}
    pd.testing.assert_frame_equal(later.scores_of("coverage"), beside_a_soup.scores_of("coverage"))
    of_one = kept.filter(pc.equal(kept.column("run_id"), "r1"))
    partly = with_scores(beside_a_soup, lambda: of_one)
    pd.testing.assert_frame_equal(partly.scores, beside_a_soup.scores)
