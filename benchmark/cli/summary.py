"""`fusefront summary`: algorithms against metrics."""

import shutil
from typing import Annotated, Final

import typer

from ...metrics import METRICS
from .app import Algorithms, Labels, Problems, Source, Style, app

DEFAULT_METRICS: Final = (
    *("expected-utility", "hypervolume", "igd-plus", "gain-over-pretrained"),
    *("corner-gap", "controllability"),
    *("average-normalised-accuracy", "worst-task-normalised-accuracy"),
    *("storage-bytes", "units", "wall-seconds"),
)
"""A few of each family: quality, control of the preference, single models and cost."""


@app.command()
def summary(
    source: Source,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Print this metric instead of the usual eleven; repeatable."
        ),
    ] = None,
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
    style: Style = "text",
) -> None:
    """Print the means of several metrics over the problems, with one row per algorithm.

    Without `--metric`, these are eleven of the metrics that `fusefront list metrics` prints.
    The standard deviation is taken over the seeds. Algorithms that lack a run are never the best,
    and show how many runs they have.

    Examples:
    - `fusefront summary runs/smoke`
    - `fusefront summary default! --label tasks=2 --metric hypervolume --format markdown`
    - `fusefront summary default! --metric selection-regret --metric oracle-utility`
    """
    from ...results.tables.render import render
    from ...results.tables.summary import summary as make
    from ..api import load
    from ..score.lacking import no_scores
    from .selection import select

    columns = [
        (METRICS[name].name, "", METRICS[name].labels["direction"])
        for name in metric or DEFAULT_METRICS
    ]
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    for name in metric or ():
        if results.scores_of(METRICS[name].name).empty:
            raise no_scores(results, METRICS[name], source)
    frame = make(results, columns, list(results.runs["problem"].unique()))
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))
