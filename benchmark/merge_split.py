"""Merging and splitting run directories: the runs, and the study that they are of."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

from ..algorithms import ALGORITHMS
from ..errors import FusefrontError, ParameterError
from ..results.directory.planned import PLANNED, read_planned, write_planned
from ..results.files.atomic import check_outside, staged
from ..results.files.record import UNAVAILABLE
from ..results.load import open_results
from ..results.merge import RunSet, read_run_set, subset, union, write
from .run import plan as runner
from .study.file import read_study, write_study
from .study.problem_spec import ProblemSpec
from .study.study import RunSpec, Study, merge_studies

PlannedRow = tuple[str, str, str, int]

_NO_STUDY: Final = f"no source has a `{runner.STUDY}`"


class Made(NamedTuple):
    """A directory that was made: how many runs it holds, and what its maker should know."""

    runs: int
    notes: list[str]


class _Source(NamedTuple):
    holding: RunSet
    study: Study | str | None  # or why it cannot be read
    planned: list[PlannedRow]


def merge(sources: Sequence[str | Path], output: Path) -> Made:
    """Make a run directory of all runs of several run directories, archives, files or `NAME!`.

    Its study is the product of the sources' studies, if every run is of it; else it has none.
    See `results.merge.union` for which run is kept of several.

    Raises:
        StudyError: If their runs cannot be in one table.
        StoreError: If a file is damaged, a run has two results, or `output` is not new or empty.
    """
    if not sources:
        raise ParameterError("`sources` must name results to merge. Found none.")
    check_outside(output, [Path(source) for source in sources])
    with staged(output) as folder:
        found = [_read(source) for source in sources]
        holding = union([source.holding for source in found])
        studies = [source.study for source in found if source.study is not None]
        planned = [row for source in found for row in source.planned]
        nothing: Study | str = _NO_STUDY
        return _make(holding, reduce(_product, studies, nothing), planned, folder)


def split(
    source: str | Path,
    output: Path,
    *,
    problems: Collection[str] = (),
    algorithms: Collection[str] = (),
    seeds: Collection[int] = (),
) -> Made:
    """Make a run directory of the runs of some problems, algorithms (or display names) and seeds.

    Raises:
        UnknownNameError: If no run has a name; the nearest is told.
        ParameterError: If no run is of all that is asked for.
        StoreError: If a file is damaged, or `output` is not new or empty.
    """
    check_outside(output, [Path(source)])
    with staged(output) as folder:
        found = _read(source)
        holding = subset(found.holding, problems=problems, algorithms=algorithms, seeds=seeds)
        rows = holding.rows().values()
        kept = {(row["problem"], row["display_name"]) for row in rows}
        planned = [
            row
            for row in found.planned
            if (row[1], row[2]) in kept and (not seeds or row[3] in seeds)
        ]
        study = found.study or _NO_STUDY
        if isinstance(study, Study):
            study = _part_of(study, kept, seeds)
        return _make(holding, study, planned, folder)


def _read(source: str | Path) -> _Source:
    with open_results(source) as folder:
        holding = read_run_set(folder, str(source))
        planned = read_planned(folder) if (folder / PLANNED).exists() else _as_planned(holding)
        study: Study | str | None = None
        if (folder / runner.STUDY).exists():
            try:
                study = read_study(folder / runner.STUDY, ALGORITHMS)
            except FusefrontError as error:  # such as a plug-in that has gone
                study = str(error)
    return _Source(holding, study, planned)


def _product(one: Study | str, other: Study | str) -> Study | str:
    """The study that holds both, or why there is none."""
    if isinstance(one, Study) and isinstance(other, Study):
        return merge_studies(one, other)
    return other if one == _NO_STUDY or isinstance(other, str) else one


def _make(
    holding: RunSet, study: Study | str, planned: Iterable[PlannedRow], folder: Path
) -> Made:
    """Write a run directory to an empty folder."""
    write(holding, folder)
    specs = study if isinstance(study, str) else _runs_of(study, holding)
    notes = list(holding.notes)
    if isinstance(study, Study) and not isinstance(specs, str):
        write_study(folder / runner.STUDY, study)
        write_planned(folder, [spec.planned_row for spec in specs])
        missing = len(specs) - len(holding.parts)
        if missing:
            notes.append(
                f"{missing} runs of the study are missing: "
                f"`fusefront run DIR/{runner.STUDY} -o DIR` computes them"
            )
    else:
        rows = {row[0]: row for row in [*planned, *_as_planned(holding)]}
        write_planned(folder, rows.values())
        why = f"no `{runner.STUDY}`: {specs}".rstrip(".")
        notes.append(f"{why}. `fusefront run -o` there moves runs of no new study aside")
    runner.finish(folder)
    return Made(len(holding.parts), notes)


def _runs_of(study: Study, holding: RunSet) -> list[RunSpec] | str:
    """The runs of a study, or why it is not that of these runs."""
    hashes = holding.hashes()
    try:
        names = [ProblemSpec.parse(text).name for text in study.problems]
        known = {name: hashes.get(name, UNAVAILABLE) for name in names}
        specs = study.expand(ALGORITHMS, known)
    except FusefrontError as error:
        return str(error)
    others = set(holding.parts) - {spec.run_id for spec in specs}
    if others:
        return (
            f"{len(others)} runs are none of the study's as it is computed today, such as "
            f"{min(others)}: defaults, code or experts have changed since"
        )
    return specs


def _part_of(
    study: Study, kept: Collection[tuple[str, str]], seeds: Collection[int]
) -> Study | str:
    """The study of some pairs of problem and display name, if these are a product."""
    if sorted(seeds) != list(range(len(seeds))):
        return "the seeds of a study start at 0"
    names = {problem for problem, _ in kept}
    shown = {name for _, name in kept}
    part = dataclasses.replace(
        study,
        problems=tuple(t for t in study.problems if ProblemSpec.parse(t).name in names),
        algorithms=tuple(spec for spec in study.algorithms if spec.display_name in shown),
        seeds=len(seeds) or study.seeds,
    )
    return dataclasses.replace(part, resources=study.resources.only(part.names()))


def _as_planned(holding: RunSet) -> list[PlannedRow]:
    return [
        (run_id, row["problem"], row["display_name"], row["seed"])
        for run_id, row in holding.rows().items()
    ]
