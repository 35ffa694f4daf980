"""`fusefront run`: run the algorithms of a study on its problems."""

import contextlib
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ...algorithms import ALGORITHMS
from ...errors import ParameterError, StudyError
from ...problems.budget import TIERS
from ..processors import usable_processors
from ..study.suites import SUITES
from .app import Trust, app
from .interrupts import stop_gracefully

if TYPE_CHECKING:
    from rich.console import Console

    from ...results.results import Results
    from ..run.executors import Start
    from ..run.plan import Plan
    from ..study.study import Study
    from .display import Display

    ReportResults = Callable[[Results], None]


@app.command()
def run(
    suite: Annotated[
        str, typer.Argument(metavar="SUITE", help="A suite, or the TOML file of a study.")
    ] = "",
    algorithm: Annotated[
        list[str] | None,
        typer.Option(
            "-a",
            metavar="ALGORITHM",
            help="An algorithm to run instead of the suite's: `NAME[key=value,...]` or "
            "`FILE.py:CLASS`; repeatable.",
        ),
    ] = None,
    problem: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            metavar="PROBLEM",
            help="A problem to use instead of the suite's: `NAME[key=value,...]` or a TOML file; "
            "repeatable.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of seeds: repeat every run N times."),
    ] = None,
    root_seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The number from which all randomness is derived."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, hidden=True)] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="UNITS",
            help="Cap on the units of each fit: S (100k), M (500k), L (2M), a number, or none.",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="Arithmetic of the fits: float32 or bfloat16. Scores always use float32.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j",
            min=1,
            metavar="N",
            help="Number of runs at the same time, each in a process. By default, one per "
            "processor.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIRECTORY", help="Run directory. By default, `runs/SUITE`."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the plan and its estimated cost; compute nothing."),
    ] = False,
    executor: Annotated[
        str,
        typer.Option(
            metavar="EXECUTOR",
            help="Where to compute runs: local, inline, dask, dask:tcp://HOST:PORT, or "
            "dask:FILE.toml for a job queue.",
        ),
    ] = "local",
    trust: Trust = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print events, or the dry run, as JSON for scripts.")
    ] = False,
) -> None:
    """Run algorithms on problems, or resume an interrupted study.

    Repeating a command computes only what is missing or failed. Other algorithms, problems or more
    seeds can be added to a directory later. A study file can also expand grids, give display names,
    and set caps and resource limits; options override it. The exit status is 0 if every run is done
    or skipped by design, 1 if a run failed or a problem's data is missing, 130 if interrupted.

    Examples:
    - `fusefront run smoke -o runs/smoke`
    - `fusefront run smoke -a ./plugins/my_merge.py:MyMerge -o runs/my-merge`
    - `fusefront run -p smoke-left-right -a "ties[keep=0.3]" -a map --seeds 2 --budget 2000`
    - `fusefront run default --dry-run`
    """
    settings = {"seeds": seeds, "root_seed": _root_seed(root_seed, seed), "precision": precision}
    study = _study(suite, algorithm or [], problem or [], settings, budget)
    directory = output or Path("runs") / (Path(suite).stem if suite else "study")
    carry_out(
        study,
        directory,
        jobs=jobs,
        executor=executor,
        trust=trust,
        dry_run=dry_run,
        as_json=as_json,
    )


def carry_out(
    study: "Study",
    directory: Path,
    *,
    jobs: int | None,
    executor: str,
    trust: bool,
    dry_run: bool,
    as_json: bool,
    report: "ReportResults | None" = None,
) -> NoReturn:
    """Run a study, or print its dry run, and exit with its status; see `run_study`."""
    # These import torch, so they come after the checks of the options, and never for `--help`.
    from ..run.executors import processes, start_of

    start = start_of(executor)
    jobs = jobs or usable_processors()
    _check_frozen(directory, study, trust=trust, dry_run=dry_run)
    if dry_run:
        from .dry_run import show_dry_run

        show_dry_run(study, directory, jobs=jobs, as_json=as_json)
        raise typer.Exit
    if start is processes:
        from ..run.executors.local import preloaded
        from ..run.executors.process import prepare

        # The fork server imports its packages while this process imports them, too.
        prepare(preloaded(study))
    raise typer.Exit(
        run_study(study, directory, jobs=jobs, executor=start, as_json=as_json, report=report)
    )


def _check_frozen(directory: Path, study: "Study", *, trust: bool, dry_run: bool) -> None:
    """Check that the study of an existing directory may be read; a damaged one is set aside."""
    from ...results.directory.seal import set_aside_if_damaged
    from ..study.trust import check_trusted, code_of

    frozen = directory / "study.toml"
    if not dry_run and (moved := set_aside_if_damaged(frozen)) is not None:
        why = "runs that earlier commands added are moved aside until they are asked for again"
        print(f"set aside the damaged file {moved}; {why}", file=sys.stderr)
    if not trust:
        remedy = "Name it with `-a` or `-p`, or pass `--trust`."
        check_trusted(frozen, code_of(study), remedy)


