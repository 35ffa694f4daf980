"""The command that runs a study."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...algorithms import ALGORITHMS
from ...errors import ParameterError, StudyError
from ...problems.budget import TIERS
from ..run.executors import processes, start_of
from ..run.provenance import processors
from ..study.suites import SUITES
from .app import app

if TYPE_CHECKING:
    from ..study.study import Study


@app.command()
def run(
    suite: Annotated[str, typer.Argument(help="A suite, or a study's TOML file.")] = "",
    algorithm: Annotated[
        list[str] | None,
        typer.Option(
            "-a", help="Instead of the suite's: `NAME[key=value,...]` or `file.py:Class`."
        ),
    ] = None,
    problem: Annotated[list[str] | None, typer.Option("-p", help="Instead of the suite's.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Repetitions.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Root of all randomness.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="Units a fit: S (100k), M (500k), L (2M), a number, or none.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Of the fits: float32, or bfloat16 (scores stay float32).")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j", min=1, help="Runs at once, one process each; all processors if not given."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Directory; `runs/SUITE` if not given.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the plan and what it would take.")
    ] = False,
    executor: Annotated[
        str,
        typer.Option(
            help="local, inline, dask, dask:tcp://HOST:PORT or dask:FILE.toml (job queue)."
        ),
    ] = "local",
    as_json: Annotated[
        bool, typer.Option("--json", help="Events as JSON lines, or the dry run, for scripts.")
    ] = False,
) -> None:
    """Run algorithms on problems. The same command again goes on where it was interrupted.

    A directory can be extended: other algorithms, problems or more seeds are added to it.
    A study file also has grids, display names, caps and limits of the machine; options override it.

    Examples: `fusefront run smoke -o runs/smoke`;
    `fusefront run smoke -a ./mine.py:Mine -o runs/smoke`;
    `fusefront run -p digits-left-right -a "pwemoe-ls[steps=500]" -a map --seeds 5`
    """
    settings = {"seeds": seeds, "seed": seed, "precision": precision}
    study = _study(suite, algorithm or [], problem or [], settings, budget)
    start = start_of(executor)
    directory = output or Path("runs") / (Path(suite).stem if suite else "study")
    if dry_run:
        from .plan import show_plan

        show_plan(study, directory, jobs=jobs or processors(), as_json=as_json)
        return
    if start is processes:
        from ..run.executors.local import prepare

        prepare()  # it and this process import torch at the same time
    from .carry_out import carry_out

    raise typer.Exit(
        carry_out(study, directory, jobs=jobs or processors(), executor=start, as_json=as_json)
    )


def _study(
    suite: str,
    algorithms: list[str],
    problems: list[str],
    settings: Mapping[str, object],
    budget: str | None,
) -> "Study":
    import dataclasses

    from ..study.algorithm_spec import AlgorithmSpec
    from ..study.file import read_study, suite_study
    from ..study.problem_spec import ProblemSpec
    from ..study.study import Study

    if suite.endswith(".toml"):
        base = read_study(Path(suite), ALGORITHMS)
    elif suite:
        base = suite_study(suite, ALGORITHMS)
    elif problems and algorithms:
        base = Study(problems=(), algorithms=())
    else:
        raise StudyError(
            "A run must have a suite, a study file, or `-p` and `-a`. Found none. "
            f"Suites: {', '.join(entry.name for entry in SUITES)}."
        )
    changes = dict(settings)
    if algorithms:
        changes["algorithms"] = tuple(AlgorithmSpec.parse(a, ALGORITHMS) for a in algorithms)
    if problems:
        changes["problems"] = tuple(ProblemSpec.parse(text) for text in problems)
    changes = {key: value for key, value in changes.items() if value is not None}
    if budget is not None:
        changes["budget"] = parse_budget(budget)
    study = dataclasses.replace(base, **changes)  # type: ignore[arg-type]
    return study.pruned(ALGORITHMS) if study.resources.overrides else study


def parse_budget(text: str) -> int | None:
    """Units of `S`, `M`, `L`, a positive number, or `none`."""
    if text in TIERS:
        return TIERS[text]
    if text == "none":
        return None
    with contextlib.suppress(ValueError):
        if (units := int(text)) > 0:
            return units
    raise ParameterError(f"`--budget` must be S, M, L, a positive number or none. Found `{text}`.")
