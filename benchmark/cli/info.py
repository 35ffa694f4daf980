"""`fusefront info`: everything that is known about one name.

Functions import what they need, because `fusefront --help` must not import torch.
"""

import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ...entry import Entry
from ...errors import UnknownNameError
from ...registry import unknown_name
from ..study.suites import Suite
from .app import app
from .list import REGISTRIES

if TYPE_CHECKING:
    import numpy as np

    from ...problems.base import Anchors, Problem
    from ...problems.experts import ExpertPool

COEFFICIENTS: Final = tuple(round(0.1 * k, 1) for k in range(11))
"""Candidate coefficients, equal for all task vectors, for the best constant merge."""
_INDENT: Final = " " * 6


@app.command()
def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A registered name, or any problem that `fusefront run -p` accepts.",
        ),
    ],
) -> None:
    """Describe one algorithm, problem, suite or metric.

    An algorithm comes with its hyper-parameters and citation. A problem comes with its anchors on
    test, the resolution of its tasks, and the conflict between them; it is prepared first, which
    may train experts.

    Examples:
    - `fusefront info pwemoe-ls`
    - `fusefront info smoke-left-right`
    - `fusefront info "analytic-quadratic[n_tasks=4,angle=60]"`
    """
    describe: dict[str, Callable[[Entry[Any]], str]] = {
        "algorithms": describe_algorithm,
        "suites": describe_suite,
        "metrics": describe_metric,
    }
    for kind, registry in REGISTRIES.items():
        if kind in describe and name in registry:
            print(_heading(kind, registry[name]))
            print(describe[kind](registry[name]))
            return
    if _is_problem(name):
        print(_problem(name))
        return
    known = [entry.name for registry in REGISTRIES.values() for entry in registry]
    raise unknown_name("name", name, known)


def _heading(kind: str, entry: Entry[Any]) -> str:
    lines = [f"{entry.name} ({kind[:-1]})", f"  {entry.summary}"]
    lines += [f"  {key}: {value}" for key, value in entry.labels.items()]
    lines.append(f"  source: {entry.source or 'not stated'}")
    if entry.file is not None:
        lines.append(f"  file: {entry.file}")
    return "\n".join(lines)


def describe_algorithm(entry: Entry[type]) -> str:
    """Return the hyper-parameters, how their defaults were found, and the docstrings.

    The docstrings are those of the class and of the parts that the entry chooses.
    """
    from ..study.parameters import bound_parts, hyper_parameters, without_arguments
    from ..tune.problems import describe_origin
    from ..tune.space import search_space

    space = search_space(entry)
    lines = [f"  defaults: {describe_origin(entry.origin)}", "hyper-parameters"]
    for parameter in hyper_parameters(entry):
        lines.append(f"  {parameter.name} = {parameter.default!r}")
        domain = f"{parameter.domain[:1].upper()}{parameter.domain[1:]}."
        meaning = f"{domain} {parameter.description}" if parameter.domain else parameter.description
        lines += textwrap.wrap(meaning, 88, initial_indent=_INDENT, subsequent_indent=_INDENT)
    if len(lines) == 2:
        lines.append("  none")
    lines.append("search space of `fusefront tune`")
    lines += [f"  {name} {one}" for name, one in space.items()] or ["  nothing to choose"]
    parts = [f"{choice}: {text}" for choice, text in bound_parts(entry).items()]
    explained = "\n\n".join([without_arguments(entry.load().__doc__ or ""), *parts])
    return "\n".join([*lines, "", explained])


def describe_metric(entry: Entry[Any]) -> str:
    """Return what the metric needs, and its docstring."""
    from ...metrics.base import needs

    metric = entry.load()
    wanted = ", ".join(sorted(needs(metric))) or "only the points"
    return f"  needs: {wanted}\n\n{inspect.getdoc(metric) or ''}"


def describe_suite(entry: Entry[Suite]) -> str:
    """Return the size of the suite, its problems and its algorithms."""
    suite = entry.load()
    runs = len(suite.problems) * len(suite.algorithms) * suite.seeds
    seeds = "seed" if suite.seeds == 1 else "seeds"
    budget = f"at most {suite.budget:,} units" if suite.budget else "no cap on the units"
    return "\n".join(
        [
            f"  {runs} runs: {suite.seeds} {seeds}, {budget} per fit",
            f"  problems ({len(suite.problems)}): {', '.join(suite.problems)}",
            f"  algorithms ({len(suite.algorithms)}): {', '.join(suite.algorithms)}",
        ]
    )