def _root_seed(root_seed: int | None, seed: int | None) -> int | None:
    """Return the root seed, accepting the former name of its option with a warning."""
    if seed is None:
        return root_seed
    if root_seed is not None:
        raise ParameterError(
            "The root seed must be given once. Found `--root-seed` and its former name `--seed`. "
            "Remove `--seed`."
        )
    print(
        "fusefront: warning: `--seed` is deprecated and will be removed; use `--root-seed`.",
        file=sys.stderr,
    )
    return seed


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
            "`fusefront run` must be given a suite, a study file, or both `-p` and `-a`. "
            f"Found none. Suites: {', '.join(entry.name for entry in SUITES)}."
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
    # Overrides of the file may name algorithms that `-a` has just replaced.
    return study.pruned(ALGORITHMS) if study.resources.overrides else study


def parse_budget(text: str) -> int | None:
    """Return the units of `S`, `M`, `L` or a positive number; None for `none`.

    Raises:
        ParameterError: If the text is anything else.
    """
    if text in TIERS:
        return TIERS[text]
    if text == "none":
        return None
    with contextlib.suppress(ValueError):
        if (units := int(text)) > 0:
            return units
    raise ParameterError(f"`--budget` must be S, M, L, a positive number or none. Found `{text}`.")


def run_study(
    study: "Study",
    directory: Path,
    *,
    jobs: int,
    executor: "Start",
    as_json: bool = False,
    report: "ReportResults | None" = None,
) -> int:
    """Run a study and display its progress on standard error, or as JSON lines on standard output.

    Args:
        study: The study.
        directory: The run directory.
        jobs: Number of runs at the same time.
        executor: Where they are computed.
        as_json: Whether to write events as JSON lines instead.
        report: Prints the results, instead of events as JSON lines or the table of `fusefront run`.

    Returns:
        The exit status: 0 if all runs have ended well, 1 if one failed or a problem lacks its data,
        130 if interrupted.
    """
    from rich.console import Console

    from ..history import History
    from ..run.plan import finish, plan
    from ..run.progress import Progress, expected_seconds
    from .display import JsonDisplay, LineDisplay, count_runs, say

    console = Console(stderr=True)
    planned = plan(study, directory, report=partial(say, console, "preparing"))
    _report_plan(planned, console)
    pending = [spec for spec in planned.specs if spec.run_id not in planned.finished]
    # Reading the history takes longer than a small study that has nothing left to run.
    expected = expected_seconds(pending, History(directory, planned.snapshot)) if pending else {}
    progress = Progress(planned.specs, expected, jobs)
    quiet = frozenset(planned.unavailable)
    events = as_json and report is None
    display = JsonDisplay(progress, quiet) if events else LineDisplay(progress, quiet, console)
    if not _execute(planned, directory, display, jobs=jobs, executor=executor):
        kept = f"{count_runs(progress.counts['done'])} done and kept."
        say(console, "interrupted", f"{kept} Repeat the command to resume.")
        return 130
    results = finish(directory)
    if report is not None:
        report(results)
    elif not as_json:
        _summarise(results, directory, progress.counts)
    return 1 if progress.counts["failed"] or planned.unavailable else 0


def _report_plan(planned: "Plan", console: "Console") -> None:
    from .display import count_runs, say

    for reason, names in _by_reason(planned.unavailable).items():
        say(console, "skipped", f"{_first_two(names)}: {reason}")
    for path in planned.set_aside:
        say(console, "set aside", f"the damaged file {path}; its run will be computed again")
    if planned.outdated:
        moved = f"{count_runs(len(planned.outdated))} to {planned.outdated[0].parent}"
        say(console, "moved", f"{moved}, because the study no longer contains them")
    for reason, count in planned.reasons.items():
        say(console, "moved", f"{count_runs(count)}: {reason}")


def _execute(
    planned: "Plan", directory: Path, display: "Display", *, jobs: int, executor: "Start"
) -> bool:
    """Execute the plan and return whether every run has ended, which an interrupt prevents."""
    from ..run.execute import execute

    with stop_gracefully(display.finishing) as stopping:
        events = execute(planned, directory, jobs=jobs, executor=executor, stopping=stopping)
        try:
            # Closing the generator stops the workers, even when the display raises.
            with display, contextlib.closing(events):
                for event in events:
                    display.show(event)
        except KeyboardInterrupt:
            return False
    return display.progress.ended == display.progress.total


def _by_reason(unavailable: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, reason in unavailable.items():
        reasons.setdefault(reason, []).append(name)
    return reasons


def _first_two(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _summarise(results: "Results", directory: Path, counts: Counter[str]) -> None:
    from ...results.tables.leaderboard import SHOWN
    from ...results.tables.render import render
    from ..run.progress import ENDED
    from .table import METRIC, board

    if (results.runs["status"] == "done").any():
        frame = board(results, METRIC, top=SHOWN)
        print(render(frame, width=shutil.get_terminal_size((100, 24)).columns))
        print(frame.attrs["sentence"])
    print(", ".join(f"{counts[word]} {word}" for word in ENDED))
    print(f"results: {directory} (tables/*.parquet; `fusefront table {directory}`)")
