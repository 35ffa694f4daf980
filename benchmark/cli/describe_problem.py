"""What `fusefront info` prints of a problem: anchors on test, resolution, and conflict."""

from dataclasses import replace

import numpy as np
import torch

from ...errors import UnknownNameError
from ...problems.base import Anchors, Problem
from ...problems.cache import cache_directory, cached_json
from ...problems.experts import Coefficients, ExpertPool
from ...problems.family import one_thread
from ...results.references import load_reference
from ..score.derive import REF_POINTS
from ..study.problem_spec import ProblemSpec
from .describe import head

COEFFICIENTS = tuple(round(0.1 * k, 1) for k in range(11))
"""Equal coefficients of all task vectors that are tried for the best constant merge."""


def is_problem(text: str) -> bool:
    """Whether `ProblemSpec.parse` knows it; other mistakes than an unknown name are raised."""
    try:
        ProblemSpec.parse(text)
    except UnknownNameError:
        if "[" in text or text.endswith(".toml"):
            raise
        return False
    return True


def describe_problem(text: str) -> str:
    """All that is known of a problem without any algorithm; prepares it first if need be."""
    spec = ProblemSpec.parse(text)
    problem = spec.load()
    problem.prepare(print)
    anchors = problem.anchors("test")
    pool = problem.pool()
    return "\n".join(
        [
            head("problems", replace(spec.entry, name=spec.name)),
            f"  hash: {problem.hash()}",
            f"  parameters: {pool.layout.size:,} a model, {len(pool)} experts",
            *_front(spec.name, problem),
            "",
            *_anchor_table(problem.tasks, anchors),
            "",
            *_cosine_table(pool),
            "",
            _best_constant(problem, pool),
        ]
    )


def _front(name: str, problem: Problem) -> list[str]:
    front = problem.true_front()
    if front is None:
        return [f"  reference front: {load_reference(name) or 'none'}"]
    known = [(ref, problem.maximal_hypervolume(ref)) for ref in REF_POINTS]
    volumes = [f"{v:.6f} up to {ref}" for ref, v in known if v is not None]
    return [
        f"  reference front: the true one, {len(front)} points of it",
        f"  ideal: {_numbers(front.min(axis=0))}; nadir: {_numbers(front.max(axis=0))}",
        f"  maximal hypervolume: {', '.join(volumes) or 'not known in closed form'}",
    ]


def _numbers(row: np.ndarray) -> str:
    return ", ".join(f"{value:.4g}" for value in row.round(9) + 0.0)


def _anchor_table(tasks: tuple[str, ...], anchors: Anchors) -> list[str]:
    rows: list[tuple[str, np.ndarray]] = [("pretrained", anchors.pretrained)]
    rows += [
        (f"expert {task}", values) for task, values in zip(tasks, anchors.experts, strict=True)
    ]
    if anchors.average is not None:
        rows.append(("simple average", anchors.average))
    width = max(len(name) for name, _ in rows)

    def line(name: str, cells: list[str]) -> str:
        return f"  {name:<{width}}" + "".join(f"  {cell:>15}" for cell in cells)

    lines = [f"test {anchors.quantity} (g: 0 at the task's expert, 1 at the pretrained model)"]
    lines.append(line("", list(tasks)))
    for name, values in rows:
        cells = zip(values, anchors.objectives(values) + 0.0, strict=True)
        lines.append(line(name, [f"{value:.4f} ({g:+.2f})" for value, g in cells]))
    if anchors.quantity == "loss":
        return [*lines, "  known exactly: no examples, no noise on test"]
    error = np.sqrt(anchors.expert * (1 - anchors.expert) / anchors.n)
    lines.append(line("examples", [f"{n:,}" for n in anchors.n]))
    lines.append(line("standard error", [f"{e:.4f}" for e in error]))
    lines.append(line("resolution", [f"{r:.1f}" for r in anchors.resolution]))
    return lines


def _cosine_table(pool: ExpertPool) -> list[str]:
    vectors = pool.task_vectors.double().numpy()
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors.T / np.outer(lengths, lengths)
    ratio = lengths / float(pool.pretrained.double().norm())
    width = max(len(name) for name in pool.names)
    lines = ["cosines of the task vectors, and their length over the base model's"]
    for name, row, length in zip(pool.names, cosines, ratio, strict=True):
        cells = "".join(f"  {c:+.3f}" for c in row)
        lines.append(f"  {name:<{width}}{cells}  | {length:.3f}")
    return lines


def _best_constant(problem: Problem, pool: ExpertPool) -> str:
    """The equal coefficient with the least mean objective on validation; found once, cached."""

    def measure() -> list[list[float]]:
        oracle, anchors = problem.oracle(frozenset({"validation"})), problem.anchors("validation")
        found = []
        for value in COEFFICIENTS:
            merged = pool.merge(Coefficients(values=torch.full((len(pool),), value)))
            with one_thread():
                values = oracle.measure(merged, "validation").value
            found.append(anchors.objectives(values).tolist())
        return found

    path = cache_directory() / "equal-merges" / f"{problem.hash()}.json"
    objectives = np.array(cached_json(path, measure))
    best = int(objectives.mean(axis=1).argmin())
    cells = ", ".join(f"{t} {g:+.2f}" for t, g in zip(problem.tasks, objectives[best], strict=True))
    return (
        f"best constant merge, on validation: {COEFFICIENTS[best]} of every task vector, "
        f"mean g {objectives[best].mean():+.2f} ({cells})"
    )
