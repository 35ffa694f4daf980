"""`fusefront report`: one page with the tables and figures of results."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Algorithms, Labels, Problems, Source, app


@app.command()
def report(
    source: Source,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The .html file to write.")
    ] = Path("report.html"),
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="The metric that ranks the algorithms.")
    ] = "expected-utility",
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
) -> None:
    """Write a page that says what results show, and print its path.

    The page has a summary in words, tables to filter and sort, interactive figures with the
    commands that draw them for a paper, and the conditions, failures and sources of the results.
    It is one file, which works in any browser and opens no connection.

    Examples:
    - `fusefront report runs/smoke`
    - `fusefront report default! -o default.html`
    - `fusefront report comparison! --label track=inductive -p digits-all -o digits-all.html`
    """
    from ...algorithms import ALGORITHMS
    from ...metrics import METRICS
    from ...results.report.report import check_suffix, write_report
    from ..api import load
    from ..score.lacking import no_scores
    from .selection import select

    check_suffix(output)
    entry = METRICS[metric]
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    if (results.runs["status"] == "done").any() and results.scores_of(entry.name).empty:
        raise no_scores(results, entry, source)
    chosen = {"-p": problem, "-a": algorithm, "--label": label}
    path = write_report(
        results,
        output,
        source=source,
        labels={entry.name: entry.labels for entry in ALGORITHMS},
        selection=[
            word for key, own in chosen.items() for name in own or () for word in (key, name)
        ],
        metric=entry.name,
    )
    print(path)
