"""Sets of runs: read from any results, merged, filtered, and written as a run directory."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa

from ..errors import ParameterError, StoreError, StudyError
from ..registry import unknown_name
from .directory.parts import PARTS, PROBLEMS, part_path, part_tables, read_parts, read_problems
from .directory.planned import display_names, renamed
from .files.parquet import file_name, staged, write_table
from .files.record import UNAVAILABLE
from .files.schema import PART, TABLES, from_frame
from .load import read
from .results import Results

_MEASURED: Final = frozenset(
    (
        *("wall_seconds", "load_seconds", "rehearsal_seconds", "score_seconds", "peak_bytes"),
        *("rss_bytes", "energy_joules"),
        *("versions", "machine", "threads", "device", "started", "display_name"),
    )
)
"""Columns in which two computations of one run always differ: times, provenance, name."""

_COUNTED: Final = (
    *("units", "labelled_examples", "unlabelled_examples", "validation_evaluations"),
    *("gradient_steps", "model_builds", "flops", "trainable_parameters", "storage_bytes"),
    "inference_passes",
)
"""Costs that two computations of one run should agree on. A difference is a note."""

_PREFERRED: Final = ("done", "skipped", "failed")

Row = dict[str, Any]


@final
@dataclass(frozen=True, kw_only=True)
class RunSet:
    """Runs and their problems, in memory.

    Args:
        name: Where they come from, for messages.
        parts: One-row part tables by run id, with current display names.
        problems: Problem tables by problem.
        notes: Messages about runs that were left out when the set was made.
    """

    name: str
    parts: dict[str, pa.Table]
    problems: dict[str, pa.Table]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, Row]:
        """Return the columns of `runs` as dictionaries, by run id."""
        names = TABLES["runs"].names
        return {run_id: part.select(names).to_pylist()[0] for run_id, part in self.parts.items()}

    def hashes(self) -> dict[str, str]:
        """Return the hash of every problem that has a table."""
        return {
            problem: table.column("problem_hash")[0].as_py()
            for problem, table in self.problems.items()
        }


def read_run_set(folder: Path, name: str) -> RunSet:
    """Read the runs of a run directory or of the folder of an archive, without outdated runs.

    Raises:
        StoreError: If there are no results, or a file is damaged; the message names it.
    """
    if (folder / PARTS).is_dir():
        names = display_names(folder)
        tables = [renamed(part, names) for part in read_parts(folder)]
        problems = read_problems(folder)
    else:
        results = read(folder)
        tables = list(part_tables(results))
        problems = _problem_tables(results)
    return RunSet(
        name=name,
        parts={table.column("run_id")[0].as_py(): table for table in tables},
        problems={table.column("problem")[0].as_py(): table for table in problems},
    )


def union(run_sets: Sequence[RunSet]) -> RunSet:
    """Merge sets of runs into one that holds every run once.

    If a run was computed twice, a done computation is preferred to a skipped one, and that to a
    failed one. Of two done computations the first is kept, or the only one that has per-example
    outcomes. Runs that were skipped for missing data are left out if another set has the problem.

    Raises:
        StudyError: If root seed, budget, precision, caps or protocol differ, if a problem has two
            hashes, or if there are two runs of one problem, algorithm and seed.
        StoreError: If two done computations of a run differ in more than costs and provenance.
    """
    rows = [run_set.rows() for run_set in run_sets]
    _check_settings(run_sets, rows)
    problems, hashes = _problems(run_sets)
    parts: dict[str, pa.Table] = {}
    kept: dict[str, Row] = {}
    origin: dict[str, str] = {}
    unavailable = 0
    costs: Counter[str] = Counter()
    for run_set, own in zip(run_sets, rows, strict=True):
        for run_id, row in own.items():
            found: str = row["problem_hash"]
            known = hashes.get(row["problem"], found)
            if found == UNAVAILABLE and known != UNAVAILABLE:
                unavailable += 1
                continue
            if found != known:
                raise _not_the_same(row["problem"], found, known, run_set.name)
            part = run_set.parts[run_id]
            if run_id in parts:
                names = (origin[run_id], run_set.name)
                costs.update(_other_costs(kept[run_id], row, names))
                if not _replaces(parts[run_id], part, names):
                    continue
            parts[run_id], kept[run_id], origin[run_id] = part, row, run_set.name
    _check_cells(kept, origin)
    notes = [f"{count} runs with equal results {which}" for which, count in costs.items()]
    if unavailable:
        notes.append(
            f"{unavailable} runs left out: skipped for missing data that another source has"
        )
    return RunSet(name="the union", parts=parts, problems=problems, notes=notes)


def subset(
    run_set: RunSet,
    *,
    problems: Collection[str] = (),
    algorithms: Collection[str] = (),
    seeds: Collection[int] = (),
) -> RunSet:
    """Return the runs of some problems, algorithms (or display names) and seeds.

    An empty argument selects all.

    Raises:
        UnknownNameError: If no run has one of the names; the message suggests the nearest.
        ParameterError: If no run has one of the seeds, or no run matches all three arguments.
    """
    rows = run_set.rows()
    _check_known("Problem", problems, [row["problem"] for row in rows.values()])
    shown = [row["display_name"] for row in rows.values()]
    _check_known("Algorithm", algorithms, shown + [row["algorithm"] for row in rows.values()])
    known = sorted({row["seed"] for row in rows.values()})
    for seed in seeds:
        if seed not in known:
            found = ", ".join(map(str, known))
            raise ParameterError(f"`seeds` must be among {found}. Found {seed}.")
    wanted = {
        run_id
        for run_id, row in rows.items()
        if (not problems or row["problem"] in problems)
        and (not algorithms or {row["display_name"], row["algorithm"]} & set(algorithms))
        and (not seeds or row["seed"] in seeds)
    }
    if not wanted:
        raise ParameterError(
            f"`{run_set.name}` must have a run with the selected problems, algorithms and seeds. "
            "Found none. Select fewer criteria."
        )
    left = {rows[run_id]["problem"] for run_id in wanted}
    return RunSet(
        name=run_set.name,
        parts={run_id: part for run_id, part in run_set.parts.items() if run_id in wanted},
        problems={name: table for name, table in run_set.problems.items() if name in left},
    )


def write(run_set: RunSet, folder: Path) -> None:
    """Write parts and problem tables, in the current schema, to an empty folder."""
    _write(run_set.parts.values(), run_set.problems.values(), folder)


def unpack(results: Results, directory: Path) -> Path:
    """Write a part per run, and the problem tables, to a new or empty directory.

    `fusefront run -o` with the same study then finds these runs there. The outcomes of runs from
    an archive are empty, since archives leave them out.

    Returns:
        The directory.

    Raises:
        StoreError: If the directory is not empty, or cannot be written.
    """
    with staged(directory) as folder:
        _write(part_tables(results), _problem_tables(results), folder)
    return directory


def _write(parts: Iterable[pa.Table], problems: Iterable[pa.Table], folder: Path) -> None:
    (folder / PARTS).mkdir()
    for part in parts:
        path = part_path(folder, part.column("run_id")[0].as_py())
        write_table(path, part, name="part")
    for table in problems:
        path = folder / PROBLEMS / f"{file_name(table.column('problem')[0].as_py())}.parquet"
        write_table(path, table, name="problems")


def _problem_tables(results: Results) -> list[pa.Table]:
    grouped = results.problems.groupby("problem", sort=False)
    return [from_frame(rows, "problems") for _, rows in grouped]


def _check_settings(run_sets: Sequence[RunSet], rows: Sequence[dict[str, Row]]) -> None:
    first: dict[str, tuple[Any, str]] = {}
    for run_set, own in zip(run_sets, rows, strict=True):
        for key, value in (setting for row in own.values() for setting in _settings(row)):
            known, name = first.setdefault(key, (value, run_set.name))
            if value != known:
                raise StudyError(
                    f"`{key}` must be the same in all sources of a merge, or their runs cannot be "
                    f"compared. Found {known} in `{name}` and {value} in `{run_set.name}`. "
                    "Merge them separately, or `fusefront export` both and compare the tables."
                )


def _settings(row: Row) -> Iterator[tuple[str, Any]]:
    """Yield the settings that all runs of a study share. Only done runs record all of them."""
    for key in ("root_seed", "budget_units", "protocol_version"):
        yield key, row[key]
    if row["status"] == "done":
        versions = json.loads(row["versions"])
        yield "precision", versions.get("fit", "float32")
        yield "caps", versions.get("caps", "only the budget")


def _problems(run_sets: Sequence[RunSet]) -> tuple[dict[str, pa.Table], dict[str, str]]:
    """Return tables and hashes by problem, from the first set that has it."""
    tables: dict[str, pa.Table] = {}
    hashes: dict[str, str] = {}
    for run_set in run_sets:
        for problem, found in run_set.hashes().items():
            tables.setdefault(problem, run_set.problems[problem])
            if found != hashes.setdefault(problem, found):
                raise _not_the_same(problem, found, hashes[problem], run_set.name)
    return tables, hashes


def _not_the_same(problem: str, found: str, known: str, name: str) -> StudyError:
    return StudyError(
        f"`{problem}` must be the same problem in all sources of a merge. Found hash {found[:8]} "
        f"in `{name}` and {known[:8]} elsewhere, so its experts or data differ. Leave it out with "
        "`fusefront split`."
    )


def _replaces(old: pa.Table, new: pa.Table, names: tuple[str, str]) -> bool:
    """Return whether a second computation of a run should replace the one that is kept."""
    ranks = [_PREFERRED.index(part.column("status")[0].as_py()) for part in (old, new)]
    if ranks[0] != ranks[1]:
        return ranks[1] < ranks[0]
    if ranks[0] != 0:
        return False
    (one,), (other,) = old.to_pylist(), new.to_pylist()
    without = [not one["outcomes"], not other["outcomes"]]
    differing = [
        column
        for column in PART.names
        if column not in _MEASURED
        and column not in _COUNTED
        and not (column == "outcomes" and any(without))
        and _comparable(one[column]) != _comparable(other[column])
    ]
    if differing:
        run = f"{one['problem']}, {one['display_name']}, seed {one['seed']}"
        raise StoreError(
            f"Run {one['run_id']} ({run}) must have the same results in `{names[0]}` and "
            f"`{names[1]}`. Found different {', '.join(differing)}{_size(one, other)}. Leave the "
            "run out of one of them with `fusefront split`."
        )
    return without[0] and not without[1]


def _other_costs(one: Row, other: Row, names: tuple[str, str]) -> Iterator[str]:
    """Yield what to note if two done computations of one run counted different costs."""
    differing = [column for column in _COUNTED if one[column] != other[column]]
    if differing and one["status"] == other["status"] == "done":
        yield (
            f"have other costs in `{names[1]}` than in `{names[0]}` ({', '.join(differing)}). "
            "Each run has those of the computation that is kept"
        )


def _size(one: Row, other: Row) -> str:
    """Describe how much two fronts of the same run differ, if they have the same points."""
    columns = ("value", "loss", "objective")
    fronts = [
        {(e["point"], e["task"], name): e[name] for e in row["fronts"] for name in columns}
        for row in (one, other)
    ]
    if fronts[0].keys() != fronts[1].keys():
        return ""
    gaps = [abs((fronts[0][key] or 0.0) - (fronts[1][key] or 0.0)) for key in fronts[0]]
    return f" (fronts by at most {max(gaps, default=0.0):.2g})"


def _comparable(value: Any) -> str:
    """Return the value as text without costs; in a text NaN equals itself."""
    if isinstance(value, list):
        value = [
            {key: v for key, v in entry.items() if key not in _MEASURED and key not in _COUNTED}
            if isinstance(entry, dict)
            else entry
            for entry in value
        ]
    return repr(value)


def _check_cells(rows: dict[str, Row], origin: dict[str, str]) -> None:
    """Refuse two runs with the same cell and seed, since an average would count both."""
    cells: dict[tuple[str, str, int], str] = {}
    for run_id, row in rows.items():
        cell = (row["problem"], row["display_name"], row["seed"])
        other = cells.setdefault(cell, run_id)
        if other != run_id:
            why = ", ".join(_differences(rows[other], row)) or "the code of a plug-in or the caps"
            raise StudyError(
                "Each combination of problem, algorithm and seed must have only one run. "
                f"Found two for {cell[0]}, {cell[1]}, seed {cell[2]}: {other} in "
                f"`{origin[other]}` and {run_id} in `{origin[run_id]}`, which differ in {why}. "
                "Exclude one of them with `fusefront split`."
            )


def _differences(one: Row, other: Row) -> Iterator[str]:
    for name in ("algorithm", "parameters", "problem_hash"):
        if one[name] != other[name]:
            yield name


def _check_known(kind: str, requested: Collection[str], known: list[str]) -> None:
    for name in requested:
        if name not in known:
            raise unknown_name(kind, name, list(dict.fromkeys(known)))
