"""Synthetic runs: fronts whose form, failures and gaps are known."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fusefront.results.directory.parts import long_tables, write_part, write_problem
from fusefront.results.directory.snapshot import ORDER, sorted_problems
from fusefront.results.files.record import (
    AnchorRow,
    FrontRow,
    OutcomeRow,
    PointRow,
    ProblemFacts,
    Record,
    TraceRow,
    pack_outcomes,
)
from fusefront.results.load import read
from fusefront.results.results import Results, of_tables


def results_of(parts: Sequence[pa.Table], problems: Sequence[pa.Table] = ()) -> Results:
    """Results of one-row part tables and of problem tables, without any files."""
    return of_tables(long_tables(parts, ORDER) | {"problems": sorted_problems(problems)})


def _record(
    algorithm: str = "ties",
    problem: str = "two-digits",
    seed: int = 0,
    *,
    objectives: list[list[float]] | None = None,
    status: str = "done",
) -> Record:
    """A run with one point for each row of `objectives`; it has none unless it is done."""
    front = np.array([[0.1, 0.8], [0.5, 0.4], [0.9, 0.05]] if objectives is None else objectives)
    tasks = [f"task_{t}" for t in range(front.shape[1])]
    ramp = np.linspace(1, 0, len(front)) if len(front) > 1 else np.array([0.5])
    preferences = np.column_stack([ramp] + [(1 - ramp) / (len(tasks) - 1)] * (len(tasks) - 1))
    record = Record(
        run_id=re.sub(r"[^\w.-]", "-", f"{problem}-{algorithm}-{seed}"),
        problem=problem,
        algorithm=algorithm,
        parameters='{"density": 0.2}',
        display_name=algorithm.upper(),
        seed=seed,
        root_seed=7,
        status=status,
        units=1000 + seed,
        problem_hash="ab" * 32,
        protocol_version=1,
        versions='{"torch": "2.6"}',
        machine="test",
        threads=1,
        device="cpu",
        started="2025-01-01T00:00:00+00:00",
    )
    if status == "skipped":
        return replace(record, reason="needs labelled data")
    if status == "failed":
        return replace(record, error_class="ValueError", error_message="no\nluck", traceback="…")
    return replace(
        record,
        budget_units=20_000,
        output="finite",
        peak_bytes=12_345,
        wall_seconds=0.25,
        fronts=[
            FrontRow(i, task, 1 - front[i, t], 2 * front[i, t], front[i, t], 100)
            for i in range(len(front))
            for t, task in enumerate(tasks)
        ],
        points=[
            PointRow(i, preferences[i], "task", [0.3] * len(tasks), [len(tasks)])
            for i in range(len(front))
        ],
        traces=[TraceRow(100 * k, 0.1 * k, "hypervolume", 0.2 * k) for k in range(1, 4)],
        outcomes=[
            OutcomeRow(i, tasks[0], 10, pack_outcomes(np.arange(10) > i)) for i in range(len(front))
        ],
    )


def _facts(problem: str = "two-digits", n_tasks: int = 2) -> ProblemFacts:
    """Anchors with g = 1 for the pretrained model and 0 for each expert on its own task."""
    tasks = [f"task_{t}" for t in range(n_tasks)]
    rows = [AnchorRow("pretrained", task, 0.1, 2.3, 100) for task in tasks]
    rows += [AnchorRow("average", task, 0.5, 1.1, 100) for task in tasks]
    rows += [
        AnchorRow(
            expert,
            task,
            0.95 if expert == task else 0.12,
            0.2,
            100,
            20.0 if expert == task else None,
        )
        for expert in tasks
        for task in tasks
    ]
    return ProblemFacts(
        problem=problem, problem_hash="ab" * 32, labels='{"domain": "vision"}', anchors=rows
    )


def _scores(values: dict[tuple[str, str, int], float], results: Results) -> pd.DataFrame:
    """Hypervolume scores of `(problem, display_name, seed)`."""
    runs = results.runs.set_index(["problem", "display_name", "seed"])
    return pd.DataFrame(
        [
            {
                "run_id": runs.loc[key, "run_id"],
                "problem": key[0],
                "algorithm": runs.loc[key, "algorithm"],
                "display_name": key[1],
                "seed": key[2],
                "metric": "hypervolume",
                "value": value,
                "reference": "ref_point (1.1, 1.1)",
            }
            for key, value in values.items()
        ]
    )


@pytest.fixture
def make_record() -> Callable[..., Record]:
    return _record


@pytest.fixture
def make_facts() -> Callable[..., ProblemFacts]:
    return _facts


@pytest.fixture
def make_scores() -> Callable[..., pd.DataFrame]:
    return _scores


@pytest.fixture
def run_directory(tmp_path: Path) -> Path:
    """Two algorithms, three seeds on one problem."""
    for algorithm in ("ties", "average"):
        for seed in range(3):
            write_part(tmp_path, _record(algorithm, seed=seed))
    write_problem(tmp_path, _facts())
    return tmp_path


@pytest.fixture
def results(run_directory: Path) -> Results:
    return read(run_directory)
