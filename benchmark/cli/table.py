"""`fusefront table`: one metric, problems against algorithms."""

import shutil
from typing import Annotated

import typer

from ...metrics import METRICS
from .app import Algorithms, Labels, Problems, Source, Style, app


@app.command()
def table(
    source: Source,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="The metric; see `fusefront list metrics`.")
    ] = "hypervolume",
    show: Annotated[
        str,
        typer.Option(metavar="STATISTIC", help="Over seeds: mean-std, mean, median-iqr or best."),
    ] = "mean-std",
    style: Style = "text",
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE", help="Reference point or front, for example `ref_point=1.1`."
        ),
    ] = None,
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
) -> None:
    """Print one metric, with one row per problem and one column per algorithm.

    Each entry summarises the seeds. Algorithms that lack a run are never the best of a row, and
    rank last in it; the caption names the reasons of skipped runs.

    Examples:
    - `fusefront table runs/smoke`
    - `fusefront table default! --label tasks=2 -a map -a rewarded-soup`
    - `fusefront table default! --metric igd-plus --format latex`
    """
    from ...results.tables.render import render
    from ...results.tables.table import table as make
    from ..api import load
    from ..score.lacking import no_scores
    from .selection import select

    entry = METRICS[metric]
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    direction = entry.labels.get("direction", "")
    if results.scores_of(entry.name).empty:
        raise no_scores(results, entry, source)
    frame = make(results, entry.name, show, direction=direction, reference=reference)
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))
