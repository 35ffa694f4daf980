"""Before and after execution: prepare problems, plan a study, resume it, compact the tables."""

import contextlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

import numpy as np

from ...algorithms import ALGORITHMS
from ...algorithms.base import Algorithm
from ...errors import MissingDataError, PluginError
from ...problems.base import Anchors, Problem, Report
from ...results.directory.compaction import compact, discard_damaged, file_stats, unchanged
from ...results.directory.parts import (
    OUTDATED,
    check_writable,
    part_ids,
    part_path,
    set_aside,
    write_problem,
)
from ...results.directory.planned import run_status, run_statuses, write_planned
from ...results.directory.snapshot import Snapshot
from ...results.files.parquet import DamagedFileError, writing
from ...results.files.record import UNAVAILABLE, AnchorRow, ProblemFacts
from ...results.results import Results
from ..score.fingerprint import fingerprint
from ..score.scores import load_directory
from ..study.file import read_study, write_study
from ..study.problem_spec import ProblemSpec
from ..study.study import RunSpec, Study, keep_ids, merge_studies
from .leases import lock
from .outdated import explain

STUDY: Final = "study.toml"


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """The runs of a study and what is needed to compute them.

    Attributes:
        study: The study in canonical form.
        specs: Its runs.
        problem_hashes: Hash of each problem, by name.
        finished: Ids of runs that need not be computed. Failed runs are not among them.
        unavailable: Why problems that lack data or weights are skipped, by name.
        snapshot: State of the directory before this plan.
        set_aside: Damaged files, at their new paths.
        outdated: Parts that the directory's study no longer asks for, at their new paths.
        reasons: Why they are outdated: each reason with the number of parts.
    """

    study: Study
    specs: tuple[RunSpec, ...]
    problem_hashes: dict[str, str]
    finished: frozenset[str]
    unavailable: dict[str, str]
    snapshot: Snapshot
    set_aside: tuple[Path, ...]
    outdated: tuple[Path, ...]
    reasons: Mapping[str, int] = field(default_factory=dict)


