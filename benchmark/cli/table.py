"""`fusefront table`: the places of the algorithms by one metric, or all its values."""

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ParameterError
from ...metrics import METRICS
from .app import Algorithms, Correction, Labels, Problems, Source, Style, Test, app

if TYPE_CHECKING:
    import pandas as pd

    from ...results.results import Results
    from ...results.tables.places import Versus

METRIC = "expected-utility"
BESIDE = "hypervolume"
"""What tables show unless another metric is chosen: the metric that ranks, and one beside it."""
OTHERS = (
    *("expected-utility", "hypervolume", "igd-plus", "linear-utility", "oracle-utility"),
    "own-expected-utility",
)
"""By which metrics `--robustness` ranks again; the last one is without the free anchors."""
LAYOUTS = ("leaderboard", "grid", "transposed")
ALL = "all"


@app.command()
def table(
    source: Source,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="The metric; see `fusefront list metrics`.")
    ] = METRIC,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="LAYOUT",
            help="`leaderboard`: a row per algorithm, best first; `grid`: a row per problem and a "
            "column per algorithm; `transposed`: a row per algorithm and a column per problem. "
            "The default is `grid` with `--show`, else `leaderboard`.",
        ),
    ] = None,
    top: Annotated[
        str,
        typer.Option(metavar="N", help="Algorithms that a leaderboard shows, or `all`."),
    ] = "20",
    show: Annotated[
        str | None,
        typer.Option(
            metavar="STATISTIC",
            help="What a grid shows of the seeds: mean-std (the default), mean, median-iqr, "
            "median, best or worst.",
        ),
    ] = None,
    style: Style = "text",
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE", help="Reference point or front, for example `ref_point=1.1`."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Of a leaderboard: test all models against this algorithm."
        ),
    ] = None,
    test: Test = "sign-flip",
    correction: Correction = "holm",
    alpha: Annotated[float, typer.Option(metavar="LEVEL", help="Level of the tests.")] = 0.05,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Say whether the first is also first by other metrics, without the free anchors, "
            "and without each family of problems.",
        ),
    ] = False,
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
) -> None:
    """Print the places of the algorithms by one metric, or its value on every problem.

    In a leaderboard, a rank such as 2-5 is an interval, and = marks the algorithms that the data
    cannot separate from the first. In a grid, each entry summarises the seeds. Algorithms that lack
    a run are never the best, and rank last on that problem.

    Examples:
    - `fusefront table runs/smoke`
    - `fusefront table comparison! --top 5`
    - `fusefront table default! --baseline rewarded-soup --robustness`
    - `fusefront table default! --layout grid --label tasks=2 -a map -a rewarded-soup`
    - `fusefront table default! --metric igd-plus --format latex`
    """
    from ...results.tables.render import render
    from ..api import load
    from ..score.lacking import no_scores
    from .selection import select

    chosen = _layout(layout, show)
    if not 0 < alpha < 1:
        raise ParameterError(f"`--alpha` must be between 0 and 1. Found {alpha:g}. Use 0.05.")
    if baseline is not None and chosen != LAYOUTS[0]:
        raise ParameterError(
            f"`--baseline` must be used with the layout leaderboard. Found `{chosen}`. "
            "Leave `--layout` and `--show` out."
        )
    entry, shown = METRICS[metric], _number_shown(top)
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    if results.scores_of(entry.name).empty:
        raise no_scores(results, entry, source)
    if chosen == LAYOUTS[0]:
        from ...results.tables.places import Versus

        versus = None
        if baseline is not None:
            versus = Versus(baseline=baseline, test=test, correction=correction, level=alpha)
        frame = board(results, entry.name, reference=reference, top=shown, versus=versus)
    else:
        turned = chosen == LAYOUTS[2]
        frame = _grid(results, entry.name, show or "mean-std", reference, transposed=turned)
    width = shutil.get_terminal_size((100, 24)).columns
    print(render(frame, style, width=width))
    if style == "text" and "sentence" in frame.attrs:
        print(frame.attrs["sentence"])
    if robustness:
        print("\n".join(_robustness(results, entry.name, reference)))


def board(
    results: "Results",
    metric: str,
    *,
    reference: str | None = None,
    top: int | None,
    versus: "Versus | None" = None,
) -> "pd.DataFrame":
    """Return the leaderboard of results, with hypervolume beside the default metric."""
    from ...algorithms import ALGORITHMS
    from ...results.tables.leaderboard import leaderboard

    beside = [BESIDE] if metric == METRIC and not results.scores_of(BESIDE).empty else []
    return leaderboard(
        results,
        metric,
        direction=METRICS[metric].labels["direction"],
        labels={entry.name: entry.labels for entry in ALGORITHMS},
        reference=reference,
        top=top,
        also=beside,
        versus=versus,
    )


def _robustness(results: "Results", metric: str, reference: str | None) -> list[str]:
    from ...algorithms import ALGORITHMS
    from ...results.statistics.robustness import card, words
    from ...results.tables.leaderboard import families, models_only

    models = models_only(results, {entry.name: entry.labels for entry in ALGORITHMS})
    directions = {name: METRICS[name].labels["direction"] for name in (metric, *OTHERS)}
    return words(
        card(
            models,
            metric,
            directions=directions,
            families=families(models),
            reference=reference or "",
        )
    )


def _grid(
    results: "Results", metric: str, show: str, reference: str | None, *, transposed: bool
) -> "pd.DataFrame":
    from ...results.tables.table import table as make
    from ...results.tables.table import transpose

    direction = METRICS[metric].labels.get("direction", "")
    frame = make(results, metric, show, direction=direction, reference=reference)
    return transpose(frame) if transposed else frame


def _layout(layout: str | None, show: str | None) -> str:
    if layout is None:
        return LAYOUTS[0] if show is None else LAYOUTS[1]
    if layout not in LAYOUTS:
        raise ParameterError(f"`--layout` must be one of {', '.join(LAYOUTS)}. Found `{layout}`.")
    if layout == LAYOUTS[0] and show is not None:
        raise ParameterError(
            f"`--show` must be used with the layouts grid and transposed. Found `{layout}`, which "
            "shows means with intervals. Leave one of the two options out."
        )
    return layout


def _number_shown(top: str) -> int | None:
    if top == ALL:
        return None
    if not top.isdecimal() or int(top) < 1:
        raise ParameterError(f"`--top` must be a positive integer or `{ALL}`. Found `{top}`.")
    return int(top)
