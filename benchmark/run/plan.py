"""Before and after a study is carried out: plan, see what is there, compact the tables."""

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from ...algorithms import ALGORITHMS
from ...algorithms.base import Algorithm
from ...errors import PluginError
from ...problems.base import Report
from ...results.directory.compaction import compact, discard_damaged, file_stats, unchanged
from ...results.directory.parts import check_writable, part_ids, part_path
from ...results.directory.planned import write_planned
from ...results.directory.snapshot import Snapshot
from ...results.directory.status import run_status, run_statuses
from ...results.results import Results
from ..score.fingerprint import scorer
from ..score.load import load_directory
from ..study.file import read_study, write_study
from ..study.study import RunSpec, Study, merge_studies
from .leases import lock
from .outdated import explain
from .preparation import prepare

STUDY: Final = "study.toml"
SUPERSEDED: Final = "superseded"


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """The runs of a study and what is needed to compute them.

    `finished` are the ids of runs that need not be computed; failed ones are tried again.
    `survey` is of the directory as the study found it.
    `unavailable` problems lack data or weights, each with the reason, and are skipped.
    `set_aside` are damaged files, `superseded` parts of runs that the directory's study no longer
    has, and `reasons` why, each with the number of its parts.
    """

    study: Study
    specs: tuple[RunSpec, ...]
    problem_hashes: dict[str, str]
    finished: frozenset[str]
    unavailable: dict[str, str]
    survey: Snapshot
    set_aside: tuple[Path, ...]
    superseded: tuple[Path, ...]
    reasons: Mapping[str, int] = field(default_factory=dict)


def check_study(study: Study) -> Study:
    """The study in its canonical form; one that cannot run is refused, before anything heavy.

    Raises:
        StudyError: If it has no runs, or a number is out of range.
        UnknownNameError: If a problem, algorithm or parameter is not known.
        PluginError: If a plug-in is no Algorithm with a `fit` as it must be.
    """
    study = study.canonical(ALGORITHMS)
    for spec in study.algorithms:
        _check_contract(spec.display_name, ALGORITHMS[spec.name].load())
    return study


def _check_contract(name: str, algorithm: type) -> None:
    if not issubclass(algorithm, Algorithm):
        raise PluginError(
            f"`{name}` must inherit fusefront.Algorithm. Found {algorithm.__mro__[1].__name__}."
        )
    signature = inspect.signature(algorithm.fit)
    try:
        signature.bind(None, None, generator=None)
    except TypeError:
        raise PluginError(
            f"`{name}` must have `fit(self, view, *, generator)`. Found `fit{signature}`."
        ) from None


def plan(study: Study, directory: Path, *, report: Report = lambda line: None) -> Plan:
    """Expand the study, look at what the directory has, and write the problems' facts there.

    Problems are prepared first, which can take long where experts are trained on first use; each
    stage is told to `report`. A problem whose data is missing stays in the study, unavailable.

    Raises:
        StoreError: If the directory cannot be written.
        IntegrityError: If a problem's weights are damaged.
        StudyError: If the directory holds runs of another seed or budget.
    """
    study = check_study(study)
    check_writable(directory)
    with lock(directory):
        return _plan(study, directory, report)


def _plan(study: Study, directory: Path, report: Report) -> Plan:
    frozen = directory / STUDY
    whole = study
    if frozen.exists():
        whole = merge_studies(read_study(frozen, ALGORITHMS), study)
    discard_damaged(directory)
    survey = Snapshot(directory)
    set_aside = survey.set_aside_damaged()
    hashes, unavailable = prepare(whole.problems, directory, report)
    specs = tuple(study.expand(ALGORITHMS, hashes))
    all_specs = whole.expand(ALGORITHMS, hashes)
    write_study(frozen, whole)
    write_planned(directory, [spec.planned_row for spec in all_specs])
    superseded = tuple(_keep_only(directory, all_specs))
    return Plan(
        study=study,
        specs=specs,
        problem_hashes=hashes,
        finished=_finished(directory, specs, survey),
        survey=survey,
        unavailable=unavailable,
        set_aside=tuple(set_aside),
        superseded=superseded,
        reasons=explain(superseded, all_specs, hashes, ALGORITHMS),
    )


def finish(directory: Path) -> Results:
    """The results of a directory with their scores, also written as compacted tables."""
    with lock(directory):
        survey = Snapshot(directory)
        results = load_directory(survey)
        compact(directory, results, survey.part_files, scorer=scorer())
    return results


def _finished(directory: Path, specs: Sequence[RunSpec], survey: Snapshot) -> frozenset[str]:
    """Runs that are done or skipped; parts written since the survey are opened."""
    now = file_stats(directory)
    known = unchanged(now, survey.files)
    words = {run_id: word for run_id, (word, _) in run_statuses(survey).items() if run_id in known}
    wanted = {spec.run_id for spec in specs} & set(now.column("run_id").to_pylist())
    for run_id in wanted - words.keys():
        words[run_id], _ = run_status(directory, run_id)
    return frozenset(run_id for run_id in wanted if words[run_id] in {"done", "skipped"})


def _keep_only(directory: Path, specs: Sequence[RunSpec]) -> Iterator[Path]:
    """Move parts of other runs to `superseded/`, and bring back those wanted again."""
    wanted, there = {spec.run_id for spec in specs}, set(part_ids(directory))
    aside = directory / SUPERSEDED
    for run_id in sorted(wanted - there):
        with contextlib.suppress(FileNotFoundError):
            (aside / f"{run_id}.parquet").replace(part_path(directory, run_id))
    for run_id in sorted(there - wanted):
        aside.mkdir(exist_ok=True)
        yield part_path(directory, run_id).replace(aside / f"{run_id}.parquet")