def _is_problem(text: str) -> bool:
    """Return whether the text names a problem.

    Raises:
        FusefrontError: If it clearly means a problem, but is wrong otherwise.
    """
    from ..study.problem_spec import ProblemSpec

    try:
        ProblemSpec.parse(text)
    except UnknownNameError:
        # A plain unknown name is compared with the names of all kinds by the caller.
        if "[" in text or text.endswith(".toml"):
            raise
        return False
    return True


def _problem(text: str) -> str:
    """Describe a problem by itself, without any algorithm; prepare it first."""
    from ..study.problem_spec import ProblemSpec

    spec = ProblemSpec.parse(text)
    problem = spec.load()
    problem.prepare(print)
    anchors = problem.anchors("test")
    pool = problem.pool()
    return "\n".join(
        [
            _heading("problems", dataclasses.replace(spec.entry, name=spec.name)),
            f"  hash: {problem.hash()}",
            f"  parameters: {pool.layout.size:,} per model, {len(pool)} experts",
            *_front(spec.name, problem),
            "",
            *_anchor_table(problem.tasks, anchors),
            "",
            *_cosine_table(pool),
            "",
            _best_constant(problem, pool),
        ]
    )


def _front(name: str, problem: "Problem") -> list[str]:
    from ...results.references import load_reference
    from ..score.references import REF_POINTS

    front = problem.true_front()
    if front is None:
        return [f"  reference front: {load_reference(name) or 'none'}"]
    known = [(ref, problem.maximal_hypervolume(ref)) for ref in REF_POINTS]
    volumes = [f"{v:.6f} up to {ref}" for ref, v in known if v is not None]
    return [
        f"  reference front: {len(front)} points of the true front",
        f"  ideal: {_numbers(front.min(axis=0))}; nadir: {_numbers(front.max(axis=0))}",
        f"  maximal hypervolume: {', '.join(volumes) or 'not known in closed form'}",
    ]


def _numbers(row: "np.ndarray") -> str:
    return ", ".join(f"{value:.4g}" for value in row.round(9) + 0.0)  # + 0.0 turns -0 into 0


def _anchor_table(tasks: tuple[str, ...], anchors: "Anchors") -> list[str]:
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
        return [*lines, "  exact: no test examples, hence no noise"]
    error = (anchors.expert * (1 - anchors.expert) / anchors.n) ** 0.5
    lines.append(line("examples", [f"{n:,}" for n in anchors.n]))
    lines.append(line("standard error", [f"{e:.4f}" for e in error]))
    lines.append(line("resolution", [f"{r:.1f}" for r in anchors.resolution]))
    return lines


def _cosine_table(pool: "ExpertPool") -> list[str]:
    import numpy as np

    vectors = pool.task_vectors.double().numpy()
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors.T / np.outer(lengths, lengths)
    ratio = lengths / float(pool.pretrained.double().norm())
    width = max(len(name) for name in pool.names)
    lines = ["cosines between the task vectors | length relative to the pretrained model"]
    for name, row, length in zip(pool.names, cosines, ratio, strict=True):
        cells = "".join(f"  {c:+.3f}" for c in row)
        lines.append(f"  {name:<{width}}{cells}  | {length:.3f}")
    return lines


def _best_constant(problem: "Problem", pool: "ExpertPool") -> str:
    """Find the equal coefficient with the lowest mean objective on validation; it is cached."""
    import numpy as np
    import torch

    from ...problems.cache import cache_directory, cached_json
    from ...problems.experts import Coefficients
    from ...problems.family import one_thread

    def measure() -> list[list[float]]:
        oracle, anchors = problem.oracle(frozenset({"validation"})), problem.anchors("validation")
        found = []
        for value in COEFFICIENTS:
            merged = pool.merge(Coefficients(values=torch.full((len(pool),), value)))
            with one_thread():  # the bits of a sum depend on the number of threads
                values = oracle.measure(merged, "validation").value
            found.append(anchors.objectives(values).tolist())
        return found

    path = cache_directory() / "equal-merges" / f"{problem.hash()}.json"
    objectives = np.array(cached_json(path, measure))
    best = int(objectives.mean(axis=1).argmin())
    cells = ", ".join(f"{t} {g:+.2f}" for t, g in zip(problem.tasks, objectives[best], strict=True))
    return (
        f"best constant merge on validation: {COEFFICIENTS[best]} times every task vector, "
        f"mean g {objectives[best].mean():+.2f} ({cells})"
    )
