"""`fusefront tune`: choose hyper-parameters on problems that are not compared."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tune.problems import BUDGET, TRIALS, TUNING
from .app import AsJson, Trust, app

if TYPE_CHECKING:
    from ...results.results import Results
    from ..study.study import Study


@app.command()
def tune(
    algorithm: Annotated[
        str,
        typer.Argument(
            metavar="ALGORITHM",
            help="`NAME`, `NAME[key=value,...]`, whose values are fixed, or `FILE.py:CLASS`.",
        ),
    ],
    problem: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            metavar="PROBLEM",
            help="A problem to tune on; repeatable. By default, six problems of `dev`.",
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(min=2, metavar="N", help="Number of settings, the defaults among them."),
    ] = TRIALS,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of seeds of every setting.")
    ] = 1,
    root_seed: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="The number from which all randomness is derived."),
    ] = 0,
    budget: Annotated[
        str,
        typer.Option(
            metavar="UNITS",
            help="Cap on the units of each fit: S (100k), M (500k), L (2M), a number, or none.",
        ),
    ] = str(BUDGET),
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j",
            min=1,
            metavar="N",
            help="Number of runs at the same time. By default, one per processor.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY",
            help="Run directory. By default, `runs/tune-ALGORITHM`.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the settings and the estimated cost."),
    ] = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Try settings of one algorithm on problems that are not compared, and rank them.

    Trial 0 has the defaults; the others are scrambled Sobol points in the search space that
    `fusefront info ALGORITHM` prints. The criterion is the mean expected utility over the problems.
    A tuning is an ordinary study: repeating the command computes only what is missing, and
    `fusefront table` reads its directory. The exit status is 0 if every run is done, 1 if one
    failed, 2 if there is nothing to choose, 130 if interrupted.

    Examples:
    - `fusefront tune ties -p smoke-left-negated --trials 4 --budget 2000 -o runs/tune-ties`
    - `fusefront tune ls-coefficients --dry-run`
    """
    # These import torch, directly or by loading the algorithm.
    from ..tune.tuning import check_available, tuning_study
    from .run import carry_out, parse_budget

    study = tuning_study(
        algorithm,
        problem or TUNING,
        count=trials,
        seeds=seeds,
        root_seed=root_seed,
        budget=parse_budget(budget),
    )
    if not dry_run:
        check_available(study.problems)
    name = re.sub(r"[^\w.=-]+", "-", study.algorithms[0].full_name).strip("-")
    directory = output or Path("runs") / f"tune-{name}"
    carry_out(
        study,
        directory,
        jobs=jobs,
        executor="local",
        trust=trust,
        dry_run=dry_run,
        as_json=as_json,
        report=lambda results: _print(study, directory, results, as_json=as_json),
    )


def _print(study: "Study", directory: Path, results: "Results", *, as_json: bool) -> None:
    """Print the trials, and the winner beside the defaults."""
    import json
    import shutil

    from ...results.escape import printable_lines
    from ...results.tables.render import render
    from ..tune.ranking import ranked
    from ..tune.report import Report

    names = [spec.name for spec in study.problems]
    found = ranked(results, study.algorithms, names, study.seeds)
    report = Report(study=study, directory=directory, trials=found)
    if as_json:
        print(json.dumps(report.content(), ensure_ascii=False))
        return
    print(render(report.table(), width=shutil.get_terminal_size((100, 24)).columns))
    print(printable_lines("\n".join(report.lines())))
