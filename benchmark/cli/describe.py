"""What `fusefront info` prints of each kind of entry."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...metrics.base import needs
from ...problems.base import Anchors, Problem
from ...problems.experts import ExpertPool
from ...results.references import load_reference
from ..registry import Entry
from ..suites import Suite


def head(kind: str, entry: Entry[Any]) -> str:
    """Name, summary, labels, source."""
    lines = [f"{entry.name} ({kind[:-1]})", f"  {entry.summary}"]
    lines += [f"  {key}: {value}" for key, value in entry.labels.items()]
    lines.append(f"  source: {entry.source or 'not stated'}")
    if entry.file is not None:
        lines.append(f"  file: {entry.file}")
    return "\n".join(lines)


def algorithms(entry: Entry[type]) -> str:
    """Hyper-parameters with defaults, and the docstring that explains them."""
    algorithm = entry.load()
    lines = ["hyper-parameters"]
    lines += [f"  {f.name} = {f.default!r}" for f in dataclasses.fields(algorithm)]
    if len(lines) == 1:
        lines.append("  none")
    return "\n".join([*lines, "", inspect.getdoc(algorithm) or ""])


def metrics(entry: Entry[Any]) -> str:
    """What the metric needs, and its docstring."""
    metric = entry.load()
    wanted = ", ".join(sorted(needs(metric))) or "the points only"
    return f"  needs: {wanted}\n\n{inspect.getdoc(metric) or ''}"


def suites(entry: Entry[Suite]) -> str:
    """Problems, algorithms, seeds, budget."""
    suite = entry.load()
    runs = len(suite.problems) * len(suite.algorithms) * suite.seeds
    seeds = "seed" if suite.seeds == 1 else "seeds"
    return "\n".join(
        [
            f"  {runs} runs: {suite.seeds} {seeds}, {suite.budget or 'no'} units a fit at most",
            f"  problems ({len(suite.problems)}): {', '.join(suite.problems)}",
            f"  algorithms ({len(suite.algorithms)}): {', '.join(suite.algorithms)}",
        ]
    )


def problems(entry: Entry[Callable[[], Problem]]) -> str:
    """Anchors on test with their normalised objectives, resolution, and conflict."""
    problem = entry.load()()
    anchors = problem.anchors("test")
    pool = problem.pool()
    front = load_reference(entry.name)
    return "\n".join(
        [
            f"  hash: {problem.hash()}",
            f"  parameters: {pool.layout.size:,} a model, {len(pool)} experts",
            f"  reference front: {front or 'none'}",
            "",
            *_anchor_table(problem.tasks, anchors),
            "",
            *_cosine_table(pool),
        ]
    )


def _anchor_table(tasks: tuple[str, ...], anchors: Anchors) -> list[str]:
    rows: list[tuple[str, np.ndarray]] = [("pretrained", anchors.pretrained)]
    rows += [
        (f"expert {task}", values) for task, values in zip(tasks, anchors.experts, strict=True)
    ]
    if anchors.average is not None:
        rows.append(("simple average", anchors.average))
    width = max(len(name) for name, _ in rows)
    error = np.sqrt(anchors.expert * (1 - anchors.expert) / anchors.n)

    def line(name: str, cells: list[str]) -> str:
        return f"  {name:<{width}}" + "".join(f"  {cell:>15}" for cell in cells)

    lines = ["test accuracy (g: 0 at the task's expert, 1 at the pretrained model)"]
    lines.append(line("", list(tasks)))
    for name, values in rows:
        cells = zip(values, anchors.objectives(values) + 0.0, strict=True)
        lines.append(line(name, [f"{value:.4f} ({g:+.2f})" for value, g in cells]))
    lines.append(line("examples", [f"{n:,}" for n in anchors.n]))
    lines.append(line("standard error", [f"{e:.4f}" for e in error]))
    lines.append(line("resolution", [f"{r:.1f}" for r in anchors.resolution]))
    return lines


def _cosine_table(pool: ExpertPool) -> list[str]:
    vectors = pool.task_vectors.double().numpy()
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors.T / np.outer(lengths, lengths)
    ratio = lengths / float(pool.base.double().norm())
    width = max(len(name) for name in pool.names)
    lines = ["cosines of the task vectors, and their length over the base model's"]
    for name, row, length in zip(pool.names, cosines, ratio, strict=True):
        cells = "".join(f"  {c:+.3f}" for c in row)
        lines.append(f"  {name:<{width}}{cells}  | {length:.3f}")
    return lines
