"""`fusefront summary`: algorithms against metrics."""

import shutil
from typing import Annotated, Final

import typer

from ...metrics import METRICS
from .app import Algorithms, Labels, Problems, Source, Style, app

DEFAULT_METRICS: Final = (
    *("hypervolume", "igd-plus", "expected-utility", "corner-gap"),
    *("average-normalised-accuracy", "worst-task-normalised-accuracy"),
    *("units", "wall-seconds", "peak-bytes", "trainable-parameters", "storage-bytes"),
    "inference-passes",
)


@app.command()
def summary(
    source: Source,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Print only this metric; repeatable."),
    ] = None,
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
    style: Style = "text",
) -> None:
    """Print the mean of every metric over the problems, with one row per algorithm.

    The standard deviation is taken over the seeds. Algorithms that lack a run are never the best,
    and show how many runs they have.

    Examples:
    - `fusefront summary runs/smoke`
    - `fusefront summary default! --label tasks=2 --metric hypervolume --format markdown`
    """
    from ...results.tables.render import render
    from ...results.tables.summary import summary as make
    from ..api import load
    from .selection import select

    columns = [
        (METRICS[name].name, "", METRICS[name].labels["direction"])
        for name in metric or DEFAULT_METRICS
    ]
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    frame = make(results, columns, list(results.runs["problem"].unique()))
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))
