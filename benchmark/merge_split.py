"""Merge and split run directories, together with their studies."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

from ..algorithms import ALGORITHMS
from ..errors import FusefrontError, ParameterError
from ..results.directory.planned import PLANNED, read_planned, write_planned
from ..results.files.parquet import check_outside, staged
from ..results.files.record import UNAVAILABLE
from ..results.load import open_results
from ..results.merge import RunSet, read_run_set, subset, union, write
from .run.plan import STUDY, finish
from .study.file import read_study, write_study
from .study.study import RunSpec, Study, keep_ids, merge_studies
from .study.trust import check_trusted

PlannedRow = tuple[str, str, str, int]

_NO_STUDY: Final = f"no source has a `{STUDY}`"
_TRUST: Final = "If you trust it, pass `--trust`."


class Made(NamedTuple):
    """A directory that was written: its number of runs, and notes for the user."""

    runs: int
    notes: list[str]


class _Source(NamedTuple):
    run_set: RunSet
    study: Study | str | None  # a text says why the study cannot be read
    planned: list[PlannedRow]


def merge(sources: Sequence[str | Path], output: Path, *, trust: bool = False) -> Made:
    """Write a run directory with all runs of several run directories, archives, files or `NAME!`.

    Its study is the smallest that contains the sources' studies, if every run belongs to it;
    otherwise the directory has no study. `results.merge.union` says which of several computations
    of a run is kept.

    Args:
        sources: The results to merge.
        output: The run directory to create.
        trust: Allows the import of the Python files that the studies name. Otherwise a study that
            names any is not read.

    Raises:
        StudyError: If the runs cannot be in one table.
        StoreError: If a file is damaged, a run has two different results, or `output` exists and is
            not empty.
    """
    if not sources:
        raise ParameterError("`sources` must name the results to merge. Found none.")
    check_outside(output, [Path(source) for source in sources])
    with staged(output) as folder:
        found = [_read(source, trust=trust) for source in sources]
        run_set = union([source.run_set for source in found])
        studies = [source.study for source in found if source.study is not None]
        planned = [row for source in found for row in source.planned]
        nothing: Study | str = _NO_STUDY
        return _make(run_set, reduce(_product, studies, nothing), planned, folder)


def split(
    source: str | Path,
    output: Path,
    *,
    problems: Collection[str] = (),
    algorithms: Collection[str] = (),
    seeds: Collection[int] = (),
    trust: bool = False,
) -> Made:
    """Write a run directory with the runs of some problems, algorithms and seeds.

    Algorithms may be given by name or by display name. `trust` is the same as for `merge`.

    Raises:
        UnknownNameError: If no run has one of the names.
        ParameterError: If no run meets all conditions.
        StoreError: If a file is damaged, or `output` exists and is not empty.
    """
    check_outside(output, [Path(source)])
    with staged(output) as folder:
        found = _read(source, trust=trust)
        run_set = subset(found.run_set, problems=problems, algorithms=algorithms, seeds=seeds)
        rows = run_set.rows().values()
        kept = {(row["problem"], row["display_name"]) for row in rows}
        planned = [
            row
            for row in found.planned
            if (row[1], row[2]) in kept and (not seeds or row[3] in seeds)
        ]
        study = found.study or _NO_STUDY
        if isinstance(study, Study):
            study = _part_of(study, kept, seeds)
        return _make(run_set, study, planned, folder)


def _read(source: str | Path, *, trust: bool) -> _Source:
    with open_results(source) as folder:
        run_set = read_run_set(folder, str(source))
        planned = read_planned(folder) if (folder / PLANNED).exists() else _as_planned(run_set)
        study: Study | str | None = None
        if (folder / STUDY).exists():
            try:
                if not trust:
                    check_trusted(folder / STUDY, (), _TRUST)
                study = read_study(folder / STUDY, ALGORITHMS)
            except FusefrontError as error:  # for instance a plug-in that no longer exists
                study = str(error)
    return _Source(run_set, study, planned)


def _product(one: Study | str, other: Study | str) -> Study | str:
    """Return the study that contains both, or the reason why they cannot be merged."""
    if isinstance(one, Study) and isinstance(other, Study):
        return merge_studies(one, other)
    return other if one == _NO_STUDY or isinstance(other, str) else one


def _make(run_set: RunSet, study: Study | str, planned: Iterable[PlannedRow], folder: Path) -> Made:
    """Write a run directory to an empty folder."""
    write(run_set, folder)
    specs = study if isinstance(study, str) else _runs_of(study, run_set)
    notes = list(run_set.notes)
    if isinstance(study, Study) and not isinstance(specs, str):
        write_study(folder / STUDY, study)
        write_planned(folder, [spec.planned_row for spec in specs])
        missing = len(specs) - len(run_set.parts)
        if missing:
            notes.append(
                f"{missing} runs of the study are missing. "
                f"`fusefront run DIR/{STUDY} -o DIR` computes them"
            )
    else:
        rows = {row[0]: row for row in [*planned, *_as_planned(run_set)]}
        write_planned(folder, rows.values())
        why = f"no `{STUDY}` was written: {specs}".rstrip(".")
        notes.append(f"{why}. `fusefront run -o` would move runs that its study lacks aside")
    finish(folder)
    return Made(len(run_set.parts), notes)


def _runs_of(study: Study, run_set: RunSet) -> list[RunSpec] | str:
    """Return the runs of a study, or why these runs do not belong to it."""
    hashes = run_set.hashes()
    try:
        known = {spec.name: hashes.get(spec.name, UNAVAILABLE) for spec in study.problems}
        specs = keep_ids(study.expand(ALGORITHMS, known), run_set.parts)
    except FusefrontError as error:
        return str(error)
    others = set(run_set.parts) - {spec.run_id for spec in specs}
    if others:
        return (
            f"{len(others)} runs, such as {min(others)}, do not belong to the study as it would be "
            "computed now: defaults, code or experts have changed since"
        )
    return specs


def _part_of(
    study: Study, kept: Collection[tuple[str, str]], seeds: Collection[int]
) -> Study | str:
    """Return the study of some pairs of problem and display name, if there is one."""
    if sorted(seeds) != list(range(len(seeds))):
        return "the seeds of a study are 0, 1, 2 and so on"
    names = {problem for problem, _ in kept}
    shown = {name for _, name in kept}
    part = dataclasses.replace(
        study,
        problems=tuple(spec for spec in study.problems if spec.name in names),
        algorithms=tuple(spec for spec in study.algorithms if spec.display_name in shown),
        seeds=len(seeds) or study.seeds,
    )
    return dataclasses.replace(part, resources=study.resources.only(part.names()))


def _as_planned(run_set: RunSet) -> list[PlannedRow]:
    return [
        (run_id, row["problem"], row["display_name"], row["seed"])
        for run_id, row in run_set.rows().items()
    ]