def check_study(study: Study) -> Study:
    """Return the study in canonical form, after cheap checks that it can run.

    Raises:
        StudyError: If it has no runs, or a number is out of range.
        UnknownNameError: If a problem, algorithm or parameter is unknown.
        PluginError: If a plug-in does not inherit Algorithm or its `fit` has the wrong signature.
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
    """Expand the study, find out which runs exist, and write the problems' facts.

    Problems are prepared first. This can take long where experts are trained at first use; `report`
    receives a line at every stage. A problem whose data is missing stays in the study as
    unavailable.

    Raises:
        StoreError: If the directory cannot be written.
        IntegrityError: If a problem's weights are damaged.
        StudyError: If the directory has runs of another root seed, budget, precision or caps.
    """
    study = check_study(study)
    check_writable(directory)
    with lock(directory):
        return _plan(study, directory, report)


def _plan(study: Study, directory: Path, report: Report) -> Plan:
    frozen = directory / STUDY
    whole = study  # with everything that earlier studies of this directory asked for
    if frozen.exists():
        whole = merge_studies(read_study(frozen, ALGORITHMS), study)
    discard_damaged(directory)  # before the snapshot, which would read the damaged tables
    snapshot = Snapshot(directory)
    set_aside = snapshot.set_aside_damaged()
    hashes, unavailable = prepare(whole.problems, directory, report)
    existing = {*part_ids(directory), *outdated_ids(directory)}
    specs = tuple(keep_ids(study.expand(ALGORITHMS, hashes), existing))
    all_specs = keep_ids(whole.expand(ALGORITHMS, hashes), existing)
    write_study(frozen, whole)
    write_planned(directory, [spec.planned_row for spec in all_specs])
    outdated = tuple(_keep_only(directory, all_specs))
    return Plan(
        study=study,
        specs=specs,
        problem_hashes=hashes,
        finished=_finished(directory, specs, snapshot),
        snapshot=snapshot,
        unavailable=unavailable,
        set_aside=tuple(set_aside),
        outdated=outdated,
        reasons=explain(outdated, all_specs, hashes, ALGORITHMS) if outdated else {},
    )


def finish(directory: Path) -> Results:
    """Return the results of a directory with their scores, and write its compacted tables."""
    with lock(directory):
        snapshot = Snapshot(directory)
        results = load_directory(snapshot)
        compact(directory, results, snapshot.part_files, scorer=fingerprint())
    return results


def outdated_ids(directory: Path) -> set[str]:
    """Return the ids of outdated runs, which come back if a study asks for them again."""
    return {i for folder in OUTDATED for i in part_ids(directory, folder)}


def _finished(directory: Path, specs: Sequence[RunSpec], snapshot: Snapshot) -> frozenset[str]:
    """Return the runs that are done or skipped.

    Only parts that were written after the snapshot are opened: outdated runs that came back, or
    runs of another coordinator.
    """
    now = file_stats(directory)
    known = unchanged(now, snapshot.files)
    statuses = {
        run_id: word for run_id, (word, _) in run_statuses(snapshot).items() if run_id in known
    }
    wanted = {spec.run_id for spec in specs} & set(now.column("run_id").to_pylist())
    for run_id in wanted - statuses.keys():
        try:
            statuses[run_id], _ = run_status(directory, run_id)
        except DamagedFileError:  # an outdated part, which nothing has read since it was moved
            set_aside(part_path(directory, run_id))
    return frozenset(run_id for run_id in wanted if statuses.get(run_id) in {"done", "skipped"})


def _keep_only(directory: Path, specs: Sequence[RunSpec]) -> Iterator[Path]:
    """Move parts of other runs to `outdated/`, and bring back those that are wanted again."""
    wanted, existing = {spec.run_id for spec in specs}, set(part_ids(directory))
    for folder in OUTDATED:
        for run_id in sorted(wanted - existing):
            with contextlib.suppress(FileNotFoundError):
                (directory / folder / f"{run_id}.parquet").replace(part_path(directory, run_id))
    aside = directory / OUTDATED[0]
    for run_id in sorted(existing - wanted):
        target = aside / f"{run_id}.parquet"
        with writing(target):
            aside.mkdir(exist_ok=True)
            part_path(directory, run_id).replace(target)
        yield target


def prepare(
    problems: Sequence[ProblemSpec], directory: Path, report: Report
) -> tuple[dict[str, str], dict[str, str]]:
    """Prepare problems and write their facts.

    Args:
        problems: The problems.
        directory: The run directory.
        report: Receives a line at every stage of work that is done at first use.

    Returns:
        The hash of each problem, and why some are unavailable, both by name.
    """
    hashes, unavailable = {}, {}
    for spec in problems:
        try:
            hashes[spec.name] = _write_facts(spec, directory, report)
        except MissingDataError as reason:
            hashes[spec.name] = UNAVAILABLE
            unavailable[spec.name] = str(reason)
    return hashes, unavailable


def _write_facts(spec: ProblemSpec, directory: Path, report: Report) -> str:
    problem = spec.load()
    problem.prepare(report)
    facts = ProblemFacts(
        problem=spec.name,
        problem_hash=problem.hash(),
        labels=json.dumps(dict(spec.entry.labels), sort_keys=True),
        anchors=anchor_rows(problem),
    )
    write_problem(directory, facts)
    return facts.problem_hash


def anchor_rows(problem: Problem) -> list[AnchorRow]:
    """Return the anchors on test: pretrained model, each expert on each task, simple average."""
    anchors = problem.anchors("test")
    models = [("pretrained", anchors.pretrained, anchors.pretrained_loss)]
    models += zip(problem.tasks, anchors.experts, anchors.experts_loss, strict=True)
    if anchors.average is not None and anchors.average_loss is not None:
        models.append(("average", anchors.average, anchors.average_loss))
    return [
        row
        for model, values, losses in models
        for row in _model_rows(model, problem.tasks, anchors, values, losses)
    ]


def _model_rows(
    model: str, tasks: Sequence[str], anchors: Anchors, values: np.ndarray, losses: np.ndarray
) -> Iterator[AnchorRow]:
    for i, task in enumerate(tasks):
        yield AnchorRow(
            model=model,
            task=task,
            value=float(values[i]),
            loss=float(losses[i]),
            n=int(anchors.n[i]),
            resolution=_finite(anchors.resolution[i]) if model == task else None,
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
