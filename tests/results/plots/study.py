"""A synthetic study: problems with two, three and five tasks, and random runs of any number."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tests.results.conftest import results_of

from fusefront.results.directory.parts import read_problems, write_problem
from fusefront.results.files.record import (
    AnchorRow,
    FrontRow,
    MilestoneRow,
    PointRow,
    ProblemFacts,
    Record,
)
from fusefront.results.files.schema import record_table
from fusefront.results.results import Results

TASKS = {
    "pair-of-two-tasks": ["left", "a-task-with-a-long-name"],
    "other-pair": ["north", "south"],
    "triple-with-a-rather-long-name": ["red", "green", "a-task-with-a-long-name"],
    "five": ["one", "two", "three", "four", "a-task-with-a-long-name"],
}
BUDGET = 3_200
MILESTONES = (200, 800, 3_200)
GROUPS = 4


def preferences(m: int) -> NDArray[np.float64]:
    """Corners, edges' middles and the centre of the simplex."""
    corners = np.eye(m)
    middles = [(corners[i] + corners[j]) / 2 for i in range(m) for j in range(i)]
    return np.vstack([corners, middles, np.full((1, m), 1 / m)])


def name_of(number: int) -> str:
    """Algorithm 0 is the baseline, and some names are long."""
    return "rewarded-soup" if number == 0 else f"algorithm-{number}{'-of-long-name' * (number % 3)}"


def record(number: int, problem: str, seed: int, *, milestones: bool = True) -> Record:
    """A run with random results, which differ between all runs."""
    place = list(TASKS).index(problem)
    random = np.random.default_rng([number, place, seed])
    tasks = TASKS[problem]
    m = len(tasks)
    asked = preferences(m)
    objectives = random.uniform(0.05, 1.2, (len(asked), m)).round(3)
    several = number % 2 == 1
    size = GROUPS * m if several else m
    shape = [GROUPS, m] if several else [m]
    stages = [
        MilestoneRow(units, units / 100, point, task, 0.5, float(g), 0.5)
        for units in MILESTONES
        for point in range(m + 1)
        for task, g in zip(tasks, random.uniform(0.05, 1.5, m).round(3), strict=True)
    ]
    return Record(
        run_id=f"{problem}-{number}-{seed}",
        problem=problem,
        algorithm=name_of(number),
        parameters="{}",
        display_name=name_of(number),
        seed=seed,
        root_seed=7,
        status="done",
        units=int(random.integers(1, BUDGET)),
        budget_units=BUDGET,
        inference_passes=1.0,
        delivery="model",
        wall_seconds=float(random.uniform(1, 9)),
        problem_hash="ab" * 32,
        protocol_version=2,
        versions="{}",
        machine="test",
        threads=1,
        device="cpu",
        started="2025-01-01T00:00:00+00:00",
        fronts=[
            FrontRow(i, task, 0.5, 1.0, float(objectives[i, t]), 100)
            for i in range(len(asked))
            for t, task in enumerate(tasks)
        ],
        points=[
            PointRow(
                i,
                asked[i],
                "block" if several else "task",
                random.normal(0.4, 0.2, size).tolist(),
                shape,
            )
            for i in range(len(asked))
        ],
        milestones=stages if milestones else [],
    )


def facts(problem: str) -> ProblemFacts:
    """Anchors whose objectives are 1 for the pretrained model and 0 for the experts."""
    tasks = TASKS[problem]
    rows = [AnchorRow("pretrained", task, 0.1, 2.3, 100) for task in tasks]
    rows += [AnchorRow("average", task, 0.5, 1.1, 100) for task in tasks]
    rows += [
        AnchorRow(expert, task, 0.9 if expert == task else 0.15, 0.2, 100)
        for expert in tasks
        for task in tasks
    ]
    return ProblemFacts(problem=problem, problem_hash="ab" * 32, labels="{}", anchors=rows)


@cache
def study(algorithms: int, seeds: int = 2, *, milestones: bool = True) -> Results:
    """Results of so many algorithms on all problems."""
    parts = [
        record_table(record(number, problem, seed, milestones=milestones))
        for problem in TASKS
        for number in range(algorithms)
        for seed in range(seeds)
    ]
    return results_of(parts, [_problem_table(problem) for problem in TASKS])


def _problem_table(problem: str) -> pa.Table:
    with TemporaryDirectory() as folder:
        write_problem(Path(folder), facts(problem))
        (table,) = read_problems(Path(folder))
    return table
