"""Reports of synthetic results, and the data that a page carries."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from tests.results.conftest import results_of
from tests.results.plots.study import facts, record, study

from fusefront.benchmark.score.scores import with_scores
from fusefront.results.directory.parts import read_problems, write_problem
from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.report.report import write_report
from fusefront.results.results import Results

LABELS = {"algorithm-2-of-long-name-of-long-name": {"delivery": "system"}}
HOSTILE = "</script><img src=x onerror=alert(1)>&'\""


def scored_study(algorithms: int) -> Results:
    """Random results with scores."""
    return with_scores(study(algorithms))


def of_records(records: Sequence[Record]) -> Results:
    """Results of some runs with their problems."""
    problems = dict.fromkeys(record.problem for record in records)
    return with_scores(
        results_of([record_table(one) for one in records], [_facts(name) for name in problems])
    )


def hostile() -> Results:
    """Results of an algorithm whose name is markup, and of one that failed."""
    problem = "other-pair"
    named = replace(record(1, problem, 0), algorithm=HOSTILE, display_name=HOSTILE)
    failed = replace(
        record(3, problem, 0),
        status="failed",
        error_class="ValueError",
        error_message=f"no luck {HOSTILE}",
        fronts=[],
        points=[],
        milestones=[],
    )
    return of_records([record(0, problem, 0), named, failed])


def write(results: Results, folder: Path, **options: Any) -> Path:
    """Write a report and return its path."""
    settings = {"source": "runs/mine", "labels": LABELS} | options
    return write_report(results, folder / "report.html", **settings)


def data_of(page: str) -> Any:
    """Return what the scripts of a page read."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return json.loads(found.group(1))


def _facts(problem: str) -> pa.Table:
    with TemporaryDirectory() as folder:
        write_problem(Path(folder), facts(problem))
        (table,) = read_problems(Path(folder))
    return table
