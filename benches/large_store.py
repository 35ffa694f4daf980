"""A run directory of 100,000 runs, whose parts are empty because none is ever opened."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from fusefront.benchmark.score.fingerprint import fingerprint
from fusefront.metrics import METRICS
from fusefront.results.directory.compaction import compact, file_stats
from fusefront.results.directory.parts import PARTS
from fusefront.results.files.schema import PART_FILES, TABLES
from fusefront.results.results import of_tables

PROBLEMS, ALGORITHMS, SEEDS, POINTS, TASKS = 100, 100, 10, 11, 2
RUNS: Final = PROBLEMS * ALGORITHMS * SEEDS
_FIXED: Final = {
    "status": "done",
    "parameters": "{}",
    "versions": '{"fusefront": "0.1.0", "torch": "2.13.0", "numpy": "2.4.0", "fit": "float32"}',
    "reference": "ref_point=1.0",
}


def make(directory: Path) -> Path:
    """Fill `directory`: the files of the parts are empty, the compacted tables are as real ones.

    Numbers are random, and every metric has one.
    """
    parts = directory / PARTS
    parts.mkdir(parents=True)
    (directory / "problems").mkdir()
    keys = _keys()
    for run_id in keys["run_id"].to_pylist():
        (parts / f"{run_id}.parquet").touch()
    runs = _table("runs", keys, repeat=1)
    fronts = _table("fronts", keys, repeat=POINTS * TASKS)
    tables = {
        "runs": runs,
        "fronts": fronts,
        "points": _table("points", keys, repeat=POINTS),
        "traces": _table("traces", keys, repeat=5),
        "scores": _table("scores", keys, repeat=len(list(METRICS))),
        "problems": TABLES["problems"].empty_table(),
        "outcomes": TABLES["outcomes"].empty_table(),
    }
    compact(directory, of_tables(tables), _stamps(directory, keys), scorer=fingerprint())
    return directory


def _stamps(directory: Path, keys: pa.Table) -> pa.Table:
    return file_stats(directory).append_column(
        PART_FILES.field("display_name"), keys.column("display_name")
    )


def _keys() -> pa.Table:
    problem, algorithm, seed = np.unravel_index(np.arange(RUNS), (PROBLEMS, ALGORITHMS, SEEDS))
    algorithms = _texts([f"algorithm-{a:03d}" for a in range(ALGORITHMS)], algorithm)
    return pa.table(
        {
            "run_id": [f"{run:020x}" for run in range(RUNS)],
            "problem": _texts([f"problem-{p:03d}" for p in range(PROBLEMS)], problem),
            "algorithm": algorithms,
            "display_name": algorithms,
            "seed": seed,
        }
    )


def _table(name: str, keys: pa.Table, repeat: int) -> pa.Table:
    """Rows of each run with every column filled."""
    rows = keys.take(np.repeat(np.arange(RUNS), repeat))
    place = np.tile(np.arange(repeat), RUNS)
    metrics = [entry.name for entry in METRICS]
    given = {
        "metric": _texts(metrics, place % len(metrics)),
        "point": pa.array(place // TASKS if name == "fronts" else place),
        "task": _texts(["left", "right"], place % TASKS),
    }
    known = given | {column: rows.column(column).combine_chunks() for column in keys.column_names}
    random = np.random.default_rng(0)
    columns = [
        known[field.name].cast(field.type)
        if field.name in known
        else _filled(field, len(rows), random)
        for field in TABLES[name]
    ]
    return pa.Table.from_arrays(columns, schema=TABLES[name])


def _filled(field: pa.Field, length: int, random: np.random.Generator) -> pa.Array:
    if pa.types.is_string(field.type):
        return pa.repeat(_FIXED.get(field.name, "text"), length)
    if pa.types.is_list(field.type):
        offsets = np.arange(0, TASKS * length + 1, TASKS, dtype=np.int32)
        inside = pa.array(random.random(TASKS * length).round())
        return pa.ListArray.from_arrays(offsets, inside.cast(field.type.value_type))
    if pa.types.is_integer(field.type):
        return pa.array(random.integers(0, 3, length)).cast(field.type)
    return pa.array(random.random(length))


def _texts(values: list[str], places: "np.ndarray[Any, Any]") -> pa.Array:
    return pa.array(values).take(pa.array(places))
