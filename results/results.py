"""Results of many runs as pandas frames, read from a run directory or an archive."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import final

import pandas as pd
import pyarrow as pa

from ..benchmark.errors import ParameterError, StoreError
from .long import long_tables
from .names import display_names, renamed
from .parquet import read_table, write_table
from .schema import TABLES, from_frame, to_frame
from .store import PARTS, read_parts, read_problems

ORDER = ["problem", "algorithm", "parameters", "seed", "run_id"]
COMPACTED = ("runs", "fronts", "points", "traces", "scores", "problems")
OPTIONAL = ("scores", "outcomes")  # not in every folder of tables


@final
@dataclass(frozen=True, kw_only=True)
class Results:
    """The tables of `schema.TABLES` as frames.

    Rows are sorted by problem, algorithm, parameters and seed, whatever the order in which runs
    ended. Vectors (`preference`, `coefficients`, `shape`) are numpy arrays in object columns.
    """

    runs: pd.DataFrame
    fronts: pd.DataFrame
    points: pd.DataFrame
    traces: pd.DataFrame
    scores: pd.DataFrame
    problems: pd.DataFrame
    outcomes: pd.DataFrame

    def with_scores(self, scores: pd.DataFrame) -> "Results":
        """A copy with these scores: the columns of `schema.TABLES['scores']`, in any order."""
        needed = TABLES["scores"].names
        missing = [name for name in needed if name not in scores.columns]
        if missing:
            raise ParameterError(
                f"`scores` must have the columns {', '.join(needed)}. "
                f"Found none called {', '.join(missing)}."
            )
        if scores.duplicated(["run_id", "metric", "reference"]).any():
            raise ParameterError(
                "`scores` must have one row for each run, metric and reference. Found several."
            )
        return replace(self, scores=to_frame(from_frame(scores, "scores")))


def read(directory: Path) -> Results:
    """The results of a run directory (its parts) or of a folder of compacted tables.

    Algorithms of a run directory are called as the last `fusefront run` called them.
    Scores are derived by a higher layer: they are empty unless the folder holds them.

    Raises:
        StoreError: If there are no results, or any file of them is not whole.
    """
    if (directory / PARTS).is_dir():
        names = display_names(directory)
        parts = [renamed(part, names) for part in read_parts(directory)]
        return from_parts(parts, read_problems(directory))
    if (directory / "runs.parquet").is_file():
        return _read_tables(directory)
    raise StoreError(
        f"`{directory}` must be a run directory (with `parts/`) or an archive (with "
        "`runs.parquet`). Found neither. Pass the directory given to `fusefront run -o`."
    )


def from_parts(parts: list[pa.Table], problems: list[pa.Table]) -> Results:
    """The results of one-row part tables and of problem tables."""
    tables = long_tables(parts, ORDER)
    tables["problems"] = pa.concat_tables([TABLES["problems"].empty_table(), *problems]).sort_by(
        [(name, "ascending") for name in ("problem", "problem_hash")]  # stable
    )
    return _results(tables)


def compact(directory: Path, results: Results) -> Path:
    """Write the tables to `directory/tables/`, for other programs; the parts stay the truth."""
    folder = directory / "tables"
    for name in COMPACTED:
        write_table(folder / f"{name}.parquet", from_frame(getattr(results, name), name), name=name)
    return folder


def _read_tables(directory: Path) -> Results:
    tables = {}
    for name, schema in TABLES.items():
        path = directory / f"{name}.parquet"
        if name in OPTIONAL and not path.exists():
            tables[name] = schema.empty_table()
            continue
        try:
            tables[name] = read_table(path, name=name, schema=schema)
        except StoreError as error:
            raise StoreError(f"`{path}` must be a whole table `{name}`. Found {error}.") from error
    return _results(tables)


def _results(tables: dict[str, pa.Table]) -> Results:
    return Results(**{field.name: to_frame(tables[field.name]) for field in fields(Results)})
