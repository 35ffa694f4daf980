"""Sets of runs: read from anywhere, united, narrowed, and written as a run directory."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa

from ..errors import ParameterError, StoreError, StudyError
from ..registry import unknown_name
from .directory.parts import PARTS, PROBLEMS, part_path, read_parts, read_problems
from .directory.planned import display_names, renamed
from .files.parquet import file_name, write_table
from .files.record import UNAVAILABLE
from .files.schema import PART, TABLES, from_frame
from .load import read
from .reshape import part_tables

_MEASURED: Final = frozenset(
    (
        *("wall_seconds", "load_seconds", "rehearsal_seconds", "score_seconds", "peak_bytes"),
        *("rss_bytes", "energy_joules"),
        *("versions", "machine", "threads", "device", "started", "display_name"),
    )
)
"""Columns that two computations of one run may differ in: times, costs, where, and its name."""

_PREFERRED: Final = ("done", "skipped", "failed")

Row = dict[str, Any]


@final
@dataclass(frozen=True, kw_only=True)
class Holding:
    """Runs and problems, without their files.

    Args:
        name: Where they are from, for messages.
        parts: By run id, the one-row tables, with the display names of today.
        problems: By problem, its table.
        notes: What was left out or replaced when it was made.
    """

    name: str
    parts: dict[str, pa.Table]
    problems: dict[str, pa.Table]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, Row]:
        """Columns of `runs` by run id."""
        names = TABLES["runs"].names
        return {run_id: part.select(names).to_pylist()[0] for run_id, part in self.parts.items()}

    def hashes(self) -> dict[str, str]:
        """The hash of every problem that has a table."""
        return {
            problem: table.column("problem_hash")[0].as_py()
            for problem, table in self.problems.items()
        }


def held(folder: Path, name: str) -> Holding:
    """What a run directory, or the folder of an archive, holds; what was superseded is left out.

    Raises:
        StoreError: If there are no results, or a file is not whole; it is named.
    """
    if (folder / PARTS).is_dir():
        names = display_names(folder)
        tables = [renamed(part, names) for part in read_parts(folder)]
        problems = read_problems(folder)
    else:
        results = read(folder)
        tables = list(part_tables(results))
        grouped = results.problems.groupby("problem", sort=False)
        problems = [from_frame(rows, "problems") for _, rows in grouped]
    return Holding(
        name=name,
        parts={table.column("run_id")[0].as_py(): table for table in tables},
        problems={table.column("problem")[0].as_py(): table for table in problems},
    )


def union(holdings: Sequence[Holding]) -> Holding:
    """All runs of all holdings, equal ids once.

    Of two computations of a run a done one is kept before a skipped, and that before a failed one;
    of two equal ones the first, or the one with per-example outcomes. Runs that were skipped
    because data was missing are left out where another holding has the problem.

    Raises:
        StudyError: If seed, budget, precision or protocol differ, or a problem is not the same, or
            one problem, algorithm and seed has two runs.
        StoreError: If two done computations of a run differ in more than times and provenance.
    """
    rows = [holding.rows() for holding in holdings]
    _check_settings(holdings, rows)
    problems, hashes = _problems(holdings)
    parts: dict[str, pa.Table] = {}
    kept: dict[str, Row] = {}
    origin: dict[str, str] = {}
    lacking = 0
    for holding, own in zip(holdings, rows, strict=True):
        for run_id, row in own.items():
            found: str = row["problem_hash"]
            known = hashes.get(row["problem"], found)
            if found == UNAVAILABLE and known != UNAVAILABLE:
                lacking += 1
                continue
            if found != known:
                raise _not_the_same(row["problem"], found, known, holding.name)
            part = holding.parts[run_id]
            if run_id in parts and not _replaces(
                parts[run_id], part, (origin[run_id], holding.name)
            ):
                continue
            parts[run_id], kept[run_id], origin[run_id] = part, row, holding.name
    _check_cells(kept, origin)
    notes = [f"{lacking} runs left out: skipped for want of data that is there"] if lacking else []
    return Holding(name="the union", parts=parts, problems=problems, notes=notes)


def narrowed(
    holding: Holding,
    *,
    problems: Collection[str] = (),
    algorithms: Collection[str] = (),
    seeds: Collection[int] = (),
) -> Holding:
    """The runs of some problems, algorithms (or display names) and seeds; of all if none is named.

    Raises:
        UnknownNameError: If no run has a name; the nearest is told.
        ParameterError: If no run has a seed, or none has all that is asked for.
    """
    rows = holding.rows()
    _check_known("Problem", problems, [row["problem"] for row in rows.values()])
    shown = [row["display_name"] for row in rows.values()]
    _check_known("Algorithm", algorithms, shown + [row["algorithm"] for row in rows.values()])
    there = sorted({row["seed"] for row in rows.values()})
    for seed in seeds:
        if seed not in there:
            found = ", ".join(map(str, there))
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
            f"`{holding.name}` must have a run of what is asked for. Found none of these problems "
            "with these algorithms and seeds."
        )
    left = {rows[run_id]["problem"] for run_id in wanted}
    return Holding(
        name=holding.name,
        parts={run_id: part for run_id, part in holding.parts.items() if run_id in wanted},
        problems={name: table for name, table in holding.problems.items() if name in left},
    )


def write(holding: Holding, folder: Path) -> None:
    """Write parts and problem tables, in the schema of today, to an empty folder."""
    (folder / PARTS).mkdir()
    for run_id, part in holding.parts.items():
        write_table(part_path(folder, run_id), part, name="part")
    for problem, table in holding.problems.items():
        path = folder / PROBLEMS / f"{file_name(problem)}.parquet"
        write_table(path, table, name="problems")


def _check_settings(holdings: Sequence[Holding], rows: Sequence[dict[str, Row]]) -> None:
    first: dict[str, tuple[Any, str]] = {}
    for holding, own in zip(holdings, rows, strict=True):
        for key, value in (setting for row in own.values() for setting in _settings(row)):
            known, name = first.setdefault(key, (value, holding.name))
            if value != known:
                raise StudyError(
                    f"`{key}` must be the same in all that is merged: other runs cannot be "
                    f"compared. Found {known} in `{name}` and {value} in `{holding.name}`. "
                    "Merge them apart, or `fusefront export` and compare the tables."
                )


def _settings(row: Row) -> Iterator[tuple[str, Any]]:
    """What all runs of a study share; those that did not end well do not tell all."""
    for key in ("root_seed", "budget_units", "protocol_version"):
        yield key, row[key]
    if row["status"] == "done":
        told = json.loads(row["versions"])
        yield "precision", told.get("fit", "float32")
        yield "caps", told.get("caps", "none but the budget")


def _problems(holdings: Sequence[Holding]) -> tuple[dict[str, pa.Table], dict[str, str]]:
    """The tables and hashes of all problems, each the first that is found."""
    tables: dict[str, pa.Table] = {}
    hashes: dict[str, str] = {}
    for holding in holdings:
        for problem, found in holding.hashes().items():
            tables.setdefault(problem, holding.problems[problem])
            if found != hashes.setdefault(problem, found):
                raise _not_the_same(problem, found, hashes[problem], holding.name)
    return tables, hashes


def _not_the_same(problem: str, found: str, known: str, name: str) -> StudyError:
    return StudyError(
        f"`{problem}` must be the same problem in all that is merged. Found the hash {found[:8]} "
        f"in `{name}`, {known[:8]} elsewhere: other experts or data. Leave it out with "
        "`fusefront split`."
    )


def _replaces(old: pa.Table, new: pa.Table, names: tuple[str, str]) -> bool:
    """Whether another computation of a run is better than the one that is kept."""
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
        and not (column == "outcomes" and any(without))
        and _comparable(one[column]) != _comparable(other[column])
    ]
    if differing:
        run = f"{one['problem']}, {one['display_name']}, seed {one['seed']}"
        raise StoreError(
            f"Run {one['run_id']} ({run}) must have the same results in `{names[0]}` and "
            f"`{names[1]}`. Found others in {', '.join(differing)}{_size(one, other)}. Leave it "
            "out of one of them with `fusefront split`."
        )
    return without[0] and not without[1]


def _size(one: Row, other: Row) -> str:
    """How far the fronts of two computations are apart, if they are of the same points."""
    columns = ("value", "loss", "objective")
    fronts = [
        {(e["point"], e["task"], name): e[name] for e in row["fronts"] for name in columns}
        for row in (one, other)
    ]
    if fronts[0].keys() != fronts[1].keys():
        return ""
    gaps = [abs((fronts[0][key] or 0.0) - (fronts[1][key] or 0.0)) for key in fronts[0]]
    return f" (fronts by {max(gaps, default=0.0):.2g} at most)"


def _comparable(value: Any) -> str:
    """A text by which NaN is equal to itself, without times."""
    if isinstance(value, list):
        value = [
            {key: v for key, v in entry.items() if key not in _MEASURED}
            if isinstance(entry, dict)
            else entry
            for entry in value
        ]
    return repr(value)


def _check_cells(rows: dict[str, Row], origin: dict[str, str]) -> None:
    """No average may count a seed twice."""
    cells: dict[tuple[str, str, int], str] = {}
    for run_id, row in rows.items():
        cell = (row["problem"], row["display_name"], row["seed"])
        other = cells.setdefault(cell, run_id)
        if other != run_id:
            why = ", ".join(_differences(rows[other], row)) or "the code of a plug-in, or caps"
            raise StudyError(
                "A problem, algorithm and seed must have one run. "
                f"Found two of {cell[0]}, {cell[1]}, seed {cell[2]}: {other} in "
                f"`{origin[other]}` and {run_id} in `{origin[run_id]}`, which differ in {why}. "
                "Leave one out with `fusefront split`."
            )


def _differences(one: Row, other: Row) -> Iterator[str]:
    for name in ("algorithm", "parameters", "problem_hash"):
        if one[name] != other[name]:
            yield name


def _check_known(kind: str, asked: Collection[str], known: list[str]) -> None:
    for name in asked:
        if name not in known:
            raise unknown_name(kind, name, list(dict.fromkeys(known)))
