"""How a fit is scored: finite sets are completed with the anchors, maps answer for themselves."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import ConstantSet, FiniteSet, MapSet, ParetoSet
from fusefront.benchmark.run.fitting import InProcess, failure
from fusefront.benchmark.run.one_run import compute
from fusefront.benchmark.score.measure import Asked
from fusefront.benchmark.score.points import checked_point
from fusefront.benchmark.score.scorer import scores
from fusefront.benchmark.score.stages import Question, Stage, anchor_points, chosen
from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.benchmark.study.study import Study
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.testing.toy_problem import toy_problem

PROBLEM = toy_problem(2)
POOL = PROBLEM.pool()
WORSE = 5.0
"""An objective that no anchor is as bad as."""


def stage_of(pareto_set: ParetoSet, number: int = 0) -> Stage:
    objectives = pareto_set.objectives if isinstance(pareto_set, FiniteSet) else None
    return Stage(number=number, units=10, wall_seconds=1.0, objectives=objectives)


def scored(pareto_set: ParetoSet) -> dict[str, list[Any]]:
    asked.clear()

    def ask(questions: Sequence[tuple[int, Question]], experts: ExpertPool) -> Iterator[Asked]:
        for _, question in questions:
            asked.append(question)
            yield checked_point(pareto_set, question), pareto_set.experts

    return scores(PROBLEM, [stage_of(pareto_set)], ask, {})


asked: list[Question] = []


def finite(values: list[list[float]], objectives: list[list[float]]) -> FiniteSet:
    points = [Coefficients(values=torch.tensor(row)) for row in values]
    return FiniteSet(experts=POOL, points=points, objectives=np.array(objectives))


def test_anchors_have_the_objectives_of_their_models() -> None:
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    stored = PROBLEM.anchors("validation")
    anchors = anchor_points(PROBLEM.tasks, stored)
    average = ["average"] if stored.average is not None else []
    assert [anchor.name for anchor in anchors] == ["pretrained", *PROBLEM.tasks, *average]
    for anchor in anchors:
        measured = oracle.measure(POOL.merge(anchor.coefficients), "validation")
        np.testing.assert_allclose(anchor.objectives, stored.objectives(measured.value))


def test_a_finite_set_that_forgot_the_experts_gets_them() -> None:
    found = scored(finite([[0.1, 0.1]], [[WORSE, WORSE]]))
    names = [row.anchor for row in found["points"]]
    assert names[0] == PROBLEM.tasks[0]
    assert names[-1] == PROBLEM.tasks[1]
    assert None not in names
    assert len({row.own_value for row in found["fronts"] if row.task == PROBLEM.tasks[0]}) == 1
    assert asked == [0]


def test_points_of_the_set_win_ties_and_what_is_better_is_kept() -> None:
    stored = PROBLEM.anchors("validation")
    own = finite([[1.0, 0.0]], [stored.objectives(stored.experts[0]).tolist()])
    (first, *_) = scored(own)["points"]
    assert first.anchor is None
    best = finite([[0.5, 0.5]], [[-WORSE, -WORSE]])
    assert {row.anchor for row in scored(best)["points"]} == {None}


@pytest.mark.parametrize(
    "pareto_set",
    [
        ConstantSet(experts=POOL, constant=Coefficients(values=torch.tensor([0.1, 0.1]))),
        MapSet(experts=POOL, function=lambda p: Coefficients(values=0.1 * p)),
    ],
    ids=["constant", "map"],
)
def test_maps_and_constants_stay_as_they_are(pareto_set: ParetoSet) -> None:
    found = scored(pareto_set)
    assert {row.anchor for row in found["points"]} == {None}
    for row in found["fronts"]:
        assert (row.own_value, row.own_objective) == (row.value, row.objective)


def test_no_anchors_leave_the_choice_of_the_set_itself() -> None:
    found = finite([[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    preferences = np.array([[1.0, 0.0], [0.4, 0.6], [0.0, 1.0]])
    expected = [found.points.index(found.point(p)) for p in preferences]
    assert chosen(stage_of(found), preferences, []) == expected


def test_values_on_validation_are_those_of_the_same_model() -> None:
    found = scored(MapSet(experts=POOL, function=lambda p: Coefficients(values=p)))
    oracle = PROBLEM.oracle(frozenset({"validation"}))
    for point in found["points"]:
        model = POOL.merge(Coefficients(values=torch.tensor(point.coefficients).float()))
        measured = oracle.measure(model, "validation")
        rows = [row for row in found["fronts"] if row.point == point.point]
        assert [row.validation_value for row in rows] == measured.value.tolist()
        np.testing.assert_allclose([row.validation_loss for row in rows], measured.loss, rtol=1e-5)


def test_agreement_and_calibration_are_those_of_the_models_on_test() -> None:
    found = scored(MapSet(experts=POOL, function=lambda p: Coefficients(values=p)))
    oracle = PROBLEM.oracle(frozenset({"test"}))
    experts = [oracle.measure(POOL.merge(Coefficients(values=row)), "test") for row in torch.eye(2)]
    for point in found["points"]:
        model = POOL.merge(Coefficients(values=torch.tensor(point.coefficients).float()))
        measured = oracle.measure(model, "test")
        rows = [row for row in found["fronts"] if row.point == point.point]
        for task, row in enumerate(rows):
            assert measured.predictions is not None
            assert measured.calibration_error is not None
            own = experts[task].predictions
            assert own is not None
            assert row.agreement == np.mean(measured.predictions[task] == own[task])
            assert row.calibration_error == pytest.approx(measured.calibration_error[task])
    assert next(row.agreement for row in found["fronts"] if row.task == PROBLEM.tasks[0]) == 1.0


def test_anchors_are_measured_once_for_all_runs_of_a_problem() -> None:
    known: dict[str, Any] = {}

    def ask(questions: Sequence[tuple[int, Question]], experts: ExpertPool) -> Iterator[Asked]:
        for _, question in questions:
            yield checked_point(one, question), one.experts

    one = finite([[0.1, 0.1]], [[WORSE, WORSE]])
    first = scores(PROBLEM, [stage_of(one)], ask, known)
    assert set(PROBLEM.tasks) <= set(known)
    before = dict(known)
    assert scores(PROBLEM, [stage_of(one)], ask, known) == first
    assert known == before


def test_scores_do_not_depend_on_what_was_measured_before() -> None:
    problem = ProblemSpec.parse("smoke-left-right").load()
    points = [Coefficients(values=torch.tensor([x, 0.9 - x])) for x in (0.1, 0.37, 0.6)]
    objectives = np.array([[0.1, 0.9], [0.5, 0.4], [9.0, 9.0]])

    def score(places: list[int], known: dict[str, Any]) -> dict[str, Any]:
        made = FiniteSet(
            experts=problem.pool(),
            points=[points[k] for k in places],
            objectives=objectives[places],
        )

        def ask(questions: Sequence[tuple[int, Question]], experts: ExpertPool) -> Iterator[Asked]:
            for _, question in questions:
                yield checked_point(made, question), made.experts

        return scores(problem, [stage_of(made)], ask, known)

    known: dict[str, Any] = {}
    score([2], known)
    assert score([0, 1, 2], known) == score([0, 1, 2], {})


def test_the_last_milestone_is_the_final_set_at_corners_and_centre() -> None:
    found = scored(MapSet(experts=POOL, function=lambda p: Coefficients(values=p)))
    assert [row.point for row in found["milestones"]] == [0, 0, 1, 1, 2, 2]
    fronts = {
        (tuple(p.preference), r.task): r.value
        for p in found["points"]
        for r in found["fronts"]
        if r.point == p.point
    }
    corners = {0: (1.0, 0.0), 1: (0.0, 1.0), 2: (0.5, 0.5)}
    for row in found["milestones"]:
        assert row.value == fronts[corners[row.point], row.task]


def test_a_run_in_processes_has_the_bits_of_one_in_this_process(tmp_path: Path) -> None:
    names = [
        "ls-finetune",
        "sobol-pool",
        "logits-fusion",
        "ties",
        "task-arithmetic",
        "epo-finetune",
    ]
    names = [name for name in names if name in ALGORITHMS]
    study = Study.of(problems=["smoke-left-right"], algorithms=names, seeds=1, budget=2_000)
    results = fusefront.run(study, tmp_path, jobs=1)
    for spec in study.canonical(ALGORITHMS).expand(ALGORITHMS, {"smoke-left-right": "x"}):
        record = compute(spec, "x", InProcess())
        rows = results.fronts[results.fronts["algorithm"] == spec.algorithm.name]
        for column in ("value", "loss", "validation_loss", "own_loss"):
            assert rows[column].tolist() == [getattr(row, column) for row in record.fronts]


class _Rude(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("\udcff\u2713"), "\\udcff\u2713"),
        (_Rude(), "_Rude, whose text raises RuntimeError"),
    ],
)
def test_any_error_of_a_plug_in_can_be_stored(error: Exception, expected: str) -> None:
    facts = failure(error)
    assert facts["error_message"] == expected
    "".join(facts.values()).encode()
