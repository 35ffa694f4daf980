"""Running a study: plan, skip what is there, execute the rest, compact the tables."""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np

from ..algorithms import ALGORITHMS
from ..problems import PROBLEMS
from ..problems.base import Anchors, Problem
from ..results.record import AnchorRow, ProblemFacts
from ..results.results import Results, compact, read
from ..results.store import (
    PARTS,
    check_writable,
    part_ids,
    read_part,
    set_aside_damaged,
    write_part,
    write_problem,
)
from . import provenance
from .errors import StudyError
from .executor import Started, execute
from .scores import derive_scores
from .study import RunSpec, Study, merge_studies
from .study_file import read_study, write_study

STUDY: Final = "study.toml"


@final
@dataclass(frozen=True, kw_only=True)
class Progress:
    """What just happened to a run: `running`, or its end: done, cached, skipped or failed."""

    spec: RunSpec
    status: str
    reason: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """The runs of a study and what is needed to compute them.

    `finished` are the ids of runs that need not be computed; failed ones are tried again.
    """

    study: Study
    specs: tuple[RunSpec, ...]
    problem_hashes: dict[str, str]
    finished: frozenset[str]
    set_aside: tuple[Path, ...]


def check_study(study: Study) -> None:
    """Refuse a study that cannot run, before anything heavy.

    Raises:
        StudyError: If it has no runs.
        UnknownNameError: If a problem or algorithm is not registered.
    """
    if study.seeds < 1 or not study.problems or not study.algorithms:
        raise StudyError(
            "A study must have a problem, an algorithm and a seed at least. "
            f"Found {len(study.problems)}, {len(study.algorithms)} and {study.seeds}."
        )
    for problem in study.problems:
        PROBLEMS[problem]
    for spec in study.algorithms:
        ALGORITHMS[spec.name]


def plan(study: Study, directory: Path) -> Plan:
    """Expand the study, look at what the directory has, and write the problems' facts there.

    Raises:
        StoreError: If the directory cannot be written.
        IntegrityError: If a problem's weights are damaged.
        StudyError: If the directory holds runs of another seed or budget.
    """
    check_study(study)
    check_writable(directory)
    frozen = directory / STUDY
    whole = study
    if frozen.exists():
        whole = merge_studies(read_study(frozen, ALGORITHMS), study)
    set_aside = set_aside_damaged(directory)
    hashes = {name: _write_facts(name, directory) for name in study.problems}
    specs = tuple(study.expand(ALGORITHMS, hashes))
    write_study(frozen, whole)
    return Plan(
        study=study,
        specs=specs,
        problem_hashes=hashes,
        finished=_finished(directory, specs),
        set_aside=tuple(set_aside),
    )


def run_plan(planned: Plan, directory: Path, *, jobs: int) -> Generator[Progress]:
    """Execute a plan, telling what happens; closing the iterator stops the workers.

    A worker that dies leaves a failed row; nothing else stops the others.
    """
    pending = []
    for spec in planned.specs:
        if spec.run_id in planned.finished:
            yield Progress(spec=spec, status="cached")
        else:
            pending.append(spec)
    for event in execute(pending, planned.problem_hashes, directory, jobs):
        if isinstance(event, Started):
            yield Progress(spec=event.spec, status="running")
            continue
        if event.exit_code != 0:
            _record_loss(event.spec, planned.problem_hashes, directory, event.exit_code)
        yield _ended(event.spec, directory)


def finish(directory: Path) -> Results:
    """The results of a directory with their scores, also written as compacted tables."""
    results = load(directory)
    compact(directory, results)
    return results


def load(path: Path) -> Results:
    """The tables of a run directory or an archive, with scores derived from raw objectives.

    Raises:
        StoreError: If there are no results, or a file of them is damaged; it is named.
    """
    results = read(path)
    return results.with_scores(derive_scores(results))


def frozen_runs(directory: Path) -> list[RunSpec]:
    """The runs of the study that a directory was made with.

    Raises:
        StudyError: If the directory has no study.
    """
    path = directory / STUDY
    if not path.exists():
        raise StudyError(f"`{directory}` must have a `{STUDY}`. Found none. Begin one with `run`.")
    study = read_study(path, ALGORITHMS)
    hashes = {name: PROBLEMS[name].load()().hash() for name in study.problems}
    return study.expand(ALGORITHMS, hashes)


def _write_facts(name: str, directory: Path) -> str:
    entry = PROBLEMS[name]
    problem = entry.load()()
    facts = ProblemFacts(
        problem=name,
        problem_hash=problem.hash(),
        labels=json.dumps(dict(entry.labels), sort_keys=True),
        anchors=anchor_rows(problem),
    )
    write_problem(directory, facts)
    return facts.problem_hash


def anchor_rows(problem: Problem) -> list[AnchorRow]:
    """The problem's own models on test: pretrained, each expert on each task, simple average."""
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
            resolution=float(anchors.resolution[i]) if model == task else None,
        )


def _finished(directory: Path, specs: Sequence[RunSpec]) -> frozenset[str]:
    wanted = {spec.run_id for spec in specs} & set(part_ids(directory))
    return frozenset(run_id for run_id in wanted if _status(directory, run_id)[0] != "failed")


def _status(directory: Path, run_id: str) -> tuple[str, str]:
    row = read_part(directory / PARTS / f"{run_id}.parquet")
    (facts,) = row.select(["status", "reason", "error_class", "error_message"]).to_pylist()
    reason = facts["reason"] or ""
    if facts["error_class"]:
        reason = f"{facts['error_class']}: {facts['error_message']}"
    return facts["status"], reason


def _ended(spec: RunSpec, directory: Path) -> Progress:
    status, reason = _status(directory, spec.run_id)
    return Progress(spec=spec, status=status, reason=reason)


def _record_loss(spec: RunSpec, hashes: dict[str, str], directory: Path, exit_code: int) -> None:
    from .run import make_record

    cause = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    hint = " Signal 9 is often the system's answer to too little memory." if exit_code == -9 else ""
    facts = {
        "status": "failed",
        "error_class": "WorkerLost",
        "error_message": f"The worker process ended by {cause} before its part was written.{hint}",
        "started": provenance.now(),
    }
    write_part(directory, make_record(spec, hashes[spec.problem], facts))
