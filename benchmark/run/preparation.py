"""Preparing problems before their runs: training at first use, hashes, and the facts of each."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import MissingDataError
from ...problems.base import Anchors, Problem, Report
from ...results.directory.parts import write_problem
from ...results.files.record import UNAVAILABLE, AnchorRow, ProblemFacts
from ..study.problem_spec import ProblemSpec


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
